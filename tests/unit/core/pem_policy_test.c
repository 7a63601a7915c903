/* SPDX-License-Identifier: Apache-2.0 */
#include "test_pem.h"

static const char *const curves[] = { "P-256", "P-384", "P-521" };

/* The product of moduli of sound keys is a sound modulus, and needs no search. */
static BIGNUM *product_of_moduli(const unsigned bits[], size_t count)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *product = BN_new();

    BN_one(product);
    for (size_t i = 0; i < count; i++) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits[i]);
        BIGNUM *modulus = NULL;

        ck_assert_int_eq(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
        BN_mul(product, product, modulus, ctx);
        BN_free(modulus);
        EVP_PKEY_free(key);
    }
    BN_CTX_free(ctx);
    return product;
}

static const struct {
    const char *why;
    unsigned bits[3];
    size_t count;
    const char *message; /* NULL: good */
} sizes[] = {
    { "512 bits", { 512 }, 1, "has 512 bits (use 2048 to 4096" },
    { "1024 bits", { 1024 }, 1, "has 1024 bits (use 2048 to 4096" },
    { "2047 bits", { 2047 }, 1, "has 2047 bits" },
    { "2048 bits", { 2048 }, 1, NULL },
    { "3072 bits", { 3072 }, 1, NULL },
    { "about 4096 bits", { 2048, 2048 }, 2, NULL },
    { "over 4096 bits", { 2048, 2048, 512 }, 3, "bits (use 2048 to 4096" },
};

START_TEST(takes_rsa_of_2048_to_4096_bits)
{
    BIGNUM *modulus = product_of_moduli(sizes[_i].bits, sizes[_i].count);
    EVP_PKEY *key = rsa_from_numbers(modulus, 65537);
    struct buffer text = BUFFER(PEM_PUBLIC_MAX);
    EVP_PKEY *again = NULL;
    struct asap_error err = { 0 };

    if (sizes[_i].message != NULL) {
        check_key_refused(key, sizes[_i].why, sizes[_i].message);
    } else {
        ck_assert_succeeds(pem_write_public(key, &text, &err));
        ck_assert_succeeds(pem_read_public(text.bytes, text.length, &again, &err));
        EVP_PKEY_free(key);
    }
    EVP_PKEY_free(again);
    buffer_clear(&text);
    BN_free(modulus);
}
END_TEST

START_TEST(refuses_rsa_with_another_exponent)
{
    static const unsigned bits[] = { 2048 };
    static const unsigned exponents[] = { 1, 3, 17, 65539, 65536, 4294967295U };
    BIGNUM *modulus = product_of_moduli(bits, 1);

    for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++)
        check_key_refused(rsa_from_numbers(modulus, exponents[i]), "e", "exponent is not 65537");
    BN_free(modulus);
}
END_TEST

START_TEST(refuses_a_modulus_that_is_even_or_prime_or_has_a_small_factor)
{
    static const unsigned bits[] = { 2048 };
    BIGNUM *modulus = product_of_moduli(bits, 1);

    BN_sub_word(modulus, 1);
    check_key_refused(rsa_from_numbers(modulus, 65537), "even", "unsound");
    BN_add_word(modulus, 1);
    BN_mul_word(modulus, 751);
    check_key_refused(rsa_from_numbers(modulus, 65537), "a factor of 751", "unsound");
    ck_assert_int_eq(BN_generate_prime_ex(modulus, 2048, 0, NULL, NULL, NULL), 1);
    check_key_refused(rsa_from_numbers(modulus, 65537), "prime", "unsound");
    BN_free(modulus);
}
END_TEST

static const struct {
    const char *kind;
    const char *message;
} unsupported[] = {
    { "secp256k1", "on secp256k1 (use P-256, P-384 or P-521" },
    { "P-224", "on secp224r1 (use P-256" },
    { "brainpoolP256r1", "on brainpoolP256r1" },
    { "X25519", "type X25519" },
    { "RSA-PSS", "type rsassaPss" },
};

START_TEST(refuses_and_names_other_kinds_of_keys)
{
    EVP_PKEY *key = new_key(unsupported[_i].kind);

    ck_assert_int_eq(pem_check_policy(key, NULL), ASAP_INVALID_ARGUMENT);
    check_key_refused(key, unsupported[_i].kind, unsupported[_i].message);
}
END_TEST

START_TEST(refuses_explicit_curve_parameters_even_of_a_good_curve)
{
    EVP_PKEY *key = new_odd_key(OSSL_PKEY_PARAM_EC_ENCODING, "explicit");
    BIO *text = BIO_new(BIO_s_mem());
    EVP_PKEY *read = NULL;
    struct asap_error err = { 0 };

    PEM_write_bio_PUBKEY(text, key);
    read = PEM_read_bio_PUBKEY(text, NULL, NULL, NULL);
    ck_assert_ptr_nonnull(read);
    ck_assert_int_eq(pem_check_policy(read, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "explicit parameters"));
    check_key_refused(key, "explicit parameters", "explicit parameters (name its curve");
    EVP_PKEY_free(read);
    BIO_free(text);
}
END_TEST

START_TEST(refuses_a_compressed_point)
{
    check_key_refused(new_odd_key(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
                      "a compressed point", "point is compressed");
}
END_TEST

START_TEST(refuses_a_point_that_is_not_on_its_curve)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        EVP_PKEY *key = new_key(curves[i]);
        unsigned char *der = NULL;
        const int length = i2d_PUBKEY(key, &der);

        der[length - 1] ^= 1;
        check_der_refused(der, (size_t)length, curves[i], "canonical DER");
        OPENSSL_free(der);
        EVP_PKEY_free(key);
    }
}
END_TEST

/* Hexadecimal y of the points of order 1, 2, 4 and 8, and of their other spellings. */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

START_TEST(refuses_ed25519_points_of_small_order)
{
    struct buffer der = BUFFER(64);

    assemble(&der, "302a300506032b6570032100", NULL);
    assemble(&der, small_order[_i], NULL);
    check_der_refused(der.bytes, der.length, small_order[_i], "small order");
    der.bytes[der.length - 1] = (char)(der.bytes[der.length - 1] ^ 0x80);
    check_der_refused(der.bytes, der.length, "the sign bit too", "small order");
    buffer_clear(&der);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pem_policy");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, takes_rsa_of_2048_to_4096_bits, 0, COUNT(sizes));
    tcase_add_test(all, refuses_rsa_with_another_exponent);
    tcase_add_test(all, refuses_a_modulus_that_is_even_or_prime_or_has_a_small_factor);
    tcase_add_loop_test(all, refuses_and_names_other_kinds_of_keys, 0, COUNT(unsupported));
    tcase_add_test(all, refuses_explicit_curve_parameters_even_of_a_good_curve);
    tcase_add_test(all, refuses_a_compressed_point);
    tcase_add_test(all, refuses_a_point_that_is_not_on_its_curve);
    tcase_add_loop_test(all, refuses_ed25519_points_of_small_order, 0, COUNT(small_order));
    suite_add_tcase(suite, all);
    return check_main(suite);
}
