/* SPDX-License-Identifier: Apache-2.0 */
#include "claims.h"

#include <string.h>

#include "check_main.h"
#include "json.h"

enum { NOW = 1795439700 };

#define GOOD                                                                                       \
    "{\"iss\":\"web/api\",\"sub\":\"web/"                                                          \
    "api\",\"aud\":\"orders\",\"jti\":\"1\",\"iat\":1795439700,"                                   \
    "\"exp\":1795439760}"

/* A good claim set with one member more, or another value of it; "" leaves it out. */
static void change_claim(const char *name, const char *value, struct buffer *out)
{
    SCOPED(json) json_t *claims = json_loads(GOOD, 0, NULL);
    char *text = NULL;

    (void)json_object_del(claims, name);
    if (*value != '\0')
        (void)json_object_set_new(claims, name, json_loads(value, JSON_DECODE_ANY, NULL));
    text = json_dumps(claims, JSON_COMPACT);
    buffer_puts(out, text);
    free(text);
}

static enum asap_code
parse_changed(const char *name, const char *value, struct asap_claims **out, struct asap_error *err)
{
    SCOPED(buffer) struct buffer text = BUFFER(100000);

    change_claim(name, value, &text);
    return claims_parse(text.bytes, text.length, out, err);
}

START_TEST(reads_every_claim)
{
    struct asap_error err = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;

    ck_assert_succeeds(parse_changed("nbf", "1795439710", &claims, &err));
    ck_assert_str_eq(claims->issuer, "web/api");
    ck_assert_str_eq(claims->subject, "web/api");
    ck_assert_str_eq(claims->jti, "1");
    ck_assert_uint_eq(claims->audience_count, 1);
    ck_assert_str_eq(claims->audiences[0], "orders");
    ck_assert_int_eq(claims->issued_at, NOW);
    ck_assert_int_eq(claims->not_before, NOW + 10);
    ck_assert_int_eq(claims->expires_at, NOW + 60);
    ck_assert_str_eq(claims->key_id, "");
}
END_TEST

START_TEST(fills_in_the_subject_and_the_start)
{
    struct asap_error err = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;

    ck_assert_succeeds(parse_changed("sub", "", &claims, &err));
    ck_assert_str_eq(claims->subject, "web/api");
    ck_assert_int_eq(claims->not_before, NOW);
}
END_TEST

#define TEN "1234567890"
#define FIFTY TEN TEN TEN TEN TEN
#define SIXTEEN                                                                                    \
    "\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\",\"m\",\"n\",\"o\","   \
    "\"p\""

static const struct {
    const char *name, *value;
} accepted[] = {
    { "aud", "\"x\"" },
    { "aud", "[\"x\"]" },
    { "aud", "[" SIXTEEN "]" },
    { "jti", "\"" FIFTY FIFTY FIFTY FIFTY FIFTY "12345\"" },
    { "iat", "0" },
    { "exp", "253402300799" },
    { "nbf", "0" },
    { "other", "{\"a\":[null,1.5]}" },
};

START_TEST(accepts_every_form_of_a_claim)
{
    struct asap_error err = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;

    ck_assert_succeeds(parse_changed(accepted[_i].name, accepted[_i].value, &claims, &err));
}
END_TEST

