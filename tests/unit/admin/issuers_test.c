/* SPDX-License-Identifier: Apache-2.0 */
#include "manage_issuers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_fixture.h"
#include "change.h"
#include "store_access.h"
#include "store_sealed.h"
#include "store_server.h"

/* What becomes of issuers and their keys, on a real store, vault and keyring. */

#define NAME "payments/api"
#define LATER (CREATED + 5000)

DEFINE_SCOPED(rows, struct key_row *, free)

static struct change begin(int64_t now)
{
    return (struct change){ .admin = &fixture.admin, .now = now };
}

static enum asap_code finish(enum asap_code code, struct change *change, struct asap_error *err)
{
    if (code == ASAP_OK)
        code = change_finish(change, err);
    change_scope_exit(change);
    return code;
}

static enum asap_code create_with(bool managed, int64_t period, int64_t now, struct asap_error *err)
{
    struct issuer_row row = { .managed = managed, .max_lifetime = 600, .rotation_period = period };
    struct change change = begin(now);

    (void)snprintf(row.name, sizeof row.name, "%s", NAME);
    (void)snprintf(row.algorithm, sizeof row.algorithm, "%s", managed ? "ES256" : "");
    return finish(keys_create_issuer(&change, &row, err), &change, err);
}

static void create(bool managed)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(create_with(managed, 0, CREATED, &err));
}

static enum asap_code update(struct issuer_update wanted, int64_t now, struct asap_error *err)
{
    struct issuer_row row;
    struct change change = begin(now);

    wanted.name = NAME;
    if (wanted.algorithm == NULL)
        wanted.algorithm = "";
    return finish(keys_update_issuer(&change, &wanted, &row, err), &change, err);
}

static enum asap_code rotate(struct rotation rotation, int64_t now, struct key_plan *plan)
{
    struct asap_error err = { 0 };
    struct change change = begin(now);

    rotation.issuer = NAME;
    if (rotation.expected_kid == NULL)
        rotation.expected_kid = "";
    return finish(keys_rotate(&change, &rotation, plan, &err), &change, &err);
}

static enum asap_code publish(const char *name, int64_t unpublish_time, struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    struct publication publication = { NAME, name, NULL, "", unpublish_time };
    struct key_row row;
    struct change change = begin(CREATED);

    ck_assert_int_eq(vault_generate(algorithm_find("ES256", 5), &key, err), ASAP_OK);
    ck_assert_int_eq(pem_write_public(key, &pem, err), ASAP_OK);
    publication.public_key = pem.bytes;
    return finish(keys_publish(&change, &publication, &row, err), &change, err);
}

static struct key_row *list(size_t *count)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct issuer_row issuer;
    struct key_row *rows = NULL;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_get_issuer(&txn, NAME, &issuer, &err));
    ck_assert_succeeds(store_list_keys(&txn, issuer.id, &rows, count, &err));
    return rows;
}

static size_t count_in_state(enum key_state state, int64_t now)
{
    size_t count = 0;
    size_t matching = 0;
    SCOPED(rows) struct key_row *rows = list(&count);

    for (size_t i = 0; i < count; i++)
        matching += lifecycle_state(&rows[i].times, now) == state ? 1 : 0;
    return matching;
}

static bool has_private_key(const struct key_row *row)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    void *sealed = NULL;
    size_t length = 0;
    enum asap_code code = ASAP_OK;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    code = store_get_sealed(&txn, row->id, &sealed, &length, &err);
    free(sealed);
    ck_assert(code == ASAP_OK || code == ASAP_NOT_FOUND);
    return code == ASAP_OK;
}

/* What is served is what the store has. */
static void assert_served_as_stored(int64_t now)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    size_t count = 0;
    SCOPED(rows) struct key_row *rows = list(&count);

    for (size_t i = 0; i < count; i++) {
        const struct published_key *key = snapshot_find(snapshot, rows[i].kid, strlen(rows[i].kid));

        ck_assert_int_eq(key != NULL && lifecycle_is_published(&key->times, now),
                         lifecycle_is_published(&rows[i].times, now));
    }
    keyring_release(fixture.admin.keyring, snapshot);
}

