/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_TEST_PEM_H
#define ASAP_TESTS_TEST_PEM_H

#include <openssl/err.h>
#include <stdlib.h>

#include "check_main.h"
#include "pem.h"
#include "test_keys.h"

/* Texts and checks that the tests of PEM share. */

#define BEGIN_PUBLIC "-----BEGIN PUBLIC KEY-----\n"
#define END_PUBLIC "-----END PUBLIC KEY-----\n"

/* One good block, wrapped by hand. */
#define GOOD_BODY "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
#define GOOD BEGIN_PUBLIC GOOD_BODY END_PUBLIC

/* What is refused leaves no key, a message and no trace in OpenSSL. */
static inline void
check_refused(const char *text, size_t length, const char *why, const char *message)
{
    EVP_PKEY *key = NULL;
    struct asap_error err = { 0 };

    ck_assert_msg(pem_read_public(text, length, &key, &err) == ASAP_INVALID_ARGUMENT, "accepted %s",
                  why);
    ck_assert_ptr_null(key);
    ck_assert_int_eq(err.code, ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    ck_assert_msg(strstr(err.message, message) != NULL, "%s: %s", why, err.message);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

static inline void
check_der_refused(const void *der, size_t length, const char *why, const char *message)
{
    BIO *target = BIO_new(BIO_s_mem());
    char *text = NULL;
    long text_length = 0;

    PEM_write_bio(target, "PUBLIC KEY", "", der, (long)length);
    text_length = BIO_get_mem_data(target, &text);
    check_refused(text, (size_t)text_length, why, message);
    BIO_free(target);
}

/* Takes over `key`. */
static inline void check_key_refused(EVP_PKEY *key, const char *why, const char *message)
{
    unsigned char *der = NULL;
    const int length = i2d_PUBKEY(key, &der);

    ck_assert_int_gt(length, 0);
    check_der_refused(der, (size_t)length, why, message);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}

/* Fills `der` from hexadecimal digits and the modulus that stands for 'N'. */
static inline void assemble(struct buffer *der, const char *template, const unsigned char *modulus)
{
    for (; *template != '\0'; template += *template == 'N' ? 1 : 2) {
        const char digits[] = { template[0], template[1], '\0' };
        const unsigned char byte = (unsigned char)strtoul(digits, NULL, 16);

        if (*template == 'N')
            buffer_append(der, modulus, 256);
        else
            buffer_append(der, &byte, 1);
    }
}

/* A P-256 key that is written with one of its parameters changed. */
static inline EVP_PKEY *new_odd_key(const char *parameter, const char *value)
{
    EVP_PKEY *key = new_key("P-256");

    ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(key, parameter, value), 1);
    return key;
}

#endif
