/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* setgroups() */

#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_main.h"
#include "scoped.h"
#include "store_server.h"

/* SQLite's file: whose it is, who may read it, and what is left of it after a crash. */

#define NOW INT64_C(1795440000)

enum { NOBODY = 65534 };

static struct fixture {
    char folder[64];
    char path[80];
    char url[96];
    struct log log;
} fixture;

static void set_up(void)
{
    fixture = (struct fixture){ .folder = "/tmp/asapXXXXXX",
                                .log = { .stream = stderr, .level = LOG_ERROR } };
    ck_assert_ptr_nonnull(mkdtemp(fixture.folder));
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/asapd.db", fixture.folder);
    (void)snprintf(fixture.url, sizeof fixture.url, "sqlite:%s", fixture.path);
}

static void tear_down(void)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", ".other" };
    char path[128];

    ck_assert_int_eq(chmod(fixture.folder, 0700), 0);
    for (int i = 0; i < COUNT(suffixes); i++) {
        (void)snprintf(path, sizeof path, "%s%s", fixture.path, suffixes[i]);
        (void)unlink(path);
        (void)rmdir(path);
    }
    ck_assert_int_eq(rmdir(fixture.folder), 0);
}

static struct store *open_store(bool create)
{
    struct store *store = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_open(fixture.url, create, &fixture.log, &store, &err));
    return store;
}

static void make_database(void)
{
    store_close(open_store(true));
}

/* As another program would. */
static void run_sql(const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(fixture.path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    ck_assert_int_eq(chmod(fixture.path, 0600), 0);
}

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(fixture.path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(fixture.path, 0600), 0);
}

static void assert_refused(enum asap_code code, const char *what, const char *remedy)
{
    struct store *store = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(store_open(fixture.url, true, &fixture.log, &store, &err), code);
    ck_assert_ptr_null(store);
    ck_assert_msg(strstr(err.message, what) != NULL, "%s", err.message);
    ck_assert_msg(strstr(err.message, remedy) != NULL, "%s", err.message);
    ck_assert_ptr_null(strchr(err.message, '\n'));
}

static int64_t generation(struct store *store)
{
    struct server_row server;
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, store, &err));
    ck_assert_succeeds(store_get_server(&txn, &server, &err));
    txn_rollback(&txn);
    return server.generation;
}

static void change(struct store *store)
{
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, store, &err));
    ck_assert_succeeds(store_record_change(&txn, NOW, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
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

START_TEST(a_missing_database_is_made_only_on_request)
{
    struct store *store = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(store_open(fixture.url, false, &fixture.log, &store, &err), ASAP_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, fixture.path));
    ck_assert_ptr_nonnull(strstr(err.message, "asapd init"));
    ck_assert_int_ne(access(fixture.path, F_OK), 0);
}
END_TEST

static const char *const bad_urls[] = { "", "sqlite", "sqlite:", "postgres:x", "/tmp/asapd.db" };

START_TEST(a_url_of_no_known_kind_is_refused)
{
    struct store *store = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(store_open(bad_urls[_i], true, &fixture.log, &store, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "database");
    ck_assert_ptr_nonnull(strstr(err.message, "sqlite:PATH"));
}
END_TEST

static const mode_t umasks[] = { 0, 022, 0777 };

START_TEST(the_files_are_for_their_owner_alone_whatever_the_umask)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    const mode_t before = umask(umasks[_i]);
    struct store *store = open_store(true);

    (void)umask(before);
    for (int i = 0; i < COUNT(suffixes); i++) {
        char path[128];
        struct stat status;

        (void)snprintf(path, sizeof path, "%s%s", fixture.path, suffixes[i]);
        ck_assert_msg(stat(path, &status) == 0, "no %s", path);
        ck_assert_uint_eq(status.st_mode & 0777, 0600);
    }
    store_close(store);
}
END_TEST

static const mode_t open_modes[] = { 0640, 0604, 0620, 0602, 0644, 0666 };

START_TEST(a_database_that_others_can_read_or_write_is_refused)
{
    make_database();
    ck_assert_int_eq(chmod(fixture.path, open_modes[_i]), 0);
    assert_refused(ASAP_FAILED_PRECONDITION, "others can", "chmod 600");
    ck_assert_int_eq(chmod(fixture.path, 0600), 0);
    store_close(open_store(false));
}
END_TEST

START_TEST(a_link_to_a_database_is_refused)
{
    char other[128];

    make_database();
    (void)snprintf(other, sizeof other, "%s.other", fixture.path);
    ck_assert_int_eq(rename(fixture.path, other), 0);
    ck_assert_int_eq(symlink(other, fixture.path), 0);
    assert_refused(ASAP_FAILED_PRECONDITION, "not a regular file", "name the file");
}
END_TEST

START_TEST(a_folder_is_no_database)
{
    ck_assert_int_eq(mkdir(fixture.path, 0700), 0);
    assert_refused(ASAP_FAILED_PRECONDITION, "not a regular file", "name the file");
}
END_TEST

/* A database of another user; only root can make one. */
START_TEST(a_database_of_another_user_is_refused)
{
    if (geteuid() != 0)
        return;
    make_database();
    ck_assert_int_eq(chown(fixture.path, NOBODY, NOBODY), 0);
    assert_refused(ASAP_FAILED_PRECONDITION, "belongs to user 65534", "as its owner");
}
END_TEST

/* Calls `check` as a user that permissions bind, in a process of its own if we are root. */
static void as_nobody(void (*check)(void))
{
    int status = 0;
    pid_t child = 0;

    if (geteuid() != 0) {
        check();
        return;
    }
    child = fork();
    if (child == 0) {
        if (setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0)
            check();
        _exit(0);
    }
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "refused otherwise");
}

