/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyring_fixture.h"

/* A snapshot that took up what had changed, beside one that read everything. */

static void assert_same_key(const struct snapshot *changed,
                            const struct snapshot *whole,
                            const char *kid)
{
    const struct published_key *key = find_key(changed, kid);
    const struct published_key *expected = find_key(whole, kid);
    char hex[65];

    ck_assert_msg((key == NULL) == (expected == NULL), "%s", kid);
    write_hex_digest(kid, hex);
    ck_assert_ptr_eq(snapshot_find_hashed(changed, hex), key);
    if (key == NULL)
        return;
    ck_assert_str_eq(key->kid, kid);
    ck_assert_str_eq(key->pem, expected->pem);
    ck_assert_mem_eq(&key->times, &expected->times, sizeof key->times);
    ck_assert_int_eq(key->max_lifetime, expected->max_lifetime);
}

static void assert_same_issuer(const struct snapshot *changed,
                               const struct snapshot *whole,
                               const char *name)
{
    const struct published_keys keys = snapshot_issuer_keys(changed, name, strlen(name));
    const struct published_keys expected = snapshot_issuer_keys(whole, name, strlen(name));
    const struct known_issuer *issuer = snapshot_find_issuer(changed, name);
    const struct known_issuer *expected_issuer = snapshot_find_issuer(whole, name);

    ck_assert_uint_eq(keys.count, expected.count);
    for (size_t i = 0; i < keys.count; i++)
        ck_assert_str_eq(published_keys_at(keys, i)->kid, published_keys_at(expected, i)->kid);
    ck_assert_int_eq(issuer == NULL, expected_issuer == NULL);
    if (issuer != NULL)
        ck_assert_int_eq(issuer->max_lifetime, expected_issuer->max_lifetime);
}

static size_t count_issuers(const struct snapshot *snapshot)
{
    struct shards_cursor cursor = { 0 };
    size_t count = 0;

    while (snapshot_next_issuer(snapshot, &cursor) != NULL)
        count++;
    return count;
}

static void assert_same_sizes(const struct snapshot *changed, const struct snapshot *whole)
{
    ck_assert_uint_eq(snapshot_size(changed), snapshot_size(whole));
    ck_assert_uint_eq(snapshot_count(changed, NOW), snapshot_count(whole, NOW));
    ck_assert_uint_eq(snapshot_issuer_count(changed), snapshot_issuer_count(whole));
    ck_assert_uint_eq(count_issuers(changed), count_issuers(whole));
    ck_assert_int_eq(snapshot_generation(changed), snapshot_generation(whole));
}

enum { ISSUERS = 8, KEYS_MOST = 40, ROUNDS = 60 };

/* What has been made so far. */
struct made {
    char kids[ISSUERS * KEYS_MOST][32];
    int count;
};

static const char *issuer_name(int number)
{
    static const char *const names[ISSUERS] = { "a",    "a/b",    "ab",     "web",
                                                "web2", "team/x", "team/y", "z" };

    return names[number];
}

static void assert_same(const struct made *made)
{
    struct keyring *fresh = NULL;
    const struct snapshot *changed = acquire();
    const struct snapshot *whole = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(keyring_new(&fixture.log, &fresh, &err));
    ck_assert_succeeds(keyring_reload(fresh, fixture.store, NOW, &err));
    whole = keyring_acquire(fresh);
    for (int i = 0; i < made->count; i++)
        assert_same_key(changed, whole, made->kids[i]);
    for (int i = 0; i < ISSUERS; i++)
        assert_same_issuer(changed, whole, issuer_name(i));
    assert_same_sizes(changed, whole);
    keyring_release(fresh, whole);
    keyring_free(fresh);
    release(changed);
}

static void begin(struct txn *txn)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(txn_begin(txn, fixture.store, &err));
}

static void finish(struct txn *txn)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_record_change(txn, NOW, &err));
    ck_assert_succeeds(txn_commit(txn, &err));
}

typedef void key_change(struct key_row *row);

static void revoke(struct key_row *row)
{
    row->times.revoke_time = NOW;
}

static void withdraw_later(struct key_row *row)
{
    row->times.unpublish_time = NOW + 77;
}

static void lengthen(struct key_row *row)
{
    row->max_lifetime++;
}

