/* SPDX-License-Identifier: Apache-2.0 */
#include "callers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_fixture.h"
#include "keyring_fixture.h"

static struct store *store;
static struct callers *callers;

static void prepare(void)
{
    struct asap_error err = { 0 };

    set_up();
    store = fixture.store;
    ck_assert_succeeds(callers_new(&callers, &err));
}

static void clean_up(void)
{
    callers_free(callers);
    tear_down();
}

static const struct caller_set *load(void)
{
    struct asap_error err = { 0 };
    const struct caller_set *set = NULL;

    ck_assert_succeeds(callers_reload(callers, store, &err));
    set = callers_acquire(callers);
    ck_assert_ptr_nonnull(set);
    return set;
}

START_TEST(nothing_is_there_before_the_first_load)
{
    ck_assert_ptr_null(callers_acquire(callers));
    callers_release(callers, NULL);
    callers_free(NULL);
}
END_TEST

START_TEST(an_empty_store_has_nobody)
{
    const struct caller_set *set = load();

    ck_assert_int_eq(caller_set_generation(set), 0);
    ck_assert_ptr_null(caller_set_find(set, "ci"));
    ck_assert_ptr_null(caller_set_find(set, ""));
    ck_assert_ptr_null(caller_set_find_credential(set, CREDENTIAL_UID, "1000"));
    callers_release(callers, set);
}
END_TEST

START_TEST(callers_are_found_by_name_whatever_their_state)
{
    struct caller_row gone = add_caller(store, "zoe");
    struct caller_row off = add_caller(store, "ci");
    const struct caller_set *set = NULL;

    (void)add_caller(store, "api");
    gone.delete_time = THEN;
    off.enabled = false;
    update_caller(store, &gone);
    update_caller(store, &off);
    set = load();
    ck_assert_int_eq(caller_set_generation(set), 5);
    ck_assert_str_eq(caller_set_find(set, "api")->name, "api");
    ck_assert(caller_set_find(set, "api")->is_enabled);
    ck_assert(!caller_set_find(set, "api")->is_deleted);
    ck_assert(!caller_set_find(set, "ci")->is_enabled);
    ck_assert(!caller_set_find(set, "ci")->is_deleted);
    ck_assert(caller_set_find(set, "zoe")->is_deleted);
    ck_assert_ptr_null(caller_set_find(set, "ap"));
    ck_assert_ptr_null(caller_set_find(set, "apis"));
    ck_assert_ptr_null(caller_set_find(set, "CI"));
    callers_release(callers, set);
}
END_TEST

static const struct {
    enum credential_kind kind;
    const char *name, *caller;
} proofs[] = {
    { CREDENTIAL_ISSUER, "web", "web" },
    { CREDENTIAL_URI, "spiffe://example.com/web", "web" },
    { CREDENTIAL_DNS_NAME, "web", "ci" },
    { CREDENTIAL_UID, "1000", "ci" },
    { CREDENTIAL_API_KEY, "0123456789abcdef", "ci" },
};

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *digest_for(enum credential_kind kind)
{
    return kind == CREDENTIAL_API_KEY ? DIGEST : "";
}

static void add_proofs(void)
{
    const struct caller_row ci = add_caller(store, "ci");
    const struct caller_row web = add_caller(store, "web");

    for (int i = 0; i < COUNT(proofs); i++)
        (void)add_credential(store, i, strcmp(proofs[i].caller, "ci") == 0 ? &ci : &web,
                             proofs[i].kind, proofs[i].name, digest_for(proofs[i].kind));
}

