/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SQL_H
#define ASAPD_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "log.h"
#include "migrate.h"

/* What a database must do for the store: one table of functions for each kind.
 * Statements are written once, with parameters $1, $2 ..., in the SQL that
 * SQLite and PostgreSQL share. */

enum sql_type { SQL_NULL, SQL_INTEGER, SQL_TEXT, SQL_BLOB };

struct sql_value {
    enum sql_type type;
    int64_t integer;
    const void *bytes; /* of text or blob, borrowed; text needs no NUL */
    size_t length;
};

/* Called with each row of a result, `columns` borrowed for the call. A failure ends the query and
 * is returned. It must not query itself: the next rows may not have been read yet. */
typedef enum asap_code sql_visitor(void *context,
                                   const struct sql_value *columns,
                                   struct asap_error *err);

struct sql_query {
    const char *text; /* one statement; a constant, whose address identifies it */
    const struct sql_value *parameters;
    size_t count;
    sql_visitor *visit; /* NULL: rows are not wanted */
    void *context;
};

enum { SQL_COLUMNS_MAX = 16 };

/* What a driver opens; its own struct begins with one. */
struct sql_connection {
    const struct sql_driver *driver;
};

/* A thread that waits for changes; what a driver starts begins with one. */
struct sql_watch {
    const struct sql_driver *driver;
};

/* A transaction that writes excludes all others that do, in whichever process, from its beginning:
 * what it reads stays true. One that reads sees one state of the database, and writes nothing. */
enum sql_access { SQL_READ, SQL_WRITE };

/* Used by one thread at a time. Failures of the database are ASAP_UNAVAILABLE; ASAP_INTERNAL: it
 * refuses a row, and the transaction can only be rolled back. A connection that is lost comes back
 * by itself with a later transaction. */
struct sql_driver {
    const struct migration *migrations;
    enum asap_code (*check)(const char *where, struct asap_error *err); /* NULL: all are good */
    /* To be run once rows were inserted with their ids, so that new ones get others. NULL: needless
     */
    const char *after_copy;
    enum asap_code (*open)(const char *where,
                           bool create,
                           const struct log *log,
                           struct sql_connection **out,
                           struct asap_error *err);
    /* To read only, beside whoever else has it open: neither migrates nor writes anything, and
     * every transaction sees one moment. */
    enum asap_code (*open_to_read)(const char *where,
                                   const struct log *log,
                                   struct sql_connection **out,
                                   struct asap_error *err);
    /* A second connection, to read while the first one writes, to be closed before that. When one
     * comes back, the other one is tried again at once. NULL: one is enough. */
    enum asap_code (*open_beside)(struct sql_connection *first,
                                  struct sql_connection **out,
                                  struct asap_error *err);
    void (*close)(struct sql_connection *connection);
    /* From now on nobody else can open it, until it is closed. ASAP_FAILED_PRECONDITION: somebody
     * has it open. */
    enum asap_code (*claim)(struct sql_connection *connection, struct asap_error *err);
    /* Looks through all that is stored; calls `visit` with a text for each damage. */
    enum asap_code (*find_damage)(struct sql_connection *connection,
                                  sql_visitor *visit,
                                  void *context,
                                  struct asap_error *err);
    enum asap_code (*begin)(struct sql_connection *connection,
                            enum sql_access access,
                            struct asap_error *err);
    enum asap_code (*commit)(struct sql_connection *connection, struct asap_error *err);
    void (*rollback)(struct sql_connection *connection);
    enum asap_code (*query)(struct sql_connection *connection,
                            const struct sql_query *query,
                            struct asap_error *err);
    enum asap_code (*run_script)(struct sql_connection *connection,
                                 const char *script,
                                 struct asap_error *err);
    enum asap_code (*get_version)(struct sql_connection *connection,
                                  int *out,
                                  struct asap_error *err);
    enum asap_code (*set_version)(struct sql_connection *connection,
                                  int version,
                                  struct asap_error *err);
    enum asap_code (*watch)(const char *where, /* NULL: no other process makes changes */
                            void (*changed)(void *context),
                            void *context,
                            struct sql_watch **out,
                            struct asap_error *err);
    void (*unwatch)(struct sql_watch *watch);
};

extern const struct sql_driver sqlite_driver;   /* its URLs without "sqlite:" */
extern const struct sql_driver postgres_driver; /* its URLs whole */

static inline struct sql_value sql_integer(int64_t integer)
{
    return (struct sql_value){ .type = SQL_INTEGER, .integer = integer };
}

static inline struct sql_value sql_blob(const void *bytes, size_t length)
{
    return (struct sql_value){ .type = SQL_BLOB, .bytes = bytes, .length = length };
}

struct sql_value sql_text(const char *text);

/* How the members of a row's struct are stored. A time that is LIFECYCLE_NEVER is NULL. */
enum sql_member_type { MEMBER_INTEGER, MEMBER_FLAG, MEMBER_TIME, MEMBER_TEXT };

struct sql_member {
    enum sql_member_type type;
    size_t offset;
    size_t size; /* of text: the array, NUL included */
};

/* From the struct at `row`, which must outlive the values. */
void sql_write_members(const void *row,
                       const struct sql_member *members,
                       size_t count,
                       struct sql_value *values);

/* Into the struct at `row`. False when a value is of another type or does not fit: the row is
 * damaged; that member is then zero or empty. */
bool sql_read_members(const struct sql_value *values,
                      const struct sql_member *members,
                      size_t count,
                      void *row);

#endif