static void change_key(const char *kid, key_change *change)
{
    struct key_row row;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    ck_assert_succeeds(store_get_key(&txn, kid, &row, &err));
    change(&row);
    ck_assert_succeeds(store_update_key(&txn, &row, &err));
    finish(&txn);
}

/* False: there is none, or it was deleted. */
static bool change_issuer(const char *name, bool is_deleted)
{
    struct issuer_row row;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    begin(&txn);
    if (store_get_issuer(&txn, name, &row, &err) != ASAP_OK)
        return false;
    row.max_lifetime++;
    if (is_deleted)
        row.delete_time = NOW;
    ck_assert_succeeds(store_update_issuer(&txn, &row, &err));
    finish(&txn);
    return true;
}

static bool is_deleted(const char *issuer)
{
    struct issuer_row row;
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin_read(&txn, fixture.store, &err));
    return store_find_related_issuer(&txn, issuer, &row, &err) == ASAP_OK
           && strcmp(row.name, issuer) == 0 && row.delete_time != LIFECYCLE_NEVER;
}

static void add_some_key(struct made *made)
{
    const char *issuer = issuer_name(rand() % ISSUERS);
    char name[8];

    if (made->count == ISSUERS * KEYS_MOST || is_deleted(issuer))
        return;
    (void)snprintf(name, sizeof name, "%d", made->count);
    (void)snprintf(made->kids[made->count], sizeof made->kids[0], "%s/%s", issuer, name);
    made->count++;
    (void)add_key(&(struct wanted){ issuer, name, "ED25519", "EdDSA" });
}

static void change_something(struct made *made)
{
    static key_change *const changes[] = { revoke, withdraw_later, lengthen };
    const int dice = rand() % 12;

    if (dice < COUNT(changes) && made->count > 0)
        change_key(made->kids[rand() % made->count], changes[dice]);
    else if (dice == 3 || dice == 4)
        (void)change_issuer(issuer_name(rand() % ISSUERS), rand() % 8 == 0);
    else
        add_some_key(made);
}

START_TEST(changes_one_after_the_other_lead_to_what_is_stored)
{
    static struct made made;

    srand((unsigned)_i);
    made = (struct made){ .count = 0 };
    reload();
    for (int i = 0; i < ROUNDS; i++) {
        for (int changes = rand() % 4; changes > 0; changes--)
            change_something(&made);
        refresh();
        assert_same(&made);
    }
}
END_TEST

/* What is not marked as changed is not looked at, so that a change costs what it changes. */
START_TEST(what_has_not_changed_is_not_read_again)
{
    const struct snapshot *before = NULL;
    const struct snapshot *after = NULL;
    const struct published_key *still = NULL;

    (void)add_ec_key("web", "one");
    (void)add_ec_key("other", "one");
    refresh();
    before = acquire();
    (void)add_ec_key("other", "two");
    run_sql("UPDATE key SET pem = 'x' WHERE kid = 'web/one'");
    refresh();
    after = acquire();
    still = find_key(after, "web/one");
    ck_assert_ptr_nonnull(still->pem);
    ck_assert_ptr_eq(still, find_key(before, "web/one"));
    ck_assert_ptr_nonnull(find_key(after, "other/two"));
    release(after);
    release(before);
}
END_TEST

static const char *const unmarked[] = {
    "generation = generation + 1",             /* by an earlier version */
    "generation = generation + 4294967296",    /* in a copy */
    "marked_generation = 7, generation = 100", /* in another one */
};

START_TEST(after_changes_that_are_not_marked_everything_is_read)
{
    const struct snapshot *snapshot = NULL;
    char sql[160];

    (void)add_ec_key("web", "one");
    (void)add_ec_key("other", "one");
    refresh();
    (void)snprintf(sql, sizeof sql, "UPDATE key SET max_lifetime = 7; UPDATE server SET %s",
                   unmarked[_i]);
    run_sql(sql);
    (void)add_ec_key("other", "two");
    refresh();
    snapshot = acquire();
    ck_assert_int_eq(find_key(snapshot, "web/one")->max_lifetime, 7);
    ck_assert_ptr_nonnull(find_key(snapshot, "other/two"));
    release(snapshot);
}
END_TEST

