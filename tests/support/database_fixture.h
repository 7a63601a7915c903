/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_DATABASE_FIXTURE_H
#define ASAP_TESTS_DATABASE_FIXTURE_H

#include "postgres_fixture.h"
#include "scratch.h"

/* A fresh database of each kind: what the store promises is tested on all. */

/* One test has one. */
static struct {
    char url[POSTGRES_URL_SIZE];
    struct scratch scratch;
} database;

static inline void database_in_memory(void)
{
    (void)snprintf(database.url, sizeof database.url, "sqlite::memory:");
}

static inline void database_on_file(void)
{
    scratch_make(&database.scratch);
    (void)snprintf(database.url, sizeof database.url, "sqlite:%s/asapd.db", database.scratch.path);
}

static inline void database_on_postgres(void)
{
    postgres_make_database(database.url);
}

static inline void database_remove_nothing(void)
{
}

static inline void database_remove_file(void)
{
    scratch_remove(&database.scratch);
}

static const struct {
    const char *name;
    void (*make)(void);
    void (*remove)(void);
} database_kinds[] = {
    { "sqlite in memory", database_in_memory, database_remove_nothing },
    { "sqlite on a file", database_on_file, database_remove_file },
    { "postgresql", database_on_postgres, database_remove_nothing },
};

/* A case of tests for each kind, which find it in `database`. */
static inline void add_for_each_database(Suite *suite, void (*add_tests)(TCase *tests))
{
    for (int i = 0; i < COUNT(database_kinds); i++) {
        TCase *tests = tcase_create(database_kinds[i].name);

        tcase_add_checked_fixture(tests, database_kinds[i].make, database_kinds[i].remove);
        add_tests(tests);
        suite_add_tcase(suite, tests);
    }
}

#endif
