/* SPDX-License-Identifier: Apache-2.0 */
#include "sqlite.h"

#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "scoped.h"

static struct sqlite *of(struct sql_connection *connection)
{
    return (struct sqlite *)connection;
}

static const struct {
    int code;
    const char *advice;
} advices[] = {
    { SQLITE_FULL, " (free space on its disk)" },
    { SQLITE_BUSY, " (end the other program that has it open)" },
    { SQLITE_LOCKED, " (end the other program that has it open)" },
    { SQLITE_READONLY, " (asapd must own the file and its directory and may write both)" },
    { SQLITE_PERM, " (asapd must own the file and its directory and may write both)" },
    { SQLITE_CANTOPEN, " (asapd must own the file and its directory and may write both)" },
    { SQLITE_IOERR, " (look into the system's log for errors of its disk)" },
    { SQLITE_CORRUPT, " (it is damaged: restore it from a backup)" },
    { SQLITE_NOTADB, " (it is damaged: restore it from a backup)" },
};

enum asap_code sqlite_failure(const struct sqlite *sqlite,
                              const char *doing,
                              struct asap_error *err)
{
    const int code = sqlite3_errcode(sqlite->db);
    const char *advice = "";

    if (sqlite3_extended_errcode(sqlite->db) == SQLITE_READONLY_ROLLBACK)
        return fail(err, ASAP_UNAVAILABLE,
                    "cannot read the database %.100s: who wrote to it last was killed (run that"
                    " command again, or asapd migrate, which undoes what it left half done)",
                    sqlite->path);

    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        if (advices[i].code == code)
            advice = advices[i].advice;
    }
    return fail(err, ASAP_UNAVAILABLE, "cannot %s the database %.100s: %.60s%s", doing,
                sqlite->path, sqlite3_errmsg(sqlite->db), advice);
}

