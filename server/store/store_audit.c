/* SPDX-License-Identifier: Apache-2.0 */
#include "store_audit.h"

#include <string.h>

#include "codec_text.h"
#include "fail.h"
#include "transaction.h"

/* The audit log's events and its head. */

#define HEAD_COLUMNS "sequence, chain_hash, checkpoint_sequence, checkpoint_hash, checkpoint_mac"

static const char select_head[] = "SELECT " HEAD_COLUMNS " FROM audit_head WHERE id = 1";

static const char update_head[] =
    "UPDATE audit_head SET sequence = $1, chain_hash = $2, checkpoint_sequence = $3,"
    " checkpoint_hash = $4, checkpoint_mac = $5 WHERE id = 1 RETURNING id";

#define COLUMNS                                                                                    \
    "sequence, create_time, caller, proof_kind, proof, method, result, message, issuer, key_id,"   \
    " token_id, request_id, chain_hash"

static const char insert_event[] =
    "INSERT INTO audit_event (" COLUMNS ")"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

#define SELECT_EVENTS "SELECT " COLUMNS " FROM audit_event WHERE sequence > $1 AND sequence < $2"
#define IN_ORDER " ORDER BY sequence LIMIT $3"

static const char select_events[] = SELECT_EVENTS IN_ORDER;
static const char select_events_of_caller[] = SELECT_EVENTS " AND caller = $4" IN_ORDER;
static const char select_events_of_issuer[] = SELECT_EVENTS " AND issuer = $4" IN_ORDER;
static const char select_events_of_both[] =
    SELECT_EVENTS " AND caller = $4 AND issuer = $5" IN_ORDER;

static const char select_event_before[] = "SELECT sequence FROM audit_event WHERE create_time < $1"
                                          " ORDER BY create_time DESC, sequence DESC LIMIT 1";

static const char select_event_from[] = "SELECT sequence FROM audit_event WHERE create_time >= $1"
                                        " ORDER BY create_time, sequence LIMIT 1";

static const char delete_events[] = "DELETE FROM audit_event WHERE sequence <= $1";

/* In the order of COLUMNS, without the hash. */
static const struct sql_member members[] = {
    { MEMBER_INTEGER, offsetof(struct audit_row, sequence), 0 },
    { MEMBER_INTEGER, offsetof(struct audit_row, create_time), 0 },
    { MEMBER_TEXT, offsetof(struct audit_row, caller), AUDIT_CALLER_SIZE },
    { MEMBER_INTEGER, offsetof(struct audit_row, proof_kind), 0 },
    { MEMBER_TEXT, offsetof(struct audit_row, proof), AUDIT_PROOF_SIZE },
    { MEMBER_TEXT, offsetof(struct audit_row, method), AUDIT_METHOD_SIZE },
    { MEMBER_TEXT, offsetof(struct audit_row, result), AUDIT_RESULT_SIZE },
    { MEMBER_TEXT, offsetof(struct audit_row, message), AUDIT_MESSAGE_SIZE },
    { MEMBER_TEXT, offsetof(struct audit_row, issuer), AUDIT_NAME_SIZE },
    { MEMBER_TEXT, offsetof(struct audit_row, key_id), AUDIT_NAME_SIZE },
    { MEMBER_TEXT, offsetof(struct audit_row, token_id), AUDIT_NAME_SIZE },
    { MEMBER_TEXT, offsetof(struct audit_row, request_id), AUDIT_REQUEST_ID_SIZE },
};
enum { MEMBERS = sizeof members / sizeof *members };

static bool read_hash(const struct sql_value *value, unsigned char out[AUDIT_HASH_SIZE])
{
    memset(out, 0, AUDIT_HASH_SIZE);
    if (value->type != SQL_BLOB || value->length != AUDIT_HASH_SIZE)
        return false;
    memcpy(out, value->bytes, AUDIT_HASH_SIZE);
    return true;
}

/* The greatest is refused, too, so that there always is a next one. */
static bool read_sequence(const struct sql_value *value, int64_t *out)
{
    *out = value->integer;
    return value->type == SQL_INTEGER && *out >= 0 && *out < INT64_MAX;
}

static bool read_mac(const struct sql_value *value, struct audit_head_row *row)
{
    row->has_checkpoint = value->type == SQL_BLOB && value->length > 0;
    return row->has_checkpoint ? read_hash(value, row->checkpoint_mac) : value->type == SQL_BLOB;
}

static enum asap_code read_head(void *context,
                                const struct sql_value *columns,
                                struct asap_error *err)
{
    struct audit_head_row *row = context;

    return read_sequence(&columns[0], &row->sequence) && read_hash(&columns[1], row->chain_hash)
                   && read_sequence(&columns[2], &row->checkpoint_sequence)
                   && read_hash(&columns[3], row->checkpoint_hash) && read_mac(&columns[4], row)
               ? ASAP_OK
               : transaction_damaged("the audit log's head", err);
}

enum asap_code store_get_audit_head(struct txn *txn,
                                    struct audit_head_row *out,
                                    struct asap_error *err)
{
    const struct sql_query query = { select_head, NULL, 0, read_head, out };
    bool found = false;

    *out = (struct audit_head_row){ 0 };
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : transaction_damaged("the audit log's head", err);
}

