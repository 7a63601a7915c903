/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_DATA_URI_H
#define ASAP_CORE_DATA_URI_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

#include "kid.h"
#include "scoped.h"
#include "secret.h"

/* Private keys as data: URIs (RFC 2397), the way ASAP hands them to services:
 *
 *     data:application/pkcs8;kid=web%2Fkey;base64,MIIE...
 */

enum { DATA_URI_MAX = 65536 };

struct data_uri {
    char key_id[KID_MAX + 1]; /* "": the URI has none */
    struct secret data;       /* what the key itself is written in: DER or PEM */
};

/* Whether a text is meant as one, well-formed or not. */
bool data_uri_begins(const char *text, size_t length);

/* The media type and parameters other than kid and base64 are not looked at: the data tell what
 * they are. The kid may be percent-encoded, so may the data, and so may the URI as a whole; base64
 * is of the standard alphabet and padded, and lines may break within it. Clear *out with
 * data_uri_clear(). ASAP_INVALID_ARGUMENT: ASAP_REASON_KID_GRAMMAR for the kid,
 * ASAP_REASON_KEY_REFUSED for the rest. No message shows any of it. */
ASAP_MUST_CHECK enum asap_code
data_uri_read(const char *text, size_t length, struct data_uri *out, struct asap_error *err);

/* data:application/pkcs8;kid=<percent-encoded key id>;base64,<DER>, as every library reads it. The
 * caller clears *out, which ends in a NUL that is not counted. */
ASAP_MUST_CHECK enum asap_code
data_uri_from_key(const char *key_id, EVP_PKEY *key, struct secret *out, struct asap_error *err);

void data_uri_clear(struct data_uri *uri); /* a zeroed one is fine */

static inline void data_uri_scope_exit(struct data_uri *uri)
{
    data_uri_clear(uri);
}

#endif
