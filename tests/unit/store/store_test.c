/* SPDX-License-Identifier: Apache-2.0 */
#include "store_change.h"
#include "store_server.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "database_fixture.h"
#include "scoped.h"
#include "store_sealed.h"

/* The whole contract of store.h, once for each kind of database. */

#define NOW INT64_C(1795440000)

static struct fixture {
    struct log log;
    struct store *store;
} fixture;

static void set_up(void)
{
    struct asap_error err = { 0 };

    fixture.log = (struct log){ .stream = stderr, .level = LOG_ERROR };
    ck_assert_succeeds(store_open(database.url, true, &fixture.log, &fixture.store, &err));
}

static void tear_down(void)
{
    store_close(fixture.store);
    fixture.store = NULL;
}

static struct issuer_row new_issuer(const char *name)
{
    struct issuer_row row = { .managed = true,
                              .algorithm = "ES256",
                              .max_lifetime = 3600,
                              .create_time = NOW,
                              .delete_time = LIFECYCLE_NEVER };

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    return row;
}

static int64_t add_issuer(struct txn *txn, const char *name)
{
    struct issuer_row row = new_issuer(name);
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_add_issuer(txn, &row, &err));
    ck_assert_int_gt(row.id, 0);
    return row.id;
}

/* Of the 43 characters of a thumbprint, the first is `mark`. */
static struct key_row new_key(int64_t issuer_id, const char *kid, char mark)
{
    struct key_row row = { .issuer_id = issuer_id,
                           .managed = true,
                           .algorithm = "ES256",
                           .pem = "-----BEGIN PUBLIC KEY-----\n",
                           .create_time = NOW,
                           .times = { .publish_time = NOW,
                                      .sign_time = NOW + 900,
                                      .sign_until = LIFECYCLE_NEVER,
                                      .unpublish_time = LIFECYCLE_NEVER,
                                      .revoke_time = LIFECYCLE_NEVER },
                           .max_lifetime = 3600 };

    (void)snprintf(row.kid, sizeof row.kid, "%s", kid);
    memset(row.thumbprint, 'A', sizeof row.thumbprint - 1);
    row.thumbprint[0] = mark;
    return row;
}

static void begin(struct txn *txn)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(txn_begin(txn, fixture.store, &err));
}

static void commit(struct txn *txn)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(txn_commit(txn, &err));
}

static bool has_issuer(const char *name)
{
    struct txn txn = { 0 };
    struct issuer_row row;
    struct asap_error err = { 0 };
    enum asap_code code = ASAP_OK;

    begin(&txn);
    code = store_get_issuer(&txn, name, &row, &err);
    txn_rollback(&txn);
    ck_assert_msg(code == ASAP_OK || code == ASAP_NOT_FOUND, "%s", err.message);
    return code == ASAP_OK;
}

START_TEST(a_committed_issuer_is_found_as_it_was_added)
{
    struct issuer_row row = new_issuer("payments/api");
    struct issuer_row found;
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    begin(&txn);
    ck_assert_succeeds(store_add_issuer(&txn, &row, &err));
    commit(&txn);
    begin(&txn);
    ck_assert_succeeds(store_get_issuer(&txn, "payments/api", &found, &err));
    txn_rollback(&txn);
    ck_assert_int_eq(found.id, row.id);
    ck_assert_str_eq(found.name, "payments/api");
    ck_assert(found.managed);
    ck_assert_str_eq(found.algorithm, "ES256");
    ck_assert_int_eq(found.max_lifetime, 3600);
    ck_assert_int_eq(found.create_time, NOW);
    ck_assert_int_eq(found.delete_time, LIFECYCLE_NEVER);
}
END_TEST

static void add_and_forget_to_commit(const char *name)
{
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    (void)add_issuer(&txn, name);
}

START_TEST(what_is_not_committed_when_its_block_ends_is_undone)
{
    add_and_forget_to_commit("web");
    ck_assert(!has_issuer("web"));
}
END_TEST

