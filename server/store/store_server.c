/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "fail.h"
#include "store_server.h"
#include "transaction.h"

/* The server's own row, and small values by name. */

static const char select_server[] =
    "SELECT generation, marked_generation, access_generation, latest_time FROM server WHERE id = 1";

#define RECORD_TIME                                                                                \
    " latest_time = CASE WHEN latest_time < $1 THEN $1 ELSE latest_time END"                       \
    " WHERE id = 1 RETURNING id"

static const char update_generation[] = "UPDATE server SET generation = generation + 1, "
                                        "marked_generation = marked_generation + 1," RECORD_TIME;

static const char update_access_generation[] =
    "UPDATE server SET access_generation = access_generation + 1," RECORD_TIME;

static const char update_time[] = "UPDATE server SET" RECORD_TIME;

/* Nobody makes as many changes in the life of a database. */
static const char leap_generations[] =
    "UPDATE server SET generation = generation + 4294967296,"
    " access_generation = access_generation + 4294967296 WHERE id = 1 RETURNING id";

static const char select_value[] = "SELECT content FROM server_value WHERE name = $1";

static const char upsert_value[] = "INSERT INTO server_value (name, content) VALUES ($1, $2)"
                                   " ON CONFLICT (name) DO UPDATE SET content = excluded.content";

static const char delete_value[] = "DELETE FROM server_value WHERE name = $1";

static const struct sql_member server_members[] = {
    { MEMBER_INTEGER, offsetof(struct server_row, generation), 0 },
    { MEMBER_INTEGER, offsetof(struct server_row, marked_generation), 0 },
    { MEMBER_INTEGER, offsetof(struct server_row, access_generation), 0 },
    { MEMBER_INTEGER, offsetof(struct server_row, latest_time), 0 },
};

static enum asap_code read_server(void *context,
                                  const struct sql_value *columns,
                                  struct asap_error *err)
{
    const size_t count = sizeof server_members / sizeof *server_members;

    return sql_read_members(columns, server_members, count, context)
               ? ASAP_OK
               : transaction_damaged("the server", err);
}

enum asap_code store_get_server(struct txn *txn, struct server_row *out, struct asap_error *err)
{
    const struct sql_query query = { select_server, NULL, 0, read_server, out };
    bool found = false;

    *out = (struct server_row){ 0 };
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : transaction_damaged("the server", err);
}

enum asap_code store_read_server(struct store *store,
                                 struct server_row *out,
                                 struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    *out = (struct server_row){ 0 };
    TRY(txn_begin_read(&txn, store, err));
    return store_get_server(&txn, out, err);
}

static enum asap_code
update(struct txn *txn, const char *statement, int64_t now, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(now) };
    const struct sql_query query = { statement, parameters, 1, NULL, NULL };
    bool found = false;

    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : transaction_damaged("the server", err);
}

enum asap_code store_record_change(struct txn *txn, int64_t now, struct asap_error *err)
{
    return update(txn, update_generation, now, err);
}

enum asap_code store_record_access_change(struct txn *txn, int64_t now, struct asap_error *err)
{
    return update(txn, update_access_generation, now, err);
}

enum asap_code store_record_time(struct txn *txn, int64_t now, struct asap_error *err)
{
    return update(txn, update_time, now, err);
}

enum asap_code store_leap_generations(struct txn *txn, struct asap_error *err)
{
    const struct sql_query query = { leap_generations, NULL, 0, NULL, NULL };
    bool found = false;

    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : transaction_damaged("the server", err);
}

enum asap_code store_get_value(
    struct txn *txn, const char *name, void **out, size_t *length, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(name) };
    struct blob blob = { NULL, 0 };
    const struct sql_query query = { select_value, parameters, 1, transaction_copy_blob, &blob };

    *out = NULL;
    *length = 0;
    TRY(transaction_query(txn, &query, err));
    if (blob.bytes == NULL)
        return fail(err, ASAP_NOT_FOUND, "the store has no value %s", name);
    *out = blob.bytes;
    *length = blob.length;
    return ASAP_OK;
}

enum asap_code store_put_value(
    struct txn *txn, const char *name, const void *bytes, size_t length, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(name), sql_blob(bytes, length) };
    const struct sql_query query = { upsert_value, parameters, 2, NULL, NULL };

    return transaction_query(txn, &query, err);
}

enum asap_code store_delete_value(struct txn *txn, const char *name, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(name) };
    const struct sql_query query = { delete_value, parameters, 1, NULL, NULL };

    return transaction_query(txn, &query, err);
}
