/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_SIGNATURE_H
#define ASAP_CORE_SIGNATURE_H

#include <openssl/evp.h>
#include <stddef.h>

#include <asap/error.h>

#include "algorithm.h"
#include "scoped.h"

/* Signatures in the form that JWS gives them (RFC 7518 section 3). */

enum { SIGNATURE_MAX = 512 }; /* bytes of the longest one, RSA of 4096 bits */

enum signature_use { SIGNATURE_MAKE, SIGNATURE_CHECK };

/* A key made ready for one algorithm, so that signature after signature costs no more than its
 * arithmetic. It may be used by one thread at a time. */
struct signature_context;

/* Holds a reference to `key`, whose type and curve must fit the algorithm. The caller frees *out.
 * ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_ALGORITHM when they do not. */
ASAP_MUST_CHECK enum asap_code signature_context_new(const struct algorithm *algorithm,
                                                     EVP_PKEY *key,
                                                     enum signature_use use,
                                                     struct signature_context **out,
                                                     struct asap_error *err);
void signature_context_free(struct signature_context *context); /* NULL is fine */

DEFINE_SCOPED(signature_context, struct signature_context *, signature_context_free)

/* What it was made of. */
const struct algorithm *signature_context_algorithm(const struct signature_context *context);
const EVP_PKEY *signature_context_key(const struct signature_context *context);

struct signature_bytes {
    const void *at;
    size_t length;
};

/* Whether `signature` is by the key, over `text`. It must have exactly the length that the
 * algorithm gives it (ES*: raw r and s, RFC 7518 section 3.4). A refusal leaves the context as good
 * as it was. ASAP_UNAUTHENTICATED, ASAP_REASON_SIGNATURE. */
ASAP_MUST_CHECK enum asap_code signature_check(struct signature_context *context,
                                               struct signature_bytes text,
                                               struct signature_bytes signature,
                                               struct asap_error *err);

/* Signs `text`; *length is what was written to `out`. */
ASAP_MUST_CHECK enum asap_code signature_make(struct signature_context *context,
                                              struct signature_bytes text,
                                              unsigned char out[SIGNATURE_MAX],
                                              size_t *length,
                                              struct asap_error *err);

#endif
