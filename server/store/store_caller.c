/* SPDX-License-Identifier: Apache-2.0 */
#include "fail.h"
#include "store_access.h"
#include "transaction.h"

/* Callers. Names are ASCII and compare byte by byte. */

#define COLUMNS "id, name, description, enabled, create_time, delete_time"

static const char insert_caller[] =
    "INSERT INTO caller (name, description, enabled, create_time, delete_time)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id";

static const char select_caller[] =
    "SELECT " COLUMNS " FROM caller WHERE name = $1 AND delete_time IS NULL";

static const char select_caller_by_id[] = "SELECT " COLUMNS " FROM caller WHERE id = $1";

static const char update_caller[] =
    "UPDATE caller SET description = $1, enabled = $2, delete_time = $3 WHERE id = $4 RETURNING id";

static const char select_callers_after[] =
    "SELECT " COLUMNS " FROM caller WHERE name > $1 AND delete_time IS NULL"
    " ORDER BY name LIMIT $2";

static const char select_callers[] = "SELECT " COLUMNS " FROM caller ORDER BY id";

/* In the order of COLUMNS. */
static const struct sql_member members[] = {
    { MEMBER_INTEGER, offsetof(struct caller_row, id), 0 },
    { MEMBER_TEXT, offsetof(struct caller_row, name), CALLER_NAME_MAX + 1 },
    { MEMBER_TEXT, offsetof(struct caller_row, description), CALLER_DESCRIPTION_SIZE },
    { MEMBER_FLAG, offsetof(struct caller_row, enabled), 0 },
    { MEMBER_INTEGER, offsetof(struct caller_row, create_time), 0 },
    { MEMBER_TIME, offsetof(struct caller_row, delete_time), 0 },
};
enum { MEMBERS = sizeof members / sizeof *members };

static enum asap_code read_caller(void *context,
                                  const struct sql_value *columns,
                                  struct asap_error *err)
{
    return sql_read_members(columns, members, MEMBERS, context)
               ? ASAP_OK
               : transaction_damaged("a caller", err);
}

static enum asap_code read_id(void *context,
                              const struct sql_value *columns,
                              struct asap_error *err)
{
    return sql_read_members(columns, members, 1, context) ? ASAP_OK
                                                          : transaction_damaged("a caller", err);
}

enum asap_code store_add_caller(struct txn *txn, struct caller_row *row, struct asap_error *err)
{
    struct sql_value parameters[MEMBERS - 1];
    const struct sql_query query = { insert_caller, parameters, MEMBERS - 1, read_id, row };
    bool added = false;

    sql_write_members(row, members + 1, MEMBERS - 1, parameters);
    TRY(transaction_find(txn, &query, &added, err));
    if (!added)
        return fail(err, ASAP_ALREADY_EXISTS,
                    "the caller %s exists or existed, and a name is never used again (choose"
                    " another)",
                    row->name);
    return ASAP_OK;
}

enum asap_code
store_get_caller(struct txn *txn, const char *name, struct caller_row *out, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(name) };
    const struct sql_query query = { select_caller, parameters, 1, read_caller, out };
    bool found = false;

    *out = (struct caller_row){ 0 };
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "there is no caller %s", name);
}

enum asap_code
store_get_caller_by_id(struct txn *txn, int64_t id, struct caller_row *out, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(id) };
    const struct sql_query query = { select_caller_by_id, parameters, 1, read_caller, out };
    bool found = false;

    *out = (struct caller_row){ 0 };
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "there is no such caller");
}

enum asap_code store_update_caller(struct txn *txn,
                                   const struct caller_row *row,
                                   struct asap_error *err)
{
    const struct sql_member changeable[] = { members[2], members[3], members[5], members[0] };
    enum { CHANGEABLE = sizeof changeable / sizeof *changeable };
    struct sql_value parameters[CHANGEABLE];
    const struct sql_query query = { update_caller, parameters, CHANGEABLE, NULL, NULL };
    bool found = false;

    sql_write_members(row, changeable, CHANGEABLE, parameters);
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "there is no caller %s", row->name);
}

struct list {
    struct caller_row *rows;
    size_t limit;
    size_t count;
};

static enum asap_code append_caller(void *context,
                                    const struct sql_value *columns,
                                    struct asap_error *err)
{
    struct list *list = context;

    if (list->count == list->limit)
        return ASAP_OK;
    TRY(read_caller(&list->rows[list->count], columns, err));
    list->count++;
    return ASAP_OK;
}

enum asap_code store_list_callers(struct txn *txn,
                                  const char *after,
                                  struct caller_row *rows,
                                  size_t limit,
                                  size_t *count,
                                  struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(after), sql_integer((int64_t)limit) };
    struct list list = { .rows = rows, .limit = limit };
    const struct sql_query query = { select_callers_after, parameters, 2, append_caller, &list };

    *count = 0;
    TRY(transaction_query(txn, &query, err));
    *count = list.count;
    return ASAP_OK;
}

struct visit {
    caller_visitor *visit;
    void *context;
};

static enum asap_code visit_caller(void *context,
                                   const struct sql_value *columns,
                                   struct asap_error *err)
{
    const struct visit *visit = context;
    struct caller_row row = { 0 };

    TRY(read_caller(&row, columns, err));
    return visit->visit(visit->context, &row, err);
}

enum asap_code
store_each_caller(struct txn *txn, caller_visitor *visit, void *context, struct asap_error *err)
{
    struct visit visiting = { visit, context };
    const struct sql_query query = { select_callers, NULL, 0, visit_caller, &visiting };

    return transaction_query(txn, &query, err);
}
