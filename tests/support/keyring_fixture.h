/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_KEYRING_FIXTURE_H
#define ASAP_TESTS_KEYRING_FIXTURE_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "keyring.h"
#include "scoped.h"
#include "store_server.h"
#include "test_keys.h"

/* The keyring over a real store, whose file the tests damage behind its back. */

#define NOW INT64_C(1795440000)

struct fixture {
    char folder[64];
    char path[80];
    char *logged;
    size_t logged_length;
    struct log log;
    struct store *store;
    struct keyring *keyring;
};

/* One test has one. */
static struct fixture fixture;

static inline void set_up(void)
{
    struct asap_error err = { 0 };
    char url[96];

    fixture = (struct fixture){ .folder = "/tmp/asapXXXXXX" };
    ck_assert_ptr_nonnull(mkdtemp(fixture.folder));
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/asapd.db", fixture.folder);
    (void)snprintf(url, sizeof url, "sqlite:%s", fixture.path);
    fixture.log.level = LOG_ERROR;
    fixture.log.stream = open_memstream(&fixture.logged, &fixture.logged_length);
    ck_assert_ptr_nonnull(fixture.log.stream);
    ck_assert_succeeds(store_open(url, true, &fixture.log, &fixture.store, &err));
    ck_assert_succeeds(keyring_new(&fixture.log, &fixture.keyring, &err));
}

static inline void remove_file(const char *suffix)
{
    char path[96];

    (void)snprintf(path, sizeof path, "%s%s", fixture.path, suffix);
    (void)unlink(path);
}

static inline void tear_down(void)
{
    keyring_free(fixture.keyring);
    store_close(fixture.store);
    ck_assert_int_eq(fclose(fixture.log.stream), 0);
    free(fixture.logged);
    remove_file("");
    remove_file("-wal");
    remove_file("-shm");
    ck_assert_int_eq(rmdir(fixture.folder), 0);
}

/* Behind the store's back. */
static inline void run_sql(const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(fixture.path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static inline int64_t add_issuer(struct txn *txn, const char *name)
{
    struct issuer_row row = { .max_lifetime = 3600,
                              .create_time = NOW,
                              .delete_time = LIFECYCLE_NEVER };
    struct asap_error err = { 0 };

    if (store_get_issuer(txn, name, &row, &err) == ASAP_OK)
        return row.id;
    row = (struct issuer_row){ .max_lifetime = 3600,
                               .create_time = NOW,
                               .delete_time = LIFECYCLE_NEVER };
    (void)snprintf(row.name, sizeof row.name, "%s", name);
    ck_assert_succeeds(store_add_issuer(txn, &row, &err));
    return row.id;
}

static inline void fill_key(struct key_row *row, const char *kind)
{
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    SCOPED(pkey) EVP_PKEY *key = new_key(kind);
    struct asap_error err = { 0 };

    ck_assert_succeeds(pem_write_public(key, &pem, &err));
    (void)snprintf(row->pem, sizeof row->pem, "%s", pem.bytes);
    ck_assert_succeeds(jwk_thumbprint(key, row->thumbprint, &err));
}

struct wanted {
    const char *issuer, *name, *kind, *algorithm;
};

/* Published from NOW on, in a transaction of its own. */
static inline struct key_row add_key(const struct wanted *wanted)
{
    struct key_row row = { .create_time = NOW,
                           .times = { NOW, LIFECYCLE_NEVER, LIFECYCLE_NEVER, LIFECYCLE_NEVER,
                                      LIFECYCLE_NEVER } };
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    fill_key(&row, wanted->kind);
    (void)snprintf(row.kid, sizeof row.kid, "%s/%s", wanted->issuer, wanted->name);
    (void)snprintf(row.algorithm, sizeof row.algorithm, "%s", wanted->algorithm);
    ck_assert_succeeds(txn_begin(&txn, fixture.store, &err));
    row.issuer_id = add_issuer(&txn, wanted->issuer);
    ck_assert_succeeds(store_add_key(&txn, &row, &err));
    ck_assert_succeeds(store_record_change(&txn, NOW, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
    return row;
}

static inline struct key_row add_ec_key(const char *issuer, const char *name)
{
    return add_key(&(struct wanted){ issuer, name, "prime256v1", "ES256" });
}

/* As after a change that nobody marked: what was done behind the store's back is read, too. */
static inline void reload(void)
{
    struct asap_error err = { 0 };

    run_sql("UPDATE server SET generation = generation + 1");
    ck_assert_succeeds(keyring_reload(fixture.keyring, fixture.store, NOW, &err));
}

static inline void refresh(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(keyring_refresh(fixture.keyring, fixture.store, NOW, &err));
}

/* "" for none; otherwise a part of it. */
static inline void assert_problem(const char *expected)
{
    char problem[256];

    (void)keyring_problem(fixture.keyring, problem, sizeof problem);
    if (expected[0] == '\0')
        ck_assert_str_eq(problem, "");
    else
        ck_assert_msg(strstr(problem, expected) != NULL, "%s", problem);
}

static inline const struct published_key *find_key(const struct snapshot *snapshot, const char *kid)
{
    return snapshot_find(snapshot, kid, strlen(kid));
}

static inline const struct snapshot *acquire(void)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.keyring);

    ck_assert_ptr_nonnull(snapshot);
    return snapshot;
}

static inline void release(const struct snapshot *snapshot)
{
    keyring_release(fixture.keyring, snapshot);
}

/* As `sha256sum` prints it. */
static inline void write_hex_digest(const char *text, char out[65])
{
    unsigned char digest[32];

    ck_assert_int_eq(EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), digest, NULL), 1);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

#endif
