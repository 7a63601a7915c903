/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_MANIFEST_H
#define ASAPCTL_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include <asap/error.h>

/* manifest.json, which tells of a folder of exported keys what is in it:
 *
 *     {"exportTime":..., "generation":"12", "keys":[{"keyId":..., "issuer":..., "algorithm":...,
 *      "state":"active", "alias":"<sha256 of the key id>.pem", "sha256":"<of the file>",
 *      "publishTime":..., "unpublishTime":...}]}
 *
 * The file of a key is at its key id. Its state is that of the exportTime, and
 * missing if the server did not tell. Without an unpublishTime there is no
 * time after which it may no longer be served. */

#define MANIFEST_NAME "manifest.json"

enum { SHA256_HEX_SIZE = 65, ALIAS_SIZE = 69, MANIFEST_MAX = 1 << 26 };

/* 64 hexadecimal digits. */
ASAP_MUST_CHECK enum asap_code
sha256_hex(const void *bytes, size_t length, char out[SHA256_HEX_SIZE], struct asap_error *err);

/* The name under which Jitsi asks for a key: "<sha256 of the key id>.pem". */
ASAP_MUST_CHECK enum asap_code alias_name(const char *key_id,
                                          char out[ALIAS_SIZE],
                                          struct asap_error *err);

/* Whether a name has the form of an alias. */
bool alias_is(const char *name);

/* The manifest of the folder; *out is NULL when it has none. The caller owns *out. */
ASAP_MUST_CHECK enum asap_code manifest_read(const char *folder,
                                             json_t **out,
                                             struct asap_error *err);

/* Its entry of this key, or NULL. */
const json_t *manifest_find(const json_t *manifest, const char *key_id);

/* A member that is a string, or "". */
const char *manifest_text(const json_t *entry, const char *member);

#endif
