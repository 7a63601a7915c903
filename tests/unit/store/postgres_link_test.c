/* SPDX-License-Identifier: Apache-2.0 */
#include "postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_fixture.h"

/* The connection to PostgreSQL: how it is lost and comes back, what becomes of the transaction that
 * it was lost in, and of those that wait. */

static const struct log quiet = { .level = LOG_ERROR };

/* Two nodes of one database. */
static char url[POSTGRES_URL_SIZE];
static struct sql_connection *one, *other;
static struct asap_error err;
static int64_t clock_ms;

static int64_t read_clock(void)
{
    return clock_ms;
}

static struct postgres *link_of(struct sql_connection *connection)
{
    return (struct postgres *)connection;
}

static void set_up(void)
{
    err = (struct asap_error){ 0 };
    postgres_make_database(url);
    ck_assert_succeeds(postgres_driver.open(url, true, &quiet, &one, &err));
    ck_assert_succeeds(postgres_driver.open(url, false, &quiet, &other, &err));
    (void)postgres_run(url, "CREATE TABLE t (a bigint UNIQUE, b text)");
}

static void tear_down(void)
{
    postgres_driver.close(one);
    postgres_driver.close(other);
}

static enum asap_code begin(struct sql_connection *connection)
{
    return postgres_driver.begin(connection, SQL_WRITE, &err);
}

static enum asap_code commit(struct sql_connection *connection)
{
    return postgres_driver.commit(connection, &err);
}

static enum asap_code insert(struct sql_connection *connection, int64_t number)
{
    static const char text[] = "INSERT INTO t (a) VALUES ($1)";
    const struct sql_value parameters[] = { sql_integer(number) };
    const struct sql_query query = { text, parameters, 1, NULL, NULL };

    return postgres_driver.query(connection, &query, &err);
}

/* Sets what only this session has. */
static void set(struct sql_connection *connection, const char *sql)
{
    ck_assert_succeeds(postgres_execute(link_of(connection), sql, "use", &err));
}

static void assert_says(const char *what)
{
    ck_assert_msg(strstr(err.message, what) != NULL, "%s", err.message);
}

static void assert_stored(const char *numbers)
{
    ck_assert_str_eq(postgres_run(url, "SELECT coalesce(string_agg(a::text, ' ' ORDER BY a), '')"
                                       " FROM t"),
                     numbers);
}

START_TEST(a_connection_lost_between_transactions_is_not_noticed)
{
    postgres_end_sessions(url);
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(insert(one, 1));
    ck_assert_succeeds(commit(one));
    assert_stored("1");
}
END_TEST

START_TEST(a_connection_lost_in_a_transaction_ends_it_and_the_next_one_works)
{
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(insert(one, 1));
    postgres_end_sessions(url);
    ck_assert_int_eq(insert(one, 2), ASAP_UNAVAILABLE);
    ck_assert_int_eq(insert(one, 3), ASAP_UNAVAILABLE);
    assert_says("has ended with the connection");
    ck_assert_int_eq(commit(one), ASAP_UNAVAILABLE);
    postgres_driver.rollback(one);
    assert_stored("");
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(insert(one, 4));
    ck_assert_succeeds(commit(one));
    assert_stored("4");
}
END_TEST

START_TEST(a_connection_lost_before_its_commit_is_no_success)
{
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(insert(one, 1));
    postgres_end_sessions(url);
    ck_assert_int_eq(commit(one), ASAP_UNAVAILABLE);
    assert_says("unknown whether");
    assert_says("same request_id");
    postgres_driver.rollback(one);
}
END_TEST

/* What happens while the server commits, by a trigger that waits for it. */
static const struct {
    const char *action;
    enum asap_code code;
    const char *says;
    const char *stored;
} commits[] = {
    { "PERFORM pg_terminate_backend(pg_backend_pid())", ASAP_UNAVAILABLE, "unknown whether", "" },
    { "RAISE EXCEPTION 'no room'", ASAP_UNAVAILABLE, "no room", "" },
    { "RAISE EXCEPTION USING ERRCODE = '23514', MESSAGE = 'odd'", ASAP_INTERNAL,
      "refuses the row: odd", "" },
    { "RAISE WARNING 'the standby is away'", ASAP_UNAVAILABLE, "unknown whether", "1" },
    { "RAISE NOTICE 'hello'", ASAP_OK, "", "1" },
};

