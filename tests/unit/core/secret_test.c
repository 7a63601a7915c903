/* SPDX-License-Identifier: Apache-2.0 */
#include "secret.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "check_main.h"
#include "pem.h"
#include "test_keys.h"

static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "ED25519" };

START_TEST(starts_as_zeros_with_a_nul_behind)
{
    struct secret secret = { 0 };
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_init(&secret, 40, &err));
    ck_assert_uint_eq(secret.length, 40);
    for (size_t i = 0; i <= secret.length; i++)
        ck_assert_int_eq(secret.bytes[i], 0);
    secret_clear(&secret);
    ck_assert_ptr_null(secret.bytes);
    ck_assert_uint_eq(secret.length, 0);
    secret_clear(&secret);
}
END_TEST

START_TEST(copies_bytes_and_wipes_what_is_cut_off)
{
    SCOPED(secret) struct secret secret = { 0 };
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_copy(&secret, "secret", 6, &err));
    ck_assert_uint_eq(secret.length, 6);
    ck_assert_mem_eq(secret.bytes, "secret", 7);
    secret_truncate(&secret, 3);
    ck_assert_uint_eq(secret.length, 3);
    ck_assert_mem_eq(secret.bytes, "sec\0\0\0", 7);
}
END_TEST

START_TEST(refuses_a_length_that_cannot_be)
{
    struct secret secret = { 0 };

    ck_assert_int_eq(secret_init(&secret, SIZE_MAX, NULL), ASAP_RESOURCE_EXHAUSTED);
    ck_assert_ptr_null(secret.bytes);
}
END_TEST

START_TEST(gives_a_private_key_back)
{
    EVP_PKEY *key = new_key(kinds[_i]);
    EVP_PKEY *again = NULL;
    struct secret der = { 0 };
    struct secret repeated = { 0 };
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_from_key(key, &der, &err));
    ck_assert_succeeds(secret_to_key(&der, &again, &err));
    ck_assert_int_eq(EVP_PKEY_eq(key, again), 1);
    ck_assert_succeeds(secret_from_key(again, &repeated, &err));
    ck_assert_uint_eq(repeated.length, der.length);
    ck_assert_mem_eq(repeated.bytes, der.bytes, der.length);
    secret_clear(&der);
    secret_clear(&repeated);
    EVP_PKEY_free(key);
    EVP_PKEY_free(again);
}
END_TEST

/* OpenSSL's own writer is the reference. */
START_TEST(writes_the_pem_that_openssl_writes)
{
    EVP_PKEY *key = new_key(kinds[_i]);
    EVP_PKEY *again = NULL;
    BIO *reference = BIO_new(BIO_s_mem());
    char *text = NULL;
    struct secret pem = { 0 };
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_pem_from_key(key, &pem, &err));
    ck_assert_int_eq(PEM_write_bio_PKCS8PrivateKey(reference, key, NULL, NULL, 0, NULL, NULL), 1);
    ck_assert_uint_eq((size_t)BIO_get_mem_data(reference, &text), pem.length);
    ck_assert_mem_eq(text, pem.bytes, pem.length);
    ck_assert_uint_eq(strlen((const char *)pem.bytes), pem.length);
    ck_assert_succeeds(pem_read_private((const char *)pem.bytes, pem.length, &again, &err));
    ck_assert_int_eq(EVP_PKEY_eq(key, again), 1);
    secret_clear(&pem);
    BIO_free(reference);
    EVP_PKEY_free(key);
    EVP_PKEY_free(again);
}
END_TEST

START_TEST(refuses_every_cut_of_a_private_key)
{
    EVP_PKEY *key = new_key("ED25519");
    EVP_PKEY *again = NULL;
    struct secret der = { 0 };
    struct secret cut = { 0 };
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_from_key(key, &der, &err));
    for (cut = der; cut.length-- > 0;) {
        ck_assert_int_eq(secret_to_key(&cut, &again, &err), ASAP_INVALID_ARGUMENT);
        ck_assert(err.reason == ASAP_REASON_KEY_REFUSED && again == NULL && ERR_peek_error() == 0);
    }
    secret_clear(&der);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(refuses_a_byte_behind_a_private_key)
{
    EVP_PKEY *key = new_key("P-256");
    EVP_PKEY *again = NULL;
    struct secret der = { 0 };
    struct secret longer = { 0 };
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_from_key(key, &der, &err));
    ck_assert_succeeds(secret_init(&longer, der.length + 1, &err));
    memcpy(longer.bytes, der.bytes, der.length);
    ck_assert_int_eq(secret_to_key(&longer, &again, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(again);
    secret_clear(&der);
    secret_clear(&longer);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(refuses_a_key_without_a_private_part)
{
    EVP_PKEY *key = ed25519_from_jwk("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    struct secret out = { 0 };
    struct asap_error err = { 0 };

    ck_assert_int_eq(secret_from_key(key, &out, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(out.bytes);
    ck_assert_int_eq(secret_pem_from_key(key, &out, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(out.bytes);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    EVP_PKEY_free(key);
}
END_TEST

/* Last of all, as the heap stays for the rest of the process. */
START_TEST(lives_in_the_secure_heap_and_says_when_it_is_full)
{
    struct secret small = { 0 };
    struct secret large = { 0 };
    struct asap_error err = { 0 };

    ck_assert_int_ge(CRYPTO_secure_malloc_init(16384, 64), 1);
    ck_assert_succeeds(secret_init(&small, 100, &err));
    ck_assert_int_eq(CRYPTO_secure_allocated(small.bytes), 1);
    ck_assert_int_eq(secret_init(&large, 32768, &err), ASAP_RESOURCE_EXHAUSTED);
    ck_assert_ptr_null(large.bytes);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    secret_clear(&small);
    ck_assert_uint_eq(CRYPTO_secure_used(), 0);
    ck_assert_int_eq(CRYPTO_secure_malloc_done(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secret");
    TCase *all = tcase_create("all");

    tcase_add_test(all, starts_as_zeros_with_a_nul_behind);
    tcase_add_test(all, copies_bytes_and_wipes_what_is_cut_off);
    tcase_add_test(all, refuses_a_length_that_cannot_be);
    tcase_add_loop_test(all, gives_a_private_key_back, 0, COUNT(kinds));
    tcase_add_loop_test(all, writes_the_pem_that_openssl_writes, 0, COUNT(kinds));
    tcase_add_test(all, refuses_every_cut_of_a_private_key);
    tcase_add_test(all, refuses_a_byte_behind_a_private_key);
    tcase_add_test(all, refuses_a_key_without_a_private_part);
    tcase_add_test(all, lives_in_the_secure_heap_and_says_when_it_is_full);
    suite_add_tcase(suite, all);
    return check_main(suite);
}