static void give_to_nobody(const char *path)
{
    if (geteuid() == 0)
        ck_assert_int_eq(chown(path, NOBODY, NOBODY), 0);
}

static void expect_refusal(const char *remedy)
{
    struct store *store = NULL;
    struct asap_error err = { 0 };
    const enum asap_code code = store_open(fixture.url, true, &fixture.log, &store, &err);

    if (code != ASAP_UNAVAILABLE || strstr(err.message, remedy) == NULL) {
        (void)fprintf(stderr, "%d: %s\n", (int)code, err.message);
        _exit(1);
    }
}

static void expect_no_access(void)
{
    expect_refusal("must own the file and its directory");
}

static void expect_no_directory(void)
{
    expect_refusal("must be able to write to its directory");
}

START_TEST(a_database_that_cannot_be_read_says_who_must_own_it)
{
    make_database();
    ck_assert_int_eq(chmod(fixture.path, 0), 0);
    give_to_nobody(fixture.path);
    give_to_nobody(fixture.folder);
    as_nobody(expect_no_access);
}
END_TEST

START_TEST(a_database_that_cannot_be_written_says_who_must_own_it)
{
    make_database();
    ck_assert_int_eq(chmod(fixture.path, 0400), 0);
    ck_assert_int_eq(chmod(fixture.folder, 0500), 0);
    give_to_nobody(fixture.path);
    give_to_nobody(fixture.folder);
    as_nobody(expect_no_access);
}
END_TEST

START_TEST(a_new_database_in_a_read_only_directory_is_refused)
{
    ck_assert_int_eq(chmod(fixture.folder, 0500), 0);
    give_to_nobody(fixture.folder);
    as_nobody(expect_no_directory);
}
END_TEST

static void write_newest_version(void)
{
    const struct migration *last = sqlite_migrations;
    char text[64];

    while (last[1].version != 0)
        last++;
    (void)snprintf(text, sizeof text, "PRAGMA user_version = %d", last->version);
    run_sql(text);
}

START_TEST(a_database_of_a_newer_asapd_is_refused_and_left_alone)
{
    make_database();
    run_sql("PRAGMA user_version = 9999");
    assert_refused(ASAP_FAILED_PRECONDITION, "newer asapd (schema 9999", "run that version");
    write_newest_version();
    store_close(open_store(false));
}
END_TEST

static const char *const foreign[] = {
    "PRAGMA application_id = 12345",
    "PRAGMA application_id = 12345; CREATE TABLE theirs (a)",
    "CREATE TABLE theirs (a)",
    "PRAGMA user_version = 3",
};

