/* SPDX-License-Identifier: Apache-2.0 */
#include "base64url.h"
#include "verifier_fixture.h"

START_TEST(hands_out_the_claims_of_a_good_token)
{
    const struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = new_verifier(&options);
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    SCOPED(claims) struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    char *json = NULL;

    sign(&token, "ES256", key_pairs[P256], GOOD);
    ck_assert_succeeds(asap_verifier_check(verifier, token.bytes, token.length, &claims, &err));
    ck_assert_str_eq(asap_claims_issuer(claims), "web/api");
    ck_assert_str_eq(asap_claims_subject(claims), "web/api");
    ck_assert_str_eq(asap_claims_key_id(claims), "web/api/key.pem");
    ck_assert_str_eq(asap_claims_jti(claims), "1");
    ck_assert_uint_eq(asap_claims_audience_count(claims), 1);
    ck_assert_str_eq(asap_claims_audience(claims, 0), "orders");
    ck_assert_ptr_null(asap_claims_audience(claims, 1));
    ck_assert_int_eq(asap_claims_issued_at(claims), NOW);
    ck_assert_int_eq(asap_claims_not_before(claims), NOW);
    ck_assert_int_eq(asap_claims_expires_at(claims), NOW + 60);
    json = asap_claims_json(claims);
    ck_assert_str_eq(json, GOOD);
    free(json);
}
END_TEST

static const struct {
    const char *algorithm;
    int kind;
} nine[] = {
    { "RS256", RSA_2048 }, { "RS384", RSA_2048 }, { "RS512", RSA_2048 },
    { "PS256", RSA_2048 }, { "PS384", RSA_2048 }, { "PS512", RSA_2048 },
    { "ES256", P256 },     { "ES384", P384 },     { "ES512", P521 },
};

START_TEST(accepts_the_nine_algorithms_by_default)
{
    const struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = new_verifier(&options);
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    repository.key = key_pairs[nine[_i].kind];
    sign(&token, nine[_i].algorithm, repository.key, GOOD);
    ck_assert_msg(check_token(verifier, &token, &err) == ASAP_REASON_NONE, "%s", err.message);
}
END_TEST

START_TEST(accepts_an_extension_only_when_told_to)
{
    static const char *const with_eddsa[] = { "ES256", "EdDSA", NULL };
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *strict = new_verifier(&options);
    SCOPED(verifier) struct asap_verifier *open = NULL;
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    options.algorithms = with_eddsa;
    open = new_verifier(&options);
    repository.key = key_pairs[ED25519];
    sign(&token, "EdDSA", repository.key, GOOD);
    ck_assert_int_eq(check_token(strict, &token, &err), ASAP_REASON_ALGORITHM);
    ck_assert_int_eq(repository.asked, 0);
    ck_assert_int_eq(check_token(open, &token, &err), ASAP_REASON_NONE);
}
END_TEST

START_TEST(refuses_an_algorithm_that_is_not_permitted)
{
    static const char *const rsa_only[] = { "RS256", "PS256", NULL };
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = NULL;

    options.algorithms = rsa_only;
    verifier = new_verifier(&options);
    ck_assert_int_eq(check_claims(verifier, GOOD), ASAP_REASON_ALGORITHM);
    ck_assert_int_eq(repository.asked, 0);
}
END_TEST

