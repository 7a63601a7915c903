/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_SECRET_H
#define ASAP_CORE_SECRET_H

#include <openssl/evp.h>
#include <stddef.h>

#include <asap/error.h>

#include "scoped.h"

/* Bytes that must not leak: in OpenSSL's secure heap where the process has set
 * one up, wiped when freed. */
struct secret {
    unsigned char *bytes;
    size_t length;
};

/* `length` zero bytes, and a NUL behind them that is not counted. ASAP_RESOURCE_EXHAUSTED when the
 * secure heap is full. */
ASAP_MUST_CHECK enum asap_code secret_init(struct secret *secret,
                                           size_t length,
                                           struct asap_error *err);

/* A copy of bytes that are not in a secret yet. */
ASAP_MUST_CHECK enum asap_code
secret_copy(struct secret *secret, const void *bytes, size_t length, struct asap_error *err);

/* Shortens it to `length` bytes, behind which a NUL stands again, and wipes the rest. */
void secret_truncate(struct secret *secret, size_t length);

/* Wipes and frees; a zeroed secret is fine. */
void secret_clear(struct secret *secret);

/* A private key as PKCS#8, in DER and back, and in PEM. The caller clears *out. */
ASAP_MUST_CHECK enum asap_code secret_from_key(EVP_PKEY *key,
                                               struct secret *out,
                                               struct asap_error *err);
ASAP_MUST_CHECK enum asap_code secret_to_key(const struct secret *der,
                                             EVP_PKEY **out,
                                             struct asap_error *err);
ASAP_MUST_CHECK enum asap_code secret_pem_from_key(EVP_PKEY *key,
                                                   struct secret *out,
                                                   struct asap_error *err);

static inline void secret_scope_exit(struct secret *secret)
{
    secret_clear(secret);
}

#endif
