/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "keyring_fixture.h"

START_TEST(nothing_is_there_before_the_first_load)
{
    const struct snapshot *snapshot = NULL;

    ck_assert_ptr_null(keyring_acquire(fixture.keyring));
    reload();
    assert_problem("");
    snapshot = acquire();
    ck_assert_ptr_null(find_key(snapshot, "web/one"));
    ck_assert_ptr_null(find_key(snapshot, ""));
    ck_assert_uint_eq(snapshot_count(snapshot, NOW), 0);
    ck_assert_int_eq(snapshot_generation(snapshot), 1);
    release(snapshot);
}
END_TEST

static const struct wanted kinds[] = {
    { "web", "rsa", "RSA", "PS512" },        { "web", "p256", "prime256v1", "ES256" },
    { "web", "p384", "secp384r1", "ES384" }, { "web", "p521", "secp521r1", "ES512" },
    { "web", "ed", "ED25519", "EdDSA" },
};

static void assert_jwk(const struct published_key *key, const struct key_row *row)
{
    json_t *jwk = json_loadb(key->jwk, key->jwk_length, JSON_REJECT_DUPLICATES, NULL);

    ck_assert_ptr_nonnull(jwk);
    ck_assert_str_eq(json_string_value(json_object_get(jwk, "kid")), row->kid);
    ck_assert_str_eq(json_string_value(json_object_get(jwk, "alg")), row->algorithm);
    ck_assert_ptr_nonnull(json_object_get(jwk, "kty"));
    json_decref(jwk);
}

static void assert_etag(const char *etag, const char *pem)
{
    char digest[65];

    write_hex_digest(pem, digest);
    ck_assert_uint_eq(strlen(etag), 34);
    ck_assert_int_eq(etag[0], '"');
    ck_assert_mem_eq(etag + 1, digest, 32);
    ck_assert_int_eq(etag[33], '"');
}

START_TEST(a_key_is_found_with_all_that_is_served_of_it)
{
    const struct key_row row = add_key(&kinds[_i]);
    const struct snapshot *snapshot = NULL;
    const struct published_key *key = NULL;

    reload();
    snapshot = acquire();
    key = find_key(snapshot, row.kid);
    ck_assert_ptr_nonnull(key);
    ck_assert_str_eq(key->kid, row.kid);
    ck_assert_uint_eq(key->pem_length, strlen(row.pem));
    ck_assert_str_eq(key->pem, row.pem);
    ck_assert_mem_eq(&key->times, &row.times, sizeof row.times);
    assert_jwk(key, &row);
    assert_etag(key->etag, row.pem);
    ck_assert_int_eq(snapshot_generation(snapshot), 2);
    release(snapshot);
}
END_TEST

static const struct {
    const char *kid;
    size_t length;
} strangers[] = {
    { "web/on", 6 },     { "web/one2", 8 },   { "web/one", 6 }, { "web/one\0", 8 },
    { "web/one\0x", 9 }, { "Web/one", 7 },    { "web", 3 },     { "/web/one", 8 },
    { "web/one/", 8 },   { "\xff\xfe\0", 3 }, { "", 0 },
};

START_TEST(a_key_id_is_matched_byte_by_byte)
{
    const struct snapshot *snapshot = NULL;

    (void)add_ec_key("web", "one");
    reload();
    snapshot = acquire();
    ck_assert_ptr_nonnull(snapshot_find(snapshot, "web/one?x", 7));
    ck_assert_ptr_null(snapshot_find(snapshot, strangers[_i].kid, strangers[_i].length));
    release(snapshot);
}
END_TEST

START_TEST(a_key_is_found_by_the_hash_of_its_id)
{
    const struct snapshot *snapshot = NULL;
    char hex[65];

    (void)add_ec_key("web", "one");
    (void)add_ec_key("web", "two");
    reload();
    snapshot = acquire();
    write_hex_digest("web/one", hex);
    ck_assert_str_eq(snapshot_find_hashed(snapshot, hex)->kid, "web/one");
    write_hex_digest("web/two", hex);
    ck_assert_str_eq(snapshot_find_hashed(snapshot, hex)->kid, "web/two");
    hex[63] = hex[63] == '0' ? '1' : '0';
    ck_assert_ptr_null(snapshot_find_hashed(snapshot, hex));
    ck_assert_ptr_null(snapshot_find_hashed(snapshot, ""));
    ck_assert_ptr_null(snapshot_find_hashed(snapshot, "web/one"));
    release(snapshot);
}
END_TEST

static void to_upper(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'a' && *text <= 'f')
            *text = (char)(*text - 'a' + 'A');
    }
}

