/* SPDX-License-Identifier: Apache-2.0 */
#include "store_access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "database_fixture.h"
#include "store_grant_list.h"

#define NOW INT64_C(1795440000)
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct store *store;
static struct txn txn;
static struct asap_error err;

static void set_up(void)
{
    const struct log log = { .stream = stderr, .level = LOG_ERROR };

    ck_assert_succeeds(store_open(database.url, true, &log, &store, &err));
    txn = (struct txn){ 0 };
    ck_assert_succeeds(txn_begin(&txn, store, &err));
}

/* After a row was refused, and before one is, so that what was added stays. */
static void renew(bool keep)
{
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

static struct caller_row add_caller(const char *name)
{
    struct caller_row row = { .description = "for people",
                              .enabled = true,
                              .create_time = NOW,
                              .delete_time = LIFECYCLE_NEVER };

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    ck_assert_succeeds(store_add_caller(&txn, &row, &err));
    ck_assert_int_gt(row.id, 0);
    return row;
}

static struct credential_row
new_credential(int64_t caller_id, int number, enum credential_kind kind, const char *name)
{
    struct credential_row row = { .caller_id = caller_id,
                                  .kind = (int64_t)kind,
                                  .create_time = NOW,
                                  .expire_time = LIFECYCLE_NEVER,
                                  .revoke_time = LIFECYCLE_NEVER };

    (void)snprintf(row.credential_id, sizeof row.credential_id, "%016x", (unsigned)number);
    (void)snprintf(row.name, sizeof row.name, "%s", name);
    (void)snprintf(row.digest, sizeof row.digest, "%s", kind == CREDENTIAL_API_KEY ? DIGEST : "");
    return row;
}

static void add_grant(int64_t caller_id, int number, enum verb verb, const char *issuer)
{
    struct grant_row row = { .caller_id = caller_id, .verb = (int64_t)verb, .create_time = NOW };

    (void)snprintf(row.grant_id, sizeof row.grant_id, "%016x", (unsigned)number);
    (void)snprintf(row.issuer, sizeof row.issuer, "%s", issuer);
    ck_assert_succeeds(store_add_grant(&txn, &row, &err));
    ck_assert_int_gt(row.id, 0);
}

static void assert_same_caller(const struct caller_row *found, const struct caller_row *expected)
{
    ck_assert_int_eq(found->id, expected->id);
    ck_assert_str_eq(found->name, expected->name);
    ck_assert_str_eq(found->description, expected->description);
    ck_assert(found->enabled == expected->enabled);
    ck_assert_int_eq(found->create_time, expected->create_time);
    ck_assert_int_eq(found->delete_time, expected->delete_time);
}

static void assert_same_credential(const struct credential_row *found,
                                   const struct credential_row *expected)
{
    ck_assert_int_eq(found->id, expected->id);
    ck_assert_str_eq(found->credential_id, expected->credential_id);
    ck_assert_int_eq(found->caller_id, expected->caller_id);
    ck_assert_int_eq(found->kind, expected->kind);
    ck_assert_str_eq(found->name, expected->name);
    ck_assert_str_eq(found->digest, expected->digest);
    ck_assert_int_eq(found->create_time, expected->create_time);
    ck_assert_int_eq(found->expire_time, expected->expire_time);
    ck_assert_int_eq(found->revoke_time, expected->revoke_time);
}

static void assert_same_grant(const struct grant_row *found, const struct grant_row *expected)
{
    ck_assert_int_eq(found->id, expected->id);
    ck_assert_str_eq(found->grant_id, expected->grant_id);
    ck_assert_int_eq(found->caller_id, expected->caller_id);
    ck_assert_int_eq(found->verb, expected->verb);
    ck_assert_str_eq(found->issuer, expected->issuer);
    ck_assert_str_eq(found->audiences, expected->audiences);
    ck_assert_str_eq(found->subjects, expected->subjects);
    ck_assert_str_eq(found->claims, expected->claims);
    ck_assert_int_eq(found->max_lifetime, expected->max_lifetime);
    ck_assert_int_eq(found->tokens_per_minute, expected->tokens_per_minute);
    ck_assert_int_eq(found->create_time, expected->create_time);
}

START_TEST(a_caller_is_found_as_it_was_added_and_updated)
{
    struct caller_row row = add_caller("ci");
    struct caller_row found;

    ck_assert_succeeds(store_get_caller(&txn, "ci", &found, &err));
    assert_same_caller(&found, &row);
    (void)snprintf(row.description, sizeof row.description, "caf\xc3\xa9");
    row.enabled = false;
    ck_assert_succeeds(store_update_caller(&txn, &row, &err));
    ck_assert_succeeds(store_get_caller_by_id(&txn, row.id, &found, &err));
    ck_assert_str_eq(found.description, "caf\xc3\xa9");
    ck_assert(!found.enabled);
    ck_assert_int_eq(found.delete_time, LIFECYCLE_NEVER);
}
END_TEST

START_TEST(a_caller_that_is_not_there_is_not_found)
{
    struct caller_row row = add_caller("ci");

    ck_assert_int_eq(store_get_caller(&txn, "CI", &row, &err), ASAP_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "CI"));
    ck_assert_int_eq(store_get_caller_by_id(&txn, 4711, &row, &err), ASAP_NOT_FOUND);
    row.id = 4711;
    ck_assert_int_eq(store_update_caller(&txn, &row, &err), ASAP_NOT_FOUND);
}
END_TEST

