/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_ALGORITHM_H
#define ASAP_CORE_ALGORITHM_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

/* The signature algorithms: the nine of ASAP (RFC 7518 section 3.1) and EdDSA
 * with Ed25519 (RFC 8037) as an extension. A new algorithm is one row. */
struct algorithm {
    const char *name;     /* as in the header's alg, byte exact */
    const char *key_type; /* OpenSSL's: "RSA", "EC", "ED25519" */
    const char *digest;   /* OpenSSL's: "SHA256" ...; NULL for EdDSA */
    const char *curve;    /* OpenSSL's group name for EC, else NULL */
    size_t coordinate;    /* bytes of r and of s for ES*, else 0 */
    bool pss;             /* PS*: MGF1 with the same digest, salt as long as the digest */
    bool extension;       /* not one of the nine */
};

/* NULL when no such algorithm is known. */
const struct algorithm *algorithm_find(const char *name, size_t length);

/* The rows in order, for listings: NULL past the last. */
const struct algorithm *algorithm_at(size_t index);

/* The names of all of them, ended by NULL. */
extern const char *const algorithm_names[];

/* The algorithm a key is registered with when none is named: RS256, ES256, ES384, ES512 or EdDSA.
 * NULL for a key that no algorithm fits. */
const struct algorithm *algorithm_default_for(EVP_PKEY *key);

/* Whether `key` may sign or verify with `algorithm`: type and curve decide, never the token. */
bool algorithm_fits(const struct algorithm *algorithm, EVP_PKEY *key);

#endif