START_TEST(the_hash_is_in_lower_case)
{
    const struct snapshot *snapshot = NULL;
    char hex[65];

    (void)add_ec_key("web", "one");
    reload();
    snapshot = acquire();
    write_hex_digest("web/one", hex);
    to_upper(hex);
    ck_assert_ptr_null(snapshot_find_hashed(snapshot, hex));
    release(snapshot);
}
END_TEST

static const struct {
    const char *issuer, *kids;
} issuers[] = {
    { "a", "a/z a/b " }, { "a/b", "a/b/1 a/b/0 " },
    { "a.b", "a.b/1 " }, { "ab", "ab/1 " },
    { "b", "" },         { "a/", "" },
    { "", "" },          { "a/b/1", "" },
    { "A", "" },
};

START_TEST(the_keys_of_an_issuer_are_its_own_oldest_first)
{
    static const char *const keys[][2] = { { "a/b", "1" }, { "a", "z" },   { "ab", "1" },
                                           { "a", "b" },   { "a/b", "0" }, { "a.b", "1" } };
    const struct snapshot *snapshot = NULL;
    struct published_keys keys_of = { NULL, 0 };
    char kids[64] = "";

    for (int i = 0; i < COUNT(keys); i++)
        (void)add_ec_key(keys[i][0], keys[i][1]);
    reload();
    snapshot = acquire();
    keys_of = snapshot_issuer_keys(snapshot, issuers[_i].issuer, strlen(issuers[_i].issuer));
    for (size_t i = 0; i < keys_of.count; i++) {
        const size_t length = strlen(kids);

        (void)snprintf(kids + length, sizeof kids - length, "%s ",
                       published_keys_at(keys_of, i)->kid);
    }
    ck_assert_str_eq(kids, issuers[_i].kids);
    release(snapshot);
}
END_TEST

enum { MANY = 300 };

START_TEST(each_of_many_keys_is_found)
{
    const struct snapshot *snapshot = NULL;
    char name[16];
    char kid[32];
    char hex[65];

    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        (void)add_key(&(struct wanted){ i % 3 == 0 ? "web" : "app", name, "ED25519", "EdDSA" });
    }
    reload();
    snapshot = acquire();
    ck_assert_uint_eq(snapshot_count(snapshot, NOW), MANY);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(kid, sizeof kid, "%s/%d", i % 3 == 0 ? "web" : "app", i);
        write_hex_digest(kid, hex);
        ck_assert_str_eq(find_key(snapshot, kid)->kid, kid);
        ck_assert_ptr_eq(find_key(snapshot, kid), snapshot_find_hashed(snapshot, hex));
    }
    release(snapshot);
}
END_TEST

START_TEST(the_published_keys_are_counted_at_a_moment)
{
    const struct snapshot *snapshot = NULL;

    (void)add_ec_key("web", "one");
    (void)add_ec_key("web", "two");
    (void)add_ec_key("web", "gone");
    (void)add_ec_key("web", "damaged");
    run_sql("UPDATE key SET publish_time = publish_time + 10 WHERE kid = 'web/two';"
            "UPDATE key SET unpublish_time = publish_time WHERE kid = 'web/gone';"
            "UPDATE key SET pem = 'x' WHERE kid = 'web/damaged'");
    reload();
    snapshot = acquire();
    ck_assert_uint_eq(snapshot_count(snapshot, NOW - 1), 0);
    ck_assert_uint_eq(snapshot_count(snapshot, NOW), 1);
    ck_assert_uint_eq(snapshot_count(snapshot, NOW + 10), 2);
    ck_assert_ptr_null(find_key(snapshot, "web/gone"));
    release(snapshot);
}
END_TEST

START_TEST(a_held_snapshot_stays_as_it_was)
{
    const struct key_row row = add_ec_key("web", "one");
    const struct snapshot *old = NULL;
    const struct snapshot *new = NULL;

    reload();
    old = acquire();
    (void)add_ec_key("web", "two");
    reload();
    reload();
    new = acquire();
    ck_assert_ptr_ne(old, new);
    ck_assert_ptr_null(find_key(old, "web/two"));
    ck_assert_str_eq(find_key(old, "web/one")->pem, row.pem);
    ck_assert_ptr_nonnull(find_key(new, "web/two"));
    release(old);
    ck_assert_str_eq(find_key(new, "web/one")->pem, row.pem);
    assert_jwk(find_key(new, "web/one"), &row);
    assert_etag(find_key(new, "web/one")->etag, row.pem);
    release(new);
}
END_TEST