START_TEST(a_credential_is_found_by_kind_and_name)
{
    const struct caller_set *set = NULL;
    const struct known_credential *found = NULL;

    add_proofs();
    set = load();
    for (int i = 0; i < COUNT(proofs); i++) {
        char id[ACCESS_ID_SIZE];

        write_id(i, id);
        found = caller_set_find_credential(set, proofs[i].kind, proofs[i].name);
        ck_assert_ptr_nonnull(found);
        ck_assert_str_eq(found->credential_id, id);
        ck_assert_int_eq(found->kind, proofs[i].kind);
        ck_assert_str_eq(found->name, proofs[i].name);
        ck_assert_str_eq(found->digest, digest_for(proofs[i].kind));
        ck_assert_int_eq(found->expire_time, LIFECYCLE_NEVER);
        ck_assert_int_eq(found->revoke_time, LIFECYCLE_NEVER);
        ck_assert_ptr_eq(found->caller, caller_set_find(set, proofs[i].caller));
    }
    ck_assert_ptr_null(caller_set_find_credential(set, CREDENTIAL_URI, "web"));
    ck_assert_ptr_null(caller_set_find_credential(set, CREDENTIAL_UID, "100"));
    ck_assert_ptr_null(caller_set_find_credential(set, CREDENTIAL_API_KEY, ""));
    callers_release(callers, set);
}
END_TEST

START_TEST(of_credentials_alike_the_newest_is_found)
{
    const struct caller_row ci = add_caller(store, "ci");
    const struct caller_row web = add_caller(store, "web");
    const struct caller_set *set = NULL;
    const struct known_credential *found = NULL;
    struct credential_row row;

    for (int64_t number = 1; number <= 3; number++) {
        row = add_credential(store, 10 - number, number < 3 ? &ci : &web, CREDENTIAL_UID, "7", "");
        if (number < 3)
            revoke_credential(store, &row, THEN + number);
    }
    (void)add_credential(store, 20, &ci, CREDENTIAL_UID, "8", "");
    set = load();
    found = caller_set_find_credential(set, CREDENTIAL_UID, "7");
    ck_assert_str_eq(found->credential_id, "0000000000000007");
    ck_assert_str_eq(found->caller->name, "web");
    ck_assert_int_eq(found->revoke_time, LIFECYCLE_NEVER);
    ck_assert_ptr_nonnull(caller_set_find_credential(set, CREDENTIAL_UID, "8"));
    callers_release(callers, set);
    revoke_credential(store, &row, THEN + 9);
    set = load();
    ck_assert_int_eq(caller_set_find_credential(set, CREDENTIAL_UID, "7")->revoke_time, THEN + 9);
    callers_release(callers, set);
}
END_TEST

static void assert_list(const char *const *list, const char *first, const char *second)
{
    ck_assert_pstr_eq(list[0], first);
    if (first != NULL)
        ck_assert_pstr_eq(list[1], second);
    if (second != NULL)
        ck_assert_ptr_null(list[2]);
}

