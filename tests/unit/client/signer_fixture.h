/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_SIGNER_FIXTURE_H
#define ASAP_TESTS_SIGNER_FIXTURE_H

#include <asap/signer.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "claims.h"
#include "fake_clock.h"
#include "jws.h"
#include "pem.h"
#include "secret.h"
#include "signer_source.h"
#include "test_keys.h"

/* What the tests of signers share: keys in every shape, and a look at what is signed. */

static const char *const orders[] = { "orders", NULL };

/* Signs for "orders", checks it against `key` and `key_id`, and returns the token's claims. */
static inline struct asap_claims *check_signs(struct asap_signer *signer,
                                              EVP_PKEY *key,
                                              const char *key_id)
{
    const struct asap_token_request request = { .audiences = orders };
    SCOPED(jws) struct jws jws = { 0 };
    struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(asap_signer_sign(signer, &request, &token, &err));
    ck_assert_succeeds(jws_parse(token, strlen(token), &jws, &err));
    ck_assert_str_eq(jws.key_id, key_id);
    ck_assert_succeeds(jws_verify(&jws, key, &err));
    ck_assert_succeeds(claims_parse(jws.claims.bytes, jws.claims.length, &claims, &err));
    free(token);
    return claims;
}

static inline void check_signs_with(struct asap_signer *signer, EVP_PKEY *key, const char *key_id)
{
    asap_claims_free(check_signs(signer, key, key_id));
}

/* Takes over `source`. */
static inline void take_text(BIO *source, struct buffer *out)
{
    char *text = NULL;
    const long length = BIO_get_mem_data(source, &text);

    buffer_append(out, text, (size_t)length);
    BIO_free(source);
}

enum form { PKCS8, TRADITIONAL, PKCS8_ENCRYPTED, TRADITIONAL_ENCRYPTED, FORMS };

#define PASSPHRASE "open sesame"

/* Appends `key` as PEM. */
static inline void write_pem(EVP_PKEY *key, enum form form, struct buffer *out)
{
    const bool encrypted = form == PKCS8_ENCRYPTED || form == TRADITIONAL_ENCRYPTED;
    const EVP_CIPHER *cipher = encrypted ? EVP_aes_256_cbc() : NULL;
    BIO *target = BIO_new(BIO_s_mem());
    int written = 0;

    if (form == PKCS8 || form == PKCS8_ENCRYPTED)
        written = PEM_write_bio_PKCS8PrivateKey(target, key, cipher, PASSPHRASE,
                                                encrypted ? strlen(PASSPHRASE) : 0, NULL, NULL);
    else
        written = PEM_write_bio_PrivateKey_traditional(
            target, key, cipher, (const unsigned char *)PASSPHRASE,
            encrypted ? strlen(PASSPHRASE) : 0, NULL, NULL);
    ck_assert_int_eq(written, 1);
    take_text(target, out);
}

/* Appends text with all but letters and digits percent-encoded. */
static inline void write_encoded(const char *text, size_t length, struct buffer *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    for (size_t i = 0; i < length; i++) {
        if (strchr(plain, text[i]) != NULL)
            buffer_append(out, &text[i], 1);
        else
            buffer_printf(out, "%%%02X", (unsigned char)text[i]);
    }
}

static inline void write_base64(const void *bytes, size_t length, struct buffer *out)
{
    unsigned char *text = malloc(length / 3 * 4 + 5);

    (void)EVP_EncodeBlock(text, bytes, (int)length);
    buffer_puts(out, (const char *)text);
    free(text);
}

/* Appends data:application/pkcs8;kid=...;base64,DER. `key_id` NULL: without a kid. */
static inline void write_data_uri(EVP_PKEY *key, const char *key_id, struct buffer *out)
{
    SCOPED(secret) struct secret der = { 0 };

    ck_assert_int_eq(secret_from_key(key, &der, NULL), ASAP_OK);
    buffer_puts(out, "data:application/pkcs8");
    if (key_id != NULL) {
        buffer_puts(out, ";kid=");
        write_encoded(key_id, strlen(key_id), out);
    }
    buffer_puts(out, ";base64,");
    write_base64(der.bytes, der.length, out);
}

/* What asks for a passphrase, and how often. */
struct asked {
    const char *passphrase; /* NULL: there is none */
    int times;
};

static inline int answer(char *out, size_t size, void *context)
{
    struct asked *asked = context;

    asked->times++;
    if (asked->passphrase == NULL || strlen(asked->passphrase) > size)
        return -1;
    memcpy(out, asked->passphrase, strlen(asked->passphrase));
    return (int)strlen(asked->passphrase);
}

static inline struct asap_passphrase passphrase_from(struct asked *asked)
{
    return (struct asap_passphrase){ .read = answer, .context = asked };
}

#endif