START_TEST(a_refresh_reloads_when_the_generation_is_another)
{
    const struct snapshot *first = NULL;
    const struct snapshot *second = NULL;

    refresh();
    first = acquire();
    refresh();
    second = acquire();
    ck_assert_ptr_eq(first, second);
    release(second);
    (void)add_ec_key("web", "one");
    refresh();
    second = acquire();
    ck_assert_ptr_ne(first, second);
    ck_assert_ptr_nonnull(find_key(second, "web/one"));
    release(second);
    release(first);
}
END_TEST

static void assert_one_key_is_served(void)
{
    const struct snapshot *snapshot = acquire();

    ck_assert_ptr_nonnull(find_key(snapshot, "web/one")->pem);
    release(snapshot);
}

static const char *const breakages[] = { "key", "server" };

#define AT(member) offsetof(struct published_key, member)

static const struct {
    const char *column;
    size_t offset;
} changeable[] = {
    { "publish_time", AT(times.publish_time) }, { "sign_time", AT(times.sign_time) },
    { "sign_until", AT(times.sign_until) },     { "unpublish_time", AT(times.unpublish_time) },
    { "revoke_time", AT(times.revoke_time) },   { "max_lifetime", AT(max_lifetime) },
};

static int64_t read_changed(const struct snapshot *snapshot, size_t i)
{
    int64_t value = 0;

    memcpy(&value, (const char *)find_key(snapshot, "web/one") + changeable[i].offset,
           sizeof value);
    return value;
}

/* What is read of a key again is shared with the snapshot before, which stays as it was. */
START_TEST(a_reload_sees_each_change_of_a_key)
{
    const struct snapshot *before = NULL;
    const struct snapshot *after = NULL;
    char sql[80];

    (void)add_ec_key("web", "one");
    reload();
    before = acquire();
    (void)snprintf(sql, sizeof sql, "UPDATE key SET %s = %lld", changeable[_i].column,
                   (long long)NOW + 77);
    run_sql(sql);
    reload();
    after = acquire();
    ck_assert_int_ne(read_changed(before, (size_t)_i), NOW + 77);
    ck_assert_int_eq(read_changed(after, (size_t)_i), NOW + 77);
    release(before);
    ck_assert_str_eq(find_key(after, "web/one")->kid, "web/one");
    release(after);
}
END_TEST

START_TEST(a_reload_that_fails_keeps_the_old_keys_and_says_why)
{
    struct asap_error err = { 0 };
    char sql[96];

    (void)add_ec_key("web", "one");
    reload();
    (void)snprintf(sql, sizeof sql,
                   "UPDATE server SET generation = generation + 1; ALTER TABLE %s RENAME TO gone",
                   breakages[_i]);
    run_sql(sql);
    ck_assert_int_eq(keyring_reload(fixture.keyring, fixture.store, NOW, &err), ASAP_UNAVAILABLE);
    assert_problem("no such table");
    assert_one_key_is_served();
    ck_assert_int_eq(keyring_refresh(fixture.keyring, fixture.store, NOW, NULL), ASAP_UNAVAILABLE);
    assert_problem("no such table");
    assert_one_key_is_served();
    (void)snprintf(sql, sizeof sql, "ALTER TABLE gone RENAME TO %s", breakages[_i]);
    run_sql(sql);
    refresh();
    assert_problem("");
    assert_one_key_is_served();
}
END_TEST

