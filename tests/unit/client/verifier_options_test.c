/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier_fixture.h"

/* The good token at another time. */
static const struct {
    int64_t leeway, shift;
    enum asap_reason reason;
} clocks[] = {
    { -1, 0, ASAP_REASON_NONE },     { -1, 60, ASAP_REASON_NONE },
    { -1, 61, ASAP_REASON_EXPIRED }, { -1, -1, ASAP_REASON_ISSUED_IN_FUTURE },
    { 0, 90, ASAP_REASON_NONE },     { 0, 91, ASAP_REASON_EXPIRED },
    { 0, -30, ASAP_REASON_NONE },    { 0, -31, ASAP_REASON_ISSUED_IN_FUTURE },
    { 60, 120, ASAP_REASON_NONE },   { 60, 121, ASAP_REASON_EXPIRED },
    { 1, -1, ASAP_REASON_NONE },     { 1, -2, ASAP_REASON_ISSUED_IN_FUTURE },
};

START_TEST(forgives_as_much_as_it_is_told)
{
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = NULL;

    options.leeway_seconds = clocks[_i].leeway;
    verifier = new_verifier(&options);
    fake_clock_advance(&test_clock, clocks[_i].shift);
    ck_assert_int_eq(check_claims(verifier, GOOD), clocks[_i].reason);
}
END_TEST

START_TEST(looks_at_the_clock_again_after_fetching)
{
    const struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = new_verifier(&options);

    repository.clock = &test_clock;
    repository.seconds = 60;
    ck_assert_int_eq(check_claims(verifier, GOOD), ASAP_REASON_NONE);
    ck_assert_int_eq(repository.asked, 1);
    fake_clock_advance(&test_clock, -59);
    ck_assert_int_eq(check_claims(verifier, GOOD), ASAP_REASON_EXPIRED);
    ck_assert_int_eq(repository.asked, 2);
}
END_TEST

static const char *const issuers[] = { "shop", "web/api", NULL };
static const char *const other_issuers[] = { "shop", "web", NULL };
static const char *const subjects[] = { "alice", "bob", NULL };

static const struct {
    const char *what, *claims;
    struct asap_verifier_options options;
    enum asap_code code;
    enum asap_reason reason;
} permissions[] = {
    { "an issuer on the list", GOOD, { .issuers = issuers }, ASAP_OK, ASAP_REASON_NONE },
    { "an issuer not on the list",
      GOOD,
      { .issuers = other_issuers },
      ASAP_PERMISSION_DENIED,
      ASAP_REASON_ISSUER },
    { "a subject on the list",
      CLAIMS_OF("web/api", LIVE ",\"sub\":\"bob\""),
      { .subjects = subjects },
      ASAP_OK,
      ASAP_REASON_NONE },
    { "a subject not on the list",
      CLAIMS_OF("web/api", LIVE ",\"sub\":\"eve\""),
      { .subjects = subjects },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_SUBJECT },
    { "any subject",
      CLAIMS_OF("web/api", LIVE ",\"sub\":\"eve\""),
      { .allow_any_subject = true },
      ASAP_OK,
      ASAP_REASON_NONE },
    { "a lower maximum", GOOD, { .max_lifetime_seconds = 60 }, ASAP_OK, ASAP_REASON_NONE },
    { "over a lower maximum",
      GOOD,
      { .max_lifetime_seconds = 59 },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_LIFETIME },
};

START_TEST(keeps_to_its_options)
{
    struct asap_verifier_options options = permissions[_i].options;
    SCOPED(verifier) struct asap_verifier *verifier = NULL;
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    options.audiences = audiences;
    options.clock = fake_clock_of(&test_clock);
    verifier = new_verifier(&options);
    sign(&token, "ES256", key_pairs[P256], permissions[_i].claims);
    ck_assert_msg(check_token(verifier, &token, &err) == permissions[_i].reason, "%s: %s",
                  permissions[_i].what, err.message);
    ck_assert_int_eq(err.code, permissions[_i].code);
}
END_TEST

START_TEST(keeps_its_own_copy_of_the_options)
{
    char audience[] = "orders";
    const char *list[] = { audience, NULL };
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = NULL;

    options.audiences = list;
    verifier = new_verifier(&options);
    memset(audience, 'x', sizeof audience - 1);
    list[0] = NULL;
    ck_assert_int_eq(check_claims(verifier, GOOD), ASAP_REASON_NONE);
}
END_TEST

