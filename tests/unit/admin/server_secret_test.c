/* SPDX-License-Identifier: Apache-2.0 */
#include "server_secret.h"

#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "scratch.h"
#include "store_server.h"

static struct fixture {
    struct scratch scratch;
    struct log log;
    struct vault *vault;
    struct store *store;
} fixture;

static struct vault *new_vault(const char *name)
{
    struct asap_error err = { 0 };
    struct vault *vault = NULL;
    char path[256];

    (void)scratch_file(&fixture.scratch, name, path, sizeof path);
    ck_assert_succeeds(vault_create_kek(path, &err));
    ck_assert_succeeds(vault_open(path, &vault, &err));
    return vault;
}

static struct store *open_store(void)
{
    struct asap_error err = { 0 };
    struct store *store = NULL;
    char url[256];

    (void)snprintf(url, sizeof url, "sqlite:%s/db", fixture.scratch.path);
    ck_assert_succeeds(store_open(url, true, &fixture.log, &store, &err));
    return store;
}

static void set_up(void)
{
    fixture.log = (struct log){ .stream = stderr, .level = LOG_ERROR };
    scratch_make(&fixture.scratch);
    fixture.vault = new_vault("kek");
    fixture.store = open_store();
}

static void tear_down(void)
{
    store_close(fixture.store);
    vault_close(fixture.vault);
    scratch_remove(&fixture.scratch);
}

static struct secret get(const char *name)
{
    struct asap_error err = { 0 };
    struct secret secret = { 0 };

    ck_assert_succeeds(server_secret_get(fixture.store, fixture.vault, name, &secret, &err));
    ck_assert_uint_eq(secret.length, SERVER_SECRET_SIZE);
    return secret;
}

START_TEST(a_secret_outlives_the_process_and_each_name_has_its_own)
{
    SCOPED(secret) struct secret first = get("one");
    SCOPED(secret) struct secret other = get("two");
    SCOPED(secret) struct secret again = { 0 };

    store_close(fixture.store);
    fixture.store = open_store();
    again = get("one");
    ck_assert_mem_eq(first.bytes, again.bytes, SERVER_SECRET_SIZE);
    ck_assert_mem_ne(first.bytes, other.bytes, SERVER_SECRET_SIZE);
}
END_TEST

START_TEST(another_kek_does_not_open_it)
{
    struct asap_error err = { 0 };
    SCOPED(vault) struct vault *other = new_vault("other");
    SCOPED(secret) struct secret first = { 0 };
    SCOPED(secret) struct secret again = { 0 };

    first = get("one");
    ck_assert_ptr_nonnull(first.bytes);
    ck_assert_int_eq(server_secret_get(fixture.store, other, "one", &again, &err),
                     ASAP_FAILED_PRECONDITION);
    ck_assert_ptr_null(again.bytes);
}
END_TEST

START_TEST(one_put_in_the_place_of_another_is_damage)
{
    struct asap_error err = { 0 };
    SCOPED(secret) struct secret first = { 0 };
    SCOPED(secret) struct secret again = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    void *sealed = NULL;
    size_t length = 0;

    first = get("one");
    ck_assert_ptr_nonnull(first.bytes);
    ck_assert_succeeds(txn_begin(&txn, fixture.store, &err));
    ck_assert_succeeds(store_get_value(&txn, "one", &sealed, &length, &err));
    ck_assert_succeeds(store_put_value(&txn, "two", sealed, length, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
    free(sealed);
    ck_assert_int_eq(server_secret_get(fixture.store, fixture.vault, "two", &again, &err),
                     ASAP_DATA_LOSS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server secrets");
    TCase *cases = tcase_create("secrets");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_secret_outlives_the_process_and_each_name_has_its_own);
    tcase_add_test(cases, another_kek_does_not_open_it);
    tcase_add_test(cases, one_put_in_the_place_of_another_is_damage);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