START_TEST(one_that_only_reads_sees_what_was_committed_and_writes_nothing)
{
    struct issuer_row row = new_issuer("api");
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    (void)add_issuer(&txn, "web");
    commit(&txn);
    ck_assert_succeeds(txn_begin_read(&txn, fixture.store, &err));
    ck_assert_succeeds(store_get_issuer(&txn, "web", &row, &err));
    row = new_issuer("api");
    ck_assert_int_ne(store_add_issuer(&txn, &row, &err), ASAP_OK);
    txn_rollback(&txn);
    ck_assert(!has_issuer("api"));
    begin(&txn);
    (void)add_issuer(&txn, "api");
    commit(&txn);
    ck_assert(has_issuer("api"));
}
END_TEST

START_TEST(rolling_back_what_is_not_open_is_fine)
{
    struct txn txn = { 0 };

    txn_rollback(&txn);
    begin(&txn);
    (void)add_issuer(&txn, "web");
    commit(&txn);
    txn_rollback(&txn);
    ck_assert(has_issuer("web"));
}
END_TEST

START_TEST(a_second_transaction_in_one_thread_is_refused_and_does_not_hang)
{
    struct txn txn = { 0 };
    struct txn second = { 0 };
    struct asap_error err = { 0 };

    begin(&txn);
    ck_assert_int_eq(txn_begin(&second, fixture.store, &err), ASAP_INTERNAL);
    txn_rollback(&second);
    (void)add_issuer(&txn, "web");
    commit(&txn);
    ck_assert(has_issuer("web"));
}
END_TEST

START_TEST(an_issuer_name_is_taken_once_and_the_transaction_goes_on)
{
    struct issuer_row again = new_issuer("web");
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    begin(&txn);
    (void)add_issuer(&txn, "web");
    ck_assert_int_eq(store_add_issuer(&txn, &again, &err), ASAP_ALREADY_EXISTS);
    ck_assert_ptr_nonnull(strstr(err.message, "web"));
    (void)add_issuer(&txn, "Web");
    commit(&txn);
    ck_assert(has_issuer("web"));
    ck_assert(has_issuer("Web"));
}
END_TEST

START_TEST(a_deleted_issuer_is_not_found_but_keeps_its_name)
{
    struct issuer_row row = new_issuer("web");
    struct issuer_row related;
    struct issuer_row listed[2];
    size_t count = 0;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    row.delete_time = NOW + 1;
    ck_assert_succeeds(store_add_issuer(&txn, &row, &err));
    ck_assert_int_eq(store_get_issuer(&txn, "web", &related, &err), ASAP_NOT_FOUND);
    ck_assert_succeeds(store_list_issuers(&txn, "", listed, 2, &count, &err));
    ck_assert_uint_eq(count, 0);
    ck_assert_succeeds(store_find_related_issuer(&txn, "web/api", &related, &err));
    ck_assert_int_eq(related.delete_time, NOW + 1);
    ck_assert_int_eq(store_add_issuer(&txn, &row, &err), ASAP_ALREADY_EXISTS);
}
END_TEST

static const struct {
    const char *existing, *asked;
    bool related;
} pairs[] = {
    { "a/b", "a/b", true },       { "a/b", "a", true },      { "a/b", "a/b/c", true },
    { "a/b", "a/b/c/d/e", true }, { "a", "a/b/c", true },    { "a/b/c", "a", true },
    { "a/b", "a/bc", false },     { "a/bc", "a/b", false },  { "a/b", "a/c", false },
    { "a_b", "axb", false },      { "axb", "a_b", false },   { "axb/c", "a_b", false },
    { "a%", "a/b", false },       { "ab/c", "a%", false },   { "a/b", "%", false },
    { "a/b", "A/b", false },      { "a/b", "A", false },     { "a0", "a", false },
    { "a.b", "a", false },        { "a-/b", "a", false },    { "b/a", "a", false },
    { "x/a/b", "a/b", false },    { "a/b", "x/a/b", false },
};

START_TEST(an_issuer_is_related_to_its_path_prefixes_alone)
{
    struct issuer_row found;
    struct asap_error err = { 0 };
    enum asap_code code = ASAP_OK;
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    (void)add_issuer(&txn, pairs[_i].existing);
    code = store_find_related_issuer(&txn, pairs[_i].asked, &found, &err);
    ck_assert_msg(code == (pairs[_i].related ? ASAP_OK : ASAP_NOT_FOUND), "%s beside %s: %s",
                  pairs[_i].asked, pairs[_i].existing, err.message);
    ck_assert_str_eq(found.name, pairs[_i].related ? pairs[_i].existing : "");
}
END_TEST

