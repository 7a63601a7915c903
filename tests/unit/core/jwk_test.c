/* SPDX-License-Identifier: Apache-2.0 */
#include "jwk.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "check_main.h"
#include "test_keys.h"

/* RFC 7638 section 3.1 */
static const char rfc7638_n[] =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_"
    "RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpb"
    "ISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-"
    "csFCur-kEgU8awapJzKnqDKgw";

/* RFC 7515 appendix A.3; its thumbprint by another program (hashlib). */
static const char rfc7515_x[] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
static const char rfc7515_y[] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

/* RFC 8037 appendix A.2 */
static const char rfc8037_x[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

static void check_thumbprint(EVP_PKEY *key, const char *expected)
{
    char thumbprint[JWK_THUMBPRINT_SIZE] = "";
    struct asap_error err = { 0 };

    ck_assert_succeeds(jwk_thumbprint(key, thumbprint, &err));
    ck_assert_str_eq(thumbprint, expected);
    EVP_PKEY_free(key);
}

START_TEST(computes_the_published_thumbprints)
{
    check_thumbprint(rsa_from_jwk(rfc7638_n), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    check_thumbprint(ec_from_jwk("P-256", rfc7515_x, rfc7515_y),
                     "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    check_thumbprint(ed25519_from_jwk(rfc8037_x), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}
END_TEST

static void check_text(EVP_PKEY *key, const char *alg, const char *expected)
{
    struct buffer text = BUFFER(2048);
    struct asap_error err = { 0 };

    ck_assert_succeeds(jwk_write(key, "web/1", alg, &text, &err));
    ck_assert_str_eq(text.bytes, expected);
    buffer_clear(&text);
    EVP_PKEY_free(key);
}

START_TEST(writes_the_members_of_each_kind)
{
    char rsa[1024] = "";

    (void)snprintf(rsa, sizeof rsa,
                   "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"PS384\",\"kid\":\"web/"
                   "1\",\"e\":\"AQAB\",\"n\":\"%s\"}",
                   rfc7638_n);
    check_text(rsa_from_jwk(rfc7638_n), "PS384", rsa);
    check_text(ec_from_jwk("P-256", rfc7515_x, rfc7515_y), "ES256",
               "{\"kty\":\"EC\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"web/"
               "1\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
               "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");
    check_text(ed25519_from_jwk(rfc8037_x), NULL,
               "{\"kty\":\"OKP\",\"use\":\"sig\",\"kid\":\"web/"
               "1\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}");
}
END_TEST

static const struct {
    const char *kind;
    const char *curve;
    size_t coordinate;
} curves[] = { { "P-256", "P-256", 43 }, { "P-384", "P-384", 64 }, { "P-521", "P-521", 88 } };

/* Takes over `key`. The JSON has so many members and no private one. */
static json_t *read_back(EVP_PKEY *key, size_t members)
{
    struct buffer text = BUFFER(2048);
    json_t *jwk = NULL;

    ck_assert_int_eq(jwk_write(key, "web/1", NULL, &text, NULL), ASAP_OK);
    jwk = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_uint_eq(json_object_size(jwk), members);
    ck_assert_ptr_null(json_object_get(jwk, "d"));
    buffer_clear(&text);
    EVP_PKEY_free(key);
    return jwk;
}

/* Many keys, so that some coordinates begin with a zero byte. */
START_TEST(pads_coordinates_and_never_writes_the_private_part)
{
    for (int i = 0; i < 300; i++) {
        json_t *jwk = read_back(new_key(curves[_i].kind), 6);

        ck_assert_str_eq(json_string_value(json_object_get(jwk, "crv")), curves[_i].curve);
        ck_assert(json_string_length(json_object_get(jwk, "x")) == curves[_i].coordinate
                  && json_string_length(json_object_get(jwk, "y")) == curves[_i].coordinate);
        json_decref(jwk);
    }
}
END_TEST

/* A private key's file may say that its point is to be written in the short form. */
START_TEST(writes_both_coordinates_of_a_key_that_is_to_be_compressed)
{
    EVP_PKEY *key = ec_from_jwk("P-256", rfc7515_x, rfc7515_y);

    ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                    "compressed"),
                     1);
    check_thumbprint(key, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(takes_keys_with_a_private_part_and_leaves_it_out)
{
    json_decref(read_back(new_key("RSA"), 5));
    json_decref(read_back(new_key("ED25519"), 5));
}
END_TEST

static const char *const unsupported[] = { "secp256k1", "P-224", "X25519" };

START_TEST(refuses_keys_that_no_algorithm_fits)
{
    EVP_PKEY *key = new_key(unsupported[_i]);
    struct buffer text = BUFFER(2048);
    char thumbprint[JWK_THUMBPRINT_SIZE] = "x";
    struct asap_error err = { 0 };

    ck_assert_int_eq(jwk_write(key, "web/1", NULL, &text, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    ck_assert_uint_eq(text.length, 0);
    ck_assert_int_eq(jwk_thumbprint(key, thumbprint, NULL), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(thumbprint, "");
    ck_assert_uint_eq(ERR_peek_error(), 0);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(refuses_a_modulus_larger_than_any_we_take)
{
    BIGNUM *modulus = BN_new();
    EVP_PKEY *key = NULL;
    char thumbprint[JWK_THUMBPRINT_SIZE] = "";

    BN_set_bit(modulus, 4100);
    BN_set_bit(modulus, 0);
    key = rsa_from_numbers(modulus, 65537);
    ck_assert_int_eq(jwk_thumbprint(key, thumbprint, NULL), ASAP_INVALID_ARGUMENT);
    BN_free(modulus);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(stays_within_the_limit_of_the_buffer)
{
    EVP_PKEY *key = ed25519_from_jwk(rfc8037_x);
    struct buffer text = BUFFER(50);

    ck_assert_int_eq(jwk_write(key, "web/1", NULL, &text, NULL), ASAP_RESOURCE_EXHAUSTED);
    buffer_clear(&text);
    EVP_PKEY_free(key);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jwk");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 120);
    tcase_add_test(all, computes_the_published_thumbprints);
    tcase_add_test(all, writes_the_members_of_each_kind);
    tcase_add_loop_test(all, pads_coordinates_and_never_writes_the_private_part, 0, COUNT(curves));
    tcase_add_test(all, writes_both_coordinates_of_a_key_that_is_to_be_compressed);
    tcase_add_test(all, takes_keys_with_a_private_part_and_leaves_it_out);
    tcase_add_loop_test(all, refuses_keys_that_no_algorithm_fits, 0, COUNT(unsupported));
    tcase_add_test(all, refuses_a_modulus_larger_than_any_we_take);
    tcase_add_test(all, stays_within_the_limit_of_the_buffer);
    suite_add_tcase(suite, all);
    return check_main(suite);
}
