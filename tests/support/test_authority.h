/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_TEST_AUTHORITY_H
#define ASAP_TESTS_TEST_AUTHORITY_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>

/* Certificates for tests, made when they are needed. */
struct test_identity {
    EVP_PKEY *key;
    X509 *x509;
};

/* A self-signed authority. */
struct test_identity test_authority_new(const char *common_name);

/* Signed by `authority` for `name` ("IP:127.0.0.1", "DNS:localhost"), from an hour ago until
 * `seconds` from now. */
struct test_identity test_authority_sign(const struct test_identity *authority,
                                         const char *name,
                                         int64_t seconds);

/* Writes it to a new file in PEM. */
void test_identity_write(const struct test_identity *certificate, const char *path);

/* The same of its private key. */
void test_identity_write_key(const struct test_identity *certificate, const char *path);

void test_identity_clear(struct test_identity *certificate);

#endif
