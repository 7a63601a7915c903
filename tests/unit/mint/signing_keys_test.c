/* SPDX-License-Identifier: Apache-2.0 */
#include "signing_keys.h"

#include "mint_fixture.h"
#include "store_sealed.h"

/* Private keys that are open. */

/* The first key of an issuer, borrowed from *snapshot. */
static const struct published_key *first_key(const struct snapshot *snapshot, const char *issuer)
{
    const struct published_keys keys = snapshot_issuer_keys(snapshot, issuer, strlen(issuer));

    ck_assert_uint_gt(keys.count, 0);
    return published_keys_at(keys, 0);
}

static void open_first(const char *issuer)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    struct asap_error err = { 0 };
    EVP_PKEY *key = NULL;

    ck_assert_succeeds(signing_keys_open(mint.keys, first_key(snapshot, issuer), &key, &err));
    EVP_PKEY_free(key);
    keyring_release(fixture.admin.keyring, snapshot);
}

static bool is_open(const char *issuer)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    EVP_PKEY *key = signing_keys_find(mint.keys, first_key(snapshot, issuer));

    keyring_release(fixture.admin.keyring, snapshot);
    EVP_PKEY_free(key);
    return key != NULL;
}

START_TEST(a_key_is_open_from_the_first_use_on)
{
    create_issuer_for("a", "ES256", 3600);
    ck_assert(!is_open("a"));
    open_first("a");
    ck_assert(is_open("a"));
}
END_TEST

START_TEST(the_longest_unused_makes_room)
{
    static const char *const issuers[] = { "a", "b", "c", "d", "e" };

    for (int i = 0; i < 5; i++)
        create_issuer_for(issuers[i], "ES256", 3600);
    for (int i = 0; i < 4; i++)
        open_first(issuers[i]);
    ck_assert(is_open("a"));
    open_first("e");
    ck_assert(is_open("a"));
    ck_assert(!is_open("b"));
    ck_assert(is_open("c"));
    ck_assert(is_open("d"));
    ck_assert(is_open("e"));
}
END_TEST

START_TEST(what_does_not_sign_any_more_is_closed)
{
    const struct snapshot *snapshot = NULL;

    create_issuer_for("a", "ES256", 3600);
    create_issuer_for("b", "ES256", 3600);
    open_first("a");
    open_first("b");
    snapshot = keyring_acquire(fixture.admin.keyring);
    signing_keys_retain(mint.keys, snapshot, CREATED);
    ck_assert(is_open("a"));
    signing_keys_retain(mint.keys, snapshot, CREATED - 1);
    ck_assert(!is_open("a"));
    ck_assert(!is_open("b"));
    keyring_release(fixture.admin.keyring, snapshot);
}
END_TEST

static void run(enum asap_code (*change)(struct txn *txn, int64_t row, int64_t other_row))
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_int_eq(change(&txn, first_key(snapshot, "a")->row, first_key(snapshot, "b")->row),
                     ASAP_OK);
    ck_assert_succeeds(txn_commit(&txn, &err));
    keyring_release(fixture.admin.keyring, snapshot);
}

static void assert_closed(enum asap_code code)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    struct asap_error err = { 0 };
    EVP_PKEY *key = NULL;

    ck_assert_int_eq(signing_keys_open(mint.keys, first_key(snapshot, "a"), &key, &err), code);
    ck_assert_ptr_null(key);
    keyring_release(fixture.admin.keyring, snapshot);
}

static enum asap_code destroy(struct txn *txn, int64_t row, int64_t other_row)
{
    (void)other_row;
    return store_destroy_sealed(txn, row, NULL);
}

static enum asap_code take_the_others(struct txn *txn, int64_t row, int64_t other_row)
{
    void *sealed = NULL;
    size_t length = 0;
    enum asap_code code = store_get_sealed(txn, other_row, &sealed, &length, NULL);

    if (code == ASAP_OK)
        code = store_put_sealed(txn, row, sealed, length, NULL);
    free(sealed);
    return code;
}

/* Sealed for this row, and yet not the half of what is published. */
static enum asap_code take_a_strangers(struct txn *txn, int64_t row, int64_t other_row)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    const struct seal_binding binding = { first_key(snapshot, "a")->kid, row, "ES256" };
    SCOPED(buffer) struct buffer sealed = BUFFER(16384);
    SCOPED(pkey) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
    const enum asap_code code = vault_seal_key(fixture.vault, &binding, key, &sealed, NULL);

    (void)other_row;
    keyring_release(fixture.admin.keyring, snapshot);
    return code != ASAP_OK ? code : store_put_sealed(txn, row, sealed.bytes, sealed.length, NULL);
}

static const struct {
    enum asap_code (*change)(struct txn *txn, int64_t row, int64_t other_row);
    enum asap_code code;
} damages[] = {
    { destroy, ASAP_UNAVAILABLE },
    { take_the_others, ASAP_DATA_LOSS },
    { take_a_strangers, ASAP_DATA_LOSS },
};

START_TEST(no_other_private_key_signs_in_its_place)
{
    create_issuer_for("a", "ES256", 3600);
    create_issuer_for("b", "ES256", 3600);
    run(damages[_i].change);
    assert_closed(damages[_i].code);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signing_keys");
    TCase *tests = tcase_create("signing_keys");

    tcase_add_checked_fixture(tests, set_up_mint, tear_down_mint);
    tcase_add_test(tests, a_key_is_open_from_the_first_use_on);
    tcase_add_test(tests, the_longest_unused_makes_room);
    tcase_add_test(tests, what_does_not_sign_any_more_is_closed);
    tcase_add_loop_test(tests, no_other_private_key_signs_in_its_place, 0, COUNT(damages));
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
