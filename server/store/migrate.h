/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_MIGRATE_H
#define ASAPD_MIGRATE_H

#include <stddef.h>

#include <asap/error.h>

#include "log.h"

/* Brings a database up to the newest schema that this program knows. */

struct sql_connection;

struct migration {
    int version; /* 1, 2, 3 ...; 0 ends the table */
    const char *name;
    const char *sql;
};

extern const struct migration sqlite_migrations[];   /* from migrations/sqlite */
extern const struct migration postgres_migrations[]; /* from migrations/postgres */

/* Applies what is missing, each in a transaction of its own, and logs it. Of two processes that do
 * so at the same time, one applies each.
 * ASAP_FAILED_PRECONDITION: the database is newer than this program; nothing was changed. */
ASAP_MUST_CHECK enum asap_code migrate(struct sql_connection *connection,
                                       const struct log *log,
                                       struct asap_error *err);

/* For who may not write: ASAP_FAILED_PRECONDITION unless the schema is the one that this program
 * has. */
ASAP_MUST_CHECK enum asap_code migrate_check(struct sql_connection *connection,
                                             struct asap_error *err);

#endif
