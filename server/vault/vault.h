/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_VAULT_H
#define ASAPD_VAULT_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "algorithm.h"
#include "buffer.h"
#include "scoped.h"
#include "secret.h"

/* The key-encryption key (KEK), and private keys sealed under it with
 * AES-256-GCM. Nothing else in the server touches a private key. */
struct vault;

/* Writes a new random KEK to `path` (64 hexadecimal digits and a newline) with mode 0400.
 * ASAP_ALREADY_EXISTS: the file exists; it is left alone. */
ASAP_MUST_CHECK enum asap_code vault_create_kek(const char *path, struct asap_error *err);

/* Reads the KEK. ASAP_FAILED_PRECONDITION: the file cannot be read, is not a KEK, is not ours, or
 * others can read it; the message says what to do. Any thread may use a vault. */
ASAP_MUST_CHECK enum asap_code vault_open(const char *kek_path,
                                          struct vault **out,
                                          struct asap_error *err);
void vault_close(struct vault *vault); /* NULL is fine; wipes the KEK */
DEFINE_SCOPED(vault, struct vault *, vault_close)

/* What a sealed record is bound to: opened under any other binding, it does not open. */
struct seal_binding {
    const char *kid;
    int64_t row;
    const char *algorithm;
};

/* Appends the sealed `plain`: version, KEK id, nonce, ciphertext, tag. */
ASAP_MUST_CHECK enum asap_code vault_seal(const struct vault *vault,
                                          const struct seal_binding *binding,
                                          const struct secret *plain,
                                          struct buffer *out,
                                          struct asap_error *err);

/* The caller clears *out. ASAP_DATA_LOSS: the record is damaged or bound to something else;
 * ASAP_FAILED_PRECONDITION: it was sealed under another KEK. */
ASAP_MUST_CHECK enum asap_code vault_unseal(const struct vault *vault,
                                            const struct seal_binding *binding,
                                            const void *sealed,
                                            size_t length,
                                            struct secret *out,
                                            struct asap_error *err);

/* Whether a record says that it was sealed under this vault's KEK. */
bool vault_has_sealed(const struct vault *vault, const void *sealed, size_t length);
bool vault_is_same_kek(const struct vault *vault, const struct vault *other);

/* A key pair that is not stored yet. The caller frees *out with EVP_PKEY_free(). RSA has 2048 bits.
 */
ASAP_MUST_CHECK enum asap_code vault_generate(const struct algorithm *algorithm,
                                              EVP_PKEY **out,
                                              struct asap_error *err);

/* The private half of `key` sealed, and a sealed record opened to sign with. */
ASAP_MUST_CHECK enum asap_code vault_seal_key(const struct vault *vault,
                                              const struct seal_binding *binding,
                                              EVP_PKEY *key,
                                              struct buffer *out,
                                              struct asap_error *err);
ASAP_MUST_CHECK enum asap_code vault_unseal_key(const struct vault *vault,
                                                const struct seal_binding *binding,
                                                const void *sealed,
                                                size_t length,
                                                EVP_PKEY **out,
                                                struct asap_error *err);

#endif