START_TEST(a_related_issuer_is_found_among_many)
{
    static const char *const names[] = { "a", "b", "b-c", "b.d", "b/c/d", "b0", "c" };
    struct issuer_row found;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    for (int i = 0; i < COUNT(names); i++)
        (void)add_issuer(&txn, names[i]);
    ck_assert_succeeds(store_find_related_issuer(&txn, "b/c", &found, &err));
    ck_assert_str_eq(found.name, "b");
    ck_assert_succeeds(store_find_related_issuer(&txn, "c/x", &found, &err));
    ck_assert_str_eq(found.name, "c");
    ck_assert_int_eq(store_find_related_issuer(&txn, "bb", &found, &err), ASAP_NOT_FOUND);
}
END_TEST

START_TEST(issuers_are_listed_by_name_in_pages)
{
    static const char *const names[] = { "c", "a/b", "B", "a.b" };
    struct issuer_row rows[3];
    size_t count = 0;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    for (int i = 0; i < COUNT(names); i++)
        (void)add_issuer(&txn, names[i]);
    ck_assert_succeeds(store_list_issuers(&txn, "", rows, 3, &count, &err));
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(rows[0].name, "B");
    ck_assert_str_eq(rows[1].name, "a.b");
    ck_assert_str_eq(rows[2].name, "a/b");
    ck_assert_succeeds(store_list_issuers(&txn, "a/b", rows, 3, &count, &err));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(rows[0].name, "c");
    ck_assert_succeeds(store_list_issuers(&txn, "c", rows, 3, &count, &err));
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(the_generation_counts_changes_and_the_latest_time_never_falls)
{
    static const struct {
        int64_t now, latest;
    } changes[] = { { NOW, NOW }, { NOW - 5, NOW }, { NOW + 5, NOW + 5 } };
    struct server_row server;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    ck_assert_succeeds(store_get_server(&txn, &server, &err));
    ck_assert_int_eq(server.generation, 0);
    ck_assert_int_eq(server.latest_time, 0);
    for (int i = 0; i < COUNT(changes); i++) {
        ck_assert_succeeds(store_record_change(&txn, changes[i].now, &err));
        ck_assert_succeeds(store_get_server(&txn, &server, &err));
        ck_assert_int_eq(server.generation, i + 1);
        ck_assert_int_eq(server.latest_time, changes[i].latest);
    }
}
END_TEST

static void assert_value(struct txn *txn, const char *name, const char *bytes, size_t expected)
{
    struct asap_error err = { 0 };
    void *found = NULL;
    size_t length = 0;

    ck_assert_succeeds(store_get_value(txn, name, &found, &length, &err));
    ck_assert_uint_eq(length, expected);
    ck_assert_mem_eq(found, bytes, expected);
    free(found);
}

START_TEST(a_value_is_found_by_its_name_and_replaced)
{
    struct asap_error err = { 0 };
    void *found = &err;
    size_t length = 1;
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    ck_assert_int_eq(store_get_value(&txn, "one", &found, &length, &err), ASAP_NOT_FOUND);
    ck_assert_ptr_null(found);
    ck_assert_uint_eq(length, 0);
    ck_assert_succeeds(store_put_value(&txn, "one", "a\0b", 3, &err));
    ck_assert_succeeds(store_put_value(&txn, "two", "", 0, &err));
    assert_value(&txn, "one", "a\0b", 3);
    assert_value(&txn, "two", "", 0);
    ck_assert_succeeds(store_put_value(&txn, "one", "c", 1, &err));
    assert_value(&txn, "one", "c", 1);
}
END_TEST

static void assert_same_key(const struct key_row *found, const struct key_row *expected)
{
    ck_assert_int_eq(found->id, expected->id);
    ck_assert_int_eq(found->issuer_id, expected->issuer_id);
    ck_assert_str_eq(found->kid, expected->kid);
    ck_assert(found->managed == expected->managed);
    ck_assert_str_eq(found->algorithm, expected->algorithm);
    ck_assert_str_eq(found->thumbprint, expected->thumbprint);
    ck_assert_str_eq(found->pem, expected->pem);
    ck_assert_str_eq(found->digest, expected->digest);
    ck_assert_int_eq(found->create_time, expected->create_time);
    ck_assert_mem_eq(&found->times, &expected->times, sizeof found->times);
    ck_assert_int_eq(found->max_lifetime, expected->max_lifetime);
    ck_assert_str_eq(found->revoke_reason, expected->revoke_reason);
}

START_TEST(a_key_is_found_as_it_was_added_and_updated)
{
    struct key_row row;
    struct key_row found;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    row = new_key(add_issuer(&txn, "web"), "web/one", 'B');
    ck_assert_succeeds(store_add_key(&txn, &row, &err));
    ck_assert_int_gt(row.id, 0);
    ck_assert_succeeds(store_get_key(&txn, "web/one", &found, &err));
    assert_same_key(&found, &row);
    row.times = (struct key_times){ 1, 2, 3, 4, 5 };
    row.max_lifetime = 60;
    (void)snprintf(row.revoke_reason, sizeof row.revoke_reason, "laptop stolen; caf\xc3\xa9");
    ck_assert_succeeds(store_update_key(&txn, &row, &err));
    ck_assert_succeeds(store_get_key(&txn, "web/one", &found, &err));
    assert_same_key(&found, &row);
    row.times.publish_time = LIFECYCLE_NEVER;
    row.times.sign_time = LIFECYCLE_NEVER;
    ck_assert_succeeds(store_update_key(&txn, &row, &err));
    ck_assert_succeeds(store_get_key(&txn, "web/one", &found, &err));
    assert_same_key(&found, &row);
}
END_TEST

START_TEST(a_longest_row_fits)
{
    struct issuer_row issuer = new_issuer("");
    struct key_row row;
    struct key_row found;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    memset(issuer.name, 'n', ISSUER_MAX);
    ck_assert_succeeds(store_add_issuer(&txn, &issuer, &err));
    row = new_key(issuer.id, "", 'B');
    memset(row.kid, 'k', KID_MAX);
    memset(row.pem, 'p', PEM_PUBLISHED_MAX);
    memset(row.algorithm, 'a', ALGORITHM_NAME_SIZE - 1);
    memset(row.revoke_reason, 'r', REVOKE_REASON_SIZE - 1);
    ck_assert_succeeds(store_add_key(&txn, &row, &err));
    ck_assert_succeeds(store_get_key(&txn, row.kid, &found, &err));
    assert_same_key(&found, &row);
}
END_TEST

START_TEST(the_digest_is_that_of_kid_newline_and_pem)
{
    struct key_row row = { .kid = "web/one", .pem = "pem\n" };
    char digest[KEY_DIGEST_SIZE];
    struct asap_error err = { 0 };

    ck_assert_succeeds(key_row_digest(&row, digest, &err));
    ck_assert_str_eq(digest, "0ed2153a4270a164f92f5ecda3923f0cb1c569ef48079bc4492e6674b39cd8c6");
}
END_TEST

START_TEST(a_kid_and_a_public_key_are_used_once)
{
    struct key_row row;
    struct asap_error err = { 0 };
    int64_t web = 0;
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    web = add_issuer(&txn, "web");
    row = new_key(web, "web/one", 'B');
    row.times.revoke_time = NOW;
    ck_assert_succeeds(store_add_key(&txn, &row, &err));
    row = new_key(web, "web/one", 'C');
    ck_assert_int_eq(store_add_key(&txn, &row, &err), ASAP_ALREADY_EXISTS);
    ck_assert_ptr_nonnull(strstr(err.message, "the key id web/one"));
    row = new_key(add_issuer(&txn, "app"), "app/two", 'B');
    ck_assert_int_eq(store_add_key(&txn, &row, &err), ASAP_ALREADY_EXISTS);
    ck_assert_ptr_nonnull(strstr(err.message, "public key was used before, by another issuer"));
    ck_assert_ptr_null(strstr(err.message, "web"));
    row = new_key(web, "web/two", 'B');
    ck_assert_int_eq(store_add_key(&txn, &row, &err), ASAP_ALREADY_EXISTS);
    ck_assert_ptr_nonnull(strstr(err.message, "public key was used before, as web/one"));
    row = new_key(web, "web/two", 'C');
    ck_assert_succeeds(store_add_key(&txn, &row, &err));
}
END_TEST

START_TEST(a_key_that_is_not_there_is_not_found)
{
    struct key_row row = new_key(1, "web/one", 'B');
    struct key_row found;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    ck_assert_int_eq(store_get_key(&txn, "web/one", &found, &err), ASAP_NOT_FOUND);
    row.id = 77;
    ck_assert_int_eq(store_update_key(&txn, &row, &err), ASAP_NOT_FOUND);
}
END_TEST

START_TEST(a_key_of_no_issuer_is_refused)
{
    struct key_row row = new_key(4711, "web/one", 'B');
    struct asap_error err = { 0 };
    struct key_row found;
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    ck_assert_int_eq(store_add_key(&txn, &row, &err), ASAP_INTERNAL);
    txn_rollback(&txn);
    begin(&txn);
    ck_assert_int_eq(store_get_key(&txn, "web/one", &found, &err), ASAP_NOT_FOUND);
}
END_TEST

START_TEST(keys_of_an_issuer_are_listed_oldest_first)
{
    struct key_row *rows = NULL;
    size_t count = 0;
    struct asap_error err = { 0 };
    int64_t web = 0;
    int64_t app = 0;
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    web = add_issuer(&txn, "web");
    app = add_issuer(&txn, "app");
    for (int i = 0; i < 20; i++) {
        char kid[16];
        struct key_row row;

        (void)snprintf(kid, sizeof kid, "%s/%d", i % 2 == 0 ? "web" : "app", 90 - i);
        row = new_key(i % 2 == 0 ? web : app, kid, (char)('B' + i));
        ck_assert_succeeds(store_add_key(&txn, &row, &err));
    }
    ck_assert_succeeds(store_list_keys(&txn, web, &rows, &count, &err));
    ck_assert_uint_eq(count, 10);
    ck_assert_str_eq(rows[0].kid, "web/90");
    ck_assert_str_eq(rows[9].kid, "web/72");
    free(rows);
    ck_assert_succeeds(store_list_keys(&txn, 4711, &rows, &count, &err));
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(rows);
}
END_TEST

struct live {
    char kids[256];
    enum asap_code answer;
};

static enum asap_code append_kid(void *context, const struct key_row *row, struct asap_error *err)
{
    struct live *live = context;
    const size_t length = strlen(live->kids);

    (void)err;
    (void)snprintf(live->kids + length, sizeof live->kids - length, "%s ", row->kid);
    return live->answer;
}

static void add_key_with_times(struct txn *txn, int64_t issuer, int number, struct key_times times)
{
    struct asap_error err = { 0 };
    char kid[16];
    struct key_row row;

    (void)snprintf(kid, sizeof kid, "web/%d", number);
    row = new_key(issuer, kid, (char)('B' + number));
    row.times = times;
    ck_assert_succeeds(store_add_key(txn, &row, &err));
}

START_TEST(live_keys_are_those_that_are_neither_retired_nor_revoked)
{
    static const struct key_times times[] = {
        { NOW, NOW, LIFECYCLE_NEVER, LIFECYCLE_NEVER, LIFECYCLE_NEVER },
        { NOW + 9, LIFECYCLE_NEVER, LIFECYCLE_NEVER, LIFECYCLE_NEVER, LIFECYCLE_NEVER },
        { NOW - 9, NOW - 9, NOW - 5, NOW, LIFECYCLE_NEVER },
        { NOW - 9, NOW - 9, NOW - 5, NOW + 1, LIFECYCLE_NEVER },
        { NOW - 9, NOW - 9, LIFECYCLE_NEVER, LIFECYCLE_NEVER, NOW },
        { NOW - 9, NOW - 9, LIFECYCLE_NEVER, LIFECYCLE_NEVER, NOW + 1 },
    };
    struct live live = { "", ASAP_OK };
    struct asap_error err = { 0 };
    int64_t web = 0;
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    web = add_issuer(&txn, "web");
    for (int i = 0; i < COUNT(times); i++)
        add_key_with_times(&txn, web, i, times[i]);
    ck_assert_succeeds(store_each_live_key(&txn, NOW, append_kid, &live, &err));
    ck_assert_str_eq(live.kids, "web/0 web/1 web/3 web/5 ");
    live = (struct live){ "", ASAP_ABORTED };
    ck_assert_int_eq(store_each_live_key(&txn, NOW, append_kid, &live, &err), ASAP_ABORTED);
    ck_assert_str_eq(live.kids, "web/0 ");
    add_key_with_times(&txn, add_issuer(&txn, "app"), COUNT(times), times[0]);
    live = (struct live){ "", ASAP_OK };
    ck_assert_succeeds(store_each_live_key_of(&txn, web, NOW, append_kid, &live, &err));
    ck_assert_str_eq(live.kids, "web/0 web/1 web/3 web/5 ");
}
END_TEST

static int compare_name(const void *a, const void *b)
{
    return strcmp(((const struct issuer_row *)a)->name, ((const struct issuer_row *)b)->name);
}

/* The issuers that changed after `generation`, by name. */
static void assert_changed(struct txn *txn, int64_t generation, const char *expected)
{
    struct issuer_row rows[4];
    struct asap_error err = { 0 };
    size_t count = 0;
    char names[64] = "";

    ck_assert_succeeds(
        store_list_changed_issuers(txn, generation, rows, COUNT(rows), &count, &err));
    qsort(rows, count, sizeof rows[0], compare_name);
    for (size_t i = 0; i < count; i++) {
        strcat(names, rows[i].name);
        strcat(names, " ");
    }
    ck_assert_str_eq(names, expected);
}

static void finish_change(struct txn *txn)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_record_change(txn, NOW, &err));
}