START_TEST(a_database_that_lost_changes_is_not_followed)
{
    struct asap_error err = { 0 };
    char problem[256] = "";

    (void)add_ec_key("web", "one");
    (void)add_ec_key("web", "two");
    reload();
    run_sql("UPDATE server SET generation = 1; DELETE FROM key WHERE kid = 'web/two'");
    ck_assert_int_eq(keyring_refresh(fixture.keyring, fixture.store, NOW, &err),
                     ASAP_FAILED_PRECONDITION);
    ck_assert(!keyring_problem(fixture.keyring, problem, sizeof problem));
    ck_assert_ptr_nonnull(strstr(problem, "went back from generation 3 of the keys to 1"));
    ck_assert_int_eq(keyring_check_forward(fixture.keyring, 1, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_succeeds(keyring_check_forward(fixture.keyring, 3, &err));
    ck_assert(keyring_doubt(fixture.keyring).may_lack);
    run_sql("UPDATE server SET generation = 3");
    ck_assert_succeeds(keyring_refresh(fixture.keyring, fixture.store, NOW, &err));
    ck_assert(!keyring_doubt(fixture.keyring).may_lack);
}
END_TEST

START_TEST(a_first_load_that_fails_leaves_no_keys_until_one_succeeds)
{
    (void)add_ec_key("web", "one");
    run_sql("ALTER TABLE key RENAME TO gone");
    ck_assert_int_eq(keyring_reload(fixture.keyring, fixture.store, NOW, NULL), ASAP_UNAVAILABLE);
    ck_assert_ptr_null(keyring_acquire(fixture.keyring));
    run_sql("ALTER TABLE gone RENAME TO key");
    refresh();
    assert_one_key_is_served();
}
END_TEST

static const char *const damages[] = {
    "pem = replace(pem, 'M', 'N')",
    "pem = pem || char(10)",
    "pem = ''",
    "pem = pem || hex(zeroblob(2048))",
    "digest = replace(replace(digest, '0', '1'), 'a', 'b')",
    "digest = upper(digest) || ''",
    "thumbprint = 'A' || substr(thumbprint, 2) || 'A'",
    "thumbprint = substr(thumbprint, 2) || 'A'",
    "algorithm = 'HS256'",
    "algorithm = 'ES384'",
    "algorithm = '\",\"x'",
};

/* Each damage to a row that was never read, and to one that was. */
START_TEST(a_damaged_row_is_named_and_not_served_and_the_others_are)
{
    const char *const done = damages[_i % COUNT(damages)];
    const struct snapshot *snapshot = NULL;
    char sql[160];

    (void)add_ec_key("web", "one");
    (void)add_ec_key("web", "two");
    (void)snprintf(sql, sizeof sql,
                   "PRAGMA ignore_check_constraints = ON; UPDATE key SET %s WHERE kid = 'web/two'",
                   done);
    if (_i >= COUNT(damages))
        reload();
    run_sql(sql);
    reload();
    assert_problem("web/two");
    snapshot = acquire();
    ck_assert_ptr_nonnull(find_key(snapshot, "web/two"));
    ck_assert_ptr_null(find_key(snapshot, "web/two")->pem);
    ck_assert_ptr_null(find_key(snapshot, "web/two")->jwk);
    ck_assert_ptr_nonnull(find_key(snapshot, "web/one")->pem);
    release(snapshot);
}
END_TEST

static const char *const damaged_ids[] = { "", "x", "/", "web/", "web/three", "\n/\"" };

START_TEST(a_row_with_a_damaged_key_id_does_not_take_the_others_along)
{
    const struct snapshot *snapshot = NULL;
    char sql[160];
    char problem[256];

    (void)add_ec_key("web", "one");
    (void)add_ec_key("web", "two");
    (void)snprintf(
        sql, sizeof sql,
        "PRAGMA ignore_check_constraints = ON; UPDATE key SET kid = '%s' WHERE kid = 'web/two'",
        damaged_ids[_i]);
    run_sql(sql);
    reload();
    (void)keyring_problem(fixture.keyring, problem, sizeof problem);
    ck_assert_str_ne(problem, "");
    snapshot = acquire();
    ck_assert_ptr_null(find_key(snapshot, "web/two"));
    ck_assert_ptr_nonnull(find_key(snapshot, "web/one")->pem);
    release(snapshot);
}
END_TEST

static int times_logged(const char *text)
{
    int times = 0;

    ck_assert_int_eq(fflush(fixture.log.stream), 0);
    for (const char *at = fixture.logged; (at = strstr(at, text)) != NULL; at++)
        times++;
    return times;
}

START_TEST(damage_is_logged_once_and_gone_when_it_is_mended)
{
    (void)add_ec_key("web", "one");
    (void)add_ec_key("web", "two");
    run_sql("UPDATE key SET pem = 'x' || pem WHERE kid = 'web/two'");
    reload();
    reload();
    refresh();
    ck_assert_int_eq(times_logged("web/two"), 1);
    run_sql("UPDATE key SET pem = substr(pem, 2) WHERE kid = 'web/two'");
    reload();
    assert_problem("");
    ck_assert_int_eq(times_logged("web/two"), 1);
}
END_TEST

START_TEST(damage_everywhere_is_survived)
{
    char name[64];

    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "a-name-that-is-fifty-bytes-long-or-so-just-about-%d", i);
        (void)add_key(&(struct wanted){ "web", name, "ED25519", "EdDSA" });
    }
    (void)add_ec_key("web", "one");
    run_sql("UPDATE key SET pem = 'x' WHERE kid <> 'web/one'");
    reload();
    assert_problem("web/a-name");
    assert_one_key_is_served();
}
END_TEST

enum { READERS = 4, RELOADS = 150 };

