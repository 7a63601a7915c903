/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "scoped.h"
#include "store_health.h"
#include "transaction.h"

struct store {
    pthread_mutex_t mutex; /* held by the thread whose transaction is open */
    struct sql_connection *connection;
    bool has_failed; /* the open transaction, by the database's fault */
    struct store_health health;
};

DEFINE_SCOPED(store, struct store *, store_close)

static const struct sql_driver *const drivers[] = { &sqlite_driver };

/* *where is what follows the scheme. */
static const struct sql_driver *find_driver(const char *url, const char **where)
{
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        const size_t length = strlen(drivers[i]->scheme);

        if (strncmp(url, drivers[i]->scheme, length) == 0 && url[length] == ':') {
            *where = url + length + 1;
            return drivers[i];
        }
    }
    return NULL;
}

/* A second transaction in the same thread would wait for itself: it is told instead. */
static bool init_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    bool made = false;

    if (pthread_mutexattr_init(&attributes) != 0)
        return false;
    made = pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK) == 0
           && pthread_mutex_init(mutex, &attributes) == 0;
    (void)pthread_mutexattr_destroy(&attributes);
    return made;
}

/* NULL when there is no memory for one. */
static struct store *new_store(void)
{
    struct store *store = calloc(1, sizeof *store);

    if (store != NULL && init_mutex(&store->mutex)) {
        store_health_init(&store->health);
        return store;
    }
    free(store);
    return NULL;
}

enum asap_code store_open(
    const char *url, bool create, const struct log *log, struct store **out, struct asap_error *err)
{
    SCOPED(store) struct store *store = NULL;
    const char *where = "";
    const struct sql_driver *driver = find_driver(url, &where);

    *out = NULL;
    if (driver == NULL || *where == '\0')
        return fail_field(err, "database", "database must be sqlite:PATH");
    store = new_store();
    if (store == NULL)
        return fail_memory(err);
    TRY(driver->open(where, create, log, &store->connection, err));
    TRY(migrate(store->connection, log, err));
    *out = MOVE(store);
    return ASAP_OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    if (store->connection != NULL)
        store->connection->driver->close(store->connection);
    (void)pthread_mutex_destroy(&store->mutex);
    store_health_destroy(&store->health);
    free(store);
}

struct store_health *store_health_of(struct store *store)
{
    return &store->health;
}

/* Takes note of how an operation of the open transaction ended. */
static enum asap_code note(struct store *store,
                           enum store_operation operation,
                           enum asap_code code,
                           const struct asap_error *err)
{
    return store_health_note(&store->health, operation, code, err, &store->has_failed);
}

enum asap_code txn_begin(struct txn *txn, struct store *store, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    if (pthread_mutex_lock(&store->mutex) != 0)
        return fail(err, ASAP_INTERNAL, "this thread has a transaction open");
    store->has_failed = false;
    code = note(store, STORE_BEGIN, store->connection->driver->begin(store->connection, err), err);
    if (code != ASAP_OK) {
        (void)pthread_mutex_unlock(&store->mutex);
        return code;
    }
    txn->store = store;
    return ASAP_OK;
}

static void end(struct txn *txn)
{
    if (!txn->store->has_failed)
        store_health_recover(&txn->store->health);
    (void)pthread_mutex_unlock(&MOVE(txn->store)->mutex);
}

enum asap_code txn_commit(struct txn *txn, struct asap_error *err)
{
    struct sql_connection *const connection = txn->store->connection;

    TRY(note(txn->store, STORE_COMMIT, connection->driver->commit(connection, err), err));
    end(txn);
    return ASAP_OK;
}

void txn_rollback(struct txn *txn)
{
    if (txn->store == NULL)
        return;
    txn->store->connection->driver->rollback(txn->store->connection);
    end(txn);
}

enum asap_code transaction_query(struct txn *txn,
                                 const struct sql_query *query,
                                 struct asap_error *err)
{
    struct sql_connection *const connection = txn->store->connection;

    return note(txn->store, STORE_QUERY, connection->driver->query(connection, query, err), err);
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
