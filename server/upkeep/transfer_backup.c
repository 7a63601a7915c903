/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "database_check.h"
#include "fail.h"
#include "new_file.h"
#include "scoped.h"
#include "store_server.h"
#include "store_upkeep.h"
#include "transfer_parts.h"

/* Backups are SQLite files, whatever they are of. */

enum { URL_SIZE = PATH_MAX + 16 };

DEFINE_SCOPED(store, struct store *, store_close)

static struct site_options at(const struct site_options *site, const char *path, char url[URL_SIZE])
{
    struct site_options moved = *site;

    (void)snprintf(url, URL_SIZE, "sqlite:%s", path);
    moved.database = url;
    return moved;
}

/* Looks at what is in the file, not at what was meant to be. */
static enum asap_code check_file(const struct transfer *transfer,
                                 const char *path,
                                 struct asap_error *err)
{
    char url[URL_SIZE];
    const struct site_options options = at(transfer->site, path, url);
    SCOPED(site) struct site site = { 0 };

    TRY(site_open_to_read(&options, &site, err));
    return database_check_whole(&site, transfer->report, err);
}

static enum asap_code copy_to(const struct transfer *transfer,
                              const char *path,
                              struct transferred *out,
                              struct asap_error *err)
{
    char url[URL_SIZE];
    const struct site_options options = at(transfer->site, path, url);
    SCOPED(store) struct store *from = NULL;
    SCOPED(store) struct store *to = NULL;

    TRY(store_open_to_read(transfer->site->database, transfer->site->log, &from, err));
    TRY(store_open_alone(options.database, true, options.log, &to, err));
    return transfer_rows(transfer, from, to, out, err);
}

enum asap_code transfer_back_up(const struct transfer *transfer,
                                const char *file,
                                struct transferred *out,
                                struct asap_error *err)
{
    SCOPED(new_file) struct new_file made = { 0 };

    *out = (struct transferred){ 0 };
    TRY(new_file_begin(&made, file, err));
    TRY(copy_to(transfer, made.part, out, err));
    TRY(check_file(transfer, made.part, err));
    return new_file_publish(&made, err);
}

/* A copy of the bare file of a database has no mark; it is one all the same. */
static enum asap_code mark(struct store *store, struct transferred *out, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct store_mark mark;
    struct server_row server;

    TRY(txn_begin(&txn, store, err));
    TRY(store_get_server(&txn, &server, err));
    TRY(store_get_mark(&txn, &mark, err));
    out->copy_time = mark.kind == MARK_COPY ? mark.copy_time : server.latest_time;
    out->generation = server.generation;
    if (mark.kind != MARK_COPY)
        TRY(store_leap_generations(&txn, err));
    TRY(store_put_mark(&txn, &(struct store_mark){ .kind = MARK_COPY, .copy_time = out->copy_time },
                       err));
    return txn_commit(&txn, err);
}

static enum asap_code prepare(const struct transfer *transfer,
                              const char *path,
                              struct transferred *out,
                              struct asap_error *err)
{
    char url[URL_SIZE];
    const struct site_options options = at(transfer->site, path, url);
    SCOPED(store) struct store *store = NULL;

    TRY(store_open_alone(options.database, false, options.log, &store, err));
    return mark(store, out, err);
}

static enum asap_code judge(const struct transfer *transfer,
                            const char *file,
                            struct asap_error *err)
{
    if (transfer->report->problems == 0 || transfer->despite_problems)
        return ASAP_OK;
    return fail(err, ASAP_DATA_LOSS, "the backup %.150s is damaged (take another one)", file);
}

static enum asap_code restore_file(const struct transfer *transfer,
                                   const char *file,
                                   const char *path,
                                   struct transferred *out,
                                   struct asap_error *err)
{
    SCOPED(new_file) struct new_file made = { 0 };

    TRY(new_file_begin(&made, path, err));
    TRY(new_file_fill(&made, file, err));
    TRY(prepare(transfer, made.part, out, err));
    TRY(check_file(transfer, made.part, err));
    TRY(judge(transfer, file, err));
    return new_file_publish(&made, err);
}

/* Into a database that is no file, row by row; the backup is looked at first. */
static enum asap_code restore_rows(const struct transfer *transfer,
                                   const char *file,
                                   struct transferred *out,
                                   struct asap_error *err)
{
    const struct site_options *site = transfer->site;
    char url[URL_SIZE];
    const struct site_options options = at(site, file, url);
    SCOPED(store) struct store *from = NULL;
    SCOPED(store) struct store *to = NULL;

    TRY(check_file(transfer, file, err));
    TRY(judge(transfer, file, err));
    TRY(store_open_to_read(options.database, site->log, &from, err));
    TRY(store_open_alone(site->database, true, site->log, &to, err));
    return transfer_rows(transfer, from, to, out, err);
}

/* What is beside a file that is in use belongs to it, and would be missing. */
static enum asap_code refuse_in_use(const char *file, struct asap_error *err)
{
    static const char *const companions[] = { "-wal", "-journal" };
    char path[PATH_MAX];
    struct stat status;

    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        (void)snprintf(path, sizeof path, "%s%s", file, companions[i]);
        if (stat(path, &status) == 0 && status.st_size > 0)
            return fail(err, ASAP_FAILED_PRECONDITION,
                        "%.100s is a database in use and no backup, since %.100s is beside it",
                        file, path);
    }
    return ASAP_OK;
}

enum asap_code transfer_restore(const struct transfer *transfer,
                                const char *file,
                                struct transferred *out,
                                struct asap_error *err)
{
    static const char scheme[] = "sqlite:";
    const char *url = transfer->site->database;

    *out = (struct transferred){ 0 };
    TRY(refuse_in_use(file, err));
    if (strncmp(url, scheme, strlen(scheme)) == 0)
        return restore_file(transfer, file, url + strlen(scheme), out, err);
    return restore_rows(transfer, file, out, err);
}
