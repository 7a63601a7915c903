/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "hex.h"
#include "scoped.h"
#include "store_change.h"
#include "transaction.h"

/* Public keys and their times. */

#define COLUMNS                                                                                    \
    "id, issuer_id, kid, managed, algorithm, thumbprint, pem, digest, create_time,"                \
    " publish_time, sign_time, sign_until, unpublish_time, revoke_time, max_lifetime,"             \
    " revoke_reason"

static const char insert_key[] =
    "INSERT INTO key (issuer_id, kid, managed, algorithm, thumbprint, pem, digest, create_time,"
    " publish_time, sign_time, sign_until, unpublish_time, revoke_time, max_lifetime,"
    " revoke_reason)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    " ON CONFLICT DO NOTHING RETURNING id";

static const char select_used[] =
    "SELECT kid FROM key WHERE kid = $1 UNION ALL SELECT kid FROM key WHERE thumbprint = $2";

static const char select_key[] = "SELECT " COLUMNS " FROM key WHERE kid = $1";

static const char update_key[] =
    "UPDATE key SET publish_time = $1, sign_time = $2, sign_until = $3, unpublish_time = $4,"
    " revoke_time = $5, max_lifetime = $6, revoke_reason = $7 WHERE id = $8 RETURNING id";

static const char select_issuer_keys[] =
    "SELECT " COLUMNS " FROM key WHERE issuer_id = $1 ORDER BY id";

#define SELECT_LIVE_KEYS                                                                           \
    "SELECT " COLUMNS " FROM key WHERE (unpublish_time IS NULL OR unpublish_time > $1)"            \
    " AND (revoke_time IS NULL OR revoke_time > $1)"

static const char select_live_keys[] = SELECT_LIVE_KEYS;

static const char select_live_keys_of[] = SELECT_LIVE_KEYS " AND issuer_id = $2";

/* In the order of COLUMNS. */
static const struct sql_member members[] = {
    { MEMBER_INTEGER, offsetof(struct key_row, id), 0 },
    { MEMBER_INTEGER, offsetof(struct key_row, issuer_id), 0 },
    { MEMBER_TEXT, offsetof(struct key_row, kid), KID_MAX + 1 },
    { MEMBER_FLAG, offsetof(struct key_row, managed), 0 },
    { MEMBER_TEXT, offsetof(struct key_row, algorithm), ALGORITHM_NAME_SIZE },
    { MEMBER_TEXT, offsetof(struct key_row, thumbprint), JWK_THUMBPRINT_SIZE },
    { MEMBER_TEXT, offsetof(struct key_row, pem), PEM_PUBLISHED_MAX + 1 },
    { MEMBER_TEXT, offsetof(struct key_row, digest), KEY_DIGEST_SIZE },
    { MEMBER_INTEGER, offsetof(struct key_row, create_time), 0 },
    { MEMBER_TIME, offsetof(struct key_row, times.publish_time), 0 },
    { MEMBER_TIME, offsetof(struct key_row, times.sign_time), 0 },
    { MEMBER_TIME, offsetof(struct key_row, times.sign_until), 0 },
    { MEMBER_TIME, offsetof(struct key_row, times.unpublish_time), 0 },
    { MEMBER_TIME, offsetof(struct key_row, times.revoke_time), 0 },
    { MEMBER_INTEGER, offsetof(struct key_row, max_lifetime), 0 },
    { MEMBER_TEXT, offsetof(struct key_row, revoke_reason), REVOKE_REASON_SIZE },
};

/* All members, and which of them a change of the key writes. */
enum { MEMBERS = sizeof members / sizeof *members, FIRST_CHANGEABLE = 9 };
enum { CHANGEABLE = MEMBERS - FIRST_CHANGEABLE };

static enum asap_code read_key(void *context,
                               const struct sql_value *columns,
                               struct asap_error *err)
{
    return sql_read_members(columns, members, MEMBERS, context) ? ASAP_OK
                                                                : transaction_damaged("a key", err);
}

static enum asap_code read_id(void *context,
                              const struct sql_value *columns,
                              struct asap_error *err)
{
    return sql_read_members(columns, members, 1, context) ? ASAP_OK
                                                          : transaction_damaged("a key", err);
}

enum asap_code key_row_digest(const struct key_row *row,
                              char out[KEY_DIGEST_SIZE],
                              struct asap_error *err)
{
    char text[sizeof row->kid + sizeof row->pem];
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t length = 0;

    (void)snprintf(text, sizeof text, "%s\n%s", row->kid, row->pem);
    if (EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), digest, &length) != 1)
        return fail_memory(err);
    hex_write(digest, length, out);
    return ASAP_OK;
}

struct used_kid {
    char kid[KID_MAX + 1];
};

static enum asap_code read_used_kid(void *context,
                                    const struct sql_value *columns,
                                    struct asap_error *err)
{
    static const struct sql_member kid[] = { { MEMBER_TEXT, 0, KID_MAX + 1 } };
    struct used_kid *used = context;

    if (used->kid[0] != '\0')
        return ASAP_OK;
    return sql_read_members(columns, kid, 1, used) ? ASAP_OK : transaction_damaged("a key", err);
}

static bool is_of_same_issuer(const char *kid, const char *other)
{
    const size_t length = (size_t)(strrchr(kid, '/') - kid);

    return strncmp(kid, other, length + 1) == 0 && strchr(other + length + 1, '/') == NULL;
}