START_TEST(a_deleted_caller_is_found_by_its_id_only_and_keeps_its_name)
{
    struct caller_row row = add_caller("ci");
    struct caller_row found[2];
    size_t count = 0;

    row.delete_time = NOW + 1;
    ck_assert_succeeds(store_update_caller(&txn, &row, &err));
    ck_assert_int_eq(store_get_caller(&txn, "ci", &found[0], &err), ASAP_NOT_FOUND);
    ck_assert_succeeds(store_list_callers(&txn, "", found, 2, &count, &err));
    ck_assert_uint_eq(count, 0);
    ck_assert_succeeds(store_get_caller_by_id(&txn, row.id, &found[0], &err));
    ck_assert_int_eq(found[0].delete_time, NOW + 1);
    row.delete_time = LIFECYCLE_NEVER;
    ck_assert_int_eq(store_add_caller(&txn, &row, &err), ASAP_ALREADY_EXISTS);
    ck_assert_ptr_nonnull(strstr(err.message, "ci"));
    (void)add_caller("Ci");
}
END_TEST

START_TEST(callers_are_listed_by_name_in_pages)
{
    static const char *const names[] = { "c", "a.b", "B", "a-b" };
    struct caller_row rows[3];
    size_t count = 0;

    for (int i = 0; i < COUNT(names); i++)
        (void)add_caller(names[i]);
    ck_assert_succeeds(store_list_callers(&txn, "", rows, 3, &count, &err));
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(rows[0].name, "B");
    ck_assert_str_eq(rows[1].name, "a-b");
    ck_assert_str_eq(rows[2].name, "a.b");
    ck_assert_succeeds(store_list_callers(&txn, "a.b", rows, 3, &count, &err));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(rows[0].name, "c");
}
END_TEST

START_TEST(a_credential_is_found_as_it_was_added)
{
    struct credential_row row = new_credential(add_caller("ci").id, 1, CREDENTIAL_API_KEY, "abc");
    struct credential_row found;

    row.expire_time = NOW + 5;
    ck_assert_succeeds(store_add_credential(&txn, &row, &err));
    ck_assert_int_gt(row.id, 0);
    ck_assert_succeeds(store_get_credential(&txn, row.credential_id, &found, &err));
    assert_same_credential(&found, &row);
    ck_assert_succeeds(store_find_credential(&txn, CREDENTIAL_API_KEY, "abc", &found, &err));
    assert_same_credential(&found, &row);
    ck_assert_int_eq(store_get_credential(&txn, "0", &found, &err), ASAP_NOT_FOUND);
    ck_assert_int_eq(store_find_credential(&txn, CREDENTIAL_UID, "abc", &found, &err),
                     ASAP_NOT_FOUND);
}
END_TEST

