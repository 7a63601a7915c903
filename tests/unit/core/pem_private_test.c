/* SPDX-License-Identifier: Apache-2.0 */
#include "test_pem.h"

static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "ED25519" };

static void check_private_refused(const char *text, size_t length, const char *message)
{
    EVP_PKEY *key = NULL;
    struct asap_error err = { 0 };

    ck_assert_msg(pem_read_private(text, length, &key, &err) == ASAP_INVALID_ARGUMENT,
                  "accepted what should fail with: %s", message);
    ck_assert_ptr_null(key);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

/* Reads what BIO `source` holds and frees it; `key` is what must come out. */
static void check_private_accepted(BIO *source, EVP_PKEY *key)
{
    EVP_PKEY *again = NULL;
    struct asap_error err = { 0 };
    char *text = NULL;
    const long length = BIO_get_mem_data(source, &text);

    ck_assert_succeeds(pem_read_private(text, (size_t)length, &again, &err));
    ck_assert_int_eq(EVP_PKEY_eq(key, again), 1);
    EVP_PKEY_free(again);
    BIO_free(source);
}

START_TEST(reads_private_keys_as_pkcs8_and_in_the_older_forms)
{
    EVP_PKEY *key = new_key(kinds[_i]);
    BIO *pkcs8 = BIO_new(BIO_s_mem());
    BIO *older = BIO_new(BIO_s_mem());

    ck_assert_int_eq(PEM_write_bio_PKCS8PrivateKey(pkcs8, key, NULL, NULL, 0, NULL, NULL), 1);
    check_private_accepted(pkcs8, key);
    if (strcmp(kinds[_i], "ED25519") != 0) {
        ck_assert_int_eq(
            PEM_write_bio_PrivateKey_traditional(older, key, NULL, NULL, 0, NULL, NULL), 1);
        check_private_accepted(older, key);
    } else {
        BIO_free(older);
    }
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(skips_the_curve_name_that_openssl_writes_in_front)
{
    EVP_PKEY *key = new_key("P-256");
    BIO *text = BIO_new(BIO_s_mem());

    BIO_puts(text,
             "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
    PEM_write_bio_PrivateKey_traditional(text, key, NULL, NULL, 0, NULL, NULL);
    check_private_accepted(text, key);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(refuses_encrypted_private_keys_and_asks_for_no_passphrase)
{
    EVP_PKEY *key = new_key("RSA");
    const unsigned char word[] = "word";
    BIO *pkcs8 = BIO_new(BIO_s_mem());
    BIO *older = BIO_new(BIO_s_mem());
    char *text = NULL;
    long length = 0;

    PEM_write_bio_PKCS8PrivateKey(pkcs8, key, EVP_aes_256_cbc(), "word", 4, NULL, NULL);
    length = BIO_get_mem_data(pkcs8, &text);
    check_private_refused(text, (size_t)length, "decrypt it first");
    PEM_write_bio_PrivateKey_traditional(older, key, EVP_aes_256_cbc(), word, 4, NULL, NULL);
    length = BIO_get_mem_data(older, &text);
    check_private_refused(text, (size_t)length, "decrypt it first");
    BIO_free(pkcs8);
    BIO_free(older);
    EVP_PKEY_free(key);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} not_private[] = {
    { "", "not a private key" },
    { "-----BEGIN PRIVATE KEY-----\n", "not a private key" },
    { "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "damaged" },
    { "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "damaged" },
    { "-----BEGIN EC PARAMETERS-----\n", "not a private key" },
    { GOOD, "this is a public key" },
    { "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "this is a certificate" },
    { "-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n-----END OPENSSH PRIVATE KEY-----\n",
      "OpenSSH's own format" },
};

START_TEST(refuses_what_is_no_private_key_and_says_what_it_is)
{
    check_private_refused(not_private[_i].text, strlen(not_private[_i].text),
                          not_private[_i].message);
}
END_TEST

START_TEST(refuses_anything_behind_a_private_key)
{
    EVP_PKEY *key = new_key("ED25519");
    BIO *target = BIO_new(BIO_s_mem());
    char *text = NULL;
    long length = 0;

    PEM_write_bio_PKCS8PrivateKey(target, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_PKCS8PrivateKey(target, key, NULL, NULL, 0, NULL, NULL);
    length = BIO_get_mem_data(target, &text);
    check_private_refused(text, (size_t)length, "one block");
    check_private_refused(text, (size_t)length / 2 - 2, "not a private key");
    BIO_free(target);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(holds_private_keys_to_the_same_policy)
{
    EVP_PKEY *keys[] = {
        EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
        new_key("secp256k1"),
        new_odd_key(OSSL_PKEY_PARAM_EC_ENCODING, "explicit"),
        new_key("X25519"),
    };
    static const char *const messages[] = {
        "has 1024 bits",
        "unsupported curve",
        "explicit parameters",
        "type of key is not supported",
    };

    for (int i = 0; i < COUNT(keys); i++) {
        BIO *target = BIO_new(BIO_s_mem());
        char *text = NULL;
        long length = 0;

        PEM_write_bio_PKCS8PrivateKey(target, keys[i], NULL, NULL, 0, NULL, NULL);
        length = BIO_get_mem_data(target, &text);
        check_private_refused(text, (size_t)length, messages[i]);
        BIO_free(target);
        EVP_PKEY_free(keys[i]);
    }
}
END_TEST

/* The private number of one key with the public point of another. */
static EVP_PKEY *new_mismatched_pair(void)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *one = new_key("P-256");
    EVP_PKEY *other = new_key("P-256");
    EVP_PKEY *pair = NULL;
    BIGNUM *number = NULL;
    unsigned char point[65] = { 0 };

    EVP_PKEY_get_bn_param(one, OSSL_PKEY_PARAM_PRIV_KEY, &number);
    EVP_PKEY_get_octet_string_param(other, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, NULL);
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
    pair = key_from_params("EC", EVP_PKEY_KEYPAIR, builder);
    BN_free(number);
    EVP_PKEY_free(one);
    EVP_PKEY_free(other);
    return pair;
}

START_TEST(refuses_a_private_key_with_a_foreign_public_part)
{
    EVP_PKEY *pair = new_mismatched_pair();
    BIO *target = BIO_new(BIO_s_mem());
    char *text = NULL;
    long length = 0;

    PEM_write_bio_PrivateKey_traditional(target, pair, NULL, NULL, 0, NULL, NULL);
    length = BIO_get_mem_data(target, &text);
    check_private_refused(text, (size_t)length, "do not belong together");
    BIO_free(target);
    EVP_PKEY_free(pair);
}
END_TEST

START_TEST(refuses_a_private_key_of_too_many_bytes)
{
    char wide[PEM_PRIVATE_MAX + 1] = "";

    memset(wide, ' ', sizeof wide);
    check_private_refused(wide, sizeof wide, "over 16384 bytes");
    check_private_refused(wide, sizeof wide - 1, "not a private key");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pem_private");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, reads_private_keys_as_pkcs8_and_in_the_older_forms, 0, COUNT(kinds));
    tcase_add_test(all, skips_the_curve_name_that_openssl_writes_in_front);
    tcase_add_test(all, refuses_encrypted_private_keys_and_asks_for_no_passphrase);
    tcase_add_loop_test(all, refuses_what_is_no_private_key_and_says_what_it_is, 0,
                        COUNT(not_private));
    tcase_add_test(all, refuses_anything_behind_a_private_key);
    tcase_add_test(all, holds_private_keys_to_the_same_policy);
    tcase_add_test(all, refuses_a_private_key_with_a_foreign_public_part);
    tcase_add_test(all, refuses_a_private_key_of_too_many_bytes);
    suite_add_tcase(suite, all);
    return check_main(suite);
}
