/* SPDX-License-Identifier: Apache-2.0 */
#include "store_watch.h"

#include <poll.h>
#include <semaphore.h>
#include <time.h>

#include "postgres_fixture.h"
#include "store_server.h"

/* Changes that one process makes are told to another, which asks for nothing. */

enum { PATIENCE_SECONDS = 60 };

static const struct log quiet = { .level = LOG_ERROR };

static char url[POSTGRES_URL_SIZE];
static struct asap_error err;
static struct store *store; /* the process that makes changes */
static struct sql_watch *watch;
static sem_t told;

/* Check's assertions are for the thread that runs the test. */
static void tell(void *context)
{
    (void)sem_post(context);
}

static void await_word(void)
{
    struct timespec end = { 0 };

    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &end), 0);
    end.tv_sec += PATIENCE_SECONDS;
    ck_assert_int_eq(sem_timedwait(&told, &end), 0);
}

static void set_up(void)
{
    err = (struct asap_error){ 0 };
    postgres_make_database(url);
    ck_assert_succeeds(store_open(url, true, &quiet, &store, &err));
    ck_assert_int_eq(sem_init(&told, 0, 0), 0);
    ck_assert_succeeds(store_watch(url, tell, &told, &watch, &err));
    await_word(); /* of what happened before */
}

static void tear_down(void)
{
    store_unwatch(watch);
    store_close(store);
    ck_assert_int_eq(sem_destroy(&told), 0);
}

typedef enum asap_code recorder(struct txn *txn, int64_t now, struct asap_error *problem);

static void record(recorder *change)
{
    SCOPED(txn) struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, store, &err));
    ck_assert_succeeds(change(&txn, 1, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
}

static recorder *const changes[] = { store_record_change, store_record_access_change };

START_TEST(a_change_through_another_process_is_told)
{
    record(changes[_i]);
    await_word();
    record(changes[_i]);
    await_word();
}
END_TEST

START_TEST(what_was_missed_without_a_connection_is_made_up_for)
{
    (void)postgres_run(url, "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity"
                            " WHERE datname = current_database() AND query LIKE 'LISTEN%'");
    await_word();
    record(store_record_change);
    await_word();
}
END_TEST

/* What a session that listens hears, up to "end". */
static int count_notifications(PGconn *link)
{
    int count = 0;

    for (;;) {
        struct pollfd socket = { .fd = PQsocket(link), .events = POLLIN };
        PGnotify *next = PQnotifies(link);

        if (next == NULL) {
            ck_assert_int_eq(poll(&socket, 1, PATIENCE_SECONDS * 1000), 1);
            ck_assert_int_eq(PQconsumeInput(link), 1);
        } else if (strcmp(next->extra, "end") == 0) {
            PQfreemem(next);
            return count;
        } else {
            PQfreemem(next);
            count++;
        }
    }
}

START_TEST(a_token_is_no_change)
{
    PGconn *link = PQconnectdb(url);

    PQclear(PQexec(link, "LISTEN asapd"));
    record(store_record_time);
    record(store_record_change);
    record(store_record_time);
    (void)postgres_run(url, "NOTIFY asapd, 'end'");
    ck_assert_int_eq(count_notifications(link), 1);
    PQfinish(link);
}
END_TEST

START_TEST(a_database_of_one_process_has_nothing_to_tell)
{
    struct sql_watch *none = watch;

    ck_assert_succeeds(store_watch("sqlite::memory:", tell, &told, &none, &err));
    ck_assert_ptr_null(none);
    store_unwatch(none);
}
END_TEST

START_TEST(a_watch_of_a_server_that_is_away_ends_when_it_is_told_to)
{
    struct sql_watch *idle = NULL;

    ck_assert_succeeds(
        store_watch("postgresql://asapd@/none?host=/nonexistent", tell, &told, &idle, &err));
    store_unwatch(idle);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store watch");
    TCase *tests = tcase_create("watches");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_change_through_another_process_is_told, 0, COUNT(changes));
    tcase_add_test(tests, what_was_missed_without_a_connection_is_made_up_for);
    tcase_add_test(tests, a_token_is_no_change);
    tcase_add_test(tests, a_database_of_one_process_has_nothing_to_tell);
    tcase_add_test(tests, a_watch_of_a_server_that_is_away_ends_when_it_is_told_to);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