static const struct {
    const char *name, *value;
    enum asap_reason reason;
} refused[] = {
    { "iss", "", ASAP_REASON_CLAIM_MISSING },
    { "iss", "null", ASAP_REASON_CLAIM_TYPE },
    { "iss", "\"\"", ASAP_REASON_CLAIM_TYPE },
    { "iss", "[\"web/api\"]", ASAP_REASON_CLAIM_TYPE },
    { "sub", "null", ASAP_REASON_CLAIM_TYPE },
    { "sub", "7", ASAP_REASON_CLAIM_TYPE },
    { "sub", "\"\"", ASAP_REASON_CLAIM_TYPE },
    { "aud", "", ASAP_REASON_CLAIM_MISSING },
    { "aud", "null", ASAP_REASON_CLAIM_TYPE },
    { "aud", "\"\"", ASAP_REASON_CLAIM_TYPE },
    { "aud", "[]", ASAP_REASON_CLAIM_TYPE },
    { "aud", "[\"\"]", ASAP_REASON_CLAIM_TYPE },
    { "aud", "[\"orders\",1]", ASAP_REASON_CLAIM_TYPE },
    { "aud", "[\"orders\",[\"orders\"]]", ASAP_REASON_CLAIM_TYPE },
    { "aud", "{\"orders\":1}", ASAP_REASON_CLAIM_TYPE },
    { "aud", "[" SIXTEEN ",\"q\"]", ASAP_REASON_CLAIM_TYPE },
    { "jti", "", ASAP_REASON_CLAIM_MISSING },
    { "jti", "\"\"", ASAP_REASON_CLAIM_TYPE },
    { "jti", "1", ASAP_REASON_CLAIM_TYPE },
    { "jti", "\"" FIFTY FIFTY FIFTY FIFTY FIFTY "123456\"", ASAP_REASON_CLAIM_TYPE },
    { "iat", "", ASAP_REASON_CLAIM_MISSING },
    { "iat", "1795439700.0", ASAP_REASON_CLAIM_TYPE },
    { "iat", "-1", ASAP_REASON_CLAIM_TYPE },
    { "iat", "null", ASAP_REASON_CLAIM_TYPE },
    { "exp", "", ASAP_REASON_CLAIM_MISSING },
    { "exp", "1.79543976e9", ASAP_REASON_CLAIM_TYPE },
    { "exp", "\"1795439760\"", ASAP_REASON_CLAIM_TYPE },
    { "exp", "253402300800", ASAP_REASON_CLAIM_TYPE },
    { "exp", "9223372036854775807", ASAP_REASON_CLAIM_TYPE },
    { "exp", "true", ASAP_REASON_CLAIM_TYPE },
    { "nbf", "null", ASAP_REASON_CLAIM_TYPE },
    { "nbf", "-9223372036854775808", ASAP_REASON_CLAIM_TYPE },
    { "nbf", "\"1795439700\"", ASAP_REASON_CLAIM_TYPE },
};

START_TEST(refuses_claims_that_are_missing_or_of_another_type)
{
    struct asap_error err = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;

    ck_assert_msg(parse_changed(refused[_i].name, refused[_i].value, &claims, &err)
                      == ASAP_UNAUTHENTICATED,
                  "accepted %s %s", refused[_i].name, refused[_i].value);
    ck_assert_ptr_null(claims);
    ck_assert_int_eq(err.reason, refused[_i].reason);
    ck_assert_str_eq(err.field, refused[_i].name);
}
END_TEST

START_TEST(refuses_what_is_no_strict_json)
{
    struct asap_error err = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;

    ck_assert_int_eq(claims_parse("[1]", 3, &claims, &err), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_JSON);
}
END_TEST

static const char *const our_audiences[] = { "billing", "orders", NULL };
static const char *const some_issuers[] = { "other", "web/api", NULL };
static const char *const other_issuers[] = { "other", "web", "web/api/x", NULL };
static const char *const some_subjects[] = { "someone", "bob", NULL };

static struct claims_policy policy_of(int64_t leeway)
{
    return (struct claims_policy){ .audiences = our_audiences,
                                   .leeway = leeway,
                                   .max_lifetime = CLAIMS_MAX_LIFETIME };
}

/* iat, nbf and exp are relative to now; nbf 0 is the default. */
static const struct {
    const char *what;
    int64_t leeway, iat, nbf, exp;
    enum asap_reason reason;
} windows[] = {
    { "now", 0, 0, 0, 60, ASAP_REASON_NONE },
    { "at exp", 0, -60, -60, 0, ASAP_REASON_NONE },
    { "after exp", 0, -60, -60, -1, ASAP_REASON_EXPIRED },
    { "at exp and the leeway", 30, -60, -60, -30, ASAP_REASON_NONE },
    { "after exp and the leeway", 30, -90, -90, -31, ASAP_REASON_EXPIRED },
    { "before iat", 0, 1, 1, 60, ASAP_REASON_ISSUED_IN_FUTURE },
    { "before iat within the leeway", 30, 30, 30, 60, ASAP_REASON_NONE },
    { "before iat and the leeway", 30, 31, 31, 60, ASAP_REASON_ISSUED_IN_FUTURE },
    { "at nbf", 0, -10, 0, 60, ASAP_REASON_NONE },
    { "before nbf", 0, -10, 1, 60, ASAP_REASON_NOT_YET_VALID },
    { "before nbf within the leeway", 30, -10, 30, 60, ASAP_REASON_NONE },
    { "before nbf and the leeway", 30, -10, 31, 60, ASAP_REASON_NOT_YET_VALID },
    { "61 minutes", 0, 0, 0, 3660, ASAP_REASON_LIFETIME },
    { "a second over an hour", 0, 0, 0, 3601, ASAP_REASON_LIFETIME },
    { "an hour", 0, 0, 0, 3600, ASAP_REASON_NONE },
    { "a second", 0, 0, 0, 1, ASAP_REASON_NONE },
    { "no lifetime", 0, 0, 0, 0, ASAP_REASON_LIFETIME },
    { "iat after exp", 60, 1, 1, 0, ASAP_REASON_LIFETIME },
    { "nbf before iat", 60, 0, -1, 60, ASAP_REASON_LIFETIME },
    { "nbf at exp", 60, 0, 60, 60, ASAP_REASON_NONE },
    { "never valid", 60, -10, 11, 10, ASAP_REASON_LIFETIME },
};

