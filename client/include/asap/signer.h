/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIGNER_H
#define ASAP_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include <asap/clock.h>
#include <asap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes ASAP tokens. One signer serves any number of threads. */
struct asap_signer;

struct asap_signer_options {
    const char *algorithm;   /* "ES256" ...; NULL: what fits the key (RS256 for RSA) */
    struct asap_clock clock; /* zeroed: the system's */
};

/* A signer for one private key: PKCS#8, PKCS#1 or SEC1 in PEM, unencrypted. `key_id` is
 * "issuer/name"; tokens are issued by its issuer part. Everything is copied; `options` may be NULL.
 * ASAP_INVALID_ARGUMENT: the key id or the key is refused, or the algorithm does not fit it. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_signer_from_pem(const char *key_id,
                     const char *pem,
                     size_t pem_length,
                     const struct asap_signer_options *options,
                     struct asap_signer **out,
                     struct asap_error *err);

/* A signer for a private key directory: <root>/<issuer>/<name>.pem, where the greatest name signs
 * and the key id is issuer/name.pem. The directory is looked at for each token, so that a new key
 * takes over as soon as it is in place; a key file is read again only when it has changed.
 * ASAP_NOT_FOUND, here or later when signing: no .pem file. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_signer_from_directory(const char *root,
                           const char *issuer,
                           const struct asap_signer_options *options,
                           struct asap_signer **out,
                           struct asap_error *err);

struct asap_token_request {
    const char *const *audiences;  /* NULL-terminated, at least one */
    const char *subject;           /* NULL: the issuer */
    int64_t lifetime_seconds;      /* 0: 60; at most 3600, the protocol's maximum */
    const char *additional_claims; /* a JSON object, or NULL; registered claims are refused */
};

/* On ASAP_OK *token is NUL-terminated and the caller frees it with free().
 * ASAP_INVALID_ARGUMENT: err->field says which part of the request is wrong. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_signer_sign(struct asap_signer *signer,
                                                         const struct asap_token_request *request,
                                                         char **token,
                                                         struct asap_error *err);

ASAP_API void asap_signer_free(struct asap_signer *signer); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