START_TEST(a_proof_is_of_one_credential_until_that_is_revoked)
{
    const int64_t ci = add_caller("ci").id;
    struct credential_row first = new_credential(ci, 1, CREDENTIAL_UID, "1000");
    struct credential_row second = new_credential(add_caller("cd").id, 2, CREDENTIAL_UID, "1000");
    struct credential_row other = new_credential(ci, 3, CREDENTIAL_DNS_NAME, "1000");
    struct credential_row found;

    ck_assert_succeeds(store_add_credential(&txn, &first, &err));
    ck_assert_int_eq(store_add_credential(&txn, &second, &err), ASAP_ALREADY_EXISTS);
    ck_assert_ptr_nonnull(strstr(err.message, "1000"));
    ck_assert_succeeds(store_add_credential(&txn, &other, &err));
    first.revoke_time = NOW;
    ck_assert_succeeds(store_update_credential(&txn, &first, &err));
    ck_assert_succeeds(store_add_credential(&txn, &second, &err));
    ck_assert_succeeds(store_find_credential(&txn, CREDENTIAL_UID, "1000", &found, &err));
    ck_assert_str_eq(found.credential_id, second.credential_id);
    ck_assert_succeeds(store_get_credential(&txn, first.credential_id, &found, &err));
    ck_assert_int_eq(found.revoke_time, NOW);
    first.id = 4711;
    ck_assert_int_eq(store_update_credential(&txn, &first, &err), ASAP_NOT_FOUND);
}
END_TEST

START_TEST(credentials_of_a_caller_are_listed_oldest_first)
{
    const int64_t callers[] = { add_caller("ci").id, add_caller("cd").id };
    struct credential_row *rows = NULL;
    size_t count = 0;

    for (int i = 0; i < 20; i++) {
        char name[8];
        struct credential_row row;

        (void)snprintf(name, sizeof name, "%d", i);
        row = new_credential(callers[i % 2], 90 - i, CREDENTIAL_UID, name);
        ck_assert_succeeds(store_add_credential(&txn, &row, &err));
    }
    ck_assert_succeeds(store_list_credentials(&txn, callers[0], &rows, &count, &err));
    ck_assert_uint_eq(count, 10);
    ck_assert_str_eq(rows[0].name, "0");
    ck_assert_str_eq(rows[9].name, "18");
    free(rows);
    ck_assert_succeeds(store_list_credentials(&txn, 4711, &rows, &count, &err));
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(rows);
}
END_TEST

START_TEST(what_the_database_does_not_take_is_refused)
{
    const int64_t ci = add_caller("ci").id;
    struct credential_row orphan = new_credential(4711, 1, CREDENTIAL_UID, "1");
    struct credential_row digested = new_credential(ci, 2, CREDENTIAL_UID, "1");
    struct credential_row plain = new_credential(ci, 3, CREDENTIAL_API_KEY, "1");
    struct grant_row admin = {
        .grant_id = "0123456789abcdef", .caller_id = ci, .verb = VERB_ADMIN, .issuer = "web"
    };

    (void)snprintf(digested.digest, sizeof digested.digest, "%s", DIGEST);
    plain.digest[0] = '\0';
    renew(true);
    ck_assert_int_eq(store_add_credential(&txn, &orphan, &err), ASAP_INTERNAL);
    renew(false);
    ck_assert_int_eq(store_add_credential(&txn, &digested, &err), ASAP_INTERNAL);
    renew(false);
    ck_assert_int_eq(store_add_credential(&txn, &plain, &err), ASAP_INTERNAL);
    renew(false);
    ck_assert_int_eq(store_add_grant(&txn, &admin, &err), ASAP_INTERNAL);
}
END_TEST

