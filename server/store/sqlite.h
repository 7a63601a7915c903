/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SQLITE_H
#define ASAPD_SQLITE_H

#include <sqlite3.h>

#include "sql.h"

/* What the sources of the SQLite driver share. */

enum { STATEMENTS_MAX = 128 }; /* more than the store has */

struct sqlite {
    struct sql_connection base;
    sqlite3 *db;
    char *path;
    bool is_reading; /* the transaction that is open, or was last, may not write */
    struct {
        const char *text;
        sqlite3_stmt *statement;
    } cached[STATEMENTS_MAX];
    size_t cached_count;
};

/* Opens `path` and checks that it is a database of ours before it writes anything. */
ASAP_MUST_CHECK enum asap_code sqlite_open(const char *path,
                                           bool create,
                                           const struct log *log,
                                           struct sql_connection **out,
                                           struct asap_error *err);
/* The same to read only: see sql_driver. It takes no part in checkpoints, so that a daemon's own
 * connection stays the only one that writes to the file. */
ASAP_MUST_CHECK enum asap_code sqlite_open_to_read(const char *path,
                                                   const struct log *log,
                                                   struct sql_connection **out,
                                                   struct asap_error *err);
void sqlite_close(struct sql_connection *connection);

/* The last failure of the database, with what to do about it; `doing` completes "cannot". */
enum asap_code sqlite_failure(const struct sqlite *sqlite,
                              const char *doing,
                              struct asap_error *err);

/* The one integer that a pragma answers with. */
ASAP_MUST_CHECK enum asap_code
sqlite_get_integer(const struct sqlite *sqlite, const char *text, int *out, struct asap_error *err);

#endif
