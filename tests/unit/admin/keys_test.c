/* SPDX-License-Identifier: Apache-2.0 */
#include "admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_fixture.h"
#include "jws.h"
#include "manage_issuers.h"
#include "store_sealed.h"

/* The operations on a real store, vault and keyring. */

static struct change begin(bool validate_only, int64_t now)
{
    return (struct change){ .admin = &fixture.admin, .now = now, .validate_only = validate_only };
}

/* Ends what an operation, which returned `code`, has begun. */
static enum asap_code finish(enum asap_code code, struct change *change, struct asap_error *err)
{
    if (code == ASAP_OK)
        code = change_finish(change, err);
    change_scope_exit(change);
    return code;
}

static enum asap_code
create(const char *name, bool managed, bool validate_only, int64_t now, struct asap_error *err)
{
    struct issuer_row row = { .managed = managed, .max_lifetime = 3600 };
    struct change change = begin(validate_only, now);

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    (void)snprintf(row.algorithm, sizeof row.algorithm, "%s", managed ? "ES256" : "");
    return finish(keys_create_issuer(&change, &row, err), &change, err);
}

static enum asap_code rotate(const char *issuer,
                             bool validate_only,
                             int64_t now,
                             struct key_plan *plan,
                             struct asap_error *err)
{
    struct change change = begin(validate_only, now);

    return finish(keys_rotate(&change, &(struct rotation){ issuer, "", NULL }, plan, err), &change,
                  err);
}

static enum asap_code revoke(const struct revocation *revocation,
                             int64_t now,
                             struct key_plan *plan,
                             struct asap_error *err)
{
    struct change change = begin(false, now);

    return finish(keys_revoke(&change, revocation, plan, err), &change, err);
}

static void create_issuer(const char *name, bool managed)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(create(name, managed, false, CREATED, &err));
}

/* All keys of an issuer; the caller frees them. */
static struct key_row *list(const char *issuer_name, size_t *count)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct issuer_row issuer;
    struct key_row *rows = NULL;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_get_issuer(&txn, issuer_name, &issuer, &err));
    ck_assert_succeeds(store_list_keys(&txn, issuer.id, &rows, count, &err));
    return rows;
}

static size_t count_in_state(const char *issuer, enum key_state state, int64_t now)
{
    size_t count = 0;
    size_t matching = 0;
    struct key_row *rows = list(issuer, &count);

    for (size_t i = 0; i < count; i++)
        matching += lifecycle_state(&rows[i].times, now) == state ? 1 : 0;
    free(rows);
    return matching;
}

static bool is_served(const char *kid, int64_t now)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    const struct published_key *key = NULL;
    bool served = false;

    if (snapshot == NULL)
        return false;
    key = snapshot_find(snapshot, kid, strlen(kid));
    served = key != NULL && lifecycle_is_published(&key->times, now);
    keyring_release(fixture.admin.keyring, snapshot);
    return served;
}

/* The private half of a key, as the minting path would open it. */
static enum asap_code unseal(const struct key_row *row, EVP_PKEY **out)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    void *sealed = NULL;
    size_t length = 0;
    enum asap_code code = ASAP_OK;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    code = store_get_sealed(&txn, row->id, &sealed, &length, &err);
    if (code == ASAP_OK)
        code = vault_unseal_key(fixture.vault,
                                &(struct seal_binding){ row->kid, row->id, row->algorithm }, sealed,
                                length, out, &err);
    free(sealed);
    return code;
}

START_TEST(a_managed_issuer_has_an_active_key_and_two_published_standbys)
{
    size_t count = 0;
    struct key_row *rows = NULL;

    create_issuer("payments/api", true);
    rows = list("payments/api", &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_uint_eq(count_in_state("payments/api", KEY_ACTIVE, CREATED), 1);
    ck_assert_uint_eq(count_in_state("payments/api", KEY_STANDBY, CREATED), 2);
    for (size_t i = 0; i < count; i++) {
        SCOPED(pkey) EVP_PKEY *key = NULL;

        ck_assert(is_served(rows[i].kid, CREATED));
        ck_assert_int_eq(unseal(&rows[i], &key), ASAP_OK);
    }
    free(rows);
}
END_TEST

START_TEST(generated_names_sort_in_the_order_of_their_making)
{
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };

    create_issuer("payments/api", true);
    ck_assert_succeeds(rotate("payments/api", false, CREATED, &plan, &err));
    ck_assert_uint_eq(plan.count, 4);
    for (size_t i = 1; i < plan.count; i++)
        ck_assert_str_lt(plan.keys[i - 1].kid, plan.keys[i].kid);
    ck_assert_msg(strncmp(plan.keys[0].kid, "payments/api/20261123T", 22) == 0, "%s",
                  plan.keys[0].kid);
}
END_TEST

