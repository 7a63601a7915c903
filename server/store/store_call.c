/* SPDX-License-Identifier: Apache-2.0 */
#include "store_call.h"

#include "fail.h"
#include "transaction.h"

/* Calls that were carried out, with their answers. */

static const char insert_call[] = "INSERT INTO done_call (caller, method, request_id,"
                                  " request_digest, done_time, response)"
                                  " VALUES ($1, $2, $3, $4, $5, $6)";

static const char select_call[] =
    "SELECT caller, method, request_id, request_digest, done_time, response FROM done_call"
    " WHERE caller = $1 AND method = $2 AND request_id = $3";

static const char delete_calls[] = "DELETE FROM done_call WHERE done_time < $1";

#define TEXT(member)                                                                               \
    {                                                                                              \
        MEMBER_TEXT, offsetof(struct call_row, member), sizeof((struct call_row *)NULL)->member    \
    }

/* In the order of the columns. */
static const struct sql_member members[] = {
    TEXT(caller),
    TEXT(method),
    TEXT(request_id),
    TEXT(request_digest),
    { MEMBER_INTEGER, offsetof(struct call_row, done_time), 0 },
};

enum { MEMBERS = sizeof members / sizeof *members };

enum asap_code store_add_call(struct txn *txn,
                              const struct call_row *row,
                              const void *response,
                              size_t length,
                              struct asap_error *err)
{
    struct sql_value values[MEMBERS + 1];
    const struct sql_query query = { insert_call, values, MEMBERS + 1, NULL, NULL };

    sql_write_members(row, members, MEMBERS, values);
    values[MEMBERS] = sql_blob(response, length);
    return transaction_query(txn, &query, err);
}

struct found_call {
    struct call_row *row;
    struct blob response;
};

static enum asap_code read_call(void *context,
                                const struct sql_value *columns,
                                struct asap_error *err)
{
    struct found_call *found = context;

    if (!sql_read_members(columns, members, MEMBERS, found->row))
        return transaction_damaged("a done call", err);
    return transaction_copy_blob(&found->response, columns + MEMBERS, err);
}

enum asap_code store_get_call(
    struct txn *txn, struct call_row *row, void **response, size_t *length, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(row->caller), sql_text(row->method),
                                            sql_text(row->request_id) };
    struct call_row copy = { 0 };
    struct found_call found = { .row = &copy };
    const struct sql_query query = { select_call, parameters, 3, read_call, &found };

    *response = NULL;
    *length = 0;
    TRY(transaction_query(txn, &query, err));
    if (found.response.bytes == NULL)
        return fail(err, ASAP_NOT_FOUND, "no call of this request id is known");
    *row = copy;
    *response = found.response.bytes;
    *length = found.response.length;
    return ASAP_OK;
}

enum asap_code store_forget_calls(struct txn *txn, int64_t before, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(before) };
    const struct sql_query query = { delete_calls, parameters, 1, NULL, NULL };

    return transaction_query(txn, &query, err);
}
