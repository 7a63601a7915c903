/* SPDX-License-Identifier: Apache-2.0 */
#include "postgres.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_fixture.h"
#include "store_server.h"
#include "transaction.h"

/* PostgreSQL's database: which ones are taken, and what the messages tell. */

#define NOW INT64_C(1795440000)
#define SECRET "s3cret"

DEFINE_SCOPED(store, struct store *, store_close)

static const struct log quiet = { .level = LOG_ERROR };
static char url[POSTGRES_URL_SIZE];

static void set_up(void)
{
    postgres_make_database(url);
}

static struct store *open_store(bool create)
{
    struct store *store = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_open(url, create, &quiet, &store, &err));
    return store;
}

static void run(const char *sql)
{
    (void)postgres_run(url, sql);
}

static void assert_refused(bool create, enum asap_code code, const char *what, const char *remedy)
{
    struct store *store = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(store_open(url, create, &quiet, &store, &err), code);
    ck_assert_ptr_null(store);
    ck_assert_msg(strstr(err.message, what) != NULL, "%s", err.message);
    ck_assert_msg(strstr(err.message, remedy) != NULL, "%s", err.message);
    ck_assert_ptr_null(strchr(err.message, '\n'));
}

static void change(struct store *store)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, store, &err));
    ck_assert_succeeds(store_record_change(&txn, NOW, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
}

static int64_t generation(struct store *store)
{
    struct server_row server;
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_read_server(store, &server, &err));
    return server.generation;
}

START_TEST(what_was_committed_is_there_after_reopening)
{
    struct store *store = open_store(true);

    change(store);
    store_close(store);
    store = open_store(false);
    ck_assert_int_eq(generation(store), 1);
    store_close(store);
}
END_TEST

START_TEST(tables_are_made_only_on_request)
{
    assert_refused(false, ASAP_NOT_FOUND, "has no tables of asapd", "asapd init");
    ck_assert_str_eq(postgres_run(url, "SELECT count(*) FROM pg_tables"
                                       " WHERE schemaname = 'public'"),
                     "0");
}
END_TEST

/* None is reached, and no message has what nobody may read. */
static const char *const unreachable[] = {
    "postgresql://me:" SECRET "@/x?host=/nonexistent",
    "postgresql://me:" SECRET "@127.0.0.1:1/x?connect_timeout=1",
    "postgresql://me@/x?host=/nonexistent&password=" SECRET "&sslpassword=" SECRET,
    "postgres://me:" SECRET "%zz@127.0.0.1:1/x",
    "postgres://me:" SECRET "@[127.0.0.1:1/x",
    "postgres://me:" SECRET "@127.0.0.1:" SECRET "/x",
    "postgres://me:1/" SECRET "@127.0.0.1:1/x",
    "postgres://me:/" SECRET "@127.0.0.1:1/x",
    "postgres://me:a@" SECRET "@127.0.0.1:1/x",
    "postgres://127.0.0.1:1/x?" SECRET "=1",
    "postgres://127.0.0.1:1/x?password=" SECRET "%zz",
    "postgres://127.0.0.1:1/x?password=" SECRET "=",
};

START_TEST(no_message_has_a_secret_of_the_url)
{
    struct store *store = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_ne(store_open(unreachable[_i], true, &quiet, &store, &err), ASAP_OK);
    ck_assert_msg(strstr(err.message, SECRET) == NULL, "%s", err.message);
    ck_assert_ptr_null(strchr(err.message, '\n'));
}
END_TEST

START_TEST(an_unreachable_server_is_named)
{
    struct store *store = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(
        store_open("postgresql://me:" SECRET "@127.0.0.1:1/keys", true, &quiet, &store, &err),
        ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "postgresql://me@127.0.0.1:1/keys"));
    ck_assert_ptr_nonnull(strstr(err.message, "refused"));
}
END_TEST

static const struct {
    const char *url;
    enum asap_code code;
} checked[] = {
    { "sqlite:x", ASAP_OK },
    { "postgresql://h/x?sslmode=verify-full&sslrootcert=/ca.pem", ASAP_OK },
    { "postgres://me@one,two/x?target_session_attrs=any", ASAP_OK },
    { "postgresql://", ASAP_INVALID_ARGUMENT },
    { "postgresql:x", ASAP_INVALID_ARGUMENT },
    { "postgresql://h/x?ssl=what", ASAP_INVALID_ARGUMENT },
    { "mysql://h/x", ASAP_INVALID_ARGUMENT },
};

START_TEST(a_url_is_checked_without_a_server)
{
    struct asap_error err = { 0 };

    ck_assert_msg(store_check_url(checked[_i].url, &err) == checked[_i].code, "%s",
                  checked[_i].url);
    if (checked[_i].code != ASAP_OK)
        ck_assert_str_eq(err.field, "database");
}
END_TEST