static enum asap_code check(const struct asap_claims *claims,
                            const struct claims_policy *policy,
                            struct asap_error *err)
{
    static const char kid_text[] = "web/api/key";
    struct kid kid = { 0 };

    ck_assert_int_eq(kid_parse(kid_text, sizeof kid_text - 1, &kid, NULL), ASAP_OK);
    return claims_check(claims, &kid, policy, NOW, err);
}

START_TEST(holds_the_time_window_inclusive)
{
    const struct claims_policy policy = policy_of(windows[_i].leeway);
    struct asap_error err = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;

    ck_assert_succeeds(parse_changed("sub", "", &claims, &err));
    claims->issued_at = NOW + windows[_i].iat;
    claims->not_before = NOW + windows[_i].nbf;
    claims->expires_at = NOW + windows[_i].exp;
    ck_assert_msg((check(claims, &policy, &err) == ASAP_OK)
                      == (windows[_i].reason == ASAP_REASON_NONE),
                  "%s: %s", windows[_i].what, err.message);
    ck_assert_msg(err.reason == windows[_i].reason, "%s: %s", windows[_i].what, err.message);
}
END_TEST

START_TEST(survives_any_clock)
{
    static const int64_t clocks[] = { INT64_MIN, INT64_MAX };
    struct kid kid = { 0 };
    const struct claims_policy policy = policy_of(60);
    struct asap_error err = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;

    ck_assert_succeeds(parse_changed("iat", "0", &claims, &err));
    claims->expires_at = 60;
    claims->not_before = 0;
    ck_assert_succeeds(kid_parse("web/api/key", 11, &kid, &err));
    ck_assert_int_eq(claims_check(claims, &kid, &policy, clocks[_i], &err), ASAP_UNAUTHENTICATED);
}
END_TEST

static const struct {
    const char *what;
    const char *name, *value;
    struct claims_policy policy;
    enum asap_code code;
    enum asap_reason reason;
} policies[] = {
    { "a lower maximum", "jti", "\"1\"", { .max_lifetime = 60 }, ASAP_OK, ASAP_REASON_NONE },
    { "a lower maximum",
      "jti",
      "\"1\"",
      { .max_lifetime = 59 },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_LIFETIME },
    { "another issuer's key",
      "iss",
      "\"web\"",
      { .any_subject = true },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_KID_OWNER },
    { "a longer issuer",
      "iss",
      "\"web/apix\"",
      { .any_subject = true },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_KID_OWNER },
    { "the key id as issuer",
      "iss",
      "\"web/api/key\"",
      { .any_subject = true },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_KID_OWNER },
    { "another case",
      "iss",
      "\"Web/api\"",
      { .any_subject = true },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_KID_OWNER },
    { "another subject",
      "sub",
      "\"bob\"",
      { .leeway = 0 },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_SUBJECT },
    { "any subject", "sub", "\"bob\"", { .any_subject = true }, ASAP_OK, ASAP_REASON_NONE },
    { "an allowed subject",
      "sub",
      "\"bob\"",
      { .subjects = some_subjects },
      ASAP_OK,
      ASAP_REASON_NONE },
    { "no allowed subject",
      "sub",
      "\"eve\"",
      { .subjects = some_subjects },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_SUBJECT },
    { "its own subject beside others",
      "sub",
      "\"web/api\"",
      { .subjects = some_subjects },
      ASAP_OK,
      ASAP_REASON_NONE },
    { "one of our audiences",
      "aud",
      "[\"x\",\"orders\"]",
      { .leeway = 0 },
      ASAP_OK,
      ASAP_REASON_NONE },
    { "another audience",
      "aud",
      "\"order\"",
      { .leeway = 0 },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_AUDIENCE },
    { "other audiences",
      "aud",
      "[\"orders/\",\"ORDERS\"]",
      { .leeway = 0 },
      ASAP_UNAUTHENTICATED,
      ASAP_REASON_AUDIENCE },
    { "an allowed issuer", "jti", "\"1\"", { .issuers = some_issuers }, ASAP_OK, ASAP_REASON_NONE },
    { "another issuer",
      "jti",
      "\"1\"",
      { .issuers = other_issuers },
      ASAP_PERMISSION_DENIED,
      ASAP_REASON_ISSUER },
};