START_TEST(a_grant_has_its_lists_and_limits)
{
    const struct caller_row ci = add_caller(store, "ci");
    const struct caller_set *set = NULL;
    const struct known_grant *grant = NULL;
    size_t count = 0;

    add_grant(store, 1, &ci,
              (struct grant_row){ .verb = VERB_MINT,
                                  .issuer = "web",
                                  .audiences = "orders/*\nstock",
                                  .subjects = "alice",
                                  .max_lifetime = 60,
                                  .tokens_per_minute = 7 });
    set = load();
    grant = known_caller_grants(caller_set_find(set, "ci"), VERB_MINT, "web", &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(grant->grant_id, "0000000000000001");
    ck_assert_int_eq(grant->verb, VERB_MINT);
    ck_assert_str_eq(grant->issuer, "web");
    assert_list(grant->audiences, "orders/*", "stock");
    assert_list(grant->subjects, "alice", NULL);
    assert_list(grant->claims, NULL, NULL);
    ck_assert_int_eq(grant->max_lifetime, 60);
    ck_assert_int_eq(grant->tokens_per_minute, 7);
    callers_release(callers, set);
}
END_TEST

/* In the order in which they are granted. */
static const struct {
    const char *caller;
    enum verb verb;
    const char *issuer;
} given[] = {
    { "web", VERB_MINT, "web" },   { "ci", VERB_ROTATE, "web" },  { "ci", VERB_MINT, "web/b" },
    { "ci", VERB_MINT, "web" },    { "web", VERB_ADMIN, "" },     { "ci", VERB_MINT, "web" },
    { "ci", VERB_MINT, "app" },    { "ci", VERB_PUBLISH, "web" }, { "ci", VERB_MINT, "webb" },
    { "web", VERB_ROTATE, "web" },
};

static const struct {
    const char *caller;
    enum verb verb;
    const char *issuer;
    const char *ids; /* the last digits */
} asked[] = {
    { "ci", VERB_MINT, "web", "35" },   { "ci", VERB_MINT, "web/b", "2" },
    { "ci", VERB_MINT, "app", "6" },    { "ci", VERB_MINT, "webb", "8" },
    { "ci", VERB_MINT, "we", "" },      { "ci", VERB_MINT, "zoe", "" },
    { "ci", VERB_MINT, "", "" },        { "ci", VERB_PUBLISH, "web", "7" },
    { "ci", VERB_ROTATE, "web", "1" },  { "ci", VERB_ROTATE, "app", "" },
    { "ci", VERB_ADMIN, "", "" },       { "web", VERB_MINT, "web", "0" },
    { "web", VERB_ADMIN, "", "4" },     { "web", VERB_ROTATE, "web", "9" },
    { "web", VERB_PUBLISH, "web", "" }, { "zoe", VERB_MINT, "web", "" },
};

START_TEST(grants_are_found_by_verb_and_issuer_oldest_first)
{
    const struct caller_row ci = add_caller(store, "ci");
    const struct caller_row web = add_caller(store, "web");
    const struct caller_set *set = NULL;

    (void)add_caller(store, "zoe");
    for (int i = 0; i < COUNT(given); i++) {
        struct grant_row row = { .verb = (int64_t)given[i].verb };

        (void)snprintf(row.issuer, sizeof row.issuer, "%s", given[i].issuer);
        add_grant(store, i, strcmp(given[i].caller, "ci") == 0 ? &ci : &web, row);
    }
    set = load();
    for (int i = 0; i < COUNT(asked); i++) {
        size_t count = 99;
        const struct known_grant *found = known_caller_grants(
            caller_set_find(set, asked[i].caller), asked[i].verb, asked[i].issuer, &count);

        ck_assert_uint_eq(count, strlen(asked[i].ids));
        ck_assert((found == NULL) == (count == 0));
        for (size_t j = 0; j < count; j++)
            ck_assert_int_eq(found[j].grant_id[ACCESS_ID_SIZE - 2], asked[i].ids[j]);
    }
    callers_release(callers, set);
}
END_TEST

START_TEST(a_set_stays_as_it_is_until_it_is_released)
{
    const struct caller_set *old = NULL;
    const struct caller_set *set = NULL;

    (void)add_caller(store, "ci");
    old = load();
    (void)add_caller(store, "web");
    set = load();
    ck_assert_ptr_null(caller_set_find(old, "web"));
    ck_assert_str_eq(caller_set_find(old, "ci")->name, "ci");
    ck_assert_ptr_nonnull(caller_set_find(set, "web"));
    callers_release(callers, old);
    callers_release(callers, set);
}
END_TEST

START_TEST(a_refresh_loads_anew_only_when_something_changed)
{
    struct asap_error err = { 0 };
    const struct caller_set *first = NULL;
    const struct caller_set *second = NULL;

    ck_assert_succeeds(callers_refresh(callers, store, &err));
    first = callers_acquire(callers);
    ck_assert_ptr_nonnull(first);
    ck_assert_succeeds(callers_refresh(callers, store, &err));
    second = callers_acquire(callers);
    ck_assert_ptr_eq(first, second);
    callers_release(callers, second);
    (void)add_caller(store, "ci");
    ck_assert_succeeds(callers_refresh(callers, store, &err));
    second = callers_acquire(callers);
    ck_assert_int_eq(caller_set_generation(second), 1);
    ck_assert_ptr_nonnull(caller_set_find(second, "ci"));
    callers_release(callers, first);
    callers_release(callers, second);
}
END_TEST

static const struct {
    const char *why, *sql, *repair;
} faults[] = {
    { "no grants", "ALTER TABLE access_grant RENAME TO lost",
      "ALTER TABLE lost RENAME TO access_grant" },
    { "no server", "ALTER TABLE server RENAME TO lost", "ALTER TABLE lost RENAME TO server" },
    { "a credential of nobody",
      "INSERT INTO credential (credential_id, caller_id, kind, name, digest, create_time) "
      "VALUES ('0000000000000001', 99, 4, '7', '', 1)",
      "DELETE FROM credential" },
    { "a grant of nobody",
      "INSERT INTO access_grant (grant_id, caller_id, verb, issuer, audiences, subjects, claims, "
      "max_lifetime, tokens_per_minute, create_time) "
      "VALUES ('0000000000000001', 99, 4, '', '', '', '', 0, 0, 1)",
      "DELETE FROM access_grant" },
};

START_TEST(a_failed_load_keeps_the_old_set_until_one_succeeds)
{
    struct asap_error err = { 0 };
    const struct caller_set *before = NULL;
    const struct caller_set *after = NULL;
    char problem[256];

    ck_assert(!callers_problem(callers, problem, sizeof problem));
    ck_assert_str_eq(problem, "the callers are not loaded yet");
    (void)add_caller(store, "ci");
    before = load();
    ck_assert(callers_problem(callers, problem, sizeof problem));
    ck_assert_str_eq(problem, "");
    run_sql(faults[_i].sql);
    ck_assert_msg(callers_reload(callers, store, &err) != ASAP_OK, "%s", faults[_i].why);
    ck_assert_str_ne(err.message, "");
    after = callers_acquire(callers);
    ck_assert_ptr_eq(before, after);
    callers_release(callers, after);
    ck_assert_int_ne(callers_refresh(callers, store, &err), ASAP_OK);
    ck_assert(!callers_problem(callers, problem, sizeof problem));
    ck_assert_ptr_nonnull(strstr(problem, "the callers could not be reloaded: "));
    ck_assert_ptr_nonnull(strstr(problem, err.message));
    run_sql(faults[_i].repair);
    ck_assert_succeeds(callers_refresh(callers, store, &err));
    ck_assert(callers_problem(callers, problem, sizeof problem));
    ck_assert_str_eq(problem, "");
    after = callers_acquire(callers);
    ck_assert_ptr_ne(before, after);
    callers_release(callers, after);
    callers_release(callers, before);
}
END_TEST

enum { MANY_CALLERS = 1000, MANY_GRANTS = 100 };

static void fill(void)
{
    struct grant_row row = { .verb = VERB_MINT, .audiences = "orders/*\nstock" };
    struct caller_row caller = { .enabled = true, .delete_time = LIFECYCLE_NEVER };
    struct change change;

    begin_change(&change, store);
    for (int i = 0; i < MANY_CALLERS; i++) {
        (void)snprintf(caller.name, sizeof caller.name, "caller-%d", i);
        ck_assert_int_eq(store_add_caller(&change.txn, &caller, &change.err), ASAP_OK);
        row.caller_id = caller.id;
        for (int j = 0; j < MANY_GRANTS; j++) {
            write_id(i * MANY_GRANTS + j, row.grant_id);
            (void)snprintf(row.issuer, sizeof row.issuer, "team-%d/service-%d", i, 99 - j);
            ck_assert_int_eq(store_add_grant(&change.txn, &row, &change.err), ASAP_OK);
        }
    }
    end_change(&change);
}

START_TEST(a_hundred_thousand_grants_are_found)
{
    const struct caller_set *set = NULL;
    char name[64];
    size_t count = 0;

    fill();
    set = load();
    for (int i = 0; i < MANY_CALLERS; i++) {
        const struct known_caller *caller = NULL;

        (void)snprintf(name, sizeof name, "caller-%d", i);
        caller = caller_set_find(set, name);
        ck_assert_uint_eq(caller->grant_count, MANY_GRANTS);
        (void)snprintf(name, sizeof name, "team-%d/service-%d", i, i % 100);
        assert_list(known_caller_grants(caller, VERB_MINT, name, &count)->audiences, "orders/*",
                    "stock");
        ck_assert_uint_eq(count, 1);
    }
    callers_release(callers, set);
}
END_TEST

enum { READERS = 4, RELOADS = 100 };

static atomic_bool is_over;

struct reader {
    pthread_t thread;
    size_t whole, torn;
};

/* A set is whole: as many callers as changes. */
static void *read_sets(void *context)
{
    struct reader *reader = context;

    do {
        const struct caller_set *set = callers_acquire(callers);
        char name[32];

        (void)snprintf(name, sizeof name, "c%d", (int)caller_set_generation(set));
        if (caller_set_find(set, name) != NULL)
            reader->whole++;
        else
            reader->torn++;
        callers_release(callers, set);
    } while (!atomic_load(&is_over));
    return NULL;
}

static void *reload_sets(void *context)
{
    struct asap_error err = { 0 };

    (void)context;
    while (!atomic_load(&is_over))
        if (callers_reload(callers, store, &err) != ASAP_OK)
            return &is_over;
    return NULL;
}

START_TEST(readers_and_reloads_do_not_disturb_each_other)
{
    pthread_t reloader;
    struct reader readers[READERS] = { { 0 } };
    struct asap_error err = { 0 };
    void *failure = NULL;

    (void)add_caller(store, "c1");
    callers_release(callers, load());
    atomic_store(&is_over, false);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&readers[i].thread, NULL, read_sets, &readers[i]), 0);
    ck_assert_int_eq(pthread_create(&reloader, NULL, reload_sets, NULL), 0);
    for (int i = 2; i <= RELOADS; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "c%d", i);
        (void)add_caller(store, name);
        ck_assert_succeeds(callers_refresh(callers, store, &err));
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < READERS; i++) {
        ck_assert_int_eq(pthread_join(readers[i].thread, NULL), 0);
        ck_assert_uint_gt(readers[i].whole, 0);
        ck_assert_uint_eq(readers[i].torn, 0);
    }
    ck_assert_int_eq(pthread_join(reloader, &failure), 0);
    ck_assert_ptr_null(failure);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("callers");
    TCase *tcase = tcase_create("sets");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, prepare, clean_up);
    tcase_add_test(tcase, nothing_is_there_before_the_first_load);
    tcase_add_test(tcase, an_empty_store_has_nobody);
    tcase_add_test(tcase, callers_are_found_by_name_whatever_their_state);
    tcase_add_test(tcase, a_credential_is_found_by_kind_and_name);
    tcase_add_test(tcase, of_credentials_alike_the_newest_is_found);
    tcase_add_test(tcase, a_grant_has_its_lists_and_limits);
    tcase_add_test(tcase, grants_are_found_by_verb_and_issuer_oldest_first);
    tcase_add_test(tcase, a_set_stays_as_it_is_until_it_is_released);
    tcase_add_test(tcase, a_refresh_loads_anew_only_when_something_changed);
    tcase_add_loop_test(tcase, a_failed_load_keeps_the_old_set_until_one_succeeds, 0,
                        COUNT(faults));
    tcase_add_test(tcase, a_hundred_thousand_grants_are_found);
    tcase_add_test(tcase, readers_and_reloads_do_not_disturb_each_other);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
