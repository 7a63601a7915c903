/* SPDX-License-Identifier: Apache-2.0 */
#include "store_sealed.h"

#include <inttypes.h>
#include <stdlib.h>

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
