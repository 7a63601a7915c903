/* SPDX-License-Identifier: Apache-2.0 */
#include "store_audit.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "database_fixture.h"

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

static void tear_down(void)
{
    txn_rollback(&txn);
    store_close(store);
}

static void add(int64_t sequence, int64_t time, const char *caller, const char *issuer)
{
    struct audit_row row = {
        .sequence = sequence, .create_time = time, .proof_kind = 1, .result = "ok"
    };
    struct asap_error err = { 0 };

    (void)snprintf(row.caller, sizeof row.caller, "%s", caller);
    (void)snprintf(row.issuer, sizeof row.issuer, "%s", issuer);
    memset(row.chain_hash, (int)sequence, sizeof row.chain_hash);
    ck_assert_succeeds(store_add_audit_event(&txn, &row, &err));
}

static void fill(char *text, size_t size, char mark)
{
    memset(text, mark, size - 1);
    text[size - 1] = '\0';
}

START_TEST(an_event_comes_back_as_it_was_with_texts_of_the_greatest_length)
{
    const struct audit_filter all = { .caller = "", .issuer = "" };
    struct audit_row row = { .sequence = 1, .create_time = 7, .proof_kind = 4 };
    struct audit_row read;
    struct asap_error err = { 0 };
    size_t count = 0;

    memset(&read, 'x', sizeof read);
    fill(row.caller, sizeof row.caller, 'a');
    fill(row.proof, sizeof row.proof, 'b');
    fill(row.method, sizeof row.method, 'c');
    fill(row.result, sizeof row.result, 'd');
    fill(row.message, sizeof row.message, 'e');
    fill(row.issuer, sizeof row.issuer, 'f');
    fill(row.key_id, sizeof row.key_id, 'g');
    fill(row.token_id, sizeof row.token_id, 'h');
    fill(row.request_id, sizeof row.request_id, 'i');
    memset(row.chain_hash, 0xfe, sizeof row.chain_hash);
    ck_assert_succeeds(store_add_audit_event(&txn, &row, &err));
    ck_assert_succeeds(store_list_audit_events(&txn, &all, &read, 1, &count, &err));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(read.sequence, 1);
    ck_assert_int_eq(read.create_time, 7);
    ck_assert_int_eq(read.proof_kind, 4);
    ck_assert_str_eq(read.caller, row.caller);
    ck_assert_str_eq(read.proof, row.proof);
    ck_assert_str_eq(read.method, row.method);
    ck_assert_str_eq(read.result, row.result);
    ck_assert_str_eq(read.message, row.message);
    ck_assert_str_eq(read.issuer, row.issuer);
    ck_assert_str_eq(read.key_id, row.key_id);
    ck_assert_str_eq(read.token_id, row.token_id);
    ck_assert_str_eq(read.request_id, row.request_id);
    ck_assert_mem_eq(read.chain_hash, row.chain_hash, AUDIT_HASH_SIZE);
}
END_TEST

START_TEST(a_place_in_the_log_is_taken_once)
{
    struct audit_row row = { .sequence = 3, .result = "ok" };
    struct asap_error err = { 0 };

    add(3, 1, "ci", "");
    ck_assert_int_eq(store_add_audit_event(&txn, &row, &err), ASAP_INTERNAL);
}
END_TEST

/* PostgreSQL takes no such text. */
START_TEST(an_event_that_is_no_text_is_listed_without_it_and_without_its_hash)
{
    static const unsigned char zero[AUDIT_HASH_SIZE];
    const struct audit_filter all = { .caller = "", .issuer = "" };
    struct audit_row row;
    struct asap_error err = { 0 };
    size_t count = 0;

    add(1, 10, "ci", "\xff");
    ck_assert_succeeds(store_list_audit_events(&txn, &all, &row, 1, &count, &err));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(row.caller, "ci");
    ck_assert_str_eq(row.issuer, "");
    ck_assert_mem_eq(row.chain_hash, zero, AUDIT_HASH_SIZE);
}
END_TEST

/* Events 1 to 6, by the last digit of each. */
static const struct {
    const char *caller, *issuer;
    int64_t start, end, after;
    size_t limit;
    const char *wanted;
} lists[] = {
    { "", "", 0, 0, 0, 9, "123456" },  { "", "", 0, 0, 0, 6, "123456" },
    { "", "", 0, 0, 0, 2, "12" },      { "", "", 0, 0, 2, 2, "34" },
    { "", "", 0, 0, 6, 9, "" },        { "ci", "", 0, 0, 0, 9, "134" },
    { "ci", "", 0, 0, 1, 1, "3" },     { "c", "", 0, 0, 0, 9, "" },
    { "CI", "", 0, 0, 0, 9, "" },      { "", "web", 0, 0, 0, 9, "236" },
    { "ci", "web", 0, 0, 0, 9, "3" },  { "ci", "web", 0, 0, 3, 9, "" },
    { "", "", 10, 0, 0, 9, "123456" }, { "", "", 11, 0, 0, 9, "3456" },
    { "", "", 20, 0, 0, 9, "3456" },   { "", "", 40, 0, 0, 9, "" },
    { "", "", 0, 20, 0, 9, "12" },     { "", "", 0, 21, 0, 9, "1234" },
    { "", "", 0, 10, 0, 9, "" },       { "", "", 0, 99, 0, 9, "123456" },
    { "", "", 20, 30, 0, 9, "34" },    { "", "", 20, 30, 3, 9, "4" },
    { "", "", 5, 10, 0, 9, "" },       { "", "", 31, 99, 0, 9, "" },
    { "", "", 11, 20, 0, 9, "" },      { "ops", "web", 10, 30, 0, 9, "2" },
    { "ci", "", 20, 0, 0, 9, "34" },
};