static size_t read_file(char *out, size_t size)
{
    FILE *file = fopen(fixture.path, "r");
    size_t length = 0;

    ck_assert_ptr_nonnull(file);
    length = fread(out, 1, size, file);
    ck_assert_int_eq(fclose(file), 0);
    return length;
}

START_TEST(a_database_of_another_program_is_refused_and_left_alone)
{
    static char before[65536];
    static char after[65536];
    size_t length = 0;

    run_sql(foreign[_i]);
    length = read_file(before, sizeof before);
    assert_refused(ASAP_FAILED_PRECONDITION, "not a database of asapd", "name another file");
    ck_assert_uint_eq(read_file(after, sizeof after), length);
    ck_assert_mem_eq(before, after, length);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_refused_and_left_alone)
{
    static const char text[] = "my diary, which is longer than the header of a database is: one "
                               "hundred bytes are what SQLite looks at first";
    char after[256];

    write_file(text, sizeof text);
    assert_refused(ASAP_FAILED_PRECONDITION, "not a database of asapd", "name another file");
    ck_assert_uint_eq(read_file(after, sizeof after), sizeof text);
    ck_assert_mem_eq(after, text, sizeof text);
}
END_TEST

START_TEST(an_empty_file_becomes_a_database)
{
    write_file("", 0);
    store_close(open_store(false));
}
END_TEST

START_TEST(a_database_damaged_while_it_is_open_is_noticed)
{
    static const char *const suffixes[] = { "", "-wal" };
    struct store *store = open_store(true);
    struct server_row server;
    struct asap_error err = { 0 };
    enum asap_code code = ASAP_OK;

    change(store);
    for (int i = 0; i < COUNT(suffixes); i++) {
        char path[128];
        struct stat status;

        (void)snprintf(path, sizeof path, "%s%s", fixture.path, suffixes[i]);
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_int_eq(truncate(path, 0), 0);
        ck_assert_int_eq(truncate(path, status.st_size), 0);
    }
    {
        SCOPED(txn) struct txn txn = { 0 };

        code = txn_begin(&txn, store, &err);
        if (code == ASAP_OK)
            code = store_get_server(&txn, &server, &err);
    }
    ck_assert_int_eq(code, ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "restore it from a backup"));
    store_close(store);
}
END_TEST

START_TEST(a_statement_that_no_longer_fits_the_schema_is_a_failure_not_a_crash)
{
    struct store *store = open_store(true);
    struct server_row server;
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    run_sql("ALTER TABLE server RENAME TO gone");
    ck_assert_succeeds(txn_begin(&txn, store, &err));
    ck_assert_int_eq(store_get_server(&txn, &server, &err), ASAP_UNAVAILABLE);
    txn_rollback(&txn);
    run_sql("ALTER TABLE gone RENAME TO server");
    ck_assert_int_eq(generation(store), 0);
    store_close(store);
}
END_TEST