START_TEST(another_algorithm_is_that_of_new_standbys_and_their_predecessors_are_destroyed)
{
    struct asap_error err = { 0 };
    size_t count = 0;

    create(true);
    ck_assert_succeeds(update((struct issuer_update){ .algorithm = "EdDSA" }, LATER, &err));
    ck_assert_uint_eq(count_in_state(KEY_ACTIVE, LATER), 1);
    ck_assert_uint_eq(count_in_state(KEY_STANDBY, LATER), 2);
    ck_assert_uint_eq(count_in_state(KEY_RETIRED, LATER), 2);
    {
        SCOPED(rows) struct key_row *rows = list(&count);

        ck_assert_uint_eq(count, 5);
        for (size_t i = 0; i < count; i++) {
            ck_assert_str_eq(rows[i].algorithm, i < 3 ? "ES256" : "EdDSA");
            ck_assert_int_eq(has_private_key(&rows[i]),
                             lifecycle_state(&rows[i].times, LATER) != KEY_RETIRED);
        }
    }
    assert_served_as_stored(LATER);
}
END_TEST

START_TEST(the_same_algorithm_again_leaves_the_standbys)
{
    struct asap_error err = { 0 };
    size_t count = 0;

    create(true);
    ck_assert_succeeds(update((struct issuer_update){ .algorithm = "ES256" }, LATER, &err));
    ck_assert_succeeds(
        update((struct issuer_update){ .algorithm = "ES256", .max_lifetime = 60 }, LATER, &err));
    free(list(&count));
    ck_assert_uint_eq(count, 3);
}
END_TEST

START_TEST(another_algorithm_waits_for_a_rotation_that_is_planned)
{
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };

    create(true);
    ck_assert_int_eq(rotate((struct rotation){ .issuer = NULL }, CREATED + 100, &plan), ASAP_OK);
    ck_assert_int_eq(update((struct issuer_update){ .algorithm = "EdDSA" }, CREATED + 200, &err),
                     ASAP_FAILED_PRECONDITION);
    ck_assert_uint_eq(count_in_state(KEY_STANDBY, CREATED + 200), 3);
    ck_assert_succeeds(update((struct issuer_update){ .algorithm = "EdDSA" }, CREATED + 900, &err));
}
END_TEST

START_TEST(a_longer_lifetime_is_that_of_keys_which_sign_and_never_falls)
{
    struct asap_error err = { 0 };
    size_t count = 0;

    create(true);
    ck_assert_succeeds(update((struct issuer_update){ .max_lifetime = 1200 }, LATER, &err));
    ck_assert_succeeds(update((struct issuer_update){ .max_lifetime = 60 }, LATER + 1, &err));
    {
        SCOPED(rows) struct key_row *rows = list(&count);

        for (size_t i = 0; i < count; i++)
            ck_assert_int_eq(rows[i].max_lifetime, 1200);
    }
}
END_TEST

static const struct {
    const char *why, *field;
    bool managed;
    struct issuer_update update;
    enum asap_code code;
} updates[] = {
    { "a period of two leads",
      "",
      true,
      { .has_rotation_period = true, .rotation_period = 1800 },
      ASAP_OK },
    { "a shorter period",
      "rotation_period",
      true,
      { .has_rotation_period = true, .rotation_period = 1799 },
      ASAP_INVALID_ARGUMENT },
    { "no period", "", true, { .has_rotation_period = true }, ASAP_OK },
    { "an external issuer's period",
      "rotation_period",
      false,
      { .has_rotation_period = true, .rotation_period = 86400 },
      ASAP_INVALID_ARGUMENT },
    { "an external issuer's algorithm",
      "algorithm",
      false,
      { .algorithm = "ES256" },
      ASAP_INVALID_ARGUMENT },
    { "no algorithm at all", "algorithm", true, { .algorithm = "none" }, ASAP_INVALID_ARGUMENT },
    { "an external issuer's lifetime", "", false, { .max_lifetime = 60 }, ASAP_OK },
};

START_TEST(an_update_is_checked_field_by_field)
{
    struct asap_error err = { 0 };

    create(updates[_i].managed);
    ck_assert_msg(update(updates[_i].update, LATER, &err) == updates[_i].code, "%s: %s",
                  updates[_i].why, err.message);
    ck_assert_str_eq(err.field, updates[_i].field);
}
END_TEST