START_TEST(applies_the_policy)
{
    struct claims_policy policy = policies[_i].policy;
    struct asap_error err = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;

    policy.audiences = our_audiences;
    if (policy.max_lifetime == 0)
        policy.max_lifetime = CLAIMS_MAX_LIFETIME;
    ck_assert_succeeds(parse_changed(policies[_i].name, policies[_i].value, &claims, &err));
    ck_assert_msg(check(claims, &policy, &err) == policies[_i].code, "%s: %s", policies[_i].what,
                  err.message);
    ck_assert_int_eq(err.reason, policies[_i].reason);
}
END_TEST

static struct claims_request good_request(void)
{
    return (
        struct claims_request){ .issuer = "web/api", .audiences = our_audiences, .lifetime = 60 };
}

START_TEST(writes_what_it_reads)
{
    const struct claims_policy policy = policy_of(0);
    const struct claims_request request = good_request();
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer text = BUFFER(8192);
    SCOPED(claims) struct asap_claims *claims = NULL;

    ck_assert_succeeds(claims_write(&request, NOW, &text, &err));
    ck_assert_succeeds(claims_parse(text.bytes, text.length, &claims, &err));
    ck_assert_str_eq(claims->issuer, "web/api");
    ck_assert_str_eq(json_string_value(json_object_get(claims->all, "sub")), "web/api");
    ck_assert_int_eq(json_integer_value(json_object_get(claims->all, "nbf")), NOW);
    ck_assert_int_eq(claims->issued_at, NOW);
    ck_assert_int_eq(claims->expires_at, NOW + 60);
    ck_assert_uint_eq(claims->audience_count, 2);
    ck_assert_succeeds(check(claims, &policy, &err));
}
END_TEST

START_TEST(writes_one_audience_as_a_string)
{
    static const char *const one[] = { "or\"ders\\\n\xc3\xa9", NULL };
    struct claims_request request = good_request();
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer text = BUFFER(8192);
    SCOPED(claims) struct asap_claims *claims = NULL;

    request.audiences = one;
    request.subject = "bob";
    ck_assert_succeeds(claims_write(&request, NOW, &text, &err));
    ck_assert_succeeds(claims_parse(text.bytes, text.length, &claims, &err));
    ck_assert(json_is_string(json_object_get(claims->all, "aud")));
    ck_assert_str_eq(claims->audiences[0], one[0]);
    ck_assert_str_eq(claims->subject, "bob");
}
END_TEST

START_TEST(never_writes_a_jti_twice)
{
    const struct claims_request request = good_request();
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer first = BUFFER(8192);
    SCOPED(buffer) struct buffer second = BUFFER(8192);

    ck_assert_succeeds(claims_write(&request, NOW, &first, &err));
    ck_assert_succeeds(claims_write(&request, NOW, &second, &err));
    ck_assert_str_ne(first.bytes, second.bytes);
}
END_TEST

static const char *const additional_accepted[] = { "{}", "{ }", "{\"role\":\"x\"}",
                                                   "{\"a\":{\"iss\":1},\"b\":[1.5,null]}" };

START_TEST(adds_further_claims)
{
    struct claims_request request = good_request();
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer text = BUFFER(8192);
    SCOPED(claims) struct asap_claims *claims = NULL;

    request.additional = additional_accepted[_i];
    ck_assert_succeeds(claims_write(&request, NOW, &text, &err));
    ck_assert_succeeds(claims_parse(text.bytes, text.length, &claims, &err));
}
END_TEST

static const struct {
    const char *additional;
} additional_refused[] = {
    { "" },
    { "[]" },
    { "{" },
    { "{\"a\":1,\"a\":2}" },
    { "{\"iss\":\"other\"}" },
    { "{\"sub\":1}" },
    { "{\"aud\":1}" },
    { "{\"iat\":1}" },
    { "{\"nbf\":1}" },
    { "{\"exp\":1}" },
    { "{\"j\\u0074i\":1}" },
    { "{\"a\":1} " },
    { "{\"a\":[[[[[[[[1]]]]]]]]}" },
    { "{\"a\":[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,"
      "1,2,3,4,5,6,7,8,9]}" },
};

