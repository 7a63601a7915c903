/* SPDX-License-Identifier: Apache-2.0 */
#include "store_sealed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "transaction.h"

/* Sealed private keys. */

static const char select_sealed[] = "SELECT content FROM sealed_key WHERE key_id = $1";

static const char upsert_sealed[] =
    "INSERT INTO sealed_key (key_id, content) VALUES ($1, $2)"
    " ON CONFLICT (key_id) DO UPDATE SET content = excluded.content";

static const char delete_sealed[] = "DELETE FROM sealed_key WHERE key_id = $1";

static const char select_unused[] =
    "SELECT key.id, kid FROM sealed_key JOIN key ON key.id = sealed_key.key_id"
    " WHERE unpublish_time <= $1 OR revoke_time <= $1 ORDER BY key.id LIMIT $2";

static const char select_sealed_after[] =
    "SELECT key.id, kid, algorithm, pem, content FROM sealed_key JOIN key"
    " ON key.id = sealed_key.key_id WHERE key.id > $1 ORDER BY key.id LIMIT $2";

enum asap_code store_put_sealed(
    struct txn *txn, int64_t key_id, const void *bytes, size_t length, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(key_id), sql_blob(bytes, length) };
    const struct sql_query query = { upsert_sealed, parameters, 2, NULL, NULL };

    return transaction_query(txn, &query, err);
}

enum asap_code store_get_sealed(
    struct txn *txn, int64_t key_id, void **out, size_t *length, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(key_id) };
    struct blob blob = { NULL, 0 };
    const struct sql_query query = { select_sealed, parameters, 1, transaction_copy_blob, &blob };

    *out = NULL;
    *length = 0;
    TRY(transaction_query(txn, &query, err));
    if (blob.bytes == NULL)
        return fail(err, ASAP_NOT_FOUND, "key row %" PRId64 " has no private key here", key_id);
    *out = blob.bytes;
    *length = blob.length;
    return ASAP_OK;
}

enum asap_code store_destroy_sealed(struct txn *txn, int64_t key_id, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(key_id) };
    const struct sql_query query = { delete_sealed, parameters, 1, NULL, NULL };

    return transaction_query(txn, &query, err);
}

struct visit {
    sealed_visitor *visit;
    void *context;
};

static enum asap_code visit_sealed(void *context,
                                   const struct sql_value *columns,
                                   struct asap_error *err)
{
    static const struct sql_member members[] = {
        { MEMBER_INTEGER, offsetof(struct sealed_key, key_id), 0 },
        { MEMBER_TEXT, offsetof(struct sealed_key, kid), KID_MAX + 1 },
    };
    const struct visit *visit = context;
    struct sealed_key key = { 0 };

    if (!sql_read_members(columns, members, sizeof members / sizeof *members, &key))
        return transaction_damaged("a private key", err);
    return visit->visit(visit->context, &key, err);
}

enum asap_code store_each_unused_sealed(struct txn *txn,
                                        int64_t now,
                                        size_t limit,
                                        sealed_visitor *visit,
                                        void *context,
                                        struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(now), sql_integer((int64_t)limit) };
    struct visit visiting = { visit, context };
    const struct sql_query query = { select_unused, parameters, 2, visit_sealed, &visiting };

    return transaction_query(txn, &query, err);
}

struct sealed_list {
    struct sealed_row *rows;
    size_t count;
};

static enum asap_code append_sealed(void *context,
                                    const struct sql_value *columns,
                                    struct asap_error *err)
{
    static const struct sql_member members[] = {
        { MEMBER_INTEGER, offsetof(struct sealed_row, key_id), 0 },
        { MEMBER_TEXT, offsetof(struct sealed_row, kid), KID_MAX + 1 },
        { MEMBER_TEXT, offsetof(struct sealed_row, algorithm), ALGORITHM_NAME_SIZE },
        { MEMBER_TEXT, offsetof(struct sealed_row, pem), PEM_PUBLISHED_MAX + 1 },
    };
    enum { MEMBERS = sizeof members / sizeof *members };
    struct sealed_list *list = context;
    struct sealed_row *row = &list->rows[list->count++];
    struct blob blob = { NULL, 0 };

    if (!sql_read_members(columns, members, MEMBERS, row))
        return transaction_damaged("a private key", err);
    TRY(transaction_copy_blob(&blob, &columns[MEMBERS], err));
    row->bytes = blob.bytes;
    row->length = blob.length;
    return ASAP_OK;
}

enum asap_code store_list_sealed(struct txn *txn,
                                 int64_t after,
                                 struct sealed_row *rows,
                                 size_t limit,
                                 size_t *count,
                                 struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(after), sql_integer((int64_t)limit) };
    struct sealed_list list = { .rows = rows };
    const struct sql_query query = { select_sealed_after, parameters, 2, append_sealed, &list };

    memset(rows, 0, limit * sizeof *rows);
    *count = 0;
    TRY(transaction_query(txn, &query, err));
    *count = list.count;
    return ASAP_OK;
}
