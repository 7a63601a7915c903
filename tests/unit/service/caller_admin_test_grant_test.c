/* SPDX-License-Identifier: Apache-2.0 */
#include "caller_admin_fixture.h"

#define FOR_CI "{\"caller\":\"ci\",\"verb\":1,\"issuer\":\"payments/api\""
#define LIMITED "{\"audiences\":[\"orders/*\"],\"maxLifetime\":\"90s\",\"subjects\":[\"s\"]}}"

static const struct {
    const char *json;
    bool allowed;
} tried[] = {
    { FOR_CI ",\"audience\":\"orders/api\"}", true },
    { FOR_CI ",\"audience\":\"orders/api\",\"lifetime\":\"90s\",\"subject\":\"s\"}", true },
    { FOR_CI ",\"audience\":\"orders/api\",\"lifetime\":\"91s\"}", false },
    { FOR_CI ",\"audience\":\"orders/api\",\"subject\":\"t\"}", false },
    { FOR_CI ",\"audience\":\"orders\"}", false },
    { FOR_CI ",\"audience\":\"asapd\"}", false },
    { "{\"caller\":\"ci\",\"verb\":1,\"issuer\":\"web\",\"audience\":\"orders/api\"}", false },
    { "{\"caller\":\"ci\",\"verb\":1,\"issuer\":\"nobody\",\"audience\":\"orders/api\"}", false },
    { "{\"caller\":\"ci\",\"verb\":3,\"issuer\":\"payments/api\"}", false },
    { "{\"caller\":\"ci\",\"verb\":4}", false },
    { "{\"caller\":\"cd\",\"verb\":1,\"issuer\":\"payments/api\",\"audience\":\"orders/api\"}",
      false },
};

static void check_tried(const char *json, const char *grant_id, bool allowed)
{
    Asap__V1__TestGrantResponse *answer = ask(TEST, json);

    ck_assert_msg((answer->allowed != 0) == allowed, "%s: %s", json, answer->reason);
    ck_assert_str_eq(answer->grant_id, allowed ? grant_id : "");
    ck_assert((answer->reason[0] == '\0') == allowed);
    drop(answer);
}

START_TEST(a_test_says_by_which_grant_or_why_not)
{
    Asap__V1__Grant *grant = ask(GRANT, MINT LIMITED);

    check_tried(tried[_i].json, grant->grant_id, tried[_i].allowed);
    drop(grant);
}
END_TEST

START_TEST(a_token_lives_for_a_minute_unless_a_test_says_otherwise)
{
    drop(ask(GRANT, MINT "{\"audiences\":[\"a\"],\"maxLifetime\":\"60s\"}}"));
    drop(ask(GRANT, MINT "{\"audiences\":[\"b\"],\"maxLifetime\":\"59s\"}}"));
    check_tried(FOR_CI ",\"audience\":\"b\"}", "", false);
    drop(ask(UPDATE, "{\"name\":\"ci\",\"state\":2}"));
    check_tried(FOR_CI ",\"audience\":\"a\"}", "", false);
}
END_TEST

START_TEST(an_administrator_may_do_everything_by_its_grant)
{
    Asap__V1__Grant *grant = ask(GRANT, "{\"caller\":\"ci\",\"verb\":4}");

    check_tried("{\"caller\":\"ci\",\"verb\":4}", grant->grant_id, true);
    check_tried(FOR_CI ",\"audience\":\"a\"}", grant->grant_id, true);
    drop(ask(UPDATE, "{\"name\":\"ci\",\"state\":2}"));
    check_tried("{\"caller\":\"ci\",\"verb\":4}", grant->grant_id, false);
    drop(grant);
}
END_TEST

static const struct {
    const char *path, *json;
    enum asap_code code;
    const char *field;
} refused[] = {
    { TEST, "{\"caller\":\"ci\"}", ASAP_INVALID_ARGUMENT, "verb" },
    { TEST, CI "\"verb\":5}", ASAP_INVALID_ARGUMENT, "verb" },
    { TEST, CI "\"verb\":3}", ASAP_INVALID_ARGUMENT, "issuer" },
    { TEST, CI "\"verb\":4,\"issuer\":\"web\"}", ASAP_INVALID_ARGUMENT, "issuer" },
    { TEST, CI "\"verb\":1,\"issuer\":\"web\"}", ASAP_INVALID_ARGUMENT, "audience" },
    { TEST, CI "\"verb\":3,\"issuer\":\"web\",\"audience\":\"a\"}", ASAP_INVALID_ARGUMENT,
      "audience" },
    { TEST, CI "\"verb\":3,\"issuer\":\"web\",\"lifetime\":\"1s\"}", ASAP_INVALID_ARGUMENT,
      "lifetime" },
    { TEST, CI "\"verb\":3,\"issuer\":\"web\",\"subject\":\"a\"}", ASAP_INVALID_ARGUMENT,
      "subject" },
    { TEST, FOR_CI ",\"audience\":\"a\",\"lifetime\":\"0s\"}", ASAP_INVALID_ARGUMENT, "lifetime" },
    { TEST, FOR_CI ",\"audience\":\"a\",\"lifetime\":\"3601s\"}", ASAP_INVALID_ARGUMENT,
      "lifetime" },
    { TEST, "{\"caller\":\"c\",\"verb\":4}", ASAP_NOT_FOUND, "caller" },
    { TEST, "{\"verb\":4}", ASAP_NOT_FOUND, "caller" },
};

START_TEST(a_bad_request_is_refused_by_the_field_that_is_wrong)
{
    assert_refused(refused[_i].path, refused[_i].json, refused[_i].code, refused[_i].field);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tests of grants");
    TCase *cases = tcase_create("methods");

    tcase_add_checked_fixture(cases, set_up_callers, tear_down_service);
    tcase_add_loop_test(cases, a_test_says_by_which_grant_or_why_not, 0, COUNT(tried));
    tcase_add_test(cases, a_token_lives_for_a_minute_unless_a_test_says_otherwise);
    tcase_add_test(cases, an_administrator_may_do_everything_by_its_grant);
    tcase_add_loop_test(cases, a_bad_request_is_refused_by_the_field_that_is_wrong, 0,
                        COUNT(refused));
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