START_TEST(accepts_a_token_again_unless_it_remembers)
{
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *forgetful = new_verifier(&options);
    SCOPED(verifier) struct asap_verifier *careful = NULL;

    options.replay_entries = 2;
    careful = new_verifier(&options);
    ck_assert_int_eq(check_claims(forgetful, GOOD), ASAP_REASON_NONE);
    ck_assert_int_eq(check_claims(forgetful, GOOD), ASAP_REASON_NONE);
    ck_assert_int_eq(check_claims(careful, GOOD), ASAP_REASON_NONE);
    ck_assert_int_eq(check_claims(careful, GOOD), ASAP_REASON_REPLAYED);
    fake_clock_advance(&test_clock, 60);
    ck_assert_int_eq(check_claims(careful, GOOD), ASAP_REASON_REPLAYED);
}
END_TEST

START_TEST(remembers_no_token_that_it_refused)
{
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = NULL;
    SCOPED(buffer) struct buffer forged = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    options.replay_entries = 1;
    verifier = new_verifier(&options);
    sign(&forged, "ES256", stranger, GOOD);
    ck_assert_int_eq(check_token(verifier, &forged, &err), ASAP_REASON_SIGNATURE);
    ck_assert_int_eq(check_claims(verifier, GOOD), ASAP_REASON_NONE);
}
END_TEST

#define OTHER_JTI CLAIMS_OF("web/api", "\"jti\":\"2\",\"iat\":1795439700,\"exp\":1795443300")

START_TEST(refuses_tokens_while_its_memory_is_full)
{
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = NULL;
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    options.replay_entries = 1;
    verifier = new_verifier(&options);
    ck_assert_int_eq(check_claims(verifier, GOOD), ASAP_REASON_NONE);
    sign(&token, "ES256", key_pairs[P256], OTHER_JTI);
    ck_assert_int_eq(check_token(verifier, &token, &err), ASAP_REASON_REPLAY_CACHE_FULL);
    ck_assert_int_eq(err.code, ASAP_UNAVAILABLE);
    fake_clock_advance(&test_clock, 60 + CLAIMS_MAX_LEEWAY + 1);
    ck_assert_int_eq(check_token(verifier, &token, &err), ASAP_REASON_NONE);
}
END_TEST

/* A store that several verifiers share. */
struct shared_store {
    enum asap_replay answer;
    int asked;
    char issuer[64], jti[64];
    int64_t expires_at;
};

static enum asap_replay
remember_shared(void *context, const char *issuer, const char *jti, int64_t expires_at)
{
    struct shared_store *store = context;
    const enum asap_replay answer = store->answer;

    store->asked++;
    (void)snprintf(store->issuer, sizeof store->issuer, "%s", issuer);
    (void)snprintf(store->jti, sizeof store->jti, "%s", jti);
    store->expires_at = expires_at;
    if (answer == ASAP_REPLAY_NEW)
        store->answer = ASAP_REPLAY_SEEN;
    return answer;
}

START_TEST(asks_a_shared_store_whether_a_token_was_used)
{
    struct shared_store store = { .answer = ASAP_REPLAY_NEW };
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *one = NULL;
    SCOPED(verifier) struct asap_verifier *other = NULL;

    options.replay_store = (struct asap_replay_store){ remember_shared, &store };
    one = new_verifier(&options);
    other = new_verifier(&options);
    ck_assert_int_eq(check_claims(one, GOOD), ASAP_REASON_NONE);
    ck_assert_str_eq(store.issuer, "web/api");
    ck_assert_str_eq(store.jti, "1");
    ck_assert_int_eq(store.expires_at, NOW + 60 + CLAIMS_MAX_LEEWAY);
    ck_assert_int_eq(check_claims(other, GOOD), ASAP_REASON_REPLAYED);
}
END_TEST

START_TEST(a_store_that_does_not_answer_makes_no_token_bad)
{
    struct shared_store store = { .answer = ASAP_REPLAY_UNAVAILABLE };
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = NULL;
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    options.replay_store = (struct asap_replay_store){ remember_shared, &store };
    verifier = new_verifier(&options);
    sign(&token, "ES256", key_pairs[P256], GOOD);
    ck_assert_int_eq(check_token(verifier, &token, &err), ASAP_REASON_REPLAY_UNAVAILABLE);
    ck_assert_int_eq(err.code, ASAP_UNAVAILABLE);
    store.answer = ASAP_REPLAY_NEW;
    ck_assert_int_eq(check_token(verifier, &token, &err), ASAP_REASON_NONE);
}
END_TEST