enum asap_code store_put_audit_head(struct txn *txn,
                                    const struct audit_head_row *row,
                                    struct asap_error *err)
{
    const struct sql_value parameters[] = {
        sql_integer(row->sequence),
        sql_blob(row->chain_hash, AUDIT_HASH_SIZE),
        sql_integer(row->checkpoint_sequence),
        sql_blob(row->checkpoint_hash, AUDIT_HASH_SIZE),
        sql_blob(row->checkpoint_mac, row->has_checkpoint ? AUDIT_HASH_SIZE : 0),
    };
    const struct sql_query query = { update_head, parameters, 5, NULL, NULL };
    bool found = false;

    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : transaction_damaged("the audit log's head", err);
}

enum asap_code store_add_audit_event(struct txn *txn,
                                     const struct audit_row *row,
                                     struct asap_error *err)
{
    struct sql_value parameters[MEMBERS + 1];
    const struct sql_query query = { insert_event, parameters, MEMBERS + 1, NULL, NULL };

    sql_write_members(row, members, MEMBERS, parameters);
    parameters[MEMBERS] = sql_blob(row->chain_hash, AUDIT_HASH_SIZE);
    return transaction_query(txn, &query, err);
}

/* Texts that are not UTF-8 are emptied: what lists a row can show it. */
static bool is_text_whole(struct audit_row *row, const struct sql_member *member)
{
    char *text = (char *)row + member->offset;

    if (member->type != MEMBER_TEXT || text_utf8_prefix(text, strlen(text)) == strlen(text))
        return true;
    *text = '\0';
    return false;
}

static void read_event(struct audit_row *row, const struct sql_value *columns)
{
    bool whole = sql_read_members(columns, members, MEMBERS, row);

    for (size_t i = 0; i < MEMBERS; i++)
        whole = is_text_whole(row, &members[i]) && whole;
    if (!read_hash(&columns[MEMBERS], row->chain_hash) || !whole)
        memset(row->chain_hash, 0, AUDIT_HASH_SIZE);
}

struct list {
    struct audit_row *rows;
    size_t limit;
    size_t count;
};

static enum asap_code append_event(void *context,
                                   const struct sql_value *columns,
                                   struct asap_error *err)
{
    struct list *list = context;

    (void)err;
    if (list->count < list->limit)
        read_event(&list->rows[list->count++], columns);
    return ASAP_OK;
}

static enum asap_code read_place(void *context,
                                 const struct sql_value *columns,
                                 struct asap_error *err)
{
    return read_sequence(&columns[0], context) ? ASAP_OK
                                               : transaction_damaged("an audit event", err);
}

/* *place stays as it is when the statement finds none. */
static enum asap_code find_place(
    struct txn *txn, const char *statement, int64_t time, int64_t *place, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(time) };
    int64_t found = *place;
    const struct sql_query query = { statement, parameters, 1, read_place, &found };

    TRY(transaction_query(txn, &query, err));
    *place = found;
    return ASAP_OK;
}

enum asap_code
store_find_audit_before(struct txn *txn, int64_t time, int64_t *sequence, struct asap_error *err)
{
    *sequence = 0;
    return find_place(txn, select_event_before, time, sequence, err);
}

/* Events are in the order of their times, too: a span of time is one of places. */
static enum asap_code find_span(struct txn *txn,
                                const struct audit_filter *filter,
                                int64_t *after,
                                int64_t *until,
                                struct asap_error *err)
{
    *after = 0;
    *until = INT64_MAX;
    if (filter->start_time != 0)
        TRY(find_place(txn, select_event_before, filter->start_time, after, err));
    if (filter->end_time != 0)
        TRY(find_place(txn, select_event_from, filter->end_time, until, err));
    if (*after < filter->after_sequence)
        *after = filter->after_sequence;
    return ASAP_OK;
}

static const char *choose_statement(bool by_caller, bool by_issuer)
{
    if (by_caller)
        return by_issuer ? select_events_of_both : select_events_of_caller;
    return by_issuer ? select_events_of_issuer : select_events;
}

enum asap_code store_list_audit_events(struct txn *txn,
                                       const struct audit_filter *filter,
                                       struct audit_row *rows,
                                       size_t limit,
                                       size_t *count,
                                       struct asap_error *err)
{
    const bool by_caller = filter->caller[0] != '\0';
    const bool by_issuer = filter->issuer[0] != '\0';
    struct list list = { .rows = rows, .limit = limit };
    struct sql_value parameters[5];
    struct sql_query query = { choose_statement(by_caller, by_issuer), parameters, 3, append_event,
                               &list };
    int64_t after = 0;
    int64_t until = 0;

    *count = 0;
    TRY(find_span(txn, filter, &after, &until, err));
    parameters[0] = sql_integer(after);
    parameters[1] = sql_integer(until);
    parameters[2] = sql_integer((int64_t)limit);
    if (by_caller)
        parameters[query.count++] = sql_text(filter->caller);
    if (by_issuer)
        parameters[query.count++] = sql_text(filter->issuer);
    TRY(transaction_query(txn, &query, err));
    *count = list.count;
    return ASAP_OK;
}

enum asap_code store_delete_audit_events(struct txn *txn, int64_t through, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(through) };
    const struct sql_query query = { delete_events, parameters, 1, NULL, NULL };

    return transaction_query(txn, &query, err);
}