START_TEST(refuses_further_claims_that_are_ours_or_no_object)
{
    struct claims_request request = good_request();
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer text = BUFFER(8192);

    request.additional = additional_refused[_i].additional;
    ck_assert_msg(claims_write(&request, NOW, &text, &err) == ASAP_INVALID_ARGUMENT, "accepted %s",
                  additional_refused[_i].additional);
    ck_assert_str_eq(err.field, "additional_claims");
}
END_TEST

static const char *const no_audience[] = { NULL };
static const char *const empty_audience[] = { "orders", "", NULL };
static const char *const odd_audience[] = { "\xff", NULL };
static const char *const many_audiences[] = {
    "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",
    "10", "11", "12", "13", "14", "15", "16", "17", NULL
};

static const struct {
    const char *field;
    struct claims_request request;
} bad_requests[] = {
    { "audiences", { .issuer = "w", .lifetime = 60 } },
    { "audiences", { .issuer = "w", .lifetime = 60, .audiences = no_audience } },
    { "audiences", { .issuer = "w", .lifetime = 60, .audiences = empty_audience } },
    { "audiences", { .issuer = "w", .lifetime = 60, .audiences = odd_audience } },
    { "audiences", { .issuer = "w", .lifetime = 60, .audiences = many_audiences } },
    { "subject", { .issuer = "w", .lifetime = 60, .audiences = our_audiences, .subject = "" } },
    { "issuer", { .issuer = "", .lifetime = 60, .audiences = our_audiences } },
    { "lifetime_seconds", { .issuer = "w", .lifetime = 0, .audiences = our_audiences } },
    { "lifetime_seconds", { .issuer = "w", .lifetime = -1, .audiences = our_audiences } },
    { "lifetime_seconds", { .issuer = "w", .lifetime = 3601, .audiences = our_audiences } },
};

START_TEST(refuses_to_write_what_no_verifier_accepts)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer text = BUFFER(8192);

    ck_assert_int_eq(claims_write(&bad_requests[_i].request, NOW, &text, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, bad_requests[_i].field);
}
END_TEST

START_TEST(refuses_to_write_beyond_the_buffer_or_by_a_broken_clock)
{
    const struct claims_request request = good_request();
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer small = BUFFER(20);
    SCOPED(buffer) struct buffer text = BUFFER(8192);

    ck_assert_int_eq(claims_write(&request, NOW, &small, &err), ASAP_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(claims_write(&request, -1, &text, &err), ASAP_INTERNAL);
    ck_assert_int_eq(claims_write(&request, INT64_MAX, &text, &err), ASAP_INTERNAL);
}
END_TEST

static TCase *reading(void)
{
    TCase *tests = tcase_create("reading");

    tcase_add_test(tests, reads_every_claim);
    tcase_add_test(tests, fills_in_the_subject_and_the_start);
    tcase_add_loop_test(tests, accepts_every_form_of_a_claim, 0, COUNT(accepted));
    tcase_add_loop_test(tests, refuses_claims_that_are_missing_or_of_another_type, 0,
                        COUNT(refused));
    tcase_add_test(tests, refuses_what_is_no_strict_json);
    return tests;
}

static TCase *checking(void)
{
    TCase *tests = tcase_create("checking");

    tcase_add_loop_test(tests, holds_the_time_window_inclusive, 0, COUNT(windows));
    tcase_add_loop_test(tests, survives_any_clock, 0, 2);
    tcase_add_loop_test(tests, applies_the_policy, 0, COUNT(policies));
    return tests;
}

static TCase *writing(void)
{
    TCase *tests = tcase_create("writing");

    tcase_add_test(tests, writes_what_it_reads);
    tcase_add_test(tests, writes_one_audience_as_a_string);
    tcase_add_test(tests, never_writes_a_jti_twice);
    tcase_add_loop_test(tests, adds_further_claims, 0, COUNT(additional_accepted));
    tcase_add_loop_test(tests, refuses_further_claims_that_are_ours_or_no_object, 0,
                        COUNT(additional_refused));
    tcase_add_loop_test(tests, refuses_to_write_what_no_verifier_accepts, 0, COUNT(bad_requests));
    tcase_add_test(tests, refuses_to_write_beyond_the_buffer_or_by_a_broken_clock);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("claims");

    suite_add_tcase(suite, reading());
    suite_add_tcase(suite, checking());
    suite_add_tcase(suite, writing());
    return check_main(suite);
}