START_TEST(a_list_has_what_its_filters_let_through_in_order)
{
    const struct audit_filter filter = { .caller = lists[_i].caller,
                                         .issuer = lists[_i].issuer,
                                         .start_time = lists[_i].start,
                                         .end_time = lists[_i].end,
                                         .after_sequence = lists[_i].after };
    struct audit_row rows[9];
    struct asap_error err = { 0 };
    char got[10] = "";
    size_t count = 99;

    add(1, 10, "ci", "");
    add(2, 10, "ops", "web");
    add(3, 20, "ci", "web");
    add(4, 20, "ci", "api");
    add(5, 30, "ops", "api");
    add(6, 30, "ops", "web");
    ck_assert_succeeds(store_list_audit_events(&txn, &filter, rows, lists[_i].limit, &count, &err));
    for (size_t i = 0; i < count; i++)
        got[i] = (char)('0' + rows[i].sequence);
    ck_assert_str_eq(got, lists[_i].wanted);
}
END_TEST

START_TEST(the_head_begins_empty_and_keeps_what_is_put)
{
    static const unsigned char zero[AUDIT_HASH_SIZE];
    struct audit_head_row row;
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_get_audit_head(&txn, &row, &err));
    ck_assert_int_eq(row.sequence, 0);
    ck_assert_int_eq(row.checkpoint_sequence, 0);
    ck_assert(!row.has_checkpoint);
    ck_assert_mem_eq(row.chain_hash, zero, AUDIT_HASH_SIZE);
    row =
        (struct audit_head_row){ .sequence = 9, .checkpoint_sequence = 4, .has_checkpoint = true };
    memset(row.chain_hash, 1, AUDIT_HASH_SIZE);
    memset(row.checkpoint_hash, 2, AUDIT_HASH_SIZE);
    memset(row.checkpoint_mac, 3, AUDIT_HASH_SIZE);
    ck_assert_succeeds(store_put_audit_head(&txn, &row, &err));
    row = (struct audit_head_row){ 0 };
    ck_assert_succeeds(store_get_audit_head(&txn, &row, &err));
    ck_assert_int_eq(row.sequence, 9);
    ck_assert_int_eq(row.checkpoint_sequence, 4);
    ck_assert(row.has_checkpoint);
    ck_assert_int_eq(row.chain_hash[31], 1);
    ck_assert_int_eq(row.checkpoint_hash[31], 2);
    ck_assert_int_eq(row.checkpoint_mac[31], 3);
}
END_TEST

START_TEST(the_newest_event_before_a_time_is_found)
{
    static const struct {
        int64_t time, wanted;
    } found[] = { { 0, 0 }, { 10, 0 }, { 11, 2 }, { 20, 2 }, { 21, 3 }, { INT64_MAX, 3 } };
    struct asap_error err = { 0 };
    int64_t sequence = 99;

    add(1, 10, "", "");
    add(2, 10, "", "");
    add(3, 20, "", "");
    for (int i = 0; i < COUNT(found); i++) {
        ck_assert_succeeds(store_find_audit_before(&txn, found[i].time, &sequence, &err));
        ck_assert_int_eq(sequence, found[i].wanted);
    }
}
END_TEST

START_TEST(events_up_to_a_place_are_removed)
{
    const struct audit_filter all = { .caller = "", .issuer = "" };
    struct audit_row rows[3];
    struct asap_error err = { 0 };
    size_t count = 0;

    add(1, 10, "", "");
    add(2, 10, "", "");
    add(3, 20, "", "");
    ck_assert_succeeds(store_delete_audit_events(&txn, 2, &err));
    ck_assert_succeeds(store_list_audit_events(&txn, &all, rows, 3, &count, &err));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(rows[0].sequence, 3);
}
END_TEST

static void add_tests(TCase *cases)
{
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, an_event_comes_back_as_it_was_with_texts_of_the_greatest_length);
    tcase_add_test(cases, a_place_in_the_log_is_taken_once);
    tcase_add_loop_test(cases, a_list_has_what_its_filters_let_through_in_order, 0, COUNT(lists));
    tcase_add_test(cases, the_head_begins_empty_and_keeps_what_is_put);
    tcase_add_test(cases, the_newest_event_before_a_time_is_found);
    tcase_add_test(cases, events_up_to_a_place_are_removed);
}

int main(void)
{
    Suite *suite = suite_create("audit rows");
    TCase *damage = tcase_create("damage");

    add_for_each_database(suite, add_tests);
    tcase_add_checked_fixture(damage, database_in_memory, database_remove_nothing);
    tcase_add_checked_fixture(damage, set_up, tear_down);
    tcase_add_test(damage, an_event_that_is_no_text_is_listed_without_it_and_without_its_hash);
    suite_add_tcase(suite, damage);
    return check_main(suite);
}
