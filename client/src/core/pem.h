/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_PEM_H
#define ASAP_CORE_PEM_H

#include <openssl/evp.h>
#include <stddef.h>

#include <asap/error.h>

#include "buffer.h"
#include "scoped.h"

/* Keys in and out of PEM (RFC 7468), and the policy on which keys are good. */

DEFINE_SCOPED(pkey, EVP_PKEY *, EVP_PKEY_free)
DEFINE_SCOPED(pkey_ctx, EVP_PKEY_CTX *, EVP_PKEY_CTX_free)
DEFINE_SCOPED(md_ctx, EVP_MD_CTX *, EVP_MD_CTX_free)
DEFINE_SCOPED(bio, BIO *, BIO_free_all)

enum {
    PEM_PUBLIC_MAX = 4096,    /* bytes of PEM that the library reads */
    PEM_PUBLISHED_MAX = 2048, /* bytes of PEM that the server publishes */
    PEM_PRIVATE_MAX = 16384
};

/* Reads exactly one "PUBLIC KEY" block (SubjectPublicKeyInfo) with nothing but white space around
 * it, whose DER is canonical, and checks the key against pem_check_policy(). The caller owns *out.
 * ASAP_INVALID_ARGUMENT, ASAP_REASON_KEY_REFUSED: the message says what is wrong and what to do: a
 * certificate, a private key and a PKCS#1 public key are each named as such. */
ASAP_MUST_CHECK enum asap_code
pem_read_public(const char *text, size_t length, EVP_PKEY **out, struct asap_error *err);

/* The same form without the policy, whose proof that an RSA modulus is sound takes milliseconds:
 * for keys that passed it before. */
ASAP_MUST_CHECK enum asap_code
pem_parse_public(const char *text, size_t length, EVP_PKEY **out, struct asap_error *err);

/* RSA of 2048 to 4096 bits with exponent 65537; EC on a named P-256, P-384 or P-521; Ed25519; and
 * mathematically sound. ASAP_INVALID_ARGUMENT, ASAP_REASON_KEY_REFUSED otherwise. */
ASAP_MUST_CHECK enum asap_code pem_check_policy(EVP_PKEY *key, struct asap_error *err);

/* The same policy, and the private part and the public one belong together. */
ASAP_MUST_CHECK enum asap_code pem_check_private(EVP_PKEY *key, struct asap_error *err);

/* Reads one unencrypted private key: PKCS#8, PKCS#1 or SEC1. The same policy holds. */
ASAP_MUST_CHECK enum asap_code
pem_read_private(const char *text, size_t length, EVP_PKEY **out, struct asap_error *err);

/* The same, and an encrypted one with what `passphrase` gives, which is asked for at most once.
 * Without one (NULL, or no function in it) an encrypted key is refused, and nobody is prompted. */
struct asap_passphrase;
ASAP_MUST_CHECK enum asap_code pem_decrypt_private(const char *text,
                                                   size_t length,
                                                   const struct asap_passphrase *passphrase,
                                                   EVP_PKEY **out,
                                                   struct asap_error *err);

/* Appends one SubjectPublicKeyInfo block with a final newline. */
ASAP_MUST_CHECK enum asap_code pem_write_public(EVP_PKEY *key,
                                                struct buffer *out,
                                                struct asap_error *err);

#endif