static void put_number(struct store *store, int64_t number)
{
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, store, &err));
    ck_assert_succeeds(store_put_value(&txn, "number", &number, sizeof number, &err));
    ck_assert_succeeds(store_record_change(&txn, NOW, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
}

/* Tells after each commit, until it is killed. */
_Noreturn static void write_for_ever(int told)
{
    struct store *store = open_store(false);

    for (int64_t number = generation(store) + 1;; number++) {
        put_number(store, number);
        if (write(told, "", 1) != 1)
            _exit(1);
    }
}

/* Kills a writer after some commits and says how many it told of. */
static int64_t kill_writer(int commits)
{
    int ends[2];
    pid_t child = 0;
    int64_t told = 0;
    char byte = 0;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    if (child == 0)
        write_for_ever(ends[1]);
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(close(ends[1]), 0);
    while (told < commits && read(ends[0], &byte, 1) == 1)
        told++;
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    while (read(ends[0], &byte, 1) == 1)
        told++;
    ck_assert_int_eq(close(ends[0]), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    return told;
}

/* The number and the generation are written by one transaction: they agree, always. */
static int64_t whole_generation(void)
{
    struct store *store = open_store(false);
    const int64_t found = generation(store);
    struct asap_error err = { 0 };
    struct txn txn = { 0 };
    void *number = NULL;
    size_t length = 0;

    ck_assert_succeeds(txn_begin(&txn, store, &err));
    ck_assert_succeeds(store_get_value(&txn, "number", &number, &length, &err));
    ck_assert_uint_eq(length, sizeof found);
    ck_assert_mem_eq(number, &found, sizeof found);
    free(number);
    txn_rollback(&txn);
    store_close(store);
    return found;
}

START_TEST(a_killed_writer_leaves_whole_transactions_and_loses_none_it_told_of)
{
    int64_t before = 0;

    make_database();
    for (int round = 0; round < 20; round++) {
        const int64_t told = kill_writer(1 + round % 7);
        const int64_t after = whole_generation();

        ck_assert_int_ge(after, before + told);
        ck_assert_int_le(after, before + told + 1);
        before = after;
    }
}
END_TEST

static int read_integer(struct sql_connection *connection, const char *pragma)
{
    struct asap_error err = { 0 };
    int value = 0;

    ck_assert_succeeds(sqlite_get_integer((struct sqlite *)connection, pragma, &value, &err));
    return value;
}

static const struct {
    const char *pragma;
    int value;
} settings[] = {
    { "PRAGMA synchronous", 2 },
    { "PRAGMA foreign_keys", 1 },
    { "PRAGMA trusted_schema", 0 },
    { "PRAGMA secure_delete", 1 },
    { "PRAGMA cell_size_check", 1 },
    { "PRAGMA busy_timeout", 5000 },
    { "PRAGMA mmap_size", 0 },
    { "PRAGMA application_id", 0x41534150 },
    { "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1 },
};

START_TEST(the_database_is_opened_with_the_settings_of_a_careful_user)
{
    struct sql_connection *connection = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(sqlite_driver.open(fixture.path, true, &fixture.log, &connection, &err));
    ck_assert_msg(read_integer(connection, settings[_i].pragma) == settings[_i].value, "%s",
                  settings[_i].pragma);
    sqlite_close(connection);
}
END_TEST

static TCase *opening(void)
{
    TCase *tests = tcase_create("opening");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_was_committed_is_there_after_reopening);
    tcase_add_test(tests, a_missing_database_is_made_only_on_request);
    tcase_add_loop_test(tests, a_url_of_no_known_kind_is_refused, 0, COUNT(bad_urls));
    tcase_add_test(tests, a_database_of_a_newer_asapd_is_refused_and_left_alone);
    tcase_add_loop_test(tests, a_database_of_another_program_is_refused_and_left_alone, 0,
                        COUNT(foreign));
    tcase_add_test(tests, a_file_that_is_no_database_is_refused_and_left_alone);
    tcase_add_test(tests, an_empty_file_becomes_a_database);
    tcase_add_loop_test(tests, the_database_is_opened_with_the_settings_of_a_careful_user, 0,
                        COUNT(settings));
    return tests;
}

static TCase *permissions(void)
{
    TCase *tests = tcase_create("permissions");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, the_files_are_for_their_owner_alone_whatever_the_umask, 0,
                        COUNT(umasks));
    tcase_add_loop_test(tests, a_database_that_others_can_read_or_write_is_refused, 0,
                        COUNT(open_modes));
    tcase_add_test(tests, a_link_to_a_database_is_refused);
    tcase_add_test(tests, a_folder_is_no_database);
    tcase_add_test(tests, a_database_of_another_user_is_refused);
    tcase_add_test(tests, a_database_that_cannot_be_read_says_who_must_own_it);
    tcase_add_test(tests, a_database_that_cannot_be_written_says_who_must_own_it);
    tcase_add_test(tests, a_new_database_in_a_read_only_directory_is_refused);
    return tests;
}

static TCase *damage(void)
{
    TCase *tests = tcase_create("damage");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_database_damaged_while_it_is_open_is_noticed);
    tcase_add_test(tests, a_statement_that_no_longer_fits_the_schema_is_a_failure_not_a_crash);
    tcase_add_test(tests, a_killed_writer_leaves_whole_transactions_and_loses_none_it_told_of);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("sqlite");

    suite_add_tcase(suite, opening());
    suite_add_tcase(suite, permissions());
    suite_add_tcase(suite, damage());
    return check_main(suite);
}
