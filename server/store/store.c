/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "lane.h"
#include "scoped.h"
#include "store_health.h"
#include "store_upkeep.h"
#include "store_watch.h"
#include "transaction.h"

struct store {
    struct store_lane main;
    struct store_lane readers; /* without a connection, readers take the main one */
    struct store_health health;
};

DEFINE_SCOPED(store, struct store *, store_close)

static const struct {
    const char *prefix;
    const struct sql_driver *driver;
    bool is_whole; /* the driver takes the URL with its prefix */
} kinds[] = {
    { "sqlite:", &sqlite_driver, false },
    { "postgresql://", &postgres_driver, true },
    { "postgres://", &postgres_driver, true },
};

/* *where is what the driver is to open. */
static const struct sql_driver *find_driver(const char *url, const char **where)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const size_t length = strlen(kinds[i].prefix);

        if (strncmp(url, kinds[i].prefix, length) == 0 && url[length] != '\0') {
            *where = url + (kinds[i].is_whole ? 0 : length);
            return kinds[i].driver;
        }
    }
    return NULL;
}

/* NULL when there is no memory for one. */
static struct store *new_store(void)
{
    struct store *store = calloc(1, sizeof *store);

    if (store == NULL || !lane_init(&store->main, &store->health)) {
        free(store);
        return NULL;
    }
    if (lane_init(&store->readers, &store->health)) {
        store_health_init(&store->health);
        return store;
    }
    lane_clear(&store->main);
    free(store);
    return NULL;
}

static enum asap_code fail_kind(struct asap_error *err)
{
    return fail_field(err, "database",
                      "database must be sqlite:PATH or postgresql://USER@HOST/NAME");
}

static enum asap_code find_place(const char *url,
                                 const struct sql_driver **driver,
                                 const char **where,
                                 struct asap_error *err)
{
    *driver = find_driver(url, where);
    return *driver == NULL ? fail_kind(err) : ASAP_OK;
}

/* Whose it is while it is open. */
enum use { USE_SHARED, USE_ALONE, USE_TO_READ };

static enum asap_code connect(const char *url,
                              enum use use,
                              bool create,
                              const struct log *log,
                              struct store *store,
                              struct asap_error *err)
{
    const struct sql_driver *driver = NULL;
    const char *where = "";

    TRY(find_place(url, &driver, &where, err));
    if (use == USE_TO_READ) {
        TRY(driver->open_to_read(where, log, &store->main.connection, err));
        return migrate_check(store->main.connection, err);
    }
    TRY(driver->open(where, create, log, &store->main.connection, err));
    if (use == USE_ALONE)
        TRY(driver->claim(store->main.connection, err));
    TRY(migrate(store->main.connection, log, err));
    if (use == USE_SHARED && driver->open_beside != NULL)
        TRY(driver->open_beside(store->main.connection, &store->readers.connection, err));
    return ASAP_OK;
}

static enum asap_code open_store(const char *url,
                                 enum use use,
                                 bool create,
                                 const struct log *log,
                                 struct store **out,
                                 struct asap_error *err)
{
    SCOPED(store) struct store *store = new_store();

    *out = NULL;
    if (store == NULL)
        return fail_memory(err);
    TRY(connect(url, use, create, log, store, err));
    *out = MOVE(store);
    return ASAP_OK;
}

enum asap_code store_open(
    const char *url, bool create, const struct log *log, struct store **out, struct asap_error *err)
{
    return open_store(url, USE_SHARED, create, log, out, err);
}

enum asap_code store_open_alone(
    const char *url, bool create, const struct log *log, struct store **out, struct asap_error *err)
{
    return open_store(url, USE_ALONE, create, log, out, err);
}

enum asap_code store_open_to_read(const char *url,
                                  const struct log *log,
                                  struct store **out,
                                  struct asap_error *err)
{
    return open_store(url, USE_TO_READ, false, log, out, err);
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    lane_clear(&store->readers);
    lane_clear(&store->main);
    store_health_destroy(&store->health);
    free(store);
}

struct store_health *store_health_of(struct store *store)
{
    return &store->health;
}

enum asap_code store_check_url(const char *url, struct asap_error *err)
{
    const char *where = "";
    const struct sql_driver *driver = find_driver(url, &where);

    if (driver == NULL)
        return fail_kind(err);
    return driver->check == NULL ? ASAP_OK : driver->check(where, err);
}

/* Takes note of how an operation of the lane's transaction ended. */
static enum asap_code note(struct store_lane *lane,
                           enum store_operation operation,
                           enum asap_code code,
                           const struct asap_error *err)
{
    return store_health_note(lane->health, operation, code, err, &lane->has_failed);
}

enum asap_code store_watch(const char *url,
                           void (*changed)(void *context),
                           void *context,
                           struct sql_watch **out,
                           struct asap_error *err)
{
    const char *where = "";
    const struct sql_driver *driver = find_driver(url, &where);

