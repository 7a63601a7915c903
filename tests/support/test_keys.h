/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_TEST_KEYS_H
#define ASAP_TESTS_TEST_KEYS_H

#include <check.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <string.h>

#include "base64url.h"
#include "buffer.h"

/* Keys for tests, made when the test runs. Each function asserts that it succeeds. */

/* A key of a type that EVP_PKEY_Q_keygen does not know. */
static inline EVP_PKEY *new_key_of_type(const char *type)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    ck_assert_int_eq(EVP_PKEY_keygen_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* "RSA" or "RSA-PSS" (2048 bits), "ED25519", "X25519", or the name of a curve. */
static inline EVP_PKEY *new_key(const char *kind)
{
    EVP_PKEY *key = NULL;

    if (strcmp(kind, "RSA") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, kind, (size_t)2048);
    else if (strcmp(kind, "RSA-PSS") == 0)
        key = new_key_of_type(kind);
    else if (strstr(kind, "25519") != NULL)
        key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    ck_assert_msg(key != NULL, "cannot make a key of kind %s", kind);
    return key;
}

/* Takes over *builder. */
static inline EVP_PKEY *key_from_params(const char *type, int selection, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *key = NULL;

    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &key, selection, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static inline EVP_PKEY *rsa_from_numbers(const BIGNUM *modulus, unsigned exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_uint(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
    return key_from_params("RSA", EVP_PKEY_PUBLIC_KEY, builder);
}

static inline void decode_into(struct buffer *out, const char *text)
{
    ck_assert_int_eq(base64url_decode(text, strlen(text), out, NULL), ASAP_OK);
}

/* From a JSON Web Key's n, with 65537. */
static inline EVP_PKEY *rsa_from_jwk(const char *n)
{
    struct buffer bytes = BUFFER(512);
    BIGNUM *modulus = NULL;
    EVP_PKEY *key = NULL;

    decode_into(&bytes, n);
    modulus = BN_bin2bn((const unsigned char *)bytes.bytes, (int)bytes.length, NULL);
    key = rsa_from_numbers(modulus, 65537);
    BN_free(modulus);
    buffer_clear(&bytes);
    return key;
}

static inline EVP_PKEY *ec_from_jwk(const char *group, const char *x, const char *y)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    struct buffer point = BUFFER(256);
    EVP_PKEY *key = NULL;

    buffer_puts(&point, "\x04");
    decode_into(&point, x);
    decode_into(&point, y);
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.bytes, point.length);
    key = key_from_params("EC", EVP_PKEY_PUBLIC_KEY, builder);
    buffer_clear(&point);
    return key;
}

static inline EVP_PKEY *ed25519_from_jwk(const char *x)
{
    struct buffer bytes = BUFFER(32);
    EVP_PKEY *key = NULL;

    decode_into(&bytes, x);
    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)bytes.bytes,
                                      bytes.length);
    ck_assert_ptr_nonnull(key);
    buffer_clear(&bytes);
    return key;
}

#endif