struct stress {
    atomic_bool done;
    atomic_int failures;
    atomic_int reads;
};

/* Each reader sees a whole snapshot: what it finds by one way it finds by the other. */
static void *read_until_done(void *context)
{
    struct stress *stress = context;
    char hex[65];

    write_hex_digest("web/one", hex);
    while (!atomic_load(&stress->done)) {
        const struct snapshot *snapshot = keyring_acquire(fixture.keyring);
        const struct published_key *key = snapshot_find(snapshot, "web/one", 7);
        const struct published_keys keys = snapshot_issuer_keys(snapshot, "web", 3);

        if (key == NULL || key != snapshot_find_hashed(snapshot, hex)
            || key != published_keys_at(keys, 0) || strlen(key->pem) != key->pem_length
            || keys.count != snapshot_count(snapshot, NOW))
            atomic_fetch_add(&stress->failures, 1);
        keyring_release(fixture.keyring, snapshot);
        atomic_fetch_add(&stress->reads, 1);
    }
    return NULL;
}

static void *refresh_until_done(void *context)
{
    struct stress *stress = context;

    while (!atomic_load(&stress->done)) {
        char problem[256];

        if (keyring_refresh(fixture.keyring, fixture.store, NOW, NULL) != ASAP_OK)
            atomic_fetch_add(&stress->failures, 1);
        (void)keyring_problem(fixture.keyring, problem, sizeof problem);
        if (problem[0] != '\0')
            atomic_fetch_add(&stress->failures, 1);
    }
    return NULL;
}

START_TEST(readers_are_undisturbed_by_reloads)
{
    struct stress stress = { 0 };
    pthread_t threads[READERS + 1];

    (void)add_ec_key("web", "one");
    reload();
    for (int i = 0; i <= READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL,
                                        i == 0 ? refresh_until_done : read_until_done, &stress),
                         0);
    for (int i = 0; i < RELOADS || atomic_load(&stress.reads) < RELOADS; i++) {
        if (i % 10 == 0 && i < RELOADS) {
            char name[16];

            (void)snprintf(name, sizeof name, "n%d", i);
            (void)add_ec_key("web", name);
        }
        reload();
    }
    atomic_store(&stress.done, true);
    for (int i = 0; i <= READERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(atomic_load(&stress.failures), 0);
}
END_TEST

static TCase *finding(void)
{
    TCase *tests = tcase_create("finding");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, nothing_is_there_before_the_first_load);
    tcase_add_loop_test(tests, a_key_is_found_with_all_that_is_served_of_it, 0, COUNT(kinds));
    tcase_add_loop_test(tests, a_key_id_is_matched_byte_by_byte, 0, COUNT(strangers));
    tcase_add_test(tests, a_key_is_found_by_the_hash_of_its_id);
    tcase_add_test(tests, the_hash_is_in_lower_case);
    tcase_add_loop_test(tests, the_keys_of_an_issuer_are_its_own_oldest_first, 0, COUNT(issuers));
    tcase_add_test(tests, each_of_many_keys_is_found);
    tcase_add_test(tests, the_published_keys_are_counted_at_a_moment);
    return tests;
}

static TCase *reloading(void)
{
    TCase *tests = tcase_create("reloading");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_held_snapshot_stays_as_it_was);
    tcase_add_test(tests, a_refresh_reloads_when_the_generation_is_another);
    tcase_add_loop_test(tests, a_reload_that_fails_keeps_the_old_keys_and_says_why, 0,
                        COUNT(breakages));
    tcase_add_test(tests, a_database_that_lost_changes_is_not_followed);
    tcase_add_test(tests, a_first_load_that_fails_leaves_no_keys_until_one_succeeds);
    tcase_add_test(tests, readers_are_undisturbed_by_reloads);
    return tests;
}

static TCase *damage(void)
{
    TCase *tests = tcase_create("damage");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_reload_sees_each_change_of_a_key, 0, COUNT(changeable));
    tcase_add_loop_test(tests, a_damaged_row_is_named_and_not_served_and_the_others_are, 0,
                        2 * COUNT(damages));
    tcase_add_loop_test(tests, a_row_with_a_damaged_key_id_does_not_take_the_others_along, 0,
                        COUNT(damaged_ids));
    tcase_add_test(tests, damage_is_logged_once_and_gone_when_it_is_mended);
    tcase_add_test(tests, damage_everywhere_is_survived);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("keyring");

    suite_add_tcase(suite, finding());
    suite_add_tcase(suite, reloading());
    suite_add_tcase(suite, damage());
    return check_main(suite);
}