START_TEST(a_grant_is_found_as_it_was_added)
{
    struct grant_row row = { .grant_id = "0123456789abcdef",
                             .caller_id = add_caller("ci").id,
                             .verb = VERB_MINT,
                             .issuer = "payments/api",
                             .subjects = "one\ntwo",
                             .max_lifetime = 600,
                             .tokens_per_minute = 60,
                             .create_time = NOW };
    struct grant_row found;
    char caller[CALLER_NAME_MAX + 1];

    memset(row.audiences, 'a', GRANT_LIST_SIZE - 1);
    memset(row.claims, 'c', GRANT_LIST_SIZE - 1);
    ck_assert_succeeds(store_add_grant(&txn, &row, &err));
    ck_assert_succeeds(store_get_grant(&txn, "0123456789abcdef", &found, caller, &err));
    assert_same_grant(&found, &row);
    ck_assert_str_eq(caller, "ci");
    ck_assert_int_eq(store_get_grant(&txn, "0123456789abcdee", &found, caller, &err),
                     ASAP_NOT_FOUND);
    ck_assert_str_eq(caller, "");
}
END_TEST

/* What a visit saw, and what its visitor answers. */
struct seen {
    char text[256];
    enum asap_code answer;
};

static enum asap_code see(struct seen *seen, const char *caller, const char *item)
{
    const size_t length = strlen(seen->text);

    (void)snprintf(seen->text + length, sizeof seen->text - length, "%s%s ", caller, item);
    return seen->answer;
}

static enum asap_code see_caller(void *seen, const struct caller_row *row, struct asap_error *error)
{
    (void)error;
    return see(seen, "", row->name);
}

static enum asap_code see_credential(void *seen,
                                     const struct credential_row *row,
                                     struct asap_error *error)
{
    (void)error;
    return see(seen, "", row->name);
}

static enum asap_code see_grant(void *seen, const struct grant_row *row, struct asap_error *error)
{
    (void)error;
    return see(seen, "", row->issuer);
}

static enum asap_code
see_owned(void *seen, const struct grant_row *row, const char *caller, struct asap_error *error)
{
    (void)error;
    ck_assert_int_gt(row->id, 0);
    return see(seen, caller, row->issuer);
}

/* Callers b and a with grants of the issuers 1 2 3, made in that order. */
static void add_grants(void)
{
    const int64_t callers[] = { add_caller("b").id, add_caller("a").id };

    for (int i = 0; i < 6; i++)
        add_grant(callers[i % 2], i, VERB_ROTATE, (const char *[]){ "1", "2", "3" }[i / 2]);
}

static const struct {
    struct grant_range range;
    const char *seen;
} ranges[] = {
    { { "", "", 0, 9 }, "a1 a2 a3 b1 b2 b3 " },
    { { "", "", 0, 4 }, "a1 a2 a3 b1 " },
    { { "", "a", 4, 3 }, "a3 b1 b2 " },
    { { "", "a", 6, 9 }, "b1 b2 b3 " },
    { { "b", "", 0, 9 }, "b1 b2 b3 " },
    { { "b", "b", 1, 9 }, "b2 b3 " },
    { { "", "b", 5, 9 }, "" },
    { { "c", "", 0, 9 }, "" },
};

START_TEST(grants_are_listed_by_caller_then_age_in_pages)
{
    struct seen seen = { "", ASAP_OK };

    add_grants();
    ck_assert_succeeds(store_list_grants(&txn, &ranges[_i].range, see_owned, &seen, &err));
    ck_assert_str_eq(seen.text, ranges[_i].seen);
}
END_TEST

