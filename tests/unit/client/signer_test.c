/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/signer.h>

#include <string.h>

#include "check_main.h"
#include "claims.h"
#include "fake_clock.h"
#include "jws.h"
#include "pem.h"
#include "secret.h"
#include "signer_source.h"
#include "test_keys.h"

enum { NOW = 1795439700 };

static const char *const audience[] = { "orders", NULL };
static struct fake_clock clock_at_now = { NOW };

static struct asap_signer *new_signer(EVP_PKEY *key, const char *key_id, const char *algorithm)
{
    const struct asap_signer_options options = { .algorithm = algorithm,
                                                 .clock = fake_clock_of(&clock_at_now) };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };
    SCOPED(secret) struct secret pem = { 0 };

    ck_assert_succeeds(secret_pem_from_key(key, &pem, &err));
    ck_assert_succeeds(
        asap_signer_from_pem(key_id, (const char *)pem.bytes, pem.length, &options, &signer, &err));
    return signer;
}

static const struct {
    const char *kind, *asked, *used;
} algorithms[] = {
    { "RSA", NULL, "RS256" },      { "RSA", "RS384", "RS384" },  { "RSA", "RS512", "RS512" },
    { "RSA", "PS256", "PS256" },   { "RSA", "PS384", "PS384" },  { "RSA", "PS512", "PS512" },
    { "P-256", NULL, "ES256" },    { "P-384", NULL, "ES384" },   { "P-521", NULL, "ES512" },
    { "P-256", "ES256", "ES256" }, { "ED25519", NULL, "EdDSA" },
};

START_TEST(signs_with_what_fits_the_key)
{
    const struct asap_token_request request = { .audiences = audience };
    SCOPED(pkey) EVP_PKEY *key = new_key(algorithms[_i].kind);
    SCOPED(asap_signer)
    struct asap_signer *signer = new_signer(key, "web/api/key.pem", algorithms[_i].asked);
    SCOPED(jws) struct jws jws = { 0 };
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(asap_signer_sign(signer, &request, &token, &err));
    ck_assert_succeeds(jws_parse(token, strlen(token), &jws, &err));
    ck_assert_str_eq(jws.algorithm->name, algorithms[_i].used);
    ck_assert_str_eq(jws.key_id, "web/api/key.pem");
    ck_assert_succeeds(jws_verify(&jws, key, &err));
    free(token);
}
END_TEST

/* The claims of a token that `signer` signs. */
static struct asap_claims *claims_of(struct asap_signer *signer,
                                     const struct asap_token_request *request)
{
    SCOPED(jws) struct jws jws = { 0 };
    struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(asap_signer_sign(signer, request, &token, &err));
    ck_assert_succeeds(jws_parse(token, strlen(token), &jws, &err));
    ck_assert_succeeds(claims_parse(jws.claims.bytes, jws.claims.length, &claims, &err));
    free(token);
    return claims;
}

START_TEST(writes_the_claims_in_their_safest_form)
{
    const struct asap_token_request request = { .audiences = audience };
    SCOPED(pkey) EVP_PKEY *key = new_key("P-256");
    SCOPED(asap_signer) struct asap_signer *signer = new_signer(key, "web/api/key", NULL);
    SCOPED(claims) struct asap_claims *claims = claims_of(signer, &request);
    SCOPED(claims) struct asap_claims *others = claims_of(signer, &request);

    ck_assert_uint_eq(json_object_size(claims->all), 7);
    ck_assert_str_eq(claims->issuer, "web/api");
    ck_assert_str_eq(claims->subject, "web/api");
    ck_assert_str_eq(claims->audiences[0], "orders");
    ck_assert_int_eq(claims->issued_at, NOW);
    ck_assert_int_eq(claims->not_before, NOW);
    ck_assert_int_eq(claims->expires_at, NOW + 60);
    ck_assert_uint_ge(strlen(claims->jti), 20);
    ck_assert_str_ne(claims->jti, others->jti);
}
END_TEST

START_TEST(writes_what_the_request_says)
{
    static const char *const audiences[] = { "orders", "billing", NULL };
    const struct asap_token_request request = { .audiences = audiences,
                                                .subject = "bob",
                                                .lifetime_seconds = 3600,
                                                .additional_claims = "{\"role\":[\"a\"]}" };
    SCOPED(pkey) EVP_PKEY *key = new_key("P-256");
    SCOPED(asap_signer) struct asap_signer *signer = new_signer(key, "web/key", NULL);
    SCOPED(claims) struct asap_claims *claims = claims_of(signer, &request);

    ck_assert_str_eq(claims->subject, "bob");
    ck_assert_uint_eq(claims->audience_count, 2);
    ck_assert_int_eq(claims->expires_at, NOW + 3600);
    ck_assert_uint_eq(json_array_size(json_object_get(claims->all, "role")), 1);
}
END_TEST

