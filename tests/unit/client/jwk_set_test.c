/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever_jwk_set.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "jwk.h"
#include "pem.h"

/* RFC 7515 appendix A.3, RFC 8037 appendix A.2, RFC 7517 appendix A.1. */
#define P256_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define P256_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define RSA_N                                                                                      \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"      \
    "BJECPebW"                                                                                     \
    "KRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"             \
    "FDW2QvzqY368QQM"                                                                              \
    "icAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"                           \
    "bFTWhAI4vMQFh6WeZu0fM4lFd2NcR"                                                                \
    "wr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"

#define EC_KEY "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\""
#define ED_KEY "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\""
#define RSA_KEY "\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\""

static enum asap_reason find(const char *jwk, EVP_PKEY **out, struct asap_error *err)
{
    SCOPED(jwk_set) struct jwk_set *set = NULL;
    const struct kid kid = { .text = "web/a and more", .length = 5 };
    char text[2048];

    *err = (struct asap_error){ .code = ASAP_OK };
    (void)snprintf(text, sizeof text, "{\"keys\":[%s]}", jwk);
    ck_assert_int_eq(jwk_set_read(text, strlen(text), &set, err), ASAP_OK);
    if (jwk_set_find(set, &kid, out, err) == ASAP_OK)
        return ASAP_REASON_NONE;
    ck_assert_int_eq(err->code, ASAP_UNAUTHENTICATED);
    ck_assert_ptr_null(*out);
    /* The second time, it is known to be refused. */
    ck_assert_int_eq(jwk_set_find(set, &kid, out, err), ASAP_UNAUTHENTICATED);
    return err->reason;
}

static const struct {
    const char *jwk, *type;
} good[] = {
    { "{\"kid\":\"web/a\"," EC_KEY "}", "EC" },
    { "{\"kid\":\"web/a\"," ED_KEY "}", "ED25519" },
    { "{\"kid\":\"web/a\"," RSA_KEY "}", "RSA" },
    { "{\"kid\":\"web/a\",\"use\":\"sig\",\"alg\":\"ES256\"," EC_KEY "}", "EC" },
    { "{\"kid\":\"web/a\",\"key_ops\":[\"verify\"],\"alg\":\"EdDSA\"," ED_KEY "}", "ED25519" },
    { "{\"kid\":\"web/a\",\"alg\":\"PS512\",\"x5t\":\"abc\"," RSA_KEY "}", "RSA" },
    { "{\"kid\":\"web/b\"," ED_KEY "},{\"kid\":\"web/a\"," EC_KEY "}", "EC" },
    { "{\"kid\":\"web/a\"," EC_KEY "},{\"kid\":\"web/a\",\"use\":\"enc\"," ED_KEY "}", "EC" },
    { "17,null,{\"kid\":\"web/a\"," EC_KEY "}", "EC" },
};

START_TEST(a_key_is_found_by_its_kid)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct asap_error err;

    ck_assert_int_eq(find(good[_i].jwk, &key, &err), ASAP_REASON_NONE);
    ck_assert(EVP_PKEY_is_a(key, good[_i].type) == 1);
}
END_TEST

START_TEST(the_key_is_the_one_that_was_written)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(buffer) struct buffer text = BUFFER(2000);
    struct asap_error err;

    ck_assert_int_eq(find(good[_i].jwk, &key, &err), ASAP_REASON_NONE);
    ck_assert_succeeds(jwk_write(key, "web/a", NULL, &text, &err));
    ck_assert_ptr_nonnull(strstr(text.bytes, _i == 0 ? P256_Y : _i == 1 ? ED_X : RSA_N));
}
END_TEST

static const char *const passed_over[] = {
    "",
    "{" EC_KEY "}",
    "{\"kid\":17," EC_KEY "}",
    "{\"kid\":\"web\"," EC_KEY "}",
    "{\"kid\":\"web/aa\"," EC_KEY "}",
    "{\"kid\":\"web/a\",\"use\":\"enc\"," EC_KEY "}",
    "{\"kid\":\"web/a\",\"use\":17," EC_KEY "}",
    "{\"kid\":\"web/a\",\"key_ops\":[]," EC_KEY "}",
    "{\"kid\":\"web/a\",\"key_ops\":[\"sign\",17]," EC_KEY "}",
};

START_TEST(a_key_that_is_not_for_us_is_passed_over)
{
    EVP_PKEY *key = NULL;
    struct asap_error err;

    ck_assert_int_eq(find(passed_over[_i], &key, &err), ASAP_REASON_KEY_NOT_FOUND);
}
END_TEST

static const struct {
    const char *jwk, *why;
} refused[] = {
    { "{\"kid\":\"web/a\"}", "kty" },
    { "{\"kid\":\"web/a\",\"kty\":\"oct\",\"k\":\"AAAA\"}", "secret" },
    { "{\"kid\":\"web/a\",\"d\":\"AAAA\"," EC_KEY "}", "private" },
    { "{\"kid\":\"web/a\",\"kty\":\"ec\",\"crv\":\"P-256\"}", "kty" },
    { "{\"kid\":\"web/a\",\"alg\":\"ES384\"," EC_KEY "}", "alg" },
    { "{\"kid\":\"web/a\",\"alg\":\"HS256\"," EC_KEY "}", "alg" },
    { "{\"kid\":\"web/a\",\"alg\":null," EC_KEY "}", "alg" },
    { "{\"kid\":\"web/a\",\"alg\":\"RS256\"," ED_KEY "}", "alg" },
    { "{\"kid\":\"web/a\",\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y
      "\"}",
      "crv" },
    { "{\"kid\":\"web/a\",\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y
      "\"}",
      "point" },
    { "{\"kid\":\"web/a\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_Y "\",\"y\":\"" P256_X
      "\"}",
      "point" },
    { "{\"kid\":\"web/a\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "=\",\"y\":\"" P256_Y
      "\"}",
      "point" },
    { "{\"kid\":\"web/a\",\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED_X "\"}", "Ed25519" },
    { "{\"kid\":\"web/a\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "32 bytes" },
    { "{\"kid\":\"web/a\",\"kty\":\"RSA\",\"n\":\"AAAA\",\"e\":\"AQAB\"}", "n or e" },
    { "{\"kid\":\"web/a\",\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AAEAAQ\"}", "n or e" },
    { "{\"kid\":\"web/a\",\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"Aw\"}", "exponent" },
    { "{\"kid\":\"web/a\",\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "bits" },
    { "{\"kid\":\"web/a\"," EC_KEY "},{\"kid\":\"web/a\"," EC_KEY "}", "two keys" },
};

START_TEST(a_malformed_or_weak_key_is_refused_and_says_why)
{
    EVP_PKEY *key = NULL;
    struct asap_error err;

    ck_assert_int_eq(find(refused[_i].jwk, &key, &err), ASAP_REASON_KEY_REFUSED);
    ck_assert_msg(strstr(err.message, refused[_i].why) != NULL, "%s", err.message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jwk_set");
    TCase *keys = tcase_create("keys");

    tcase_add_loop_test(keys, a_key_is_found_by_its_kid, 0, COUNT(good));
    tcase_add_loop_test(keys, the_key_is_the_one_that_was_written, 0, 3);
    tcase_add_loop_test(keys, a_key_that_is_not_for_us_is_passed_over, 0, COUNT(passed_over));
    tcase_add_loop_test(keys, a_malformed_or_weak_key_is_refused_and_says_why, 0, COUNT(refused));
    suite_add_tcase(suite, keys);
    return check_main(suite);
}
