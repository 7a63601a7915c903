/* SPDX-License-Identifier: Apache-2.0 */
/* Of a key set, only keys within the policy come out, and one that is written and read again is the
 * same key. */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "buffer.h"
#include "jwk.h"
#include "pem.h"
#include "retriever_jwk_set.h"

enum { TEXT_MAX = 8192 };

static const struct kid kid = { .text = "web/a", .length = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check(EVP_PKEY *key)
{
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);
    SCOPED(jwk_set) struct jwk_set *set = NULL;
    SCOPED(pkey) EVP_PKEY *again = NULL;
    /* OpenSSL draws random bases to test a modulus: one of many factors is not always refused. */
    const bool is_drawn = EVP_PKEY_is_a(key, "RSA") == 1;

    require(is_drawn || pem_check_policy(key, NULL) == ASAP_OK);
    buffer_puts(&text, "{\"keys\":[");
    require(jwk_write(key, "web/a", NULL, &text, NULL) == ASAP_OK);
    buffer_puts(&text, "]}");
    require(buffer_check(&text, "the set", NULL) == ASAP_OK);
    require(jwk_set_read(text.bytes, text.length, &set, NULL) == ASAP_OK);
    if (jwk_set_find(set, &kid, &again, NULL) == ASAP_OK)
        require(EVP_PKEY_eq(key, again) == 1);
    else
        require(is_drawn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(jwk_set) struct jwk_set *set = NULL;
    SCOPED(pkey) EVP_PKEY *key = NULL;

    if (jwk_set_read((const char *)data, size, &set, NULL) != ASAP_OK)
        return 0;
    if (jwk_set_find(set, &kid, &key, NULL) == ASAP_OK)
        check(key);
    return 0;
}