static const struct {
    const char *existing, *asked;
    enum asap_code code;
} names[] = {
    { "a/b", "a/b/c", ASAP_ALREADY_EXISTS },
    { "a/b", "a", ASAP_ALREADY_EXISTS },
    { "a/b", "a/b", ASAP_ALREADY_EXISTS },
    { "a/b", "a/bc", ASAP_OK },
    { "a/b", "a/c", ASAP_OK },
    { "a/b", "b", ASAP_OK },
    { "a_b", "axb/c", ASAP_OK },
    { "a/b", "a..b", ASAP_INVALID_ARGUMENT },
    { "a/b", "-a", ASAP_INVALID_ARGUMENT },
    { "a/b", "", ASAP_INVALID_ARGUMENT },
    { "a/b", "a//b", ASAP_INVALID_ARGUMENT },
    { "a/b", "asap.v1", ASAP_INVALID_ARGUMENT },
    { "a/b", ".well-known", ASAP_INVALID_ARGUMENT },
};

START_TEST(an_issuer_that_could_speak_for_another_is_refused)
{
    struct asap_error err = { 0 };

    create_issuer(names[_i].existing, false);
    ck_assert_msg(create(names[_i].asked, false, false, CREATED, &err) == names[_i].code,
                  "%s beside %s: %s", names[_i].asked, names[_i].existing, err.message);
}
END_TEST

START_TEST(validating_only_changes_nothing)
{
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    size_t count = 0;

    ck_assert_succeeds(create("payments/api", true, true, CREATED, &err));
    ck_assert_succeeds(create("payments/api", true, false, CREATED, &err));
    ck_assert_succeeds(rotate("payments/api", true, CREATED, &plan, &err));
    ck_assert_uint_eq(plan.count, 4);
    free(list("payments/api", &count));
    ck_assert_uint_eq(count, 3);
}
END_TEST

