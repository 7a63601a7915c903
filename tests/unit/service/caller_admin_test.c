/* SPDX-License-Identifier: Apache-2.0 */
#include "caller_admin_fixture.h"

START_TEST(a_caller_is_what_was_asked_for)
{
    Asap__V1__Caller *caller =
        ask(CREATE, "{\"name\":\"Build.job_7-x\",\"description\":\"caf\xc3\xa9\"}");

    for (int again = 0; again < 2; again++) {
        ck_assert_str_eq(caller->name, "Build.job_7-x");
        ck_assert_str_eq(caller->description, "caf\xc3\xa9");
        ck_assert_int_eq(caller->state, ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED);
        ck_assert_int_eq(caller->create_time->seconds, CREATED);
        ck_assert_uint_eq(caller->n_credentials, 0);
        drop(caller);
        caller = ask(GET, "{\"name\":\"Build.job_7-x\"}");
    }
    drop(caller);
}
END_TEST

static const struct {
    const char *json, *description;
    Asap__V1__CallerState state;
} updates[] = {
    { "{\"name\":\"ci\"}", "builds", ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED },
    { "{\"name\":\"ci\",\"description\":\"x\"}", "x",
      ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED },
    { "{\"name\":\"ci\",\"state\":2}", "builds", ASAP__V1__CALLER_STATE__CALLER_STATE_DISABLED },
    { "{\"name\":\"ci\",\"state\":1,\"description\":\"x\"}", "x",
      ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED },
};

START_TEST(an_update_changes_what_it_names)
{
    Asap__V1__Caller *caller = NULL;

    drop(ask(PROVE, "{\"caller\":\"ci\",\"uid\":7}"));
    caller = ask(UPDATE, updates[_i].json);
    for (int again = 0; again < 2; again++) {
        ck_assert_str_eq(caller->description, updates[_i].description);
        ck_assert_int_eq(caller->state, updates[_i].state);
        ck_assert_uint_eq(caller->n_credentials, 1);
        drop(caller);
        caller = ask(GET, "{\"name\":\"ci\"}");
    }
    drop(caller);
}
END_TEST

/* In the order of their names, which is not that of their making. */
static const char *const names[] = { "d", "B", "a.b", "a-c" };
static const char *const sorted[] = { "B", "a-c", "a.b", "cd", "ci", "d" };

START_TEST(pages_of_any_size_make_up_the_list_of_callers)
{
    char json[1024];
    char token[512] = "";
    int seen = 0;

    drop(ask(PROVE, "{\"caller\":\"ci\",\"uid\":7}"));
    for (int i = 0; i < COUNT(names); i++) {
        (void)snprintf(json, sizeof json, "{\"name\":\"%s\"}", names[i]);
        drop(ask(CREATE, json));
    }
    do {
        Asap__V1__ListCallersResponse *page = NULL;

        (void)snprintf(json, sizeof json, "{\"pageSize\":%d,\"pageToken\":\"%s\"}", _i, token);
        page = ask(LIST, json);
        ck_assert_uint_gt(page->n_callers, 0);
        for (size_t i = 0; i < page->n_callers; i++) {
            ck_assert_str_eq(page->callers[i]->name, sorted[seen++]);
            ck_assert_uint_eq(page->callers[i]->n_credentials, 0);
        }
        (void)snprintf(token, sizeof token, "%s", page->next_page_token);
        drop(page);
    } while (token[0] != '\0');
    ck_assert_int_eq(seen, COUNT(sorted));
}
END_TEST

START_TEST(a_deleted_caller_is_shown_as_it_was_and_then_no_more)
{
    Asap__V1__DeleteCallerResponse *deleted = NULL;
    Asap__V1__ListGrantsResponse *grants = NULL;

    drop(ask(PROVE, "{\"caller\":\"ci\",\"uid\":7}"));
    drop(ask(GRANT, "{\"caller\":\"ci\",\"verb\":4}"));
    deleted = ask(DELETE, "{\"name\":\"ci\"}");
    ck_assert_str_eq(deleted->caller->name, "ci");
    ck_assert_str_eq(deleted->caller->description, "builds");
    ck_assert_uint_eq(deleted->caller->n_credentials, 1);
    ck_assert_ptr_null(deleted->caller->credentials[0]->revoke_time);
    drop(deleted);
    grants = ask(LIST_GRANTS, "{}");
    ck_assert_uint_eq(grants->n_grants, 0);
    drop(grants);
    assert_refused(GET, "{\"name\":\"ci\"}", ASAP_NOT_FOUND, "name");
    assert_refused(CREATE, "{\"name\":\"ci\"}", ASAP_ALREADY_EXISTS, "name");
    assert_refused(TEST, "{\"caller\":\"ci\",\"verb\":4}", ASAP_NOT_FOUND, "caller");
    drop(ask(PROVE, "{\"caller\":\"cd\",\"uid\":7}"));
}
END_TEST