static enum asap_code
execute(const struct sqlite *sqlite, const char *text, const char *doing, struct asap_error *err)
{
    if (sqlite3_exec(sqlite->db, text, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_failure(sqlite, doing, err);
    return ASAP_OK;
}

/* What was read before is forgotten, so that a file that was damaged since is noticed. */
static enum asap_code begin(struct sql_connection *connection,
                            enum sql_access access,
                            struct asap_error *err)
{
    struct sqlite *sqlite = of(connection);

    sqlite->is_reading = access == SQL_READ;
    (void)sqlite3_db_release_memory(sqlite->db);
    return execute(sqlite, access == SQL_READ ? "BEGIN" : "BEGIN IMMEDIATE", "use", err);
}

static enum asap_code commit(struct sql_connection *connection, struct asap_error *err)
{
    return execute(of(connection), "COMMIT", "write to", err);
}

/* SQLite itself has rolled back already after some failures. */
static void rollback(struct sql_connection *connection)
{
    if (sqlite3_get_autocommit(of(connection)->db) == 0)
        (void)sqlite3_exec(of(connection)->db, "ROLLBACK", NULL, NULL, NULL);
}

static enum asap_code run_script(struct sql_connection *connection,
                                 const char *script,
                                 struct asap_error *err)
{
    return execute(of(connection), script, "migrate", err);
}

static enum asap_code get_version(struct sql_connection *connection,
                                  int *out,
                                  struct asap_error *err)
{
    return sqlite_get_integer(of(connection), "PRAGMA user_version", out, err);
}

static enum asap_code set_version(struct sql_connection *connection,
                                  int version,
                                  struct asap_error *err)
{
    char text[64];

    (void)snprintf(text, sizeof text, "PRAGMA user_version = %d", version);
    return execute(of(connection), text, "migrate", err);
}

/* WAL can be left only by who is alone; the lock stays until the connection is closed. What is left
 * then is one file, which is whole without any other. */
static enum asap_code claim(struct sql_connection *connection, struct asap_error *err)
{
    sqlite3 *const db = of(connection)->db;
    const int code = sqlite3_exec(
        db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE", NULL, NULL, NULL);

    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the database %.120s is in use by another process (stop asapd first)",
                    of(connection)->path);
    return code == SQLITE_OK ? ASAP_OK : sqlite_failure(of(connection), "claim", err);
}

static void put_back(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

DEFINE_SCOPED(statement, sqlite3_stmt *, put_back)

/* Borrowed from the connection, which keeps one for each text. */
static enum asap_code
prepare(struct sqlite *sqlite, const char *text, sqlite3_stmt **out, struct asap_error *err)
{
    size_t i = 0;

    *out = NULL;
    while (i < sqlite->cached_count && sqlite->cached[i].text != text)
        i++;
    if (i == STATEMENTS_MAX)
        return fail(err, ASAP_INTERNAL, "more statements than the connection keeps");
    if (i == sqlite->cached_count) {
        if (sqlite3_prepare_v3(sqlite->db, text, -1, SQLITE_PREPARE_PERSISTENT,
                               &sqlite->cached[i].statement, NULL)
            != SQLITE_OK)
            return sqlite_failure(sqlite, "use", err);
        sqlite->cached[i].text = text;
        sqlite->cached_count++;
    }
    *out = sqlite->cached[i].statement;
    return ASAP_OK;
}

static int bind_value(sqlite3_stmt *statement, int index, const struct sql_value *value)
{
    switch (value->type) {
    case SQL_INTEGER:
        return sqlite3_bind_int64(statement, index, value->integer);
    case SQL_TEXT:
        return sqlite3_bind_text64(statement, index, value->bytes, value->length, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case SQL_BLOB:
        if (value->length == 0)
            return sqlite3_bind_zeroblob(statement, index, 0);
        return sqlite3_bind_blob64(statement, index, value->bytes, value->length, SQLITE_STATIC);
    case SQL_NULL:
        break;
    }
    return sqlite3_bind_null(statement, index);
}

/* By name, since SQLite numbers parameters as it meets them. */
static enum asap_code bind_all(const struct sqlite *sqlite,
                               sqlite3_stmt *statement,
                               const struct sql_query *query,
                               struct asap_error *err)
{
    for (size_t i = 0; i < query->count; i++) {
        char name[24];

        (void)snprintf(name, sizeof name, "$%zu", i + 1);
        if (bind_value(statement, sqlite3_bind_parameter_index(statement, name),
                       &query->parameters[i])
            != SQLITE_OK)
            return sqlite_failure(sqlite, "use", err);
    }
    return ASAP_OK;
}

static struct sql_value read_column(sqlite3_stmt *statement, int column)
{
    struct sql_value value = { .type = SQL_NULL };

    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return sql_integer(sqlite3_column_int64(statement, column));
    case SQLITE_TEXT:
        value.type = SQL_TEXT;
        value.bytes = sqlite3_column_text(statement, column);
        break;
    case SQLITE_BLOB:
        value.type = SQL_BLOB;
        value.bytes = sqlite3_column_blob(statement, column);
        break;
    default:
        return value;
    }
    value.length = (size_t)sqlite3_column_bytes(statement, column);
    return value;
}

static enum asap_code visit_row(sqlite3_stmt *statement,
                                const struct sql_query *query,
                                struct asap_error *err)
{
    struct sql_value columns[SQL_COLUMNS_MAX] = { { .type = SQL_NULL } };
    const int count = sqlite3_column_count(statement);

    if (query->visit == NULL)
        return ASAP_OK;
    if (count > SQL_COLUMNS_MAX)
        return fail(err, ASAP_INTERNAL, "a result with %d columns", count);
    for (int i = 0; i < count; i++)
        columns[i] = read_column(statement, i);
    return query->visit(query->context, columns, err);
}

static enum asap_code step_all(const struct sqlite *sqlite,
                               sqlite3_stmt *statement,
                               const struct sql_query *query,
                               struct asap_error *err)
{
    int step = sqlite3_step(statement);

    for (; step == SQLITE_ROW; step = sqlite3_step(statement))
        TRY(visit_row(statement, query, err));
    if (step == SQLITE_DONE)
        return ASAP_OK;
    if (step == SQLITE_CONSTRAINT)
        return fail(err, ASAP_INTERNAL, "the database refuses the row: %.200s",
                    sqlite3_errmsg(sqlite->db));
    return sqlite_failure(sqlite, "use", err);
}

static enum asap_code query(struct sql_connection *connection,
                            const struct sql_query *query,
                            struct asap_error *err)
{
    SCOPED(statement) sqlite3_stmt *statement = NULL;

    TRY(prepare(of(connection), query->text, &statement, err));
    if (of(connection)->is_reading && sqlite3_stmt_readonly(statement) == 0)
        return fail(err, ASAP_INTERNAL, "a transaction that only reads was to write");
    TRY(bind_all(of(connection), statement, query, err));
    return step_all(of(connection), statement, query, err);
}

struct checking {
    sql_visitor *visit;
    void *context;
};

/* A database that is whole answers with the one row "ok". */
static enum asap_code visit_finding(void *context,
                                    const struct sql_value *columns,
                                    struct asap_error *err)
{
    const struct checking *checking = context;

    if (columns->type == SQL_TEXT && columns->length == 2 && memcmp(columns->bytes, "ok", 2) == 0)
        return ASAP_OK;
    return checking->visit(checking->context, columns, err);
}

static enum asap_code find_damage(struct sql_connection *connection,
                                  sql_visitor *visit,
                                  void *context,
                                  struct asap_error *err)
{
    static const char pages[] = "SELECT integrity_check FROM pragma_integrity_check(20)";
    static const char references[] =
        "SELECT 'a row of ' || \"table\" || ' refers to none of ' || parent"
        " FROM pragma_foreign_key_check LIMIT 20";
    struct checking checking = { visit, context };

    TRY(query(connection,
              &(struct sql_query){ .text = pages, .visit = visit_finding, .context = &checking },
              err));
    return query(
        connection,
        &(struct sql_query){ .text = references, .visit = visit_finding, .context = &checking },
        err);
}

const struct sql_driver sqlite_driver = {
    .migrations = sqlite_migrations,
    .open = sqlite_open,
    .open_to_read = sqlite_open_to_read,
    .close = sqlite_close,
    .claim = claim,
    .find_damage = find_damage,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .query = query,
    .run_script = run_script,
    .get_version = get_version,
    .set_version = set_version,
};