/* With what makes a database unfit; %s is its name. */
static const struct {
    const char *sql, *what, *remedy;
} unfit[] = {
    { "ALTER DATABASE %s SET synchronous_commit = off", "synchronous_commit is off",
      "SET synchronous_commit = on" },
    { "ALTER DATABASE %s SET synchronous_commit = local", "synchronous_commit is local",
      "SET synchronous_commit = on" },
    { "ALTER DATABASE %s SET synchronous_commit = remote_write",
      "synchronous_commit is remote_write", "SET synchronous_commit = on" },
    { "ALTER DATABASE %s SET search_path = nowhere", "no schema for asapd's tables",
      "CREATE SCHEMA" },
    { "CREATE TABLE theirs (a int)", "tables of another program", "of its own" },
    { "CREATE TABLE asapd_schema (a int)", "tables of another program", "of its own" },
    { "CREATE VIEW theirs AS SELECT 1", "tables of another program", "of its own" },
};

START_TEST(a_database_that_is_unfit_is_refused_and_left_alone)
{
    char sql[160];

    (void)snprintf(sql, sizeof sql, "DO $$ BEGIN EXECUTE format('%s', current_database()); END $$",
                   unfit[_i].sql);
    run(sql);
    assert_refused(true, ASAP_FAILED_PRECONDITION, unfit[_i].what, unfit[_i].remedy);
    ck_assert_str_eq(postgres_run(url, "SELECT count(*) FROM pg_class WHERE relname = 'server'"),
                     "0");
}
END_TEST

START_TEST(a_database_with_remote_apply_is_taken)
{
    run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %s SET synchronous_commit = remote_apply',"
        " current_database()); END $$");
    store_close(open_store(true));
}
END_TEST

START_TEST(a_database_of_another_encoding_is_refused)
{
    (void)postgres_run(postgres_server(), "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C'"
                                          " LC_CTYPE 'C' TEMPLATE template0");
    postgres_url("latin", url);
    assert_refused(true, ASAP_FAILED_PRECONDITION, "its encoding is LATIN1", "ENCODING 'UTF8'");
}
END_TEST

/* Of the whole server: set for this test alone. New sessions see it some time after the reload. */
static void set_of_server(const char *name, const char *value)
{
    char sql[96];

    (void)snprintf(sql, sizeof sql, "ALTER SYSTEM SET %s = %s", name, value);
    (void)postgres_run(postgres_server(), sql);
    (void)postgres_run(postgres_server(), "SELECT pg_reload_conf()");
    (void)snprintf(sql, sizeof sql, "SHOW %s", name);
    while (strcmp(postgres_run(postgres_server(), sql), value) != 0)
        (void)sched_yield();
}

static const char *const safeguards[] = { "fsync", "full_page_writes" };

START_TEST(a_server_that_may_lose_what_it_has_is_refused)
{
    char what[64];

    (void)snprintf(what, sizeof what, "%s is off", safeguards[_i]);
    set_of_server(safeguards[_i], "off");
    assert_refused(true, ASAP_FAILED_PRECONDITION, what, "set it in postgresql.conf");
    set_of_server(safeguards[_i], "on");
    store_close(open_store(true));
}
END_TEST

static enum asap_code read_text(void *context,
                                const struct sql_value *columns,
                                struct asap_error *err)
{
    (void)err;
    (void)snprintf(context, 64, "%.*s", (int)columns[0].length, (const char *)columns[0].bytes);
    return ASAP_OK;
}

static void assert_setting(struct txn *txn, const char *query_text, const char *wanted)
{
    char value[64] = "";
    const struct sql_query query = { query_text, NULL, 0, read_text, value };
    struct asap_error err = { 0 };

    ck_assert_succeeds(transaction_query(txn, &query, &err));
    ck_assert_str_eq(value, wanted);
}

START_TEST(an_open_session_commits_durably_whatever_the_server_is_set_to)
{
    SCOPED(store) struct store *store = open_store(true);
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    set_of_server("synchronous_commit", "off");
    ck_assert_succeeds(txn_begin(&txn, store, &err));
    assert_setting(&txn, "SELECT current_setting('synchronous_commit')", "on");
    set_of_server("synchronous_commit", "on");
}
END_TEST

START_TEST(a_session_has_bounds_on_all_that_it_waits_for)
{
    SCOPED(store) struct store *store = open_store(true);
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, store, &err));
    assert_setting(&txn, "SELECT current_setting('lock_timeout')", "6s");
    assert_setting(&txn, "SELECT current_setting('statement_timeout')", "8s");
    assert_setting(&txn, "SELECT current_setting('idle_in_transaction_session_timeout')", "4s");
}
END_TEST

START_TEST(a_database_of_a_newer_asapd_is_refused_and_left_alone)
{
    store_close(open_store(true));
    run("UPDATE asapd_schema SET version = 9999");
    assert_refused(false, ASAP_FAILED_PRECONDITION, "newer asapd (schema 9999", "run that version");
    ck_assert_str_eq(postgres_run(url, "SELECT version FROM asapd_schema"), "9999");
}
END_TEST