enum { MANY = 300 };

START_TEST(more_changes_than_are_taken_one_by_one_are_all_there)
{
    const struct snapshot *snapshot = NULL;
    char name[16];

    (void)add_ec_key("web", "one");
    refresh();
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        (void)add_key(&(struct wanted){ name, "one", "ED25519", "EdDSA" });
    }
    refresh();
    snapshot = acquire();
    ck_assert_uint_eq(snapshot_count(snapshot, NOW), MANY + 1);
    ck_assert_uint_eq(snapshot_issuer_count(snapshot), MANY + 1);
    ck_assert_ptr_nonnull(find_key(snapshot, "n299/one"));
    release(snapshot);
}
END_TEST

static const struct {
    const char *sql, *named;
} damages[] = {
    { "UPDATE key SET pem = 'x' WHERE kid = 'web/one'", "web/one" },
    { "UPDATE key SET pem = 'x', kid = 'else/one' WHERE kid = 'web/one'", "else/one" },
    { "UPDATE issuer SET name = '' WHERE name = 'web'", "issuer" },
    { "UPDATE key SET revoke_time = 1; UPDATE issuer SET name = '' WHERE name = 'web'", "issuer" },
};

/* Damage that comes with a change is named, and stays so while others come. */
START_TEST(damage_is_named_until_it_is_mended)
{
    char sql[240];

    (void)add_ec_key("web", "one");
    refresh();
    assert_problem("");
    (void)snprintf(sql, sizeof sql,
                   "PRAGMA ignore_check_constraints = ON; %s;"
                   "UPDATE issuer SET generation = (SELECT generation + 1 FROM server)",
                   damages[_i].sql);
    run_sql(sql);
    for (int i = 0; i < 2; i++) {
        (void)add_ec_key("other", i == 0 ? "one" : "two");
        refresh();
        assert_problem(damages[_i].named);
    }
}
END_TEST

START_TEST(a_key_is_of_the_issuer_that_its_id_names)
{
    const struct snapshot *snapshot = NULL;

    (void)add_ec_key("web", "one");
    (void)add_ec_key("other", "one");
    refresh();
    run_sql("UPDATE key SET issuer_id = (SELECT id FROM issuer WHERE name = 'other')");
    (void)add_ec_key("other", "two");
    refresh();
    snapshot = acquire();
    ck_assert_uint_eq(snapshot_issuer_keys(snapshot, "web", 3).count, 1);
    ck_assert_uint_eq(snapshot_issuer_keys(snapshot, "other", 5).count, 2);
    release(snapshot);
}
END_TEST

START_TEST(a_deleted_issuer_stays_for_its_keys)
{
    const struct snapshot *snapshot = NULL;

    (void)add_ec_key("web", "one");
    refresh();
    ck_assert(change_issuer("web", true));
    refresh();
    snapshot = acquire();
    ck_assert_ptr_null(snapshot_find_issuer(snapshot, "web"));
    ck_assert_uint_eq(snapshot_issuer_count(snapshot), 0);
    ck_assert_ptr_nonnull(find_key(snapshot, "web/one")->pem);
    ck_assert_uint_eq(snapshot_issuer_keys(snapshot, "web", 3).count, 1);
    release(snapshot);
    change_key("web/one", revoke);
    refresh();
    snapshot = acquire();
    ck_assert_uint_eq(count_issuers(snapshot), 0);
    ck_assert_ptr_null(find_key(snapshot, "web/one"));
    release(snapshot);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("snapshot_change");
    TCase *tests = tcase_create("changes");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, changes_one_after_the_other_lead_to_what_is_stored, 1, 9);
    tcase_add_test(tests, what_has_not_changed_is_not_read_again);
    tcase_add_loop_test(tests, after_changes_that_are_not_marked_everything_is_read, 0,
                        COUNT(unmarked));
    tcase_add_test(tests, more_changes_than_are_taken_one_by_one_are_all_there);
    tcase_add_loop_test(tests, damage_is_named_until_it_is_mended, 0, COUNT(damages));
    tcase_add_test(tests, a_key_is_of_the_issuer_that_its_id_names);
    tcase_add_test(tests, a_deleted_issuer_stays_for_its_keys);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
