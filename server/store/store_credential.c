/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "scoped.h"
#include "store_access.h"
#include "transaction.h"

/* How callers prove who they are. */

#define COLUMNS                                                                                    \
    "id, credential_id, caller_id, kind, name, digest, create_time, expire_time, revoke_time"

static const char insert_credential[] =
    "INSERT INTO credential (credential_id, caller_id, kind, name, digest, create_time,"
    " expire_time, revoke_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT DO NOTHING RETURNING id";

static const char select_credential[] =
    "SELECT " COLUMNS " FROM credential WHERE credential_id = $1";

static const char select_by_proof[] =
    "SELECT " COLUMNS " FROM credential WHERE kind = $1 AND name = $2 AND revoke_time IS NULL";

static const char update_credential[] =
    "UPDATE credential SET revoke_time = $1 WHERE id = $2 RETURNING id";

static const char select_of_caller[] =
    "SELECT " COLUMNS " FROM credential WHERE caller_id = $1 ORDER BY id";

static const char select_credentials[] = "SELECT " COLUMNS " FROM credential ORDER BY id";

/* In the order of COLUMNS. */
static const struct sql_member members[] = {
    { MEMBER_INTEGER, offsetof(struct credential_row, id), 0 },
    { MEMBER_TEXT, offsetof(struct credential_row, credential_id), ACCESS_ID_SIZE },
    { MEMBER_INTEGER, offsetof(struct credential_row, caller_id), 0 },
    { MEMBER_INTEGER, offsetof(struct credential_row, kind), 0 },
    { MEMBER_TEXT, offsetof(struct credential_row, name), CREDENTIAL_NAME_SIZE },
    { MEMBER_TEXT, offsetof(struct credential_row, digest), CREDENTIAL_DIGEST_SIZE },
    { MEMBER_INTEGER, offsetof(struct credential_row, create_time), 0 },
    { MEMBER_TIME, offsetof(struct credential_row, expire_time), 0 },
    { MEMBER_TIME, offsetof(struct credential_row, revoke_time), 0 },
};
enum { MEMBERS = sizeof members / sizeof *members };

static enum asap_code read_credential(void *context,
                                      const struct sql_value *columns,
                                      struct asap_error *err)
{
    return sql_read_members(columns, members, MEMBERS, context)
               ? ASAP_OK
               : transaction_damaged("a credential", err);
}

static enum asap_code read_id(void *context,
                              const struct sql_value *columns,
                              struct asap_error *err)
{
    return sql_read_members(columns, members, 1, context)
               ? ASAP_OK
               : transaction_damaged("a credential", err);
}

enum asap_code store_add_credential(struct txn *txn,
                                    struct credential_row *row,
                                    struct asap_error *err)
{
    struct sql_value parameters[MEMBERS - 1];
    const struct sql_query query = { insert_credential, parameters, MEMBERS - 1, read_id, row };
    bool added = false;

    sql_write_members(row, members + 1, MEMBERS - 1, parameters);
    TRY(transaction_find(txn, &query, &added, err));
    if (!added)
        return fail(err, ASAP_ALREADY_EXISTS,
                    "%.160s is a caller's credential already (revoke that one first)", row->name);
    return ASAP_OK;
}

enum asap_code store_get_credential(struct txn *txn,
                                    const char *credential_id,
                                    struct credential_row *out,
                                    struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(credential_id) };
    const struct sql_query query = { select_credential, parameters, 1, read_credential, out };
    bool found = false;

    *out = (struct credential_row){ 0 };
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "there is no credential %s", credential_id);
}

enum asap_code store_find_credential(struct txn *txn,
                                     enum credential_kind kind,
                                     const char *name,
                                     struct credential_row *out,
                                     struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer((int64_t)kind), sql_text(name) };
    const struct sql_query query = { select_by_proof, parameters, 2, read_credential, out };
    bool found = false;

    *out = (struct credential_row){ 0 };
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "%.200s is no caller's credential", name);
}

enum asap_code store_update_credential(struct txn *txn,
                                       const struct credential_row *row,
                                       struct asap_error *err)
{
    const struct sql_member changeable[] = { members[MEMBERS - 1], members[0] };
    struct sql_value parameters[2];
    const struct sql_query query = { update_credential, parameters, 2, NULL, NULL };
    bool found = false;

    sql_write_members(row, changeable, 2, parameters);
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK
                 : fail(err, ASAP_NOT_FOUND, "there is no credential %s", row->credential_id);
}

struct list {
    struct credential_row *rows;
    size_t count;
    size_t capacity;
};

static void list_scope_exit(struct list *list)
{
    free(list->rows);
}

static enum asap_code grow(struct list *list, struct asap_error *err)
{
    const size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
    struct credential_row *rows = realloc(list->rows, capacity * sizeof *rows);

    if (rows == NULL)
        return fail_memory(err);
    list->rows = rows;
    list->capacity = capacity;
    return ASAP_OK;
}

static enum asap_code append_credential(void *context,
                                        const struct sql_value *columns,
                                        struct asap_error *err)
{
    struct list *list = context;

    if (list->count == list->capacity)
        TRY(grow(list, err));
    TRY(read_credential(&list->rows[list->count], columns, err));
    list->count++;
    return ASAP_OK;
}

enum asap_code store_list_credentials(struct txn *txn,
                                      int64_t caller_id,
                                      struct credential_row **out,
                                      size_t *count,
                                      struct asap_error *err)
{
    SCOPED(list) struct list list = { 0 };
    const struct sql_value parameters[] = { sql_integer(caller_id) };
    const struct sql_query query = { select_of_caller, parameters, 1, append_credential, &list };

    *out = NULL;
    *count = 0;
    TRY(transaction_query(txn, &query, err));
    *count = list.count;
    *out = MOVE(list.rows);
    return ASAP_OK;
}

struct visit {
    credential_visitor *visit;
    void *context;
};

static enum asap_code visit_credential(void *context,
                                       const struct sql_value *columns,
                                       struct asap_error *err)
{
    const struct visit *visit = context;
    struct credential_row row = { 0 };

    TRY(read_credential(&row, columns, err));
    return visit->visit(visit->context, &row, err);
}

enum asap_code store_each_credential(struct txn *txn,
                                     credential_visitor *visit,
                                     void *context,
                                     struct asap_error *err)
{
    struct visit visiting = { visit, context };
    const struct sql_query query = { select_credentials, NULL, 0, visit_credential, &visiting };

    return transaction_query(txn, &query, err);
}
