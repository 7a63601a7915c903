/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "store_change.h"
#include "transaction.h"

/* Issuers. Names are ASCII and compare byte by byte. */

#define COLUMNS                                                                                    \
    "id, name, managed, algorithm, max_lifetime, create_time, delete_time, rotation_period"

/* The one that the change will have. */
#define NEXT_GENERATION "(SELECT generation + 1 FROM server)"

static const char insert_issuer[] =
    "INSERT INTO issuer (name, managed, algorithm, max_lifetime, create_time, delete_time,"
    " rotation_period, generation)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, " NEXT_GENERATION ") ON CONFLICT DO NOTHING RETURNING id";

static const char update_issuer[] =
    "UPDATE issuer SET algorithm = $1, max_lifetime = $2, create_time = $3, delete_time = $4,"
    " rotation_period = $5, generation = " NEXT_GENERATION " WHERE id = $6 RETURNING id";

static const char mark_issuer[] =
    "UPDATE issuer SET generation = " NEXT_GENERATION " WHERE id = $1 RETURNING id";

static const char select_issuer[] =
    "SELECT " COLUMNS " FROM issuer WHERE name = $1 AND delete_time IS NULL";

static const char select_any_issuer[] = "SELECT " COLUMNS " FROM issuer WHERE name = $1";

static const char select_issuer_between[] =
    "SELECT " COLUMNS " FROM issuer WHERE name > $1 AND name < $2 ORDER BY name LIMIT 1";

static const char select_issuers_after[] =
    "SELECT " COLUMNS " FROM issuer WHERE name > $1 AND delete_time IS NULL"
    " ORDER BY name LIMIT $2";

static const char select_changed_issuers[] =
    "SELECT " COLUMNS " FROM issuer WHERE generation > $1 LIMIT $2";

static const char select_issuers[] =
    "SELECT " COLUMNS " FROM issuer WHERE delete_time IS NULL ORDER BY name";

/* In the order of COLUMNS. */
static const struct sql_member members[] = {
    { MEMBER_INTEGER, offsetof(struct issuer_row, id), 0 },
    { MEMBER_TEXT, offsetof(struct issuer_row, name), ISSUER_MAX + 1 },
    { MEMBER_FLAG, offsetof(struct issuer_row, managed), 0 },
    { MEMBER_TEXT, offsetof(struct issuer_row, algorithm), ALGORITHM_NAME_SIZE },
    { MEMBER_INTEGER, offsetof(struct issuer_row, max_lifetime), 0 },
    { MEMBER_INTEGER, offsetof(struct issuer_row, create_time), 0 },
    { MEMBER_TIME, offsetof(struct issuer_row, delete_time), 0 },
    { MEMBER_INTEGER, offsetof(struct issuer_row, rotation_period), 0 },
};

/* All members, and which of them a change of the issuer writes. */
enum { MEMBERS = sizeof members / sizeof *members, FIRST_CHANGEABLE = 3 };
enum { CHANGEABLE = MEMBERS - FIRST_CHANGEABLE };

static enum asap_code read_issuer(void *context,
                                  const struct sql_value *columns,
                                  struct asap_error *err)
{
    return sql_read_members(columns, members, MEMBERS, context)
               ? ASAP_OK
               : transaction_damaged("an issuer", err);
}

static enum asap_code read_id(void *context,
                              const struct sql_value *columns,
                              struct asap_error *err)
{
    (void)err;
    return sql_read_members(columns, members, 1, context) ? ASAP_OK
                                                          : transaction_damaged("an issuer", err);
}

enum asap_code store_add_issuer(struct txn *txn, struct issuer_row *row, struct asap_error *err)
{
    struct sql_value parameters[MEMBERS - 1];
    const struct sql_query query = { insert_issuer, parameters, MEMBERS - 1, read_id, row };
    bool added = false;

    sql_write_members(row, members + 1, MEMBERS - 1, parameters);
    TRY(transaction_find(txn, &query, &added, err));
    if (!added)
        return fail(err, ASAP_ALREADY_EXISTS,
                    "the issuer %s exists or existed, and a name is never used again", row->name);
    return ASAP_OK;
}

enum asap_code
store_get_issuer(struct txn *txn, const char *name, struct issuer_row *out, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(name) };
    const struct sql_query query = { select_issuer, parameters, 1, read_issuer, out };
    bool found = false;

    *out = (struct issuer_row){ 0 };
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "there is no issuer %s", name);
}

enum asap_code store_update_issuer(struct txn *txn,
                                   const struct issuer_row *row,
                                   struct asap_error *err)
{
    struct sql_value parameters[CHANGEABLE + 1];
    const struct sql_query query = { update_issuer, parameters, CHANGEABLE + 1, NULL, NULL };
    bool found = false;

