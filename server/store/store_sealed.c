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