START_TEST(a_new_issuer_has_a_period_that_the_policy_allows)
{
    struct asap_error err = { 0 };
    const struct snapshot *snapshot = NULL;

    ck_assert_int_eq(create_with(true, 1799, CREATED, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "rotation_period");
    ck_assert_int_eq(create_with(false, 86400, CREATED, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_succeeds(create_with(true, 1800, CREATED, &err));
    snapshot = keyring_acquire(fixture.admin.keyring);
    ck_assert_int_eq(snapshot_find_issuer(snapshot, NAME)->rotation_period, 1800);
    keyring_release(fixture.admin.keyring, snapshot);
}
END_TEST

static enum asap_code delete_issuer(bool force, size_t *published, struct asap_error *err)
{
    struct issuer_row row;
    struct change change = begin(LATER);

    change.scope = CHANGE_BOTH;
    return finish(
        keys_delete_issuer(&change, &(struct issuer_deletion){ NAME, force }, &row, published, err),
        &change, err);
}

static void add_grant(const char *issuer)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct caller_row caller = { .create_time = CREATED, .delete_time = LIFECYCLE_NEVER };
    struct grant_row grant = { .verb = VERB_MINT, .create_time = CREATED };

    (void)snprintf(caller.name, sizeof caller.name, "c-%zu", strlen(issuer));
    (void)snprintf(grant.issuer, sizeof grant.issuer, "%s", issuer);
    (void)snprintf(grant.grant_id, sizeof grant.grant_id, "%016zx", strlen(issuer));
    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_add_caller(&txn, &caller, &err));
    grant.caller_id = caller.id;
    ck_assert_succeeds(store_add_grant(&txn, &grant, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
}

struct grants {
    size_t count;
    char last[ISSUER_MAX + 1];
};

static enum asap_code note_grant(void *context, const struct grant_row *row, struct asap_error *err)
{
    struct grants *grants = context;

    (void)err;
    grants->count++;
    (void)snprintf(grants->last, sizeof grants->last, "%s", row->issuer);
    return ASAP_OK;
}

START_TEST(a_deleted_issuer_takes_its_keys_and_grants_along_and_its_name_stays_taken)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct grants left = { .count = 0 };
    struct server_row server;
    size_t published = 0;
    size_t count = 0;

    create(true);
    SCOPED(rows) struct key_row *rows = list(&count);
    add_grant(NAME);
    add_grant("orders");
    ck_assert_succeeds(delete_issuer(true, &published, &err));
    ck_assert_uint_eq(published, 3);
    for (size_t i = 0; i < count; i++)
        ck_assert(!has_private_key(&rows[i]));
    ck_assert_int_eq(create_with(true, 0, LATER, &err), ASAP_ALREADY_EXISTS);
    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    for (size_t i = 0; i < count; i++) {
        struct key_row row;

        ck_assert_succeeds(store_get_key(&txn, rows[i].kid, &row, &err));
        ck_assert_int_eq(row.times.revoke_time, LATER);
        ck_assert_str_eq(row.revoke_reason, "the issuer was deleted");
    }
    ck_assert_succeeds(store_each_grant(&txn, note_grant, &left, &err));
    ck_assert_uint_eq(left.count, 1);
    ck_assert_str_eq(left.last, "orders");
    ck_assert_succeeds(store_get_server(&txn, &server, &err));
    ck_assert_int_eq(server.access_generation, 1);
}
END_TEST

START_TEST(an_issuer_with_published_keys_is_deleted_by_force_only)
{
    struct asap_error err = { 0 };
    size_t published = 0;

    create(true);
    ck_assert_int_eq(delete_issuer(false, &published, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_uint_eq(count_in_state(KEY_ACTIVE, LATER), 1);
}
END_TEST

START_TEST(an_issuer_without_keys_is_deleted_without_force)
{
    struct asap_error err = { 0 };
    size_t published = 1;

    create(false);
    ck_assert_succeeds(delete_issuer(false, &published, &err));
    ck_assert_uint_eq(published, 0);
    ck_assert_int_eq(delete_issuer(false, &published, &err), ASAP_NOT_FOUND);
}
END_TEST

static const struct {
    struct lifecycle_emergency options;
    size_t revoked, active;
} emergencies[] = {
    { { false, false }, 1, 1 },
    { { true, false }, 1, 1 },
    { { false, true }, 3, 0 },
    { { true, true }, 3, 1 },
};

START_TEST(an_emergency_destroys_what_it_revokes_and_keeps_two_standbys)
{
    const struct emergency emergency = { emergencies[_i].options, "laptop stolen" };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    size_t count = 0;

    create(true);
    ck_assert_int_eq(rotate((struct rotation){ .emergency = &emergency }, LATER, &plan), ASAP_OK);
    ck_assert_uint_eq(count_in_state(KEY_REVOKED, LATER), emergencies[_i].revoked);
    ck_assert_uint_eq(count_in_state(KEY_ACTIVE, LATER), emergencies[_i].active);
    ck_assert_uint_eq(count_in_state(KEY_STANDBY, LATER), 3 - emergencies[_i].active);
    ck_assert_uint_eq(count_in_state(KEY_ACTIVE, LATER + 900), 1);
    ck_assert_int_eq(plan.keys[plan.outgoing].times.revoke_time, LATER);
    ck_assert_uint_lt(plan.incoming, plan.count);
    SCOPED(rows) struct key_row *rows = list(&count);
    for (size_t i = 0; i < count; i++) {
        const bool is_revoked = rows[i].times.revoke_time == LATER;

        ck_assert_str_eq(rows[i].revoke_reason, is_revoked ? "laptop stolen" : "");
        ck_assert_int_eq(has_private_key(&rows[i]), !is_revoked);
    }
    assert_served_as_stored(LATER);
}
END_TEST

START_TEST(an_emergency_of_an_external_issuer_says_what_to_do_instead)
{
    const struct emergency emergency = { .reason = "" };
    const struct emergency *const kinds[] = { NULL, &emergency };
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };

    create(false);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct change change = begin(LATER);
        const struct rotation rotation = { NAME, "", kinds[i] };

        ck_assert_int_eq(finish(keys_rotate(&change, &rotation, &plan, &err), &change, &err),
                         ASAP_FAILED_PRECONDITION);
        ck_assert_ptr_nonnull(strstr(err.message, "asapctl key generate"));
        ck_assert_ptr_nonnull(strstr(err.message, "asapctl key revoke"));
    }
}
END_TEST

START_TEST(an_emergency_reason_has_a_bound)
{
    char reason[REVOKE_REASON_SIZE + 1];
    const struct emergency emergency = { { false, false }, reason };
    SCOPED(key_plan) struct key_plan plan = { 0 };

    create(true);
    (void)memset(reason, 'x', sizeof reason);
    reason[REVOKE_REASON_SIZE] = '\0';
    ck_assert_int_eq(rotate((struct rotation){ .emergency = &emergency }, LATER, &plan),
                     ASAP_INVALID_ARGUMENT);
    reason[REVOKE_REASON_SIZE - 1] = '\0';
    ck_assert_int_eq(rotate((struct rotation){ .emergency = &emergency }, LATER, &plan), ASAP_OK);
}
END_TEST

static enum asap_code retire(const char *kid, int64_t sign_until, struct key_row *row)
{
    struct asap_error err = { 0 };
    struct change change = begin(LATER);

    return finish(keys_retire(&change, &(struct retirement){ kid, sign_until }, row, &err), &change,
                  &err);
}

START_TEST(a_retired_external_key_is_served_until_its_tokens_have_expired)
{
    struct asap_error err = { 0 };
    struct key_row row;

    create(false);
    ck_assert_succeeds(publish("one", LIFECYCLE_NEVER, &err));
    ck_assert_int_eq(retire(NAME "/one", LIFECYCLE_NEVER, &row), ASAP_OK);
    ck_assert_int_eq(row.times.sign_until, LATER);
    ck_assert_int_eq(row.times.unpublish_time, LATER + 3600 + 60 + 2 * 30 + 1);
    ck_assert_uint_eq(count_in_state(KEY_RETIRING, row.times.unpublish_time - 1), 1);
    ck_assert_uint_eq(count_in_state(KEY_RETIRED, row.times.unpublish_time), 1);
    ck_assert_int_eq(retire(NAME "/one", CREATED - 1, &row), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(retire(NAME "/two", LIFECYCLE_NEVER, &row), ASAP_NOT_FOUND);
    ck_assert_int_eq(retire("one", LIFECYCLE_NEVER, &row), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(a_managed_key_is_not_retired_but_rotated)
{
    size_t count = 0;
    struct key_row row;

    create(true);
    SCOPED(rows) struct key_row *rows = list(&count);
    ck_assert_int_eq(retire(rows[0].kid, LIFECYCLE_NEVER, &row), ASAP_FAILED_PRECONDITION);
    ck_assert_uint_eq(count_in_state(KEY_ACTIVE, LATER), 1);
}
END_TEST

START_TEST(a_key_with_an_end_is_served_until_then_and_long_enough_to_be_known)
{
    struct asap_error err = { 0 };

    create(false);
    ck_assert_int_eq(publish("one", CREATED + 900, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "unpublish_time");
    ck_assert_succeeds(publish("two", CREATED + 901, &err));
    ck_assert_uint_eq(count_in_state(KEY_ACTIVE, CREATED + 900), 1);
    ck_assert_uint_eq(count_in_state(KEY_RETIRED, CREATED + 901), 1);
}
END_TEST

static enum asap_code revoke(const char *kid, bool force)
{
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    struct change change = begin(LATER);

    return finish(keys_revoke(&change, &(struct revocation){ kid, "lost", force }, &plan, &err),
                  &change, &err);
}

START_TEST(the_only_published_key_of_an_issuer_is_revoked_by_force_only)
{
    struct asap_error err = { 0 };

    create(false);
    ck_assert_succeeds(publish("one", LIFECYCLE_NEVER, &err));
    ck_assert_succeeds(publish("two", LIFECYCLE_NEVER, &err));
    ck_assert_int_eq(revoke(NAME "/one", false), ASAP_OK);
    ck_assert_int_eq(revoke(NAME "/two", false), ASAP_FAILED_PRECONDITION);
    ck_assert_uint_eq(count_in_state(KEY_REVOKED, LATER), 1);
    ck_assert_int_eq(revoke(NAME "/one", false), ASAP_OK);
    ck_assert_int_eq(revoke(NAME "/two", true), ASAP_OK);
    ck_assert_int_eq(revoke(NAME "/two", false), ASAP_OK);
    ck_assert_uint_eq(count_in_state(KEY_REVOKED, LATER), 2);
}
END_TEST

/* As when the issuer's algorithm changes between the two. */
START_TEST(a_pair_of_another_algorithm_than_the_issuer_has_by_now_is_not_used)
{
    struct asap_error err = { 0 };
    struct change change = begin(LATER);
    struct issuer_row issuer;
    EVP_PKEY *pair = NULL;
    struct key_row row;

    create(true);
    ck_assert_succeeds(vault_generate(algorithm_find("EdDSA", 5), &pair, &err));
    ck_assert_succeeds(change_begin(&change, &err));
    ck_assert_succeeds(store_get_issuer(&change.txn, NAME, &issuer, &err));
    ck_assert_succeeds(change_add_managed_key(
        &change, &(struct new_key){ &issuer, lifecycle_standby(LATER), &pair }, NULL, 0, &row,
        &err));
    ck_assert_succeeds(change_finish(&change, &err));
    ck_assert_str_eq(row.algorithm, "ES256");
    {
        SCOPED(pkey) EVP_PKEY *key = NULL;

        ck_assert_succeeds(pem_read_public(row.pem, strlen(row.pem), &key, &err));
        ck_assert(algorithm_fits(algorithm_find("ES256", 5), key));
    }
}
END_TEST

START_TEST(a_clock_that_went_back_changes_no_key_and_says_so)
{
    struct asap_error err = { 0 };

    create(true);
    ck_assert_int_eq(update((struct issuer_update){ .max_lifetime = 60 }, CREATED - 31, &err),
                     ASAP_FAILED_PRECONDITION);
    ck_assert_int_eq(err.reason, ASAP_REASON_CLOCK_WENT_BACK);
    ck_assert_succeeds(update((struct issuer_update){ .max_lifetime = 60 }, CREATED - 30, &err));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("issuers");
    TCase *tests = tcase_create("changes");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests,
                   another_algorithm_is_that_of_new_standbys_and_their_predecessors_are_destroyed);
    tcase_add_test(tests, the_same_algorithm_again_leaves_the_standbys);
    tcase_add_test(tests, another_algorithm_waits_for_a_rotation_that_is_planned);
    tcase_add_test(tests, a_longer_lifetime_is_that_of_keys_which_sign_and_never_falls);
    tcase_add_loop_test(tests, an_update_is_checked_field_by_field, 0, COUNT(updates));
    tcase_add_test(tests, a_new_issuer_has_a_period_that_the_policy_allows);
    tcase_add_test(tests,
                   a_deleted_issuer_takes_its_keys_and_grants_along_and_its_name_stays_taken);
    tcase_add_test(tests, an_issuer_with_published_keys_is_deleted_by_force_only);
    tcase_add_test(tests, an_issuer_without_keys_is_deleted_without_force);
    tcase_add_loop_test(tests, an_emergency_destroys_what_it_revokes_and_keeps_two_standbys, 0,
                        COUNT(emergencies));
    tcase_add_test(tests, an_emergency_of_an_external_issuer_says_what_to_do_instead);
    tcase_add_test(tests, an_emergency_reason_has_a_bound);
    tcase_add_test(tests, a_retired_external_key_is_served_until_its_tokens_have_expired);
    tcase_add_test(tests, a_managed_key_is_not_retired_but_rotated);
    tcase_add_test(tests, a_key_with_an_end_is_served_until_then_and_long_enough_to_be_known);
    tcase_add_test(tests, the_only_published_key_of_an_issuer_is_revoked_by_force_only);
    tcase_add_test(tests, a_pair_of_another_algorithm_than_the_issuer_has_by_now_is_not_used);
    tcase_add_test(tests, a_clock_that_went_back_changes_no_key_and_says_so);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
