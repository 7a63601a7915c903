/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "lane.h"
#include "scoped.h"
#include "store_watch.h"
#include "transaction.h"

struct store {
    struct store_lane main;
    struct store_lane readers; /* without a connection, readers take the main one */
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

    if (store == NULL || !lane_init(&store->main)) {
        free(store);
        return NULL;
    }
    if (lane_init(&store->readers))
        return store;
    lane_clear(&store->main);
    free(store);
    return NULL;
}

static enum asap_code fail_kind(struct asap_error *err)
{
    return fail_field(err, "database",
                      "database must be sqlite:PATH or postgresql://USER@HOST/NAME");
}

enum asap_code store_open(
    const char *url, bool create, const struct log *log, struct store **out, struct asap_error *err)
{
    SCOPED(store) struct store *store = NULL;
    const char *where = "";
    const struct sql_driver *driver = find_driver(url, &where);

    *out = NULL;
    if (driver == NULL)
        return fail_kind(err);
    store = new_store();
    if (store == NULL)
        return fail_memory(err);
    TRY(driver->open(where, create, log, &store->main.connection, err));
    TRY(migrate(store->main.connection, log, err));
    if (driver->has_readers)
        TRY(driver->open(where, false, log, &store->readers.connection, err));
    *out = MOVE(store);
    return ASAP_OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    lane_clear(&store->readers);
    lane_clear(&store->main);
    free(store);
}

enum asap_code store_check_url(const char *url, struct asap_error *err)
{
    const char *where = "";
    const struct sql_driver *driver = find_driver(url, &where);

    if (driver == NULL)
        return fail_kind(err);
    return driver->check == NULL ? ASAP_OK : driver->check(where, err);
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
    TRY(lane_begin(lane, access, lane_ticket(lane, access), err));
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

enum asap_code txn_commit(struct txn *txn, struct asap_error *err)
{
    struct sql_connection *const connection = txn->lane->connection;

    TRY(connection->driver->commit(connection, err));
    lane_end(MOVE(txn->lane));
    return ASAP_OK;
}

void txn_rollback(struct txn *txn)
{
    if (txn->lane == NULL)
        return;
    txn->lane->connection->driver->rollback(txn->lane->connection);
    lane_end(MOVE(txn->lane));
}

enum asap_code transaction_query(struct txn *txn,
                                 const struct sql_query *query,
                                 struct asap_error *err)
{
    struct sql_connection *const connection = txn->lane->connection;

    return connection->driver->query(connection, query, err);
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