START_TEST(issuers_are_listed_by_the_generation_of_their_last_change)
{
    struct issuer_row web = new_issuer("web");
    struct key_row key;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    web.id = add_issuer(&txn, "web");
    (void)add_issuer(&txn, "app");
    finish_change(&txn);
    assert_changed(&txn, 0, "app web ");
    assert_changed(&txn, 1, "");
    key = new_key(web.id, "web/one", 'B');
    ck_assert_succeeds(store_add_key(&txn, &key, &err));
    finish_change(&txn);
    assert_changed(&txn, 1, "web ");
    assert_changed(&txn, 2, "");
    ck_assert_succeeds(store_update_key(&txn, &key, &err));
    finish_change(&txn);
    assert_changed(&txn, 2, "web ");
    web.delete_time = NOW;
    ck_assert_succeeds(store_update_issuer(&txn, &web, &err));
    finish_change(&txn);
    assert_changed(&txn, 3, "web ");
    assert_changed(&txn, 4, "");
    assert_changed(&txn, 0, "app web ");
}
END_TEST

START_TEST(no_more_changed_issuers_are_listed_than_there_is_room_for)
{
    struct issuer_row rows[2];
    struct asap_error err = { 0 };
    size_t count = 0;
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    (void)add_issuer(&txn, "a");
    (void)add_issuer(&txn, "b");
    (void)add_issuer(&txn, "c");
    ck_assert_succeeds(store_list_changed_issuers(&txn, 0, rows, COUNT(rows), &count, &err));
    ck_assert_uint_eq(count, COUNT(rows));
}
END_TEST

