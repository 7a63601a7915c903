/* SPDX-License-Identifier: Apache-2.0 */
/* A key that is read has one encoding: written again it is the same text but for white space, and
 * the same DER. A private key that is read is within the policy. */
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pem.h"
#include "spki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static const char *next_visible(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

static bool equal_but_for_space(const char *a, size_t a_length, const char *b, size_t b_length)
{
    const char *a_end = a + a_length;
    const char *b_end = b + b_length;

    for (;; a++, b++) {
        a = next_visible(a, a_end);
        b = next_visible(b, b_end);
        if (a == a_end || b == b_end)
            return a == a_end && b == b_end;
        if (*a != *b)
            return false;
    }
}

static void check_public(const char *text, size_t length)
{
    SCOPED(buffer) struct buffer written = BUFFER(PEM_PUBLIC_MAX);
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(pkey) EVP_PKEY *again = NULL;

    if (pem_read_public(text, length, &key, NULL) != ASAP_OK)
        return;
    require(pem_write_public(key, &written, NULL) == ASAP_OK);
    require(equal_but_for_space(text, length, written.bytes, written.length));
    /* OpenSSL draws random bases to test a modulus: one of many factors is not always refused. */
    if (pem_read_public(written.bytes, written.length, &again, NULL) == ASAP_OK)
        require(EVP_PKEY_eq(key, again) == 1);
    else
        require(EVP_PKEY_is_a(key, "RSA") == 1);
}

static void check_der(const uint8_t *data, size_t size)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    unsigned char *der = NULL;
    int length = 0;

    if (spki_read(data, size, &key, NULL) != ASAP_OK)
        return;
    length = i2d_PUBKEY(key, &der);
    require(length > 0 && (size_t)length == size && memcmp(der, data, size) == 0);
    OPENSSL_free(der);
}

static void check_private(const char *text, size_t length)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;

    if (pem_read_private(text, length, &key, NULL) == ASAP_OK)
        require(pem_check_policy(key, NULL) == ASAP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_public((const char *)data, size);
    check_der(data, size);
    check_private((const char *)data, size);
    return 0;
}
