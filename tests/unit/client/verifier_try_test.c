/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier_fixture.h"

/* What a verifier says without waiting. */
static enum asap_reason try_token(struct asap_verifier *verifier,
                                  const struct buffer *token,
                                  struct asap_error *err)
{
    SCOPED(claims) struct asap_claims *claims = NULL;

    *err = (struct asap_error){ 0 };
    if (asap_verifier_try(verifier, token->bytes, token->length, &claims, err) == ASAP_OK)
        return ASAP_REASON_NONE;
    ck_assert_ptr_null(claims);
    return err->reason;
}

START_TEST(says_that_a_key_has_to_be_fetched_first)
{
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = NULL;
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    options.replay_entries = 1;
    verifier = new_verifier(&options);
    sign(&token, "ES256", key_pairs[P256], GOOD);
    ck_assert_int_eq(try_token(verifier, &token, &err), ASAP_REASON_KEY_NOT_CACHED);
    ck_assert_int_eq(err.code, ASAP_UNAVAILABLE);
    ck_assert_int_eq(repository.asked, 0);
    ck_assert_int_eq(check_token(verifier, &token, &err), ASAP_REASON_NONE);
}
END_TEST

START_TEST(accepts_and_refuses_by_a_key_that_is_at_hand)
{
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = NULL;
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    SCOPED(buffer) struct buffer forged = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    options.replay_entries = 1;
    repository.is_held = true;
    verifier = new_verifier(&options);
    sign(&token, "ES256", key_pairs[P256], GOOD);
    sign(&forged, "ES256", stranger, GOOD);
    ck_assert_int_eq(try_token(verifier, &forged, &err), ASAP_REASON_SIGNATURE);
    ck_assert_int_eq(err.code, ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(try_token(verifier, &token, &err), ASAP_REASON_NONE);
    ck_assert_int_eq(try_token(verifier, &token, &err), ASAP_REASON_REPLAYED);
    ck_assert_int_eq(repository.asked, 0);
}
END_TEST

START_TEST(refuses_what_no_key_makes_good_without_one)
{
    const struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = new_verifier(&options);
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    sign(&token, "ES256", key_pairs[P256], CLAIMS_OF("web", LIVE));
    ck_assert_int_eq(try_token(verifier, &token, &err), ASAP_REASON_KID_OWNER);
    ck_assert_int_eq(err.code, ASAP_UNAUTHENTICATED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verifier_try");
    TCase *tests = new_case("all");

    tcase_add_test(tests, says_that_a_key_has_to_be_fetched_first);
    tcase_add_test(tests, accepts_and_refuses_by_a_key_that_is_at_hand);
    tcase_add_test(tests, refuses_what_no_key_makes_good_without_one);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