START_TEST(a_commit_succeeds_only_by_the_servers_word)
{
    char sql[512];

    (void)snprintf(sql, sizeof sql,
                   "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS"
                   " $$ BEGIN %s; RETURN NULL; END $$;"
                   " CREATE CONSTRAINT TRIGGER act AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
                   " FOR EACH ROW EXECUTE FUNCTION act()",
                   commits[_i].action);
    (void)postgres_run(url, sql);
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(insert(one, 1));
    ck_assert_int_eq(commit(one), commits[_i].code);
    assert_says(commits[_i].says);
    postgres_driver.rollback(one);
    assert_stored(commits[_i].stored);
    ck_assert_succeeds(begin(one));
    postgres_driver.rollback(one);
}
END_TEST

START_TEST(a_transaction_with_a_refused_row_cannot_be_committed)
{
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(insert(one, 1));
    ck_assert_int_eq(insert(one, 1), ASAP_INTERNAL);
    assert_says("refuses the row");
    ck_assert_int_eq(commit(one), ASAP_INTERNAL);
    postgres_driver.rollback(one);
    assert_stored("");
}
END_TEST

START_TEST(a_text_that_is_no_text_is_a_refused_row)
{
    static const char text[] = "INSERT INTO t (b) VALUES ($1)";
    const struct sql_value parameters[] = { sql_text("\xff") };
    const struct sql_query query = { text, parameters, 1, NULL, NULL };

    ck_assert_succeeds(begin(one));
    ck_assert_int_eq(postgres_driver.query(one, &query, &err), ASAP_INTERNAL);
    postgres_driver.rollback(one);
}
END_TEST

START_TEST(of_two_that_write_one_waits_and_gives_up_in_time)
{
    set(other, "SET lock_timeout = '20ms'");
    ck_assert_succeeds(begin(one));
    ck_assert_int_eq(begin(other), ASAP_UNAVAILABLE);
    assert_says("another asapd holds it");
    ck_assert_succeeds(commit(one));
    ck_assert_succeeds(begin(other));
    ck_assert_succeeds(commit(other));
}
END_TEST

START_TEST(readers_wait_for_nobody_and_see_one_state)
{
    static const char text[] = "INSERT INTO t (a) SELECT max(a) + 1 FROM t";
    const struct sql_query query = { text, NULL, 0, NULL, NULL };

    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(postgres_driver.begin(other, SQL_READ, &err));
    ck_assert_int_ne(postgres_driver.query(other, &query, &err), ASAP_OK);
    postgres_driver.rollback(other);
    ck_assert_succeeds(commit(one));
}
END_TEST

START_TEST(who_stops_in_a_transaction_loses_it_to_those_who_wait)
{
    set(one, "SET idle_in_transaction_session_timeout = '20ms'");
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(insert(one, 1));
    ck_assert_succeeds(begin(other));
    ck_assert_succeeds(insert(other, 2));
    ck_assert_succeeds(commit(other));
    ck_assert_int_eq(commit(one), ASAP_UNAVAILABLE);
    postgres_driver.rollback(one);
    assert_stored("2");
}
END_TEST

START_TEST(a_statement_that_takes_too_long_is_given_up)
{
    static const char text[] = "SELECT 1 FROM pg_sleep(600)";
    const struct sql_query query = { text, NULL, 0, NULL, NULL };

    set(one, "SET statement_timeout = '20ms'");
    ck_assert_succeeds(begin(one));
    ck_assert_int_eq(postgres_driver.query(one, &query, &err), ASAP_UNAVAILABLE);
    assert_says("took too long");
    postgres_driver.rollback(one);
}
END_TEST

