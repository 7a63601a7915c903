/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "scoped.h"
#include "sqlite.h"

/* "ASAP": tells a database of ours from another program's. */
enum { APPLICATION_ID = 0x41534150 };

/* Bytes of the longest value and statement: no row of ours comes near. */
enum { LENGTH_MAX = 1 << 20 };

enum { BUSY_TIMEOUT = 5000 /* milliseconds */, FINDING_SIZE = 128 };

static const char memory[] = ":memory:";

void sqlite_close(struct sql_connection *connection)
{
    struct sqlite *sqlite = (struct sqlite *)connection;

    for (size_t i = 0; i < sqlite->cached_count; i++)
        (void)sqlite3_finalize(sqlite->cached[i].statement);
    (void)sqlite3_close(sqlite->db);
    free(sqlite->path);
    free(sqlite);
}

static void close_sqlite(struct sqlite *sqlite)
{
    sqlite_close(&sqlite->base);
}

static void finalize(sqlite3_stmt *statement)
{
    (void)sqlite3_finalize(statement);
}

DEFINE_SCOPED(sqlite, struct sqlite *, close_sqlite)
DEFINE_SCOPED(once, sqlite3_stmt *, finalize)

static enum asap_code fail_system(enum asap_code code,
                                  const char *doing,
                                  const char *path,
                                  const char *advice,
                                  struct asap_error *err)
{
    char why[64] = "";

    (void)strerror_r(errno, why, sizeof why);
    return fail(err, code, "cannot %s the database %.100s: %s (%s)", doing, path, why, advice);
}

/* With its mode from the first moment, whatever the umask. */
static enum asap_code create_file(const char *path, struct asap_error *err)
{
    const int descriptor =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool made = false;

    if (descriptor < 0)
        return fail_system(ASAP_UNAVAILABLE, "make", path,
                           "asapd must be able to write to its directory", err);
    made = fchmod(descriptor, S_IRUSR | S_IWUSR) == 0;
    (void)close(descriptor);
    return made ? ASAP_OK
                : fail_system(ASAP_UNAVAILABLE, "protect", path, "choose another directory", err);
}

static enum asap_code check_status(const char *path,
                                   const struct stat *status,
                                   struct asap_error *err)
{
    if (!S_ISREG(status->st_mode))
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the database %.150s is not a regular file (name the file itself)", path);
    if (status->st_uid != geteuid())
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the database %.100s belongs to user %lu and not to this one, %lu (run asapd "
                    "as its owner)",
                    path, (unsigned long)status->st_uid, (unsigned long)geteuid());
    if ((status->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "others can read or write the database %.100s (run: chmod 600 %.100s)", path,
                    path);
    return ASAP_OK;
}

/* By name and not by descriptor: closing a descriptor of a database drops this process's locks. */
static enum asap_code prepare_file(const char *path, bool create, struct asap_error *err)
{
    struct stat status;

    if (lstat(path, &status) == 0)
        return check_status(path, &status, err);
    if (errno != ENOENT)
        return fail_system(ASAP_UNAVAILABLE, "find", path, "asapd must be able to reach it", err);
    if (!create)
        return fail(err, ASAP_NOT_FOUND,
                    "there is no database %.150s (restore it, or make a new one with asapd init)",
                    path);
    return create_file(path, err);
}

enum asap_code
sqlite_get_integer(const struct sqlite *sqlite, const char *text, int *out, struct asap_error *err)
{
    SCOPED(once) sqlite3_stmt *statement = NULL;

    *out = 0;
    if (sqlite3_prepare_v2(sqlite->db, text, -1, &statement, NULL) != SQLITE_OK
        || sqlite3_step(statement) != SQLITE_ROW)
        return sqlite_failure(sqlite, "read", err);
    *out = sqlite3_column_int(statement, 0);
    return ASAP_OK;
}

static enum asap_code fail_foreign(const struct sqlite *sqlite, struct asap_error *err)
{
    return fail(err, ASAP_FAILED_PRECONDITION,
                "%.150s is not a database of asapd (name another file in database)", sqlite->path);
}

/* Reads only: what is not ours stays as it is. */
static enum asap_code check_ours(const struct sqlite *sqlite, bool *fresh, struct asap_error *err)
{
    int id = 0;
    int objects = 0;
    int version = 0;
    const enum asap_code code = sqlite_get_integer(sqlite, "PRAGMA application_id", &id, err);

