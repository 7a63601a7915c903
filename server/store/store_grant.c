/* SPDX-License-Identifier: Apache-2.0 */
#include "fail.h"
#include "store_grant_list.h"
#include "transaction.h"

/* What callers may do. */

#define COLUMNS                                                                                    \
    "access_grant.id, grant_id, caller_id, verb, issuer, audiences, subjects, claims,"             \
    " max_lifetime, tokens_per_minute, access_grant.create_time"

#define WITH_CALLER                                                                                \
    "SELECT " COLUMNS ", caller.name FROM access_grant JOIN caller ON caller.id = caller_id"

static const char insert_grant[] =
    "INSERT INTO access_grant (grant_id, caller_id, verb, issuer, audiences, subjects, claims,"
    " max_lifetime, tokens_per_minute, create_time)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id";

static const char select_grant[] = WITH_CALLER " WHERE grant_id = $1";

static const char select_grants_after[] =
    WITH_CALLER " WHERE (caller.name = $1 OR $1 = '')"
                " AND (caller.name > $2 OR (caller.name = $2 AND access_grant.id > $3))"
                " ORDER BY caller.name, access_grant.id LIMIT $4";

static const char delete_grant[] = "DELETE FROM access_grant WHERE id = $1";

static const char delete_grants_of[] = "DELETE FROM access_grant WHERE caller_id = $1";

static const char delete_grants_for[] = "DELETE FROM access_grant WHERE issuer = $1";

static const char select_grants[] = "SELECT " COLUMNS " FROM access_grant ORDER BY id";

/* In the order of COLUMNS. */
static const struct sql_member members[] = {
    { MEMBER_INTEGER, offsetof(struct grant_row, id), 0 },
    { MEMBER_TEXT, offsetof(struct grant_row, grant_id), ACCESS_ID_SIZE },
    { MEMBER_INTEGER, offsetof(struct grant_row, caller_id), 0 },
    { MEMBER_INTEGER, offsetof(struct grant_row, verb), 0 },
    { MEMBER_TEXT, offsetof(struct grant_row, issuer), ISSUER_MAX + 1 },
    { MEMBER_TEXT, offsetof(struct grant_row, audiences), GRANT_LIST_SIZE },
    { MEMBER_TEXT, offsetof(struct grant_row, subjects), GRANT_LIST_SIZE },
    { MEMBER_TEXT, offsetof(struct grant_row, claims), GRANT_LIST_SIZE },
    { MEMBER_INTEGER, offsetof(struct grant_row, max_lifetime), 0 },
    { MEMBER_INTEGER, offsetof(struct grant_row, tokens_per_minute), 0 },
    { MEMBER_INTEGER, offsetof(struct grant_row, create_time), 0 },
};
enum { MEMBERS = sizeof members / sizeof *members };

static const struct sql_member name_member = { MEMBER_TEXT, 0, CALLER_NAME_MAX + 1 };

static enum asap_code read_grant(void *context,
                                 const struct sql_value *columns,
                                 struct asap_error *err)
{
    return sql_read_members(columns, members, MEMBERS, context)
               ? ASAP_OK
               : transaction_damaged("a grant", err);
}

static enum asap_code read_id(void *context,
                              const struct sql_value *columns,
                              struct asap_error *err)
{
    return sql_read_members(columns, members, 1, context) ? ASAP_OK
                                                          : transaction_damaged("a grant", err);
}

enum asap_code store_add_grant(struct txn *txn, struct grant_row *row, struct asap_error *err)
{
    struct sql_value parameters[MEMBERS - 1];
    const struct sql_query query = { insert_grant, parameters, MEMBERS - 1, read_id, row };

    sql_write_members(row, members + 1, MEMBERS - 1, parameters);
    return transaction_query(txn, &query, err);
}

/* A grant and the name of who has it. */
struct owned {
    struct grant_row *row;
    char *caller;
};

static enum asap_code read_owned(void *context,
                                 const struct sql_value *columns,
                                 struct asap_error *err)
{
    const struct owned *owned = context;

    TRY(read_grant(owned->row, columns, err));
    return sql_read_members(columns + MEMBERS, &name_member, 1, owned->caller)
               ? ASAP_OK
               : transaction_damaged("a caller", err);
}

enum asap_code store_get_grant(struct txn *txn,
                               const char *grant_id,
                               struct grant_row *out,
                               char caller[CALLER_NAME_MAX + 1],
                               struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(grant_id) };
    struct owned owned = { out, caller };
    const struct sql_query query = { select_grant, parameters, 1, read_owned, &owned };
    bool found = false;

    *out = (struct grant_row){ 0 };
    caller[0] = '\0';
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "there is no grant %s", grant_id);
}

static enum asap_code
delete_by(struct txn *txn, const char *statement, int64_t id, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(id) };
    const struct sql_query query = { statement, parameters, 1, NULL, NULL };

    return transaction_query(txn, &query, err);
}

enum asap_code store_delete_grant(struct txn *txn, int64_t id, struct asap_error *err)
{
    return delete_by(txn, delete_grant, id, err);
}

enum asap_code store_delete_grants_of(struct txn *txn, int64_t caller_id, struct asap_error *err)
{
    return delete_by(txn, delete_grants_of, caller_id, err);
}

enum asap_code store_delete_grants_for(struct txn *txn, const char *issuer, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(issuer) };
    const struct sql_query query = { delete_grants_for, parameters, 1, NULL, NULL };

    return transaction_query(txn, &query, err);
}

struct list {
    owned_grant_visitor *visit;
    void *context;
};

static enum asap_code visit_owned(void *context,
                                  const struct sql_value *columns,
                                  struct asap_error *err)
{
    const struct list *list = context;
    struct grant_row row = { 0 };
    char caller[CALLER_NAME_MAX + 1];
    struct owned owned = { &row, caller };

    TRY(read_owned(&owned, columns, err));
    return list->visit(list->context, &row, caller, err);
}

enum asap_code store_list_grants(struct txn *txn,
                                 const struct grant_range *range,
                                 owned_grant_visitor *visit,
                                 void *context,
                                 struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(range->caller), sql_text(range->after_caller),
                                            sql_integer(range->after_id),
                                            sql_integer((int64_t)range->limit) };
    struct list list = { visit, context };
    const struct sql_query query = { select_grants_after, parameters, 4, visit_owned, &list };

    return transaction_query(txn, &query, err);
}

struct visit {
    grant_visitor *visit;
    void *context;
};

static enum asap_code visit_grant(void *context,
                                  const struct sql_value *columns,
                                  struct asap_error *err)
{
    const struct visit *visit = context;
    struct grant_row row = { 0 };

    TRY(read_grant(&row, columns, err));
    return visit->visit(visit->context, &row, err);
}

enum asap_code
store_each_grant(struct txn *txn, grant_visitor *visit, void *context, struct asap_error *err)
{
    struct visit visiting = { visit, context };
    const struct sql_query query = { select_grants, NULL, 0, visit_grant, &visiting };

    return transaction_query(txn, &query, err);
}