static const char *const nobody[] = { NULL };

static const struct {
    const char *field;
    struct asap_token_request request;
} refused[] = {
    { "audiences", { .audiences = NULL } },
    { "audiences", { .audiences = nobody } },
    { "lifetime_seconds", { .audiences = audience, .lifetime_seconds = 3601 } },
    { "lifetime_seconds", { .audiences = audience, .lifetime_seconds = -1 } },
    { "subject", { .audiences = audience, .subject = "" } },
    { "additional_claims", { .audiences = audience, .additional_claims = "{\"exp\":1}" } },
    { "additional_claims", { .audiences = audience, .additional_claims = "role" } },
};

START_TEST(refuses_a_request_and_names_what_is_wrong)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(asap_signer) struct asap_signer *signer = new_signer(key, "web/key", NULL);
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_int_eq(asap_signer_sign(signer, &refused[_i].request, &token, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(token);
    ck_assert_str_eq(err.field, refused[_i].field);
}
END_TEST

static const struct {
    const char *what, *kind, *key_id, *algorithm;
    enum asap_reason reason;
} misfits[] = {
    { "no issuer", "P-256", "key.pem", NULL, ASAP_REASON_KID_GRAMMAR },
    { "a traversal", "P-256", "web/../key", NULL, ASAP_REASON_KID_GRAMMAR },
    { "an algorithm of another type", "P-256", "web/key", "RS256", ASAP_REASON_KEY_ALGORITHM },
    { "an algorithm of another curve", "P-256", "web/key", "ES384", ASAP_REASON_KEY_ALGORITHM },
    { "no algorithm", "P-256", "web/key", "none", ASAP_REASON_NONE },
    { "a symmetric algorithm", "RSA", "web/key", "HS256", ASAP_REASON_NONE },
    { "another case", "RSA", "web/key", "rs256", ASAP_REASON_NONE },
    { "a curve that ASAP does not have", "secp256k1", "web/key", NULL, ASAP_REASON_KEY_REFUSED },
};

START_TEST(refuses_keys_key_ids_and_algorithms_that_do_not_fit)
{
    const struct asap_signer_options options = { .algorithm = misfits[_i].algorithm };
    SCOPED(pkey) EVP_PKEY *key = new_key(misfits[_i].kind);
    SCOPED(secret) struct secret pem = { 0 };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_pem_from_key(key, &pem, &err));
    ck_assert_msg(asap_signer_from_pem(misfits[_i].key_id, (const char *)pem.bytes, pem.length,
                                       &options, &signer, &err)
                      == ASAP_INVALID_ARGUMENT,
                  "accepted %s", misfits[_i].what);
    ck_assert_ptr_null(signer);
    ck_assert_msg(err.reason == misfits[_i].reason, "%s: %s", misfits[_i].what, err.message);
}
END_TEST

START_TEST(refuses_what_is_no_private_key)
{
    static const char text[] = "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n";
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(asap_signer_from_pem("web/key", text, sizeof text - 1, NULL, &signer, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
}
END_TEST

START_TEST(goes_by_the_system_clock_unless_told)
{
    const struct asap_token_request request = { .audiences = audience };
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(secret) struct secret pem = { 0 };
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    SCOPED(claims) struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    const int64_t before = (int64_t)time(NULL);

    ck_assert_succeeds(secret_pem_from_key(key, &pem, &err));
    ck_assert_succeeds(
        asap_signer_from_pem("web/key", (const char *)pem.bytes, pem.length, NULL, &signer, &err));
    claims = claims_of(signer, &request);
    ck_assert_int_ge(claims->issued_at, before);
    ck_assert_int_le(claims->issued_at, (int64_t)time(NULL));
}
END_TEST

START_TEST(frees_nothing)
{
    asap_signer_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signer");
    TCase *tests = tcase_create("signer");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, signs_with_what_fits_the_key, 0, COUNT(algorithms));
    tcase_add_test(tests, writes_the_claims_in_their_safest_form);
    tcase_add_test(tests, writes_what_the_request_says);
    tcase_add_loop_test(tests, refuses_a_request_and_names_what_is_wrong, 0, COUNT(refused));
    tcase_add_loop_test(tests, refuses_keys_key_ids_and_algorithms_that_do_not_fit, 0,
                        COUNT(misfits));
    tcase_add_test(tests, refuses_what_is_no_private_key);
    tcase_add_test(tests, goes_by_the_system_clock_unless_told);
    tcase_add_test(tests, frees_nothing);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