START_TEST(a_server_that_does_not_answer_is_left)
{
    static const char text[] = "SELECT 1 FROM pg_sleep(600)";
    const struct sql_query query = { text, NULL, 0, NULL, NULL };

    ck_assert_succeeds(begin(one));
    link_of(one)->patience_ms = 20;
    ck_assert_int_eq(postgres_driver.query(one, &query, &err), ASAP_UNAVAILABLE);
    assert_says("was lost: no answer");
    postgres_driver.rollback(one);
    link_of(one)->patience_ms = POSTGRES_ANSWER_MS;
    ck_assert_ptr_null(link_of(one)->link);
}
END_TEST

struct seen {
    int rows, most;
};

static enum asap_code count_row(void *context,
                                const struct sql_value *columns,
                                struct asap_error *error)
{
    struct seen *seen = context;

    (void)columns;
    (void)error;
    seen->rows++;
    return seen->rows < seen->most ? ASAP_OK : ASAP_ABORTED;
}

static const struct {
    const char *text;
    int most, rows;
    enum asap_code code;
    bool stays; /* the connection: what is left of a long result is not waited for */
} visits[] = {
    { "SELECT generate_series(1, 10)::bigint", 100, 10, ASAP_OK, true },
    { "SELECT generate_series(1, 10)::bigint, 2", 3, 3, ASAP_ABORTED, true },
    { "SELECT generate_series(1, 1000000)::bigint", 3, 3, ASAP_ABORTED, false },
    { "SELECT generate_series(1, 200000)::bigint", 200001, 200000, ASAP_OK, true },
};

START_TEST(a_visitor_may_end_a_result_of_any_length)
{
    struct seen seen = { 0, visits[_i].most };
    const struct sql_query query = { visits[_i].text, NULL, 0, count_row, &seen };

    ck_assert_succeeds(postgres_driver.begin(one, SQL_READ, &err));
    ck_assert_int_eq(postgres_driver.query(one, &query, &err), visits[_i].code);
    ck_assert_int_eq(seen.rows, visits[_i].rows);
    ck_assert_int_eq(link_of(one)->link != NULL, visits[_i].stays);
    postgres_driver.rollback(one);
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(insert(one, 1));
    ck_assert_succeeds(commit(one));
}
END_TEST

START_TEST(an_unreachable_server_is_tried_again_later_and_later_and_all_fails_at_once_meanwhile)
{
    struct postgres *postgres = link_of(one);

    postgres->monotonic_ms = read_clock;
    clock_ms = 1000000;
    postgres_go_away(url);
    ck_assert_int_eq(begin(one), ASAP_UNAVAILABLE);
    assert_says("cannot reach the database");
    ck_assert_uint_eq(postgres->failures, 1);
    ck_assert_int_gt(postgres->next_attempt, clock_ms);
    postgres_come_back();
    ck_assert_int_eq(begin(one), ASAP_UNAVAILABLE);
    assert_says("cannot reach the database");
    ck_assert_uint_eq(postgres->failures, 1);
    clock_ms = postgres->next_attempt;
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(commit(one));
    ck_assert_uint_eq(postgres->failures, 0);
}
END_TEST

START_TEST(one_that_comes_back_brings_the_one_beside_it_back)
{
    struct sql_connection *beside = NULL;

    ck_assert_succeeds(postgres_driver.open_beside(one, &beside, &err));
    link_of(one)->monotonic_ms = link_of(beside)->monotonic_ms = read_clock;
    link_of(other)->monotonic_ms = read_clock;
    clock_ms = 1000000;
    postgres_go_away(url);
    ck_assert_int_eq(begin(one), ASAP_UNAVAILABLE);
    ck_assert_int_eq(begin(beside), ASAP_UNAVAILABLE);
    ck_assert_int_eq(begin(other), ASAP_UNAVAILABLE);
    postgres_come_back();
    ck_assert_int_eq(begin(beside), ASAP_UNAVAILABLE);
    clock_ms = link_of(one)->next_attempt;
    link_of(beside)->next_attempt = link_of(other)->next_attempt = clock_ms + 1;
    ck_assert_succeeds(begin(one));
    ck_assert_succeeds(commit(one));
    ck_assert_succeeds(begin(beside));
    ck_assert_succeeds(commit(beside));
    ck_assert_int_eq(begin(other), ASAP_UNAVAILABLE);
    postgres_driver.close(beside);
}
END_TEST