START_TEST(deleted_grants_are_gone_and_the_others_are_not)
{
    struct seen seen = { "", ASAP_OK };
    struct grant_row row;
    char caller[CALLER_NAME_MAX + 1];

    add_grants();
    ck_assert_succeeds(store_get_grant(&txn, "0000000000000003", &row, caller, &err));
    ck_assert_succeeds(store_delete_grant(&txn, row.id, &err));
    ck_assert_succeeds(store_list_grants(&txn, &ranges[0].range, see_owned, &seen, &err));
    ck_assert_str_eq(seen.text, "a1 a3 b1 b2 b3 ");
    ck_assert_succeeds(store_delete_grants_of(&txn, row.caller_id, &err));
    seen.text[0] = '\0';
    ck_assert_succeeds(store_list_grants(&txn, &ranges[0].range, see_owned, &seen, &err));
    ck_assert_str_eq(seen.text, "b1 b2 b3 ");
}
END_TEST

START_TEST(a_visit_sees_every_row_in_the_order_of_ids)
{
    struct seen seen = { "", ASAP_OK };
    struct caller_row b = add_caller("b");
    struct credential_row row = new_credential(b.id, 9, CREDENTIAL_UID, "7");

    b.delete_time = NOW;
    ck_assert_succeeds(store_update_caller(&txn, &b, &err));
    ck_assert_succeeds(store_add_credential(&txn, &row, &err));
    row.revoke_time = NOW;
    ck_assert_succeeds(store_update_credential(&txn, &row, &err));
    row = new_credential(add_caller("a").id, 1, CREDENTIAL_UID, "5");
    ck_assert_succeeds(store_add_credential(&txn, &row, &err));
    add_grant(row.caller_id, 2, VERB_ROTATE, "y");
    add_grant(b.id, 1, VERB_ROTATE, "x");
    ck_assert_succeeds(store_each_caller(&txn, see_caller, &seen, &err));
    ck_assert_succeeds(store_each_credential(&txn, see_credential, &seen, &err));
    ck_assert_succeeds(store_each_grant(&txn, see_grant, &seen, &err));
    ck_assert_str_eq(seen.text, "b a 7 5 y x ");
}
END_TEST

START_TEST(a_visitors_failure_ends_the_visit)
{
    struct seen seen = { "", ASAP_ABORTED };

    add_grants();
    ck_assert_int_eq(store_each_caller(&txn, see_caller, &seen, &err), ASAP_ABORTED);
    ck_assert_int_eq(store_each_grant(&txn, see_grant, &seen, &err), ASAP_ABORTED);
    ck_assert_int_eq(store_list_grants(&txn, &ranges[0].range, see_owned, &seen, &err),
                     ASAP_ABORTED);
    ck_assert_str_eq(seen.text, "b 1 a1 ");
}
END_TEST

static void add_tests(TCase *cases)
{
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_caller_is_found_as_it_was_added_and_updated);
    tcase_add_test(cases, a_caller_that_is_not_there_is_not_found);
    tcase_add_test(cases, a_deleted_caller_is_found_by_its_id_only_and_keeps_its_name);
    tcase_add_test(cases, callers_are_listed_by_name_in_pages);
    tcase_add_test(cases, a_credential_is_found_as_it_was_added);
    tcase_add_test(cases, a_proof_is_of_one_credential_until_that_is_revoked);
    tcase_add_test(cases, credentials_of_a_caller_are_listed_oldest_first);
    tcase_add_test(cases, what_the_database_does_not_take_is_refused);
    tcase_add_test(cases, a_grant_is_found_as_it_was_added);
    tcase_add_loop_test(cases, grants_are_listed_by_caller_then_age_in_pages, 0, COUNT(ranges));
    tcase_add_test(cases, deleted_grants_are_gone_and_the_others_are_not);
    tcase_add_test(cases, a_visit_sees_every_row_in_the_order_of_ids);
    tcase_add_test(cases, a_visitors_failure_ends_the_visit);
}

int main(void)
{
    Suite *suite = suite_create("callers in the store");

    add_for_each_database(suite, add_tests);
    return check_main(suite);
}