START_TEST(a_change_is_marked_and_a_leap_is_not)
{
    struct server_row server;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    finish_change(&txn);
    ck_assert_succeeds(store_get_server(&txn, &server, &err));
    ck_assert_int_eq(server.generation, 1);
    ck_assert_int_eq(server.marked_generation, 1);
    ck_assert_succeeds(store_leap_generations(&txn, &err));
    ck_assert_succeeds(store_get_server(&txn, &server, &err));
    ck_assert_int_gt(server.generation, 1000000);
    ck_assert_int_eq(server.marked_generation, 1);
}
END_TEST

START_TEST(a_sealed_key_is_kept_replaced_and_destroyed)
{
    struct key_row row;
    void *sealed = NULL;
    size_t length = 0;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    row = new_key(add_issuer(&txn, "web"), "web/one", 'B');
    ck_assert_succeeds(store_add_key(&txn, &row, &err));
    ck_assert_int_eq(store_get_sealed(&txn, row.id, &sealed, &length, &err), ASAP_NOT_FOUND);
    ck_assert_succeeds(store_put_sealed(&txn, row.id, "old", 3, &err));
    ck_assert_succeeds(store_put_sealed(&txn, row.id, "\0new", 4, &err));
    ck_assert_succeeds(store_get_sealed(&txn, row.id, &sealed, &length, &err));
    ck_assert_uint_eq(length, 4);
    ck_assert_mem_eq(sealed, "\0new", 4);
    free(sealed);
    ck_assert_succeeds(store_destroy_sealed(&txn, row.id, &err));
    ck_assert_int_eq(store_get_sealed(&txn, row.id, &sealed, &length, &err), ASAP_NOT_FOUND);
    ck_assert_ptr_null(sealed);
    ck_assert_succeeds(store_destroy_sealed(&txn, row.id, &err));
    ck_assert_int_eq(store_put_sealed(&txn, 4711, "x", 1, &err), ASAP_INTERNAL);
}
END_TEST