    sql_write_members(row, members + FIRST_CHANGEABLE, CHANGEABLE, parameters);
    parameters[CHANGEABLE] = sql_integer(row->id);
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "there is no issuer %s", row->name);
}

enum asap_code store_mark_issuer(struct txn *txn, int64_t issuer_id, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(issuer_id) };
    const struct sql_query query = { mark_issuer, parameters, 1, NULL, NULL };
    bool found = false;

    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : transaction_damaged("a key", err);
}

/* `name` itself, then each path prefix of it. */
static enum asap_code find_ancestor(
    struct txn *txn, const char *name, struct issuer_row *out, bool *found, struct asap_error *err)
{
    struct sql_value parameters[] = { sql_text(name) };
    const struct sql_query query = { select_any_issuer, parameters, 1, read_issuer, out };

    for (;;) {
        size_t length = parameters[0].length;

        TRY(transaction_find(txn, &query, found, err));
        while (length > 0 && name[length - 1] != '/')
            length--;
        if (*found || length == 0)
            return ASAP_OK;
        parameters[0].length = length - 1;
    }
}

/* What begins with `name` and a slash lies between these two, since '0' is the byte after '/'. */
static enum asap_code find_descendant(
    struct txn *txn, const char *name, struct issuer_row *out, bool *found, struct asap_error *err)
{
    char low[ISSUER_MAX + 2];
    char high[ISSUER_MAX + 2];
    struct sql_value parameters[2];
    const struct sql_query query = { select_issuer_between, parameters, 2, read_issuer, out };

    *found = false;
    if (strlen(name) > ISSUER_MAX)
        return ASAP_OK;
    (void)snprintf(low, sizeof low, "%s/", name);
    (void)snprintf(high, sizeof high, "%s0", name);
    parameters[0] = sql_text(low);
    parameters[1] = sql_text(high);
    return transaction_find(txn, &query, found, err);
}

enum asap_code store_find_related_issuer(struct txn *txn,
                                         const char *name,
                                         struct issuer_row *out,
                                         struct asap_error *err)
{
    bool found = false;

    *out = (struct issuer_row){ 0 };
    TRY(find_ancestor(txn, name, out, &found, err));
    if (!found)
        TRY(find_descendant(txn, name, out, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "no issuer is related to %s", name);
}

struct list {
    struct issuer_row *rows;
    size_t limit;
    size_t count;
};

static enum asap_code append_issuer(void *context,
                                    const struct sql_value *columns,
                                    struct asap_error *err)
{
    struct list *list = context;

    if (list->count == list->limit)
        return ASAP_OK;
    TRY(read_issuer(&list->rows[list->count], columns, err));
    list->count++;
    return ASAP_OK;
}

/* Those that `statement` selects by `first` and a limit. */
static enum asap_code fill_list(struct txn *txn,
                                const char *statement,
                                struct sql_value first,
                                struct list *list,
                                struct asap_error *err)
{
    const struct sql_value parameters[] = { first, sql_integer((int64_t)list->limit) };
    const struct sql_query query = { statement, parameters, 2, append_issuer, list };

    return transaction_query(txn, &query, err);
}

enum asap_code store_list_issuers(struct txn *txn,
                                  const char *after,
                                  struct issuer_row *rows,
                                  size_t limit,
                                  size_t *count,
                                  struct asap_error *err)
{
    struct list list = { .rows = rows, .limit = limit };

    *count = 0;
    TRY(fill_list(txn, select_issuers_after, sql_text(after), &list, err));
    *count = list.count;
    return ASAP_OK;
}

enum asap_code store_list_changed_issuers(struct txn *txn,
                                          int64_t generation,
                                          struct issuer_row *rows,
                                          size_t limit,
                                          size_t *count,
                                          struct asap_error *err)
{
    struct list list = { .rows = rows, .limit = limit };

    *count = 0;
    TRY(fill_list(txn, select_changed_issuers, sql_integer(generation), &list, err));
    *count = list.count;
    return ASAP_OK;
}

struct visit {
    issuer_visitor *visit;
    void *context;
};

static enum asap_code visit_issuer(void *context,
                                   const struct sql_value *columns,
                                   struct asap_error *err)
{
    const struct visit *visit = context;
    struct issuer_row row = { 0 };

    if (!sql_read_members(columns, members, MEMBERS, &row))
        row.name[0] = '\0';
    return visit->visit(visit->context, &row, err);
}

enum asap_code
store_each_issuer(struct txn *txn, issuer_visitor *visit, void *context, struct asap_error *err)
{
    struct visit visiting = { visit, context };
    const struct sql_query query = { select_issuers, NULL, 0, visit_issuer, &visiting };

    return transaction_query(txn, &query, err);
}
