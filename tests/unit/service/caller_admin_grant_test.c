/* SPDX-License-Identifier: Apache-2.0 */
#include "caller_admin_fixture.h"

START_TEST(a_grant_to_mint_is_what_was_asked_for)
{
    Asap__V1__Grant *created =
        ask(GRANT, MINT "{\"audiences\":[\"orders/*\",\"caf\xc3\xa9\"],\"maxLifetime\":\"600s\","
                        "\"subjects\":[\"a\",\"b\"],\"additionalClaims\":[\"x\"],"
                        "\"tokensPerMinute\":60}}");
    Asap__V1__ListGrantsResponse *list = ask(LIST_GRANTS, "{\"caller\":\"ci\"}");

    ck_assert_uint_eq(list->n_grants, 1);
    for (int again = 0; again < 2; again++) {
        const Asap__V1__Grant *grant = again == 0 ? created : list->grants[0];
        const Asap__V1__MintLimits *limits = grant->mint_limits;

        ck_assert_uint_eq(strlen(grant->grant_id), 16);
        ck_assert_str_eq(grant->caller, "ci");
        ck_assert_int_eq(grant->verb, ASAP__V1__VERB__VERB_MINT);
        ck_assert_str_eq(grant->issuer, "payments/api");
        ck_assert_int_eq(grant->create_time->seconds, CREATED);
        ck_assert_uint_eq(limits->n_audiences, 2);
        ck_assert_str_eq(limits->audiences[0], "orders/*");
        ck_assert_str_eq(limits->audiences[1], "caf\xc3\xa9");
        ck_assert_uint_eq(limits->n_subjects, 2);
        ck_assert_str_eq(limits->subjects[1], "b");
        ck_assert_uint_eq(limits->n_additional_claims, 1);
        ck_assert_str_eq(limits->additional_claims[0], "x");
        ck_assert_int_eq(limits->max_lifetime->seconds, 600);
        ck_assert_int_eq(limits->tokens_per_minute, 60);
    }
    drop(list);
    drop(created);
}
END_TEST

static const struct {
    const char *json;
    Asap__V1__Verb verb;
    const char *issuer;
} grants[] = {
    { "{\"caller\":\"ci\",\"verb\":\"VERB_PUBLISH\",\"issuer\":\"web\"}",
      ASAP__V1__VERB__VERB_PUBLISH, "web" },
    { "{\"caller\":\"ci\",\"verb\":2,\"issuer\":\"payments/api\"}", ASAP__V1__VERB__VERB_PUBLISH,
      "payments/api" },
    { "{\"caller\":\"ci\",\"verb\":3,\"issuer\":\"payments/api\"}", ASAP__V1__VERB__VERB_ROTATE,
      "payments/api" },
    { "{\"caller\":\"ci\",\"verb\":4}", ASAP__V1__VERB__VERB_ADMIN, "" },
};

START_TEST(a_grant_of_another_verb_has_no_limits)
{
    Asap__V1__Grant *grant = ask(GRANT, grants[_i].json);

    ck_assert_int_eq(grant->verb, grants[_i].verb);
    ck_assert_str_eq(grant->issuer, grants[_i].issuer);
    ck_assert_ptr_null(grant->mint_limits);
    drop(grant);
}
END_TEST

START_TEST(the_least_grant_to_mint_limits_audiences_only)
{
    Asap__V1__Grant *grant = ask(GRANT, MINT "{\"audiences\":[\"a\"]}}");

    ck_assert_ptr_null(grant->mint_limits->max_lifetime);
    ck_assert_uint_eq(grant->mint_limits->n_subjects, 0);
    ck_assert_int_eq(grant->mint_limits->tokens_per_minute, 0);
    drop(grant);
}
END_TEST

START_TEST(a_deleted_grant_is_shown_as_it_was_and_then_no_more)
{
    char json[128];
    Asap__V1__Grant *grant = ask(GRANT, MINT "{\"audiences\":[\"a\"]}}");
    Asap__V1__DeleteGrantResponse *deleted = NULL;

    (void)snprintf(json, sizeof json, "{\"grantId\":\"%s\"}", grant->grant_id);
    deleted = ask(UNGRANT, json);
    ck_assert_str_eq(deleted->grant->grant_id, grant->grant_id);
    ck_assert_str_eq(deleted->grant->caller, "ci");
    ck_assert_str_eq(deleted->grant->mint_limits->audiences[0], "a");
    assert_refused(UNGRANT, json, ASAP_NOT_FOUND, "grant_id");
    drop(deleted);
    drop(grant);
}
END_TEST