START_TEST(another_database_than_before_is_not_taken)
{
    (void)postgres_run(url, "UPDATE asapd_schema SET identity = 'another'");
    postgres_end_sessions(url);
    ck_assert_int_eq(begin(one), ASAP_UNAVAILABLE);
    assert_says("another database than before");
}
END_TEST

static const struct {
    unsigned failures;
    int64_t least, most;
} delays[] = {
    { 1, 125, 250 },    { 2, 250, 500 },    { 3, 500, 1000 },      { 6, 4000, 8000 },
    { 7, 5000, 10000 }, { 8, 5000, 10000 }, { 1000, 5000, 10000 }, { 4000000000U, 5000, 10000 },
};

START_TEST(the_pause_between_attempts_grows_to_a_bound_and_is_never_the_same)
{
    const int64_t first = postgres_delay(delays[_i].failures, 12345);
    bool differs = false;

    for (unsigned noise = 0; noise < 100000; noise += 7) {
        const int64_t delay = postgres_delay(delays[_i].failures, noise);

        ck_assert_int_ge(delay, delays[_i].least);
        ck_assert_int_le(delay, delays[_i].most);
        differs = differs || delay != first;
    }
    ck_assert(differs);
}
END_TEST

static const struct {
    const char *message, *tidied;
} messages[] = {
    { "", "" },
    { "\n", "" },
    { "one", "one" },
    { " one\n", "one" },
    { "a\n\tb\n", "a b" },
    { "0123456789", "012345678" },
    { "12345678 9", "12345678 " },
};

START_TEST(a_message_becomes_one_line_that_fits)
{
    char out[10];

    postgres_tidy(messages[_i].message, out, sizeof out);
    ck_assert_str_eq(out, messages[_i].tidied);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("postgres link");
    TCase *tests = tcase_create("links");
    TCase *rules = tcase_create("rules");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_connection_lost_between_transactions_is_not_noticed);
    tcase_add_test(tests, a_connection_lost_in_a_transaction_ends_it_and_the_next_one_works);
    tcase_add_test(tests, a_connection_lost_before_its_commit_is_no_success);
    tcase_add_loop_test(tests, a_commit_succeeds_only_by_the_servers_word, 0, COUNT(commits));
    tcase_add_test(tests, a_transaction_with_a_refused_row_cannot_be_committed);
    tcase_add_test(tests, a_text_that_is_no_text_is_a_refused_row);
    tcase_add_test(tests, of_two_that_write_one_waits_and_gives_up_in_time);
    tcase_add_test(tests, readers_wait_for_nobody_and_see_one_state);
    tcase_add_test(tests, who_stops_in_a_transaction_loses_it_to_those_who_wait);
    tcase_add_test(tests, a_statement_that_takes_too_long_is_given_up);
    tcase_add_test(tests, a_server_that_does_not_answer_is_left);
    tcase_add_loop_test(tests, a_visitor_may_end_a_result_of_any_length, 0, COUNT(visits));
    tcase_add_test(
        tests,
        an_unreachable_server_is_tried_again_later_and_later_and_all_fails_at_once_meanwhile);
    tcase_add_test(tests, one_that_comes_back_brings_the_one_beside_it_back);
    tcase_add_test(tests, another_database_than_before_is_not_taken);
    tcase_add_loop_test(rules, the_pause_between_attempts_grows_to_a_bound_and_is_never_the_same, 0,
                        COUNT(delays));
    tcase_add_loop_test(rules, a_message_becomes_one_line_that_fits, 0, COUNT(messages));
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, rules);
    return check_main(suite);
}
