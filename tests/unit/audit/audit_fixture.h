/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_AUDIT_FIXTURE_H
#define ASAP_TESTS_AUDIT_FIXTURE_H

#include "audit.h"

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "scratch.h"
#include "store_server.h"

/* An audit log over a real store, whose file the tests alter behind its back. */

#define NOW INT64_C(1795440000)
#define SKEW INT64_C(30)

/* One test has one. */
static struct fixture {
    struct scratch scratch;
    char path[128];
    char *logged;
    size_t logged_length;
    struct log log;
    struct store *store;
    struct secret key;
    struct audit *audit;
    sem_t done; /* once for each entry */
} fixture;

static inline void open_audit(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(
        audit_open(fixture.store, &fixture.key, SKEW, &fixture.log, &fixture.audit, &err));
}

static inline void set_up(void)
{
    struct asap_error err = { 0 };
    char url[160];

    fixture = (struct fixture){ .log = { .level = LOG_WARNING } };
    scratch_make(&fixture.scratch);
    (void)scratch_file(&fixture.scratch, "asapd.db", fixture.path, sizeof fixture.path);
    (void)snprintf(url, sizeof url, "sqlite:%s", fixture.path);
    fixture.log.stream = open_memstream(&fixture.logged, &fixture.logged_length);
    ck_assert_ptr_nonnull(fixture.log.stream);
    ck_assert_succeeds(store_open(url, true, &fixture.log, &fixture.store, &err));
    ck_assert_succeeds(secret_init(&fixture.key, 32, &err));
    memset(fixture.key.bytes, 7, fixture.key.length);
    ck_assert_int_eq(sem_init(&fixture.done, 0, 0), 0);
    open_audit();
}

/* After this, fixture.logged is whole. */
static inline void close_audit(void)
{
    audit_close(fixture.audit);
    fixture.audit = NULL;
}

static inline void tear_down(void)
{
    close_audit();
    secret_clear(&fixture.key);
    store_close(fixture.store);
    ck_assert_int_eq(sem_destroy(&fixture.done), 0);
    ck_assert_int_eq(fclose(fixture.log.stream), 0);
    free(fixture.logged);
    scratch_remove(&fixture.scratch);
}

static inline int count_logged(const char *text)
{
    int count = 0;

    for (const char *at = strstr(fixture.logged, text); at != NULL; at = strstr(at + 1, text))
        count++;
    return count;
}

/* Behind the store's back. */
static inline void run_sql(const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(fixture.path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static inline void begin(struct txn *txn)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(txn_begin(txn, fixture.store, &err));
}

static inline void commit(struct txn *txn)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(txn_commit(txn, &err));
}

/* In one transaction, with the times NOW + first to NOW + last. */
static inline void append_events_between(int64_t first, int64_t last)
{
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    begin(&txn);
    for (int64_t i = first; i <= last; i++) {
        struct audit_row event = {
            .create_time = NOW + i, .caller = "ci", .proof_kind = 3, .result = "ok"
        };

        ck_assert_succeeds(audit_append(fixture.audit, &txn, &event, &err));
    }
    commit(&txn);
}

static inline void append_events(int64_t count)
{
    append_events_between(1, count);
}

static inline struct audit_head_row get_head_row(void)
{
    struct audit_head_row row;
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    begin(&txn);
    ck_assert_succeeds(store_get_audit_head(&txn, &row, &err));
    txn_rollback(&txn);
    return row;
}

static inline struct audit_row get_event(int64_t sequence)
{
    const struct audit_filter filter = { .caller = "",
                                         .issuer = "",
                                         .after_sequence = sequence - 1 };
    struct audit_row row;
    struct asap_error err = { 0 };
    struct txn txn = { 0 };
    size_t count = 0;

    begin(&txn);
    ck_assert_succeeds(store_list_audit_events(&txn, &filter, &row, 1, &count, &err));
    txn_rollback(&txn);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(row.sequence, sequence);
    return row;
}

static inline struct audit_finding verify(const char *head)
{
    struct audit_finding finding;
    struct asap_error err = { 0 };

    ck_assert_succeeds(audit_verify(fixture.audit, head, &finding, &err));
    return finding;
}

static inline void assert_intact(int64_t count)
{
    const struct audit_finding finding = verify("");

    ck_assert_msg(finding.is_intact, "%s", finding.problem);
    ck_assert_str_eq(finding.problem, "");
    ck_assert_int_eq(finding.broken_sequence, 0);
    ck_assert_int_eq(finding.event_count, count);
}

#endif
