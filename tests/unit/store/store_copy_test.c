/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "store_mark.h"
#include "store_sealed.h"
#include "store_server.h"
#include "store_upkeep.h"

/* All rows from one store to another, and what tells whether they arrived. */

enum { MANY = 1203 }; /* three slices */

static const struct log quiet = { .level = LOG_ERROR };
static const struct store_progress silent = { NULL, NULL };

static struct store *from, *to;

static void set_up(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_open("sqlite::memory:", true, &quiet, &from, &err));
    ck_assert_succeeds(store_open("sqlite::memory:", true, &quiet, &to, &err));
}

static void tear_down(void)
{
    store_close(from);
    store_close(to);
}

static void add_issuer(struct store *store, const char *name)
{
    struct issuer_row row = { .create_time = 1, .delete_time = LIFECYCLE_NEVER };
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    ck_assert_succeeds(txn_begin(&txn, store, &err));
    ck_assert_succeeds(store_add_issuer(&txn, &row, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
}

static struct store_sums sums_of(struct store *store)
{
    struct store_sums sums;
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, store, &err));
    ck_assert_succeeds(store_sum(&txn, &silent, &sums, &err));
    txn_rollback(&txn);
    return sums;
}

static struct asap_error err;

static enum asap_code copy(struct store_sums *sums)
{
    struct txn source = { 0 };
    struct txn target = { 0 };
    enum asap_code code = ASAP_OK;

    ck_assert_succeeds(txn_begin(&source, from, &err));
    ck_assert_succeeds(txn_begin(&target, to, &err));
    code = store_copy(&source, &target, &silent, sums, &err);
    if (code == ASAP_OK)
        ck_assert_succeeds(txn_commit(&target, &err));
    txn_rollback(&target);
    txn_rollback(&source);
    return code;
}

static size_t table_called(const char *name)
{
    for (size_t i = 0; i < STORE_TABLES; i++)
        if (strcmp(store_table_name(i), name) == 0)
            return i;
    ck_abort_msg("no table %s", name);
    return 0;
}

START_TEST(all_rows_arrive_however_many_there_are)
{
    struct store_sums read;
    struct store_sums written;

    for (int i = 0; i < MANY; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "issuer-%d", i);
        add_issuer(from, name);
    }
    ck_assert_succeeds(copy(&read));
    written = sums_of(to);
    ck_assert_mem_eq(&read, &written, sizeof read);
    written = sums_of(from);
    ck_assert_mem_eq(&read, &written, sizeof read);
    ck_assert_int_eq(read.tables[table_called("issuer")].rows, MANY);
}
END_TEST

START_TEST(one_other_byte_makes_another_sum)
{
    struct store_sums one;
    struct store_sums other;
    const size_t issuers = table_called("issuer");

    add_issuer(from, "payments/api");
    add_issuer(to, "payments/apj");
    one = sums_of(from);
    other = sums_of(to);
    ck_assert_int_eq(one.tables[issuers].rows, other.tables[issuers].rows);
    ck_assert_mem_ne(one.tables[issuers].sum, other.tables[issuers].sum, TABLE_SUM_SIZE);
}
END_TEST

START_TEST(a_target_that_holds_something_is_left_alone)
{
    struct store_sums sums;

    add_issuer(from, "payments/api");
    add_issuer(to, "web");
    ck_assert_int_eq(copy(&sums), ASAP_FAILED_PRECONDITION);
    ck_assert_ptr_nonnull(strstr(err.message, "table issuer has 1 rows"));
    ck_assert_int_eq(sums_of(to).tables[table_called("issuer")].rows, 1);
}
END_TEST

START_TEST(a_mark_is_read_as_it_was_written)
{
    static const struct store_mark marks[] = {
        { MARK_COPY, 1795440000, 0 },
        { MARK_ACCEPTED, 1795440000, 1795440900 },
        { MARK_MOVED, 1795440000, 0 },
        { MARK_NONE, 0, 0 },
    };
    struct store_mark mark;
    struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, from, &err));
    ck_assert_succeeds(store_get_mark(&txn, &mark, &err));
    ck_assert_int_eq(mark.kind, MARK_NONE);
    for (int i = 0; i < COUNT(marks); i++) {
        ck_assert_succeeds(store_put_mark(&txn, &marks[i], &err));
        ck_assert_succeeds(store_get_mark(&txn, &mark, &err));
        ck_assert_int_eq(mark.kind, marks[i].kind);
        ck_assert_int_eq(mark.copy_time, marks[i].copy_time);
        ck_assert_int_eq(mark.sign_time, marks[i].sign_time);
        ck_assert_int_eq(store_refuse_copy(&mark, &err) == ASAP_OK, mark.kind != MARK_COPY);
    }
    txn_rollback(&txn);
}
END_TEST

START_TEST(a_damaged_mark_is_no_mark)
{
    static const char *const texts[] = { "",        "copy",        "copy 1",       "copy 1 ",
                                         "copy  1", "copy 1 2 3",  "copies 1 2",   "copy 1x 2",
                                         "cop 1 2", "copy 1 2\n3", "none 1 2 copy" };
    struct store_mark mark;
    struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, from, &err));
    for (int i = 0; i < COUNT(texts); i++) {
        ck_assert_succeeds(store_put_value(&txn, "mark", texts[i], strlen(texts[i]), &err));
        ck_assert_msg(store_get_mark(&txn, &mark, &err) == ASAP_DATA_LOSS, "%s", texts[i]);
    }
    txn_rollback(&txn);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_copy");
    TCase *all = tcase_create("all");

    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, all_rows_arrive_however_many_there_are);
    tcase_add_test(all, one_other_byte_makes_another_sum);
    tcase_add_test(all, a_target_that_holds_something_is_left_alone);
    tcase_add_test(all, a_mark_is_read_as_it_was_written);
    tcase_add_test(all, a_damaged_mark_is_no_mark);
    suite_add_tcase(suite, all);
    return check_main(suite);
}