enum { ROUNDS = 100 };

/* Reads and writes in one transaction, so that a change would be lost if another came between. */
static void *record_changes(void *failures)
{
    for (int i = 0; i < ROUNDS; i++) {
        SCOPED(txn) struct txn txn = { 0 };
        struct server_row before;
        struct server_row after;

        if (txn_begin(&txn, fixture.store, NULL) != ASAP_OK
            || store_get_server(&txn, &before, NULL) != ASAP_OK
            || store_record_change(&txn, NOW, NULL) != ASAP_OK
            || store_get_server(&txn, &after, NULL) != ASAP_OK
            || after.generation != before.generation + 1
            || (i % 2 == 0 && txn_commit(&txn, NULL) != ASAP_OK))
            ++*(int *)failures;
    }
    return NULL;
}

START_TEST(two_threads_take_turns)
{
    struct server_row server;
    struct asap_error err = { 0 };
    int failures[2] = { 0 };
    pthread_t threads[2];
    SCOPED(txn) struct txn txn = { 0 };

    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, record_changes, &failures[i]), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(failures[0] + failures[1], 0);
    begin(&txn);
    ck_assert_succeeds(store_get_server(&txn, &server, &err));
    ck_assert_int_eq(server.generation, ROUNDS);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_committed_issuer_is_found_as_it_was_added);
    tcase_add_test(tests, what_is_not_committed_when_its_block_ends_is_undone);
    tcase_add_test(tests, one_that_only_reads_sees_what_was_committed_and_writes_nothing);
    tcase_add_test(tests, rolling_back_what_is_not_open_is_fine);
    tcase_add_test(tests, a_second_transaction_in_one_thread_is_refused_and_does_not_hang);
    tcase_add_test(tests, an_issuer_name_is_taken_once_and_the_transaction_goes_on);
    tcase_add_test(tests, a_deleted_issuer_is_not_found_but_keeps_its_name);
    tcase_add_loop_test(tests, an_issuer_is_related_to_its_path_prefixes_alone, 0, COUNT(pairs));
    tcase_add_test(tests, a_related_issuer_is_found_among_many);
    tcase_add_test(tests, issuers_are_listed_by_name_in_pages);
    tcase_add_test(tests, the_generation_counts_changes_and_the_latest_time_never_falls);
    tcase_add_test(tests, a_value_is_found_by_its_name_and_replaced);
    tcase_add_test(tests, a_key_is_found_as_it_was_added_and_updated);
    tcase_add_test(tests, a_longest_row_fits);
    tcase_add_test(tests, the_digest_is_that_of_kid_newline_and_pem);
    tcase_add_test(tests, a_kid_and_a_public_key_are_used_once);
    tcase_add_test(tests, a_key_that_is_not_there_is_not_found);
    tcase_add_test(tests, a_key_of_no_issuer_is_refused);
    tcase_add_test(tests, keys_of_an_issuer_are_listed_oldest_first);
    tcase_add_test(tests, live_keys_are_those_that_are_neither_retired_nor_revoked);
    tcase_add_test(tests, issuers_are_listed_by_the_generation_of_their_last_change);
    tcase_add_test(tests, no_more_changed_issuers_are_listed_than_there_is_room_for);
    tcase_add_test(tests, a_change_is_marked_and_a_leap_is_not);
    tcase_add_test(tests, a_sealed_key_is_kept_replaced_and_destroyed);
    tcase_add_test(tests, two_threads_take_turns);
}

int main(void)
{
    Suite *suite = suite_create("store");

    add_for_each_database(suite, add_tests);
    return check_main(suite);
}
