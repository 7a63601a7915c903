/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_JWS_H
#define ASAP_CORE_JWS_H

#include <openssl/evp.h>
#include <stddef.h>

#include <asap/error.h>

#include "algorithm.h"
#include "buffer.h"
#include "kid.h"
#include "signature.h"

/* The compact form of RFC 7515: parse, sign, verify. */

enum {
    JWS_TOKEN_MIN = 16,
    JWS_TOKEN_MAX = 8192,   /* characters of a whole token */
    JWS_HEADER_MAX = 1024,  /* characters of its first part */
    JWS_SIGNATURE_MAX = 683 /* characters of its last part: RSA of 4096 bits */
};

/* A token taken apart; nothing of it is verified yet. */
struct jws {
    const char *token;    /* the caller's, borrowed */
    size_t header_length; /* of the first part */
    size_t signed_length; /* the first two parts and the dot between them */
    const struct algorithm *algorithm;
    char key_id[KID_MAX + 1];
    struct kid kid;          /* points into key_id of this very struct: do not copy it */
    struct buffer claims;    /* decoded second part */
    struct buffer signature; /* decoded third part */
};

/* Takes a token apart and checks the header before anything else is done with it: `alg` is one of
 * algorithm.h, `kid` is within the grammar, `typ` is absent or JWT, and there is no crit, b64, jwk,
 * jku, x5u, x5c, x5t, x5t#S256, zip, enc or cty.
 * Clear *out with jws_clear() on success. ASAP_UNAUTHENTICATED and the rule broken otherwise. */
ASAP_MUST_CHECK enum asap_code
jws_parse(const char *token, size_t length, struct jws *out, struct asap_error *err);

/* What the first part of a token said. */
struct jws_header {
    const struct algorithm *algorithm;
    char key_id[KID_MAX + 1];
};

/* The same for a token whose first part is byte for byte the one of a token that jws_parse() took,
 * so that it need not be read again: `header` is what it said. */
ASAP_MUST_CHECK enum asap_code jws_parse_known(const char *token,
                                               size_t length,
                                               const struct jws_header *header,
                                               struct jws *out,
                                               struct asap_error *err);

/* Whether the signature is by `key`. The key's type and curve must fit the algorithm, the signature
 * must have exactly the length that the algorithm gives it (ES*: raw r and s, RFC 7518
 * section 3.4). ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_ALGORITHM or ASAP_REASON_SIGNATURE. */
ASAP_MUST_CHECK enum asap_code jws_verify(const struct jws *jws,
                                          EVP_PKEY *key,
                                          struct asap_error *err);

/* The same with a key that is ready, for this algorithm (else ASAP_REASON_KEY_ALGORITHM). */
ASAP_MUST_CHECK enum asap_code jws_check(const struct jws *jws,
                                         struct signature_context *context,
                                         struct asap_error *err);

/* Appends the token header.claims.signature to *out. The header is {"alg","kid","typ":"JWT"}.
 * ASAP_INVALID_ARGUMENT, ASAP_REASON_KEY_ALGORITHM: the private key does not fit the algorithm. */
struct jws_signing {
    const struct algorithm *algorithm;
    EVP_PKEY *key;
    const char *key_id;
};
ASAP_MUST_CHECK enum asap_code jws_sign(const struct jws_signing *signing,
                                        const char *claims,
                                        size_t claims_length,
                                        struct buffer *out,
                                        struct asap_error *err);

/* The same with a key that is ready to sign. */
ASAP_MUST_CHECK enum asap_code jws_sign_with(struct signature_context *context,
                                             const char *key_id,
                                             const char *claims,
                                             size_t claims_length,
                                             struct buffer *out,
                                             struct asap_error *err);

void jws_clear(struct jws *jws); /* a zeroed one is fine */

static inline void jws_scope_exit(struct jws *jws)
{
    jws_clear(jws);
}

#endif