static const struct {
    const char *path, *json;
    enum asap_code code;
    const char *field;
} refused[] = {
    { CREATE, "{}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"-a\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\".a\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"_a\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"a:b\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"a/b\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"caf\xc3\xa9\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"asapd\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"" SIXTY_FOUR "0\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"ci\"}", ASAP_ALREADY_EXISTS, "name" },
    { CREATE, "{\"name\":\"a\",\"description\":\"x\\ny\"}", ASAP_INVALID_ARGUMENT, "description" },
    { CREATE, "{\"name\":\"a\",\"description\":\"\xc2\x85\"}", ASAP_INVALID_ARGUMENT,
      "description" },
    { CREATE, "{\"name\":\"a\",\"description\":\"" TWO_FIFTY_SIX "\"}", ASAP_INVALID_ARGUMENT,
      "description" },
    { GET, "{}", ASAP_INVALID_ARGUMENT, "name" },
    { GET, "{\"name\":\"c\"}", ASAP_NOT_FOUND, "name" },
    { GET, "{\"name\":\"" TWO_FIFTY_SIX "\"}", ASAP_NOT_FOUND, "name" },
    { LIST, "{\"pageSize\":-1}", ASAP_INVALID_ARGUMENT, "page_size" },
    { LIST, "{\"pageToken\":\"x\"}", ASAP_INVALID_ARGUMENT, "page_token" },
    { UPDATE, "{\"name\":\"c\"}", ASAP_NOT_FOUND, "name" },
    { UPDATE, "{\"name\":\"ci\",\"state\":3}", ASAP_INVALID_ARGUMENT, "state" },
    { UPDATE, "{\"name\":\"ci\",\"description\":\"\\u007f\"}", ASAP_INVALID_ARGUMENT,
      "description" },
    { DELETE, "{\"name\":\"c\"}", ASAP_NOT_FOUND, "name" },
};

START_TEST(a_bad_request_is_refused_by_the_field_that_is_wrong)
{
    assert_refused(refused[_i].path, refused[_i].json, refused[_i].code, refused[_i].field);
}
END_TEST

static const char *const validated[][2] = {
    { CREATE, "{\"name\":\"a\",\"validateOnly\":true}" },
    { UPDATE, "{\"name\":\"ci\",\"state\":2,\"validateOnly\":true}" },
    { DELETE, "{\"name\":\"ci\",\"validateOnly\":true}" },
};

START_TEST(validating_only_answers_and_changes_nothing)
{
    assert_validated_only(validated[_i][0], validated[_i][1]);
}
END_TEST

START_TEST(what_changes_something_is_audited)
{
    for (const struct rpc_method *method = service_methods; method->path != NULL; method++)
        if (strncmp(method->path, ADMIN, strlen(ADMIN)) == 0)
            ck_assert_msg(method->is_audited != method->no_side_effects, "%s", method->path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("callers");
    TCase *cases = tcase_create("methods");

    tcase_add_checked_fixture(cases, set_up_callers, tear_down_service);
    tcase_add_test(cases, a_caller_is_what_was_asked_for);
    tcase_add_loop_test(cases, an_update_changes_what_it_names, 0, COUNT(updates));
    tcase_add_loop_test(cases, pages_of_any_size_make_up_the_list_of_callers, 1, COUNT(sorted) + 2);
    tcase_add_test(cases, a_deleted_caller_is_shown_as_it_was_and_then_no_more);
    tcase_add_loop_test(cases, a_bad_request_is_refused_by_the_field_that_is_wrong, 0,
                        COUNT(refused));
    tcase_add_loop_test(cases, validating_only_answers_and_changes_nothing, 0, COUNT(validated));
    tcase_add_test(cases, what_changes_something_is_audited);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
