/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate.h"

#include <stdio.h>

#include "check_main.h"
#include "sql.h"

/* Migrations of a table of the test's own, on SQLite in memory. */

static const struct log quiet = { .stream = NULL, .level = LOG_ERROR };

static const struct migration first[] = {
    { 1, "0001_first", "CREATE TABLE one (a INTEGER) STRICT" },
    { 0, NULL, NULL },
};

static const struct migration broken[] = {
    { 1, "0001_first", "CREATE TABLE one (a INTEGER) STRICT" },
    { 2, "0002_broken", "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO three VALUES (1)" },
    { 0, NULL, NULL },
};

static const struct migration mended[] = {
    { 1, "0001_first", "CREATE TABLE one (a INTEGER) STRICT" },
    { 2, "0002_mended", "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO one VALUES (1)" },
    { 3, "0003_last", "INSERT INTO two VALUES (1)" },
    { 0, NULL, NULL },
};

static struct sql_connection *connection;
static struct sql_driver driver;

static void set_up(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(sqlite_driver.open(":memory:", true, &quiet, &connection, &err));
    driver = sqlite_driver;
    connection->driver = &driver;
}

static void tear_down(void)
{
    driver.close(connection);
}

static enum asap_code migrate_with(const struct migration *migrations, struct asap_error *err)
{
    driver.migrations = migrations;
    return migrate(connection, &quiet, err);
}

static int version(void)
{
    struct asap_error err = { 0 };
    int found = 0;

    ck_assert_succeeds(driver.get_version(connection, &found, &err));
    return found;
}

/* So that one version means the same tables everywhere. */
START_TEST(both_kinds_of_database_have_the_same_migrations)
{
    const struct migration *other = postgres_migrations;

    for (const struct migration *one = sqlite_migrations; one->version != 0; one++, other++) {
        ck_assert_int_eq(one->version, other->version);
        ck_assert_str_eq(one->name, other->name);
    }
    ck_assert_int_eq(other->version, 0);
}
END_TEST

START_TEST(each_migration_is_applied_once)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(migrate_with(first, &err));
    ck_assert_int_eq(version(), 1);
    ck_assert_succeeds(migrate_with(first, &err));
    ck_assert_succeeds(migrate_with(mended, &err));
    ck_assert_int_eq(version(), 3);
    ck_assert_succeeds(migrate_with(mended, &err));
}
END_TEST

START_TEST(a_migration_that_fails_leaves_nothing_of_itself)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(migrate_with(broken, &err), ASAP_UNAVAILABLE);
    ck_assert_int_eq(version(), 1);
    ck_assert_succeeds(migrate_with(mended, &err));
    ck_assert_int_eq(version(), 3);
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(migrate_with(mended, &err));
    ck_assert_int_eq(migrate_with(first, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_int_eq(version(), 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("migrate");
    TCase *tests = tcase_create("migrate");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, both_kinds_of_database_have_the_same_migrations);
    tcase_add_test(tests, each_migration_is_applied_once);
    tcase_add_test(tests, a_migration_that_fails_leaves_nothing_of_itself);
    tcase_add_test(tests, a_newer_schema_is_refused);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
