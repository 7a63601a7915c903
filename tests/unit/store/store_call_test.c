/* SPDX-License-Identifier: Apache-2.0 */
#include "store_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "database_fixture.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DONE INT64_C(1795440000)

static struct store *store;
static struct txn txn;

static void set_up(void)
{
    const struct log log = { .stream = stderr, .level = LOG_ERROR };
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_open(database.url, true, &log, &store, &err));
    txn = (struct txn){ 0 };
    ck_assert_succeeds(txn_begin(&txn, store, &err));
}

/* After a row was refused, and before one is, so that what was added stays. */
static void renew(bool keep)
{
    struct asap_error err = { 0 };

    if (keep)
        ck_assert_succeeds(txn_commit(&txn, &err));
    txn_rollback(&txn);
    ck_assert_succeeds(txn_begin(&txn, store, &err));
}

static void tear_down(void)
{
    txn_rollback(&txn);
    store_close(store);
}

static struct call_row row_of(const char *caller, const char *method, const char *id)
{
    struct call_row row = { .request_digest = DIGEST, .done_time = DONE };

    (void)snprintf(row.caller, sizeof row.caller, "%s", caller);
    (void)snprintf(row.method, sizeof row.method, "%s", method);
    (void)snprintf(row.request_id, sizeof row.request_id, "%s", id);
    return row;
}

static void add(const struct call_row *row, const char *response)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_add_call(&txn, row, response, strlen(response), &err));
}

/* Whether the call is known, with this response; NULL: it is not known. */
static void check_known(const char *caller, const char *method, const char *id, const char *wanted)
{
    struct asap_error err = { 0 };
    struct call_row row = row_of(caller, method, id);
    void *response = NULL;
    size_t length = 0;
    enum asap_code code = ASAP_OK;

    row.request_digest[0] = '\0';
    row.done_time = 0;
    code = store_get_call(&txn, &row, &response, &length, &err);
    ck_assert_int_eq(code, wanted == NULL ? ASAP_NOT_FOUND : ASAP_OK);
    ck_assert_str_eq(row.request_digest, wanted == NULL ? "" : DIGEST);
    ck_assert_int_eq(row.done_time, wanted == NULL ? 0 : DONE);
    ck_assert_uint_eq(length, wanted == NULL ? 0 : strlen(wanted));
    if (wanted == NULL)
        ck_assert_ptr_null(response);
    else
        ck_assert_mem_eq(response, wanted, length);
    free(response);
}

START_TEST(a_call_is_found_by_its_caller_method_and_id_together)
{
    const struct call_row first = row_of("uid:0", "m", "id");
    const struct call_row second = row_of("uid:1", "m", "id");

    add(&first, "one");
    add(&second, "two");
    check_known("uid:0", "m", "id", "one");
    check_known("uid:1", "m", "id", "two");
    check_known("uid:2", "m", "id", NULL);
    check_known("uid:0", "n", "id", NULL);
    check_known("uid:0", "m", "ID", NULL);
}
END_TEST

START_TEST(an_empty_answer_is_an_answer)
{
    const struct call_row row = row_of("uid:0", "m", "id");

    add(&row, "");
    check_known("uid:0", "m", "id", "");
}
END_TEST

START_TEST(one_call_is_not_stored_twice)
{
    struct asap_error err = { 0 };
    const struct call_row row = row_of("uid:0", "m", "id");

    add(&row, "one");
    renew(true);
    ck_assert_int_ne(store_add_call(&txn, &row, "two", 3, &err), ASAP_OK);
    renew(false);
    check_known("uid:0", "m", "id", "one");
}
END_TEST

START_TEST(calls_before_a_time_are_forgotten_and_those_of_that_time_are_not)
{
    struct asap_error err = { 0 };
    const struct call_row row = row_of("uid:0", "m", "id");

    add(&row, "one");
    ck_assert_succeeds(store_forget_calls(&txn, DONE, &err));
    check_known("uid:0", "m", "id", "one");
    ck_assert_succeeds(store_forget_calls(&txn, DONE + 1, &err));
    check_known("uid:0", "m", "id", NULL);
}
END_TEST

static void add_tests(TCase *cases)
{
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_call_is_found_by_its_caller_method_and_id_together);
    tcase_add_test(cases, an_empty_answer_is_an_answer);
    tcase_add_test(cases, one_call_is_not_stored_twice);
    tcase_add_test(cases, calls_before_a_time_are_forgotten_and_those_of_that_time_are_not);
}

int main(void)
{
    Suite *suite = suite_create("done calls");

    add_for_each_database(suite, add_tests);
    return check_main(suite);
}