/* Other issuers stay unnamed: whoever may publish keys of one may know nothing of them. */
static enum asap_code explain_conflict(struct txn *txn,
                                       const struct key_row *row,
                                       struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(row->kid), sql_text(row->thumbprint) };
    struct used_kid used = { "" };
    const struct sql_query query = { select_used, parameters, 2, read_used_kid, &used };

    TRY(transaction_query(txn, &query, err));
    if (strcmp(used.kid, row->kid) == 0)
        return fail(err, ASAP_ALREADY_EXISTS,
                    "the key id %s was used before, and is never used again (choose another name)",
                    row->kid);
    return fail(err, ASAP_ALREADY_EXISTS,
                "this public key was used before, %s %s (make a new key pair)",
                is_of_same_issuer(row->kid, used.kid) ? "as" : "by",
                is_of_same_issuer(row->kid, used.kid) ? used.kid : "another issuer");
}

enum asap_code store_add_key(struct txn *txn, struct key_row *row, struct asap_error *err)
{
    struct sql_value parameters[MEMBERS - 1];
    const struct sql_query query = { insert_key, parameters, MEMBERS - 1, read_id, row };
    bool added = false;

    TRY(key_row_digest(row, row->digest, err));
    sql_write_members(row, members + 1, MEMBERS - 1, parameters);
    TRY(transaction_find(txn, &query, &added, err));
    return added ? store_mark_issuer(txn, row->issuer_id, err) : explain_conflict(txn, row, err);
}

enum asap_code
store_get_key(struct txn *txn, const char *kid, struct key_row *out, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_text(kid) };
    const struct sql_query query = { select_key, parameters, 1, read_key, out };
    bool found = false;

    *out = (struct key_row){ 0 };
    TRY(transaction_find(txn, &query, &found, err));
    return found ? ASAP_OK : fail(err, ASAP_NOT_FOUND, "there is no key %s", kid);
}

enum asap_code store_update_key(struct txn *txn, const struct key_row *row, struct asap_error *err)
{
    struct sql_value parameters[CHANGEABLE + 1];
    const struct sql_query query = { update_key, parameters, CHANGEABLE + 1, NULL, NULL };
    bool found = false;

    sql_write_members(row, members + FIRST_CHANGEABLE, CHANGEABLE, parameters);
    parameters[CHANGEABLE] = sql_integer(row->id);
    TRY(transaction_find(txn, &query, &found, err));
    if (!found)
        return fail(err, ASAP_NOT_FOUND, "there is no key %s", row->kid);
    return store_mark_issuer(txn, row->issuer_id, err);
}

struct key_list {
    struct key_row *rows;
    size_t count;
    size_t capacity;
};

static void key_list_scope_exit(struct key_list *list)
{
    free(list->rows);
}

static enum asap_code grow(struct key_list *list, struct asap_error *err)
{
    const size_t capacity = list->capacity == 0 ? 4 : 2 * list->capacity;
    struct key_row *grown = NULL;

    if (list->count < list->capacity)
        return ASAP_OK;
    if (capacity <= SIZE_MAX / sizeof *grown)
        grown = realloc(list->rows, capacity * sizeof *grown);
    if (grown == NULL)
        return fail_memory(err);
    list->rows = grown;
    list->capacity = capacity;
    return ASAP_OK;
}

static enum asap_code append_key(void *context,
                                 const struct sql_value *columns,
                                 struct asap_error *err)
{
    struct key_list *list = context;

    TRY(grow(list, err));
    TRY(read_key(&list->rows[list->count], columns, err));
    list->count++;
    return ASAP_OK;
}

enum asap_code store_list_keys(
    struct txn *txn, int64_t issuer_id, struct key_row **out, size_t *count, struct asap_error *err)
{
    SCOPED(key_list) struct key_list list = { 0 };
    const struct sql_value parameters[] = { sql_integer(issuer_id) };
    const struct sql_query query = { select_issuer_keys, parameters, 1, append_key, &list };

    *out = NULL;
    *count = 0;
    TRY(transaction_query(txn, &query, err));
    *count = list.count;
    *out = MOVE(list.rows);
    return ASAP_OK;
}

struct visit {
    key_visitor *visit;
    void *context;
};

/* A row that does not fit loses its digest, so that the visitor finds it damaged: one bad row must
 * not take the others down. */
static enum asap_code visit_key(void *context,
                                const struct sql_value *columns,
                                struct asap_error *err)
{
    const struct visit *visit = context;
    struct key_row row = { 0 };

    if (!sql_read_members(columns, members, MEMBERS, &row))
        row.digest[0] = '\0';
    return visit->visit(visit->context, &row, err);
}

enum asap_code store_each_live_key(
    struct txn *txn, int64_t now, key_visitor *visit, void *context, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(now) };
    struct visit visiting = { visit, context };
    const struct sql_query query = { select_live_keys, parameters, 1, visit_key, &visiting };

    return transaction_query(txn, &query, err);
}

enum asap_code store_each_live_key_of(struct txn *txn,
                                      int64_t issuer_id,
                                      int64_t now,
                                      key_visitor *visit,
                                      void *context,
                                      struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(now), sql_integer(issuer_id) };
    struct visit visiting = { visit, context };
    const struct sql_query query = { select_live_keys_of, parameters, 2, visit_key, &visiting };

    return transaction_query(txn, &query, err);
}