START_TEST(a_clock_that_went_back_is_refused_and_a_small_step_is_not)
{
    struct asap_error err = { 0 };

    create_issuer("payments/api", false);
    ck_assert_int_eq(create("orders", false, false, CREATED - 31, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_ptr_nonnull(strstr(err.message, "clock went back"));
    ck_assert_succeeds(create("orders", false, false, CREATED - 30, &err));
}
END_TEST

/* A public key for publication; the caller frees it. */
static char *public_pem(const char *algorithm)
{
    struct asap_error err = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    char *text = NULL;

    ck_assert_succeeds(vault_generate(algorithm_find(algorithm, strlen(algorithm)), &key, &err));
    ck_assert_succeeds(pem_write_public(key, &pem, &err));
    ck_assert_succeeds(buffer_take(&pem, "PEM", &text, &err));
    return text;
}

static enum asap_code
publish(const char *issuer, const char *name, const char *pem, struct asap_error *err)
{
    struct key_row row;
    struct change change = begin(false, CREATED);

    return finish(keys_publish(&change,
                               &(struct publication){ issuer, name, pem, "", LIFECYCLE_NEVER },
                               &row, err),
                  &change, err);
}

static int64_t read_later(void *context)
{
    (void)context;
    return CREATED + 600;
}

/* Making keys takes time, in which others change things. */
START_TEST(a_change_is_of_the_time_at_which_its_transaction_begins)
{
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };

    create_issuer("payments/api", true);
    ck_assert_succeeds(create("web", true, false, CREATED + 600, &err));
    fixture.admin.clock.now = read_later;
    ck_assert_succeeds(rotate("payments/api", false, CREATED + 10, &plan, &err));
    ck_assert_int_eq(plan.keys[plan.incoming].times.sign_time, CREATED + 900);
    ck_assert_int_eq(plan.keys[plan.count - 1].create_time, CREATED + 600);
}
END_TEST

START_TEST(an_external_key_is_published_under_the_name_it_is_given)
{
    struct asap_error err = { 0 };
    char *pem = public_pem("ES384");

    create_issuer("payments/api", false);
    ck_assert_succeeds(publish("payments/api", "own+key.pem", pem, &err));
    ck_assert(is_served("payments/api/own+key.pem", CREATED));
    ck_assert_uint_eq(count_in_state("payments/api", KEY_ACTIVE, CREATED), 1);
    free(pem);
}
END_TEST

START_TEST(a_key_or_a_name_is_never_used_twice)
{
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    char *one = public_pem("ES256");
    char *two = public_pem("ES256");

    create_issuer("payments/api", false);
    create_issuer("orders", false);
    ck_assert_succeeds(publish("payments/api", "one", one, &err));
    ck_assert_int_eq(publish("payments/api", "one", two, &err), ASAP_ALREADY_EXISTS);
    ck_assert_int_eq(publish("orders", "two", one, &err), ASAP_ALREADY_EXISTS);
    ck_assert_succeeds(
        revoke(&(struct revocation){ "payments/api/one", "lost", true }, CREATED, &plan, &err));
    ck_assert_int_eq(publish("payments/api", "one", two, &err), ASAP_ALREADY_EXISTS);
    ck_assert_int_eq(publish("orders", "two", one, &err), ASAP_ALREADY_EXISTS);
    ck_assert_succeeds(publish("orders", "two", two, &err));
    free(one);
    free(two);
}
END_TEST

static const char *const bad_names[] = { "a/b", "../b", "-a", ".a", "a..b", "a b", "a\n" };

START_TEST(a_bad_name_is_refused)
{
    struct asap_error err = { 0 };
    char *pem = public_pem("ES256");

    create_issuer("payments/api", false);
    ck_assert_int_eq(publish("payments/api", bad_names[_i], pem, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "name");
    free(pem);
}
END_TEST

START_TEST(an_external_issuer_is_not_rotated)
{
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };

    create_issuer("payments/api", false);
    ck_assert_int_eq(rotate("payments/api", false, CREATED, &plan, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_int_eq(rotate("nobody", false, CREATED, &plan, &err), ASAP_NOT_FOUND);
}
END_TEST

START_TEST(a_revoked_key_is_not_served_and_its_private_half_is_destroyed)
{
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;
    size_t count = 0;
    struct key_row *rows = NULL;

    create_issuer("payments/api", true);
    rows = list("payments/api", &count);
    ck_assert_succeeds(
        revoke(&(struct revocation){ rows[0].kid, "stolen", false }, CREATED + 5000, &plan, &err));
    ck_assert(!is_served(rows[0].kid, CREATED + 5000));
    ck_assert_int_eq(unseal(&rows[0], &key), ASAP_NOT_FOUND);
    ck_assert_str_eq(plan.keys[plan.subject].revoke_reason, "stolen");
    ck_assert_str_eq(plan.keys[plan.incoming].kid, rows[1].kid);
    ck_assert_uint_eq(count_in_state("payments/api", KEY_ACTIVE, CREATED + 5000), 1);
    ck_assert_uint_eq(count_in_state("payments/api", KEY_STANDBY, CREATED + 5000), 2);
    free(rows);
}
END_TEST

/* Signs with the key that is active at `now`; the kid it used goes to `kid`. */
static void mint(int64_t now, struct buffer *token)
{
    struct asap_error err = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;
    static const char claims[] = "{}";
    size_t count = 0;
    struct key_row *rows = list("payments/api", &count);
    size_t active = 0;

    while (active < count && lifecycle_state(&rows[active].times, now) != KEY_ACTIVE)
        active++;
    ck_assert_uint_lt(active, count);
    ck_assert_int_eq(unseal(&rows[active], &key), ASAP_OK);
    ck_assert_succeeds(
        jws_sign(&(struct jws_signing){ algorithm_find("ES256", 5), key, rows[active].kid }, claims,
                 strlen(claims), token, &err));
    free(rows);
}

/* As a verifier without a cache does at `now`. */
static void verify(const struct buffer *token, int64_t now)
{
    struct asap_error err = { 0 };
    SCOPED(jws) struct jws jws = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    const struct published_key *published = NULL;

    ck_assert_succeeds(jws_parse(token->bytes, token->length, &jws, &err));
    published = snapshot_find(snapshot, jws.key_id, strlen(jws.key_id));
    ck_assert_msg(published != NULL && lifecycle_is_published(&published->times, now), "%s is gone",
                  jws.key_id);
    ck_assert_succeeds(pem_read_public(published->pem, published->pem_length, &key, &err));
    ck_assert_succeeds(jws_verify(&jws, key, &err));
    keyring_release(fixture.admin.keyring, snapshot);
}

START_TEST(a_token_verifies_to_its_last_moment_through_a_rotation)
{
    struct asap_error err = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    const int64_t lifetime = 3600 + 60 + 30; /* with the verifier's leeway and a clock behind */

    create_issuer("payments/api", true);
    ck_assert_succeeds(rotate("payments/api", false, CREATED + 10, &plan, &err));
    for (int64_t now = CREATED + 10; now < CREATED + 1100; now += 89) {
        SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);

        mint(now, &token);
        verify(&token, now);
        verify(&token, now + lifetime);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keys");
    TCase *cases = tcase_create("operations");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_managed_issuer_has_an_active_key_and_two_published_standbys);
    tcase_add_test(cases, generated_names_sort_in_the_order_of_their_making);
    tcase_add_loop_test(cases, an_issuer_that_could_speak_for_another_is_refused, 0, COUNT(names));
    tcase_add_test(cases, validating_only_changes_nothing);
    tcase_add_test(cases, a_clock_that_went_back_is_refused_and_a_small_step_is_not);
    tcase_add_test(cases, a_change_is_of_the_time_at_which_its_transaction_begins);
    tcase_add_test(cases, an_external_key_is_published_under_the_name_it_is_given);
    tcase_add_test(cases, a_key_or_a_name_is_never_used_twice);
    tcase_add_loop_test(cases, a_bad_name_is_refused, 0, COUNT(bad_names));
    tcase_add_test(cases, an_external_issuer_is_not_rotated);
    tcase_add_test(cases, a_revoked_key_is_not_served_and_its_private_half_is_destroyed);
    tcase_add_test(cases, a_token_verifies_to_its_last_moment_through_a_rotation);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