    *fresh = false;
    if (sqlite3_errcode(sqlite->db) == SQLITE_NOTADB)
        return fail_foreign(sqlite, err);
    TRY(code);
    if (id == APPLICATION_ID)
        return ASAP_OK;
    TRY(sqlite_get_integer(sqlite, "PRAGMA user_version", &version, err));
    TRY(sqlite_get_integer(sqlite, "SELECT count(*) FROM sqlite_schema", &objects, err));
    *fresh = id == 0 && version == 0 && objects == 0;
    return *fresh ? ASAP_OK : fail_foreign(sqlite, err);
}

/* Before anything is read: a hostile file gets no power over this process. */
static enum asap_code harden(const struct sqlite *sqlite, struct asap_error *err)
{
    static const struct {
        int option, value;
    } options[] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
        { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
        { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
        { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
        { SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
        { SQLITE_DBCONFIG_DQS_DML, 0 },
        { SQLITE_DBCONFIG_DQS_DDL, 0 },
    };

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (sqlite3_db_config(sqlite->db, options[i].option, options[i].value, NULL) != SQLITE_OK)
            return sqlite_failure(sqlite, "open", err);
    }
    (void)sqlite3_limit(sqlite->db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
    (void)sqlite3_limit(sqlite->db, SQLITE_LIMIT_SQL_LENGTH, LENGTH_MAX);
    (void)sqlite3_busy_timeout(sqlite->db, BUSY_TIMEOUT);
    return ASAP_OK;
}

static enum asap_code set_up(const struct sqlite *sqlite,
                             const char *const *pragmas,
                             struct asap_error *err)
{
    for (; *pragmas != NULL; pragmas++) {
        if (sqlite3_exec(sqlite->db, *pragmas, NULL, NULL, NULL) != SQLITE_OK)
            return sqlite_failure(sqlite, "open", err);
    }
    return ASAP_OK;
}

static const char *const before_reading[] = { "PRAGMA mmap_size = 0", "PRAGMA cell_size_check = ON",
                                              NULL };

/* 0x41534150 is APPLICATION_ID. */
static const char *const when_fresh[] = { "PRAGMA application_id = 0x41534150", NULL };

static const char *const before_use[] = {
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    NULL,
};

/* A damaged page must not keep the keys on the other ones from being served. */
static enum asap_code check_pages(const struct sqlite *sqlite,
                                  const struct log *log,
                                  struct asap_error *err)
{
    SCOPED(once) sqlite3_stmt *statement = NULL;
    const char *finding = NULL;

    if (sqlite3_prepare_v2(sqlite->db, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK
        || sqlite3_step(statement) != SQLITE_ROW)
        return sqlite_failure(sqlite, "check", err);
    finding = (const char *)sqlite3_column_text(statement, 0);
    if (finding == NULL || strcmp(finding, "ok") != 0)
        log_write(log, LOG_ERROR, "the database %s is damaged, restore it from a backup: %.*s",
                  sqlite->path, FINDING_SIZE, finding == NULL ? "" : finding);
    return ASAP_OK;
}

static enum asap_code set_up_to_write(const struct sqlite *sqlite,
                                      const struct log *log,
                                      struct asap_error *err)
{
    bool fresh = false;

    TRY(harden(sqlite, err));
    TRY(set_up(sqlite, before_reading, err));
    TRY(check_ours(sqlite, &fresh, err));
    if (fresh)
        TRY(set_up(sqlite, when_fresh, err));
    TRY(set_up(sqlite, before_use, err));
    return check_pages(sqlite, log, err);
}

static enum asap_code set_up_to_read(const struct sqlite *sqlite, struct asap_error *err)
{
    bool fresh = false;

    TRY(harden(sqlite, err));
    if (sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK)
        return sqlite_failure(sqlite, "open", err);
    TRY(set_up(sqlite, before_reading, err));
    TRY(check_ours(sqlite, &fresh, err));
    return fresh ? fail_foreign(sqlite, err) : ASAP_OK;
}

static enum asap_code set_up_for(const struct sqlite *sqlite,
                                 bool is_read_only,
                                 const struct log *log,
                                 struct asap_error *err)
{
    return is_read_only ? set_up_to_read(sqlite, err) : set_up_to_write(sqlite, log, err);
}

static enum asap_code open_file(const char *path,
                                bool is_read_only,
                                const struct log *log,
                                struct sql_connection **out,
                                struct asap_error *err)
{
    const int access = is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    SCOPED(sqlite) struct sqlite *sqlite = calloc(1, sizeof *sqlite);

    if (sqlite == NULL)
        return fail_memory(err);
    sqlite->base.driver = &sqlite_driver;
    sqlite->path = strdup(path);
    if (sqlite->path == NULL)
        return fail_memory(err);
    if (sqlite3_open_v2(path, &sqlite->db, access | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return sqlite_failure(sqlite, "open", err);
    TRY(set_up_for(sqlite, is_read_only, log, err));
    *out = &MOVE(sqlite)->base;
    return ASAP_OK;
}

enum asap_code sqlite_open(const char *path,
                           bool create,
                           const struct log *log,
                           struct sql_connection **out,
                           struct asap_error *err)
{
    *out = NULL;
    if (strcmp(path, memory) != 0)
        TRY(prepare_file(path, create, err));
    return open_file(path, false, log, out, err);
}

enum asap_code sqlite_open_to_read(const char *path,
                                   const struct log *log,
                                   struct sql_connection **out,
                                   struct asap_error *err)
{
    *out = NULL;
    TRY(prepare_file(path, false, err));
    return open_file(path, true, log, out, err);
}