START_TEST(asks_the_store_of_no_token_that_is_refused)
{
    struct shared_store store = { .answer = ASAP_REPLAY_NEW };
    struct asap_verifier_options options = good_options();
    SCOPED(verifier) struct asap_verifier *verifier = NULL;
    SCOPED(buffer) struct buffer forged = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    options.replay_store = (struct asap_replay_store){ remember_shared, &store };
    verifier = new_verifier(&options);
    sign(&forged, "ES256", stranger, GOOD);
    ck_assert_int_eq(check_token(verifier, &forged, &err), ASAP_REASON_SIGNATURE);
    ck_assert_int_eq(store.asked, 0);
}
END_TEST

static const char *const nothing[] = { NULL };
static const char *const empty[] = { "orders", "", NULL };
static const char *const symmetric[] = { "ES256", "HS256", NULL };

static const struct {
    const char *field;
    struct asap_verifier_options options;
} refused_options[] = {
    { "audiences", { .audiences = NULL } },
    { "audiences", { .audiences = nothing } },
    { "audiences", { .audiences = empty } },
    { "issuers", { .audiences = audiences, .issuers = nothing } },
    { "subjects", { .audiences = audiences, .subjects = empty } },
    { "algorithms", { .audiences = audiences, .algorithms = nothing } },
    { "algorithms", { .audiences = audiences, .algorithms = symmetric } },
    { "leeway_seconds", { .audiences = audiences, .leeway_seconds = 61 } },
    { "leeway_seconds", { .audiences = audiences, .leeway_seconds = -2 } },
    { "max_lifetime_seconds", { .audiences = audiences, .max_lifetime_seconds = 3601 } },
    { "max_lifetime_seconds", { .audiences = audiences, .max_lifetime_seconds = -1 } },
    { "replay_entries", { .audiences = audiences, .replay_entries = SIZE_MAX } },
    { "replay_store",
      { .audiences = audiences, .replay_entries = 1, .replay_store = { remember_shared, NULL } } },
};

START_TEST(refuses_options_that_contradict_the_protocol)
{
    struct asap_verifier *verifier = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(
        asap_verifier_new(&repository.base, &refused_options[_i].options, &verifier, &err),
        ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(verifier);
    ck_assert_str_eq(err.field, refused_options[_i].field);
}
END_TEST

START_TEST(needs_keys_and_options)
{
    const struct asap_verifier_options options = good_options();
    struct asap_verifier *verifier = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(asap_verifier_new(NULL, &options, &verifier, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(asap_verifier_new(&repository.base, NULL, &verifier, &err),
                     ASAP_INVALID_ARGUMENT);
    asap_verifier_free(NULL);
    asap_claims_free(NULL);
}
END_TEST

static TCase *options(void)
{
    TCase *tests = new_case("options");

    tcase_add_loop_test(tests, forgives_as_much_as_it_is_told, 0, COUNT(clocks));
    tcase_add_test(tests, looks_at_the_clock_again_after_fetching);
    tcase_add_loop_test(tests, keeps_to_its_options, 0, COUNT(permissions));
    tcase_add_test(tests, keeps_its_own_copy_of_the_options);
    tcase_add_loop_test(tests, refuses_options_that_contradict_the_protocol, 0,
                        COUNT(refused_options));
    tcase_add_test(tests, needs_keys_and_options);
    return tests;
}

static TCase *replays(void)
{
    TCase *tests = new_case("replays");

    tcase_add_test(tests, accepts_a_token_again_unless_it_remembers);
    tcase_add_test(tests, remembers_no_token_that_it_refused);
    tcase_add_test(tests, refuses_tokens_while_its_memory_is_full);
    tcase_add_test(tests, asks_a_shared_store_whether_a_token_was_used);
    tcase_add_test(tests, a_store_that_does_not_answer_makes_no_token_bad);
    tcase_add_test(tests, asks_the_store_of_no_token_that_is_refused);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("verifier_options");

    suite_add_tcase(suite, options());
    suite_add_tcase(suite, replays());
    return check_main(suite);
}