    *out = NULL;
    if (driver == NULL)
        return fail_kind(err);
    return driver->watch == NULL ? ASAP_OK : driver->watch(where, changed, context, out, err);
}

void store_unwatch(struct sql_watch *watch)
{
    if (watch != NULL)
        watch->driver->unwatch(watch);
}

static enum asap_code
begin(struct txn *txn, struct store_lane *lane, enum sql_access access, struct asap_error *err)
{
    const enum asap_code code = lane_begin(lane, access, lane_ticket(lane, access), err);
    bool has_failed = false;

    if (code != ASAP_OK)
        return store_health_note(lane->health, STORE_BEGIN, code, err, &has_failed);
    lane->has_failed = false;
    txn->lane = lane;
    return ASAP_OK;
}

enum asap_code txn_begin(struct txn *txn, struct store *store, struct asap_error *err)
{
    return begin(txn, &store->main, SQL_WRITE, err);
}

enum asap_code txn_begin_read(struct txn *txn, struct store *store, struct asap_error *err)
{
    return begin(txn, store->readers.connection != NULL ? &store->readers : &store->main, SQL_READ,
                 err);
}

static void end(struct txn *txn)
{
    if (!txn->lane->has_failed)
        store_health_recover(txn->lane->health);
    lane_end(MOVE(txn->lane));
}

enum asap_code txn_commit(struct txn *txn, struct asap_error *err)
{
    struct sql_connection *const connection = txn->lane->connection;

    TRY(note(txn->lane, STORE_COMMIT, connection->driver->commit(connection, err), err));
    end(txn);
    return ASAP_OK;
}

void txn_rollback(struct txn *txn)
{
    if (txn->lane == NULL)
        return;
    txn->lane->connection->driver->rollback(txn->lane->connection);
    end(txn);
}

enum asap_code store_get_version(struct txn *txn, int *out, struct asap_error *err)
{
    struct sql_connection *const connection = txn->lane->connection;

    return connection->driver->get_version(connection, out, err);
}

struct damage {
    damage_visitor *visit;
    void *context;
};

static enum asap_code visit_damage(void *context,
                                   const struct sql_value *columns,
                                   struct asap_error *err)
{
    enum { FINDING_MAX = 200 };
    const struct damage *damage = context;
    char text[FINDING_MAX + 1] = "unknown";

    if (columns->type == SQL_TEXT)
        (void)snprintf(text, sizeof text, "%.*s",
                       (int)(columns->length < FINDING_MAX ? columns->length : FINDING_MAX),
                       (const char *)columns->bytes);
    return damage->visit(damage->context, text, err);
}

enum asap_code
store_find_damage(struct txn *txn, damage_visitor *visit, void *context, struct asap_error *err)
{
    struct sql_connection *const connection = txn->lane->connection;
    struct damage damage = { visit, context };

    return connection->driver->find_damage(connection, visit_damage, &damage, err);
}

enum asap_code transaction_query(struct txn *txn,
                                 const struct sql_query *query,
                                 struct asap_error *err)
{
    struct sql_connection *const connection = txn->lane->connection;

    return note(txn->lane, STORE_QUERY, connection->driver->query(connection, query, err), err);
}

enum asap_code transaction_finish_copy(struct txn *txn, struct asap_error *err)
{
    struct sql_connection *const connection = txn->lane->connection;
    const char *script = connection->driver->after_copy;

    return script == NULL ? ASAP_OK : connection->driver->run_script(connection, script, err);
}

struct finding {
    const struct sql_query *query;
    bool found;
};

static enum asap_code visit_found(void *context,
                                  const struct sql_value *columns,
                                  struct asap_error *err)
{
    struct finding *finding = context;

    finding->found = true;
    if (finding->query->visit == NULL)
        return ASAP_OK;
    return finding->query->visit(finding->query->context, columns, err);
}

enum asap_code transaction_find(struct txn *txn,
                                const struct sql_query *query,
                                bool *found,
                                struct asap_error *err)
{
    struct finding finding = { .query = query };
    struct sql_query watched = *query;

    watched.visit = visit_found;
    watched.context = &finding;
    *found = false;
    TRY(transaction_query(txn, &watched, err));
    *found = finding.found;
    return ASAP_OK;
}

enum asap_code transaction_damaged(const char *what, struct asap_error *err)
{
    return fail(err, ASAP_DATA_LOSS,
                "the database row of %s is damaged (restore the database from a backup)", what);
}

enum asap_code transaction_copy_blob(void *blob,
                                     const struct sql_value *columns,
                                     struct asap_error *err)
{
    struct blob *copy = blob;

    if (columns[0].type != SQL_BLOB)
        return transaction_damaged("a stored value", err);
    copy->bytes = malloc(columns[0].length + 1);
    if (copy->bytes == NULL)
        return fail_memory(err);
    copy->length = columns[0].length;
    if (copy->length > 0)
        memcpy(copy->bytes, columns[0].bytes, copy->length);
    return ASAP_OK;
}