/* Headers that no key can make good. */
static const struct {
    const char *header;
    enum asap_reason reason;
} headers[] = {
    { "{\"alg\":\"none\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_ALGORITHM },
    { "{\"alg\":\"None\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_ALGORITHM },
    { "{\"alg\":\"NONE\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_ALGORITHM },
    { "{\"alg\":\"nonE\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_ALGORITHM },
    { "{\"alg\":\"NonE\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_ALGORITHM },
    { "{\"alg\":\"\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_ALGORITHM },
    { "{\"alg\":\"HS256\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_ALGORITHM },
    { "{\"alg\":\"es256\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_ALGORITHM },
    { "{\"kid\":\"web/api/key.pem\"}", ASAP_REASON_ALGORITHM },
    { "{\"alg\":\"ES256\"}", ASAP_REASON_KID_GRAMMAR },
    { "{\"alg\":\"ES256\",\"kid\":\"web/api/../api/key.pem\"}", ASAP_REASON_KID_GRAMMAR },
    { "{\"alg\":\"ES256\",\"kid\":\"web/api//key.pem\"}", ASAP_REASON_KID_GRAMMAR },
    { "{\"alg\":\"ES256\",\"kid\":\"web/api/key.pem\\n\"}", ASAP_REASON_KID_GRAMMAR },
    { "{\"alg\":\"ES256\",\"kid\":\"key.pem\"}", ASAP_REASON_KID_GRAMMAR },
    { "{\"alg\":\"ES256\",\"kid\":\"web/api/key.pem\",\"jku\":\"x\"}", ASAP_REASON_HEADER },
    { "{\"alg\":\"ES256\",\"kid\":\"web/api/key.pem\",\"typ\":\"JWE\"}", ASAP_REASON_TYPE },
    { "{\"alg\":\"ES256\",\"alg\":\"none\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_JSON },
    { "{\"alg\":\"ES384\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_KEY_ALGORITHM },
    { "{\"alg\":\"RS256\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_KEY_ALGORITHM },
    { "{\"alg\":\"ES256\",\"kid\":\"web/api/key.pem\"}", ASAP_REASON_SIGNATURE },
    { "{\"alg\":\"ES256\",\"kid\":\"web/api/other.pem\"}", ASAP_REASON_KEY_NOT_FOUND },
    { "{\"alg\":\"ES256\",\"kid\":\"web/key.pem\"}", ASAP_REASON_KID_OWNER },
};

START_TEST(refuses_a_header_under_a_signature_that_was_another_s)
{
    const struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = new_verifier(&options);
    SCOPED(buffer) struct buffer good = BUFFER(JWS_TOKEN_MAX);
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    sign(&good, "ES256", key_pairs[P256], GOOD);
    base64url_encode(headers[_i].header, strlen(headers[_i].header), &token);
    buffer_puts(&token, strchr(good.bytes, '.'));
    ck_assert_msg(check_token(verifier, &token, &err) == headers[_i].reason, "%s: %s",
                  headers[_i].header, err.message);
    if (headers[_i].reason < ASAP_REASON_KEY_NOT_FOUND)
        ck_assert_int_eq(repository.asked, 0);
}
END_TEST

START_TEST(refuses_a_token_of_another_key)
{
    const struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = new_verifier(&options);
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    sign(&token, "ES256", stranger, GOOD);
    ck_assert_int_eq(check_token(verifier, &token, &err), ASAP_REASON_SIGNATURE);
    ck_assert_int_eq(err.code, ASAP_UNAUTHENTICATED);
}
END_TEST

START_TEST(refuses_claims_that_were_exchanged)
{
    const struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = new_verifier(&options);
    SCOPED(buffer) struct buffer good = BUFFER(JWS_TOKEN_MAX);
    SCOPED(buffer) struct buffer other = BUFFER(JWS_TOKEN_MAX);
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    sign(&good, "ES256", key_pairs[P256], GOOD);
    sign(&other, "ES256", stranger, CLAIMS_OF("web/api", LIVE ",\"role\":\"x\""));
    buffer_append(&token, other.bytes, (size_t)(strrchr(other.bytes, '.') - other.bytes));
    buffer_puts(&token, strrchr(good.bytes, '.'));
    ck_assert_int_eq(check_token(verifier, &token, &err), ASAP_REASON_SIGNATURE);
}
END_TEST

static const struct {
    const char *what, *claims;
    enum asap_reason reason;
} claim_sets[] = {
    { "no subject", GOOD, ASAP_REASON_NONE },
    { "itself as subject", CLAIMS_OF("web/api", LIVE ",\"sub\":\"web/api\""), ASAP_REASON_NONE },
    { "another subject", CLAIMS_OF("web/api", LIVE ",\"sub\":\"bob\""), ASAP_REASON_SUBJECT },
    { "a shorter issuer", CLAIMS_OF("web", LIVE), ASAP_REASON_KID_OWNER },
    { "a longer issuer", CLAIMS_OF("web/apix", LIVE), ASAP_REASON_KID_OWNER },
    { "the key id as issuer", CLAIMS_OF("web/api/key.pem", LIVE), ASAP_REASON_KID_OWNER },
    { "an empty issuer", CLAIMS_OF("", LIVE), ASAP_REASON_CLAIM_TYPE },
    { "no issuer", "{\"aud\":\"orders\"," LIVE "}", ASAP_REASON_CLAIM_MISSING },
    { "no audience", "{\"iss\":\"web/api\"," LIVE "}", ASAP_REASON_CLAIM_MISSING },
    { "null for an audience", "{\"iss\":\"web/api\",\"aud\":null," LIVE "}",
      ASAP_REASON_CLAIM_TYPE },
    { "an empty list of audiences", "{\"iss\":\"web/api\",\"aud\":[]," LIVE "}",
      ASAP_REASON_CLAIM_TYPE },
    { "another audience", "{\"iss\":\"web/api\",\"aud\":\"shop\"," LIVE "}", ASAP_REASON_AUDIENCE },
    { "a list with ours", "{\"iss\":\"web/api\",\"aud\":[\"shop\",\"billing\"]," LIVE "}",
      ASAP_REASON_NONE },
    { "a list without ours", "{\"iss\":\"web/api\",\"aud\":[\"shop\",\"ordersx\"]," LIVE "}",
      ASAP_REASON_AUDIENCE },
    { "no jti", CLAIMS_OF("web/api", "\"iat\":1795439700,\"exp\":1795439760"),
      ASAP_REASON_CLAIM_MISSING },
    { "no iat", CLAIMS_OF("web/api", "\"jti\":\"1\",\"exp\":1795439760"),
      ASAP_REASON_CLAIM_MISSING },
    { "no exp", CLAIMS_OF("web/api", "\"jti\":\"1\",\"iat\":1795439700"),
      ASAP_REASON_CLAIM_MISSING },
    { "61 minutes", CLAIMS_OF("web/api", "\"jti\":\"1\",\"iat\":1795439700,\"exp\":1795443360"),
      ASAP_REASON_LIFETIME },
    { "3601 seconds", CLAIMS_OF("web/api", "\"jti\":\"1\",\"iat\":1795439700,\"exp\":1795443301"),
      ASAP_REASON_LIFETIME },
    { "3600 seconds", CLAIMS_OF("web/api", "\"jti\":\"1\",\"iat\":1795439700,\"exp\":1795443300"),
      ASAP_REASON_NONE },
    { "exp before iat", CLAIMS_OF("web/api", "\"jti\":\"1\",\"iat\":1795439700,\"exp\":1795439699"),
      ASAP_REASON_LIFETIME },
    { "nbf in the future", CLAIMS_OF("web/api", LIVE ",\"nbf\":1795439701"),
      ASAP_REASON_NOT_YET_VALID },
    { "nbf before iat", CLAIMS_OF("web/api", LIVE ",\"nbf\":1795439699"), ASAP_REASON_LIFETIME },
    { "nbf after exp", CLAIMS_OF("web/api", LIVE ",\"nbf\":1795439761"), ASAP_REASON_LIFETIME },
    { "a real number",
      CLAIMS_OF("web/api", "\"jti\":\"1\",\"iat\":1795439700.0,\"exp\":1795439760"),
      ASAP_REASON_CLAIM_TYPE },
    { "a member twice", CLAIMS_OF("web/api", LIVE ",\"aud\":\"orders\""), ASAP_REASON_JSON },
};

START_TEST(applies_the_rules_to_the_claims_before_it_asks_for_a_key)
{
    const struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = new_verifier(&options);

    ck_assert_msg(check_claims(verifier, claim_sets[_i].claims) == claim_sets[_i].reason, "%s",
                  claim_sets[_i].what);
    ck_assert_int_eq(repository.asked, claim_sets[_i].reason == ASAP_REASON_NONE ? 1 : 0);
}
END_TEST

static const struct {
    enum asap_code code;
    enum asap_reason reason;
} answers[] = {
    { ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_NOT_FOUND },
    { ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_REFUSED },
    { ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE },
};

START_TEST(tells_a_bad_token_from_a_repository_that_is_down)
{
    const struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = new_verifier(&options);
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    repository.code = answers[_i].code;
    repository.reason = answers[_i].reason;
    sign(&token, "ES256", key_pairs[P256], GOOD);
    ck_assert_int_eq(check_token(verifier, &token, &err), answers[_i].reason);
    ck_assert_int_eq(err.code, answers[_i].code);
}
END_TEST

static TCase *signatures(void)
{
    TCase *tests = new_case("signatures");

    tcase_add_test(tests, hands_out_the_claims_of_a_good_token);
    tcase_add_loop_test(tests, accepts_the_nine_algorithms_by_default, 0, COUNT(nine));
    tcase_add_test(tests, accepts_an_extension_only_when_told_to);
    tcase_add_test(tests, refuses_an_algorithm_that_is_not_permitted);
    tcase_add_loop_test(tests, refuses_a_header_under_a_signature_that_was_another_s, 0,
                        COUNT(headers));
    tcase_add_test(tests, refuses_a_token_of_another_key);
    tcase_add_test(tests, refuses_claims_that_were_exchanged);
    tcase_add_loop_test(tests, tells_a_bad_token_from_a_repository_that_is_down, 0, COUNT(answers));
    return tests;
}

static TCase *rules(void)
{
    TCase *tests = new_case("rules");

    tcase_add_loop_test(tests, applies_the_rules_to_the_claims_before_it_asks_for_a_key, 0,
                        COUNT(claim_sets));
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("verifier");

    suite_add_tcase(suite, signatures());
    suite_add_tcase(suite, rules());
    return check_main(suite);
}
