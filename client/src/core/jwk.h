/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_JWK_H
#define ASAP_CORE_JWK_H

#include <openssl/evp.h>

#include <asap/error.h>

#include "buffer.h"

/* Public keys as JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037). */

/* Appends {"kty":...,"use":"sig","alg":...,"kid":...,<the key>}. `kid` is within the grammar of
 * kid.h, so that it needs no escaping; `alg` may be NULL to leave it out. */
ASAP_MUST_CHECK enum asap_code jwk_write(
    EVP_PKEY *key, const char *kid, const char *alg, struct buffer *out, struct asap_error *err);

/* The SHA-256 thumbprint of RFC 7638, as 43 base64url characters and a NUL. */
enum { JWK_THUMBPRINT_SIZE = 44 };
ASAP_MUST_CHECK enum asap_code jwk_thumbprint(EVP_PKEY *key,
                                              char out[JWK_THUMBPRINT_SIZE],
                                              struct asap_error *err);

#endif
