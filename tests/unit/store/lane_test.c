/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <stdio.h>

#include "check_main.h"

/* Who waits for a turn while the database is away, over a driver that counts attempts. */

static struct {
    enum asap_code code;
    int attempts;
} database;

static enum asap_code begin(struct sql_connection *over,
                            enum sql_access access,
                            struct asap_error *problem)
{
    (void)over;
    database.attempts++;
    if (database.code == ASAP_OK || access == SQL_READ)
        return ASAP_OK;
    problem->code = database.code;
    (void)snprintf(problem->message, sizeof problem->message, "attempt %d failed",
                   database.attempts);
    return problem->code;
}

static void close(struct sql_connection *over)
{
    (void)over;
}

static const struct sql_driver driver = { .begin = begin, .close = close };
static struct sql_connection connection = { &driver };
static struct store_lane lane;
static struct asap_error err;

static void set_up(void)
{
    err = (struct asap_error){ 0 };
    database.code = ASAP_OK;
    database.attempts = 0;
    ck_assert(lane_init(&lane, NULL));
    lane.connection = &connection;
}

static void tear_down(void)
{
    lane_clear(&lane);
}

static enum asap_code enter(unsigned ticket)
{
    return lane_begin(&lane, SQL_WRITE, ticket, &err);
}

START_TEST(who_waited_while_another_failed_fails_with_it_at_once)
{
    const unsigned waiting = lane_ticket(&lane, SQL_WRITE);

    database.code = ASAP_UNAVAILABLE;
    ck_assert_int_eq(enter(waiting), ASAP_UNAVAILABLE);
    for (int i = 0; i < 100; i++) {
        err = (struct asap_error){ 0 };
        ck_assert_int_eq(enter(waiting), ASAP_UNAVAILABLE);
        ck_assert_str_eq(err.message, "attempt 1 failed");
    }
    ck_assert_int_eq(database.attempts, 1);
}
END_TEST

START_TEST(who_comes_after_a_failure_tries_again)
{
    database.code = ASAP_UNAVAILABLE;
    ck_assert_int_eq(enter(lane_ticket(&lane, SQL_WRITE)), ASAP_UNAVAILABLE);
    ck_assert_int_eq(enter(lane_ticket(&lane, SQL_WRITE)), ASAP_UNAVAILABLE);
    ck_assert_str_eq(err.message, "attempt 2 failed");
    database.code = ASAP_OK;
    ck_assert_succeeds(enter(lane_ticket(&lane, SQL_WRITE)));
    lane_end(&lane);
}
END_TEST

START_TEST(who_waited_through_a_failure_that_is_over_is_let_in)
{
    const unsigned waiting = lane_ticket(&lane, SQL_WRITE);

    database.code = ASAP_UNAVAILABLE;
    ck_assert_int_eq(enter(waiting), ASAP_UNAVAILABLE);
    database.code = ASAP_OK;
    ck_assert_succeeds(enter(lane_ticket(&lane, SQL_WRITE)));
    lane_end(&lane);
    ck_assert_succeeds(enter(waiting));
    lane_end(&lane);
}
END_TEST

START_TEST(who_reads_does_not_fail_with_who_cannot_write)
{
    const unsigned waiting = lane_ticket(&lane, SQL_READ);

    database.code = ASAP_UNAVAILABLE;
    ck_assert_int_eq(enter(lane_ticket(&lane, SQL_WRITE)), ASAP_UNAVAILABLE);
    ck_assert_succeeds(lane_begin(&lane, SQL_READ, waiting, &err));
    lane_end(&lane);
    ck_assert_succeeds(lane_begin(&lane, SQL_READ, waiting + 1, &err));
    lane_end(&lane);
}
END_TEST

START_TEST(a_thread_that_has_a_transaction_gets_no_other)
{
    ck_assert_succeeds(enter(lane_ticket(&lane, SQL_WRITE)));
    ck_assert_int_eq(enter(lane_ticket(&lane, SQL_WRITE)), ASAP_INTERNAL);
    lane_end(&lane);
    ck_assert_succeeds(enter(lane_ticket(&lane, SQL_WRITE)));
    lane_end(&lane);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lane");
    TCase *tests = tcase_create("turns");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, who_waited_while_another_failed_fails_with_it_at_once);
    tcase_add_test(tests, who_comes_after_a_failure_tries_again);
    tcase_add_test(tests, who_waited_through_a_failure_that_is_over_is_let_in);
    tcase_add_test(tests, who_reads_does_not_fail_with_who_cannot_write);
    tcase_add_test(tests, a_thread_that_has_a_transaction_gets_no_other);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