/* By caller, then age. */
static const char *const granted[] = { "cd3", "cd2", "ci4", "ci2", "ci3" };

static void add_grants(void)
{
    static const char *const made[] = {
        "\"ci\",\"verb\":4",
        "\"cd\",\"verb\":3,\"issuer\":\"payments/api\"",
        "\"ci\",\"verb\":2,\"issuer\":\"web\"",
        "\"cd\",\"verb\":2,\"issuer\":\"web\"",
        "\"ci\",\"verb\":3,\"issuer\":\"payments/api\"",
    };

    for (int i = 0; i < COUNT(made); i++) {
        char json[128];

        (void)snprintf(json, sizeof json, "{\"caller\":%s}", made[i]);
        drop(ask(GRANT, json));
    }
}

START_TEST(pages_of_any_size_make_up_the_list_of_grants)
{
    char json[1024];
    char token[512] = "";
    int seen = 0;

    add_grants();
    do {
        Asap__V1__ListGrantsResponse *page = NULL;

        (void)snprintf(json, sizeof json, "{\"pageSize\":%d,\"pageToken\":\"%s\"}", _i, token);
        page = ask(LIST_GRANTS, json);
        ck_assert_uint_gt(page->n_grants, 0);
        for (size_t i = 0; i < page->n_grants; i++) {
            (void)snprintf(json, sizeof json, "%s%d", page->grants[i]->caller,
                           (int)page->grants[i]->verb);
            ck_assert_str_eq(json, granted[seen++]);
        }
        (void)snprintf(token, sizeof token, "%s", page->next_page_token);
        drop(page);
    } while (token[0] != '\0');
    ck_assert_int_eq(seen, COUNT(granted));
}
END_TEST

START_TEST(a_list_goes_on_although_its_last_grant_was_deleted)
{
    char json[512];
    Asap__V1__ListGrantsResponse *page = NULL;
    Asap__V1__ListGrantsResponse *next = NULL;

    add_grants();
    page = ask(LIST_GRANTS, "{\"caller\":\"ci\",\"pageSize\":2}");
    ck_assert_uint_eq(page->n_grants, 2);
    (void)snprintf(json, sizeof json, "{\"grantId\":\"%s\"}", page->grants[1]->grant_id);
    drop(ask(UNGRANT, json));
    (void)snprintf(json, sizeof json, "{\"caller\":\"ci\",\"pageToken\":\"%s\"}",
                   page->next_page_token);
    next = ask(LIST_GRANTS, json);
    ck_assert_uint_eq(next->n_grants, 1);
    ck_assert_int_eq(next->grants[0]->verb, ASAP__V1__VERB__VERB_ROTATE);
    drop(next);
    drop(page);
}
END_TEST