START_TEST(a_schema_of_ones_own_is_used_whatever_is_in_others)
{
    const size_t length = strlen(url);

    run("CREATE TABLE server (theirs int); CREATE SCHEMA \"Our keys\"");
    (void)snprintf(url + length, sizeof url - length,
                   "&options=-csearch_path%%3D%%22Our%%5C%%20keys%%22%%2Cpublic");
    store_close(open_store(true));
    {
        SCOPED(store) struct store *store = open_store(false);

        change(store);
        ck_assert_int_eq(generation(store), 1);
    }
    ck_assert_str_eq(postgres_run(url, "SELECT count(*) FROM pg_tables"
                                       " WHERE schemaname = 'public'"),
                     "1");
}
END_TEST

enum { NODES = 4, ROUNDS = 50 };

struct node {
    struct log log;
    char *logged;
    size_t length;
    enum asap_code code;
    int failures;
    struct asap_error error;
    struct store *store;
};

static void *start_node(void *context)
{
    struct node *node = context;

    node->code = store_open(url, true, &node->log, &node->store, &node->error);
    return NULL;
}

/* Reads and writes in one transaction, so that a change would be lost if another came between. */
static void *record_changes(void *context)
{
    struct node *node = context;

    for (int i = 0; i < ROUNDS; i++) {
        SCOPED(txn) struct txn txn = { 0 };
        struct server_row before;
        struct server_row after;

        if (txn_begin(&txn, node->store, NULL) != ASAP_OK
            || store_get_server(&txn, &before, NULL) != ASAP_OK
            || store_record_change(&txn, NOW, NULL) != ASAP_OK
            || store_get_server(&txn, &after, NULL) != ASAP_OK
            || after.generation != before.generation + 1 || txn_commit(&txn, NULL) != ASAP_OK)
            node->failures++;
    }
    return NULL;
}

static void run_all(struct node *nodes, void *(*work)(void *))
{
    pthread_t threads[NODES];

    for (int i = 0; i < NODES; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &nodes[i]), 0);
    for (int i = 0; i < NODES; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

/* How often a migration was logged, by all. */
static int count_applied(const struct node *nodes, const char *migration)
{
    int count = 0;

    for (int i = 0; i < NODES; i++) {
        (void)fflush(nodes[i].log.stream);
        if (strstr(nodes[i].logged, migration) != NULL)
            count++;
    }
    return count;
}

START_TEST(nodes_that_start_at_once_migrate_once_and_then_take_turns)
{
    struct node nodes[NODES] = { { .failures = 0 } };

    for (int i = 0; i < NODES; i++) {
        nodes[i].log = (struct log){ .stream = open_memstream(&nodes[i].logged, &nodes[i].length),
                                     .level = LOG_INFO };
        ck_assert_ptr_nonnull(nodes[i].log.stream);
    }
    run_all(nodes, start_node);
    for (int i = 0; i < NODES; i++)
        ck_assert_msg(nodes[i].code == ASAP_OK, "%s", nodes[i].error.message);
    for (const struct migration *one = postgres_migrations; one->version != 0; one++)
        ck_assert_int_eq(count_applied(nodes, one->name), 1);
    run_all(nodes, record_changes);
    for (int i = 0; i < NODES; i++)
        ck_assert_int_eq(nodes[i].failures, 0);
    ck_assert_int_eq(generation(nodes[0].store), (int64_t)NODES * ROUNDS);
    for (int i = 0; i < NODES; i++) {
        store_close(nodes[i].store);
        ck_assert_int_eq(fclose(nodes[i].log.stream), 0);
        free(nodes[i].logged);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("postgres");
    TCase *tests = tcase_create("databases");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, what_was_committed_is_there_after_reopening);
    tcase_add_test(tests, tables_are_made_only_on_request);
    tcase_add_loop_test(tests, no_message_has_a_secret_of_the_url, 0, COUNT(unreachable));
    tcase_add_test(tests, an_unreachable_server_is_named);
    tcase_add_loop_test(tests, a_url_is_checked_without_a_server, 0, COUNT(checked));
    tcase_add_loop_test(tests, a_database_that_is_unfit_is_refused_and_left_alone, 0, COUNT(unfit));
    tcase_add_test(tests, a_database_with_remote_apply_is_taken);
    tcase_add_test(tests, a_database_of_another_encoding_is_refused);
    tcase_add_loop_test(tests, a_server_that_may_lose_what_it_has_is_refused, 0, COUNT(safeguards));
    tcase_add_test(tests, an_open_session_commits_durably_whatever_the_server_is_set_to);
    tcase_add_test(tests, a_session_has_bounds_on_all_that_it_waits_for);
    tcase_add_test(tests, a_database_of_a_newer_asapd_is_refused_and_left_alone);
    tcase_add_test(tests, a_schema_of_ones_own_is_used_whatever_is_in_others);
    tcase_add_test(tests, nodes_that_start_at_once_migrate_once_and_then_take_turns);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