static const struct {
    const char *path, *json;
    enum asap_code code;
    const char *field;
} refused[] = {
    { GRANT, "{\"caller\":\"ci\"}", ASAP_INVALID_ARGUMENT, "verb" },
    { GRANT, CI "\"verb\":5}", ASAP_INVALID_ARGUMENT, "verb" },
    { GRANT, CI "\"verb\":-1}", ASAP_INVALID_ARGUMENT, "verb" },
    { GRANT, "{\"verb\":4}", ASAP_INVALID_ARGUMENT, "caller" },
    { GRANT, "{\"verb\":4,\"caller\":\"c\"}", ASAP_NOT_FOUND, "caller" },
    { GRANT, CI "\"verb\":4,\"issuer\":\"web\"}", ASAP_INVALID_ARGUMENT, "issuer" },
    { GRANT, CI "\"verb\":4,\"mintLimits\":{}}", ASAP_INVALID_ARGUMENT, "mint_limits" },
    { GRANT, CI "\"verb\":2}", ASAP_INVALID_ARGUMENT, "issuer" },
    { GRANT, CI "\"verb\":2,\"issuer\":\"we\"}", ASAP_NOT_FOUND, "issuer" },
    { GRANT, CI "\"verb\":2,\"issuer\":\"web\",\"mintLimits\":{}}", ASAP_INVALID_ARGUMENT,
      "mint_limits" },
    { GRANT, CI "\"verb\":3,\"issuer\":\"web\"}", ASAP_FAILED_PRECONDITION, "issuer" },
    { GRANT, CI "\"verb\":1,\"issuer\":\"web\",\"mintLimits\":{\"audiences\":[\"a\"]}}",
      ASAP_FAILED_PRECONDITION, "issuer" },
    { GRANT, CI "\"verb\":1,\"issuer\":\"payments/api\"}", ASAP_INVALID_ARGUMENT,
      "mint_limits.audiences" },
    { GRANT, MINT "{}}", ASAP_INVALID_ARGUMENT, "mint_limits.audiences" },
    { GRANT, MINT "{\"audiences\":[\"a\",\"*\"]}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.audiences[1]" },
    { GRANT, MINT "{\"audiences\":[\"a\\nb\"]}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.audiences[0]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"maxLifetime\":\"0s\"}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.max_lifetime" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"maxLifetime\":\"1.5s\"}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.max_lifetime" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"maxLifetime\":\"3601s\"}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.max_lifetime" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"subjects\":[\"\"]}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.subjects[0]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"subjects\":[\"" TWO_FIFTY_SIX "\"]}}",
      ASAP_INVALID_ARGUMENT, "mint_limits.subjects[0]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"additionalClaims\":[\"x\",\"jti\"]}}",
      ASAP_INVALID_ARGUMENT, "mint_limits.additional_claims[1]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"additionalClaims\":[\"a\\tb\"]}}",
      ASAP_INVALID_ARGUMENT, "mint_limits.additional_claims[0]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"tokensPerMinute\":-1}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.tokens_per_minute" },
    { LIST_GRANTS, "{\"caller\":\"c\"}", ASAP_NOT_FOUND, "caller" },
    { LIST_GRANTS, "{\"pageSize\":-1}", ASAP_INVALID_ARGUMENT, "page_size" },
    { LIST_GRANTS, "{\"pageToken\":\"x\"}", ASAP_INVALID_ARGUMENT, "page_token" },
    { UNGRANT, "{}", ASAP_INVALID_ARGUMENT, "grant_id" },
    { UNGRANT, "{\"grantId\":\"" HEX "\"}", ASAP_NOT_FOUND, "grant_id" },
};

START_TEST(a_bad_request_is_refused_by_the_field_that_is_wrong)
{
    assert_refused(refused[_i].path, refused[_i].json, refused[_i].code, refused[_i].field);
}
END_TEST

START_TEST(a_list_of_a_grant_has_a_bound)
{
    char json[4096] = MINT "{\"audiences\":[\"a\"],\"subjects\":[\"" SIXTY_FOUR "\"";
    size_t length = strlen(json);

    for (int i = 1; i < 32; i++)
        length += (size_t)snprintf(json + length, sizeof json - length, ",\"%.*s\"",
                                   i == 31 ? 32 : 64, SIXTY_FOUR);
    (void)snprintf(json + length, sizeof json - length, "]}}");
    drop(ask(GRANT, json));
    (void)snprintf(json + length, sizeof json - length, ",\"%.*s\"]}}", 64, SIXTY_FOUR);
    assert_refused(GRANT, json, ASAP_INVALID_ARGUMENT, "mint_limits.subjects");
}
END_TEST

START_TEST(validating_only_answers_and_changes_nothing)
{
    assert_validated_only(GRANT, CI "\"verb\":4,\"validateOnly\":true}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("grants of callers");
    TCase *cases = tcase_create("methods");

    tcase_add_checked_fixture(cases, set_up_callers, tear_down_service);
    tcase_add_test(cases, a_grant_to_mint_is_what_was_asked_for);
    tcase_add_loop_test(cases, a_grant_of_another_verb_has_no_limits, 0, COUNT(grants));
    tcase_add_test(cases, the_least_grant_to_mint_limits_audiences_only);
    tcase_add_test(cases, a_deleted_grant_is_shown_as_it_was_and_then_no_more);
    tcase_add_loop_test(cases, pages_of_any_size_make_up_the_list_of_grants, 1, COUNT(granted) + 2);
    tcase_add_test(cases, a_list_goes_on_although_its_last_grant_was_deleted);
    tcase_add_loop_test(cases, a_bad_request_is_refused_by_the_field_that_is_wrong, 0,
                        COUNT(refused));
    tcase_add_test(cases, a_list_of_a_grant_has_a_bound);
    tcase_add_test(cases, validating_only_answers_and_changes_nothing);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
