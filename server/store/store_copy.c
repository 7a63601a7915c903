/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "fail.h"
#include "scoped.h"
#include "store_upkeep.h"
#include "transaction.h"

/* All rows of all tables, as they are. */

enum { SLICE = 500 };

#define VALUES_2 "$1, $2"
#define VALUES_4 VALUES_2 ", $3, $4"
#define VALUES_5 VALUES_4 ", $5"
#define VALUES_6 VALUES_5 ", $6"
#define VALUES_9 VALUES_6 ", $7, $8, $9"
#define VALUES_11 VALUES_9 ", $10, $11"
#define VALUES_13 VALUES_11 ", $12, $13"
#define VALUES_16 VALUES_13 ", $14, $15, $16"

struct table {
    const char *name;
    size_t columns;
    bool is_sliced; /* its first column is a number, by which it is read slice by slice */
    bool is_single; /* has one row from the beginning */
    const char *select, *insert, *count, *clear;
};

#define TABLE(table, columns, count)                                                               \
    table, count, false, false, "SELECT " columns " FROM " table,                                  \
        "INSERT INTO " table " (" columns ") VALUES (" VALUES_##count ")",                         \
        "SELECT count(*) FROM " table, "DELETE FROM " table
#define SLICED_TABLE(table, id, columns, count)                                                    \
    table, count, true, false,                                                                     \
        "SELECT " id ", " columns " FROM " table " WHERE " id " > $1 ORDER BY " id " LIMIT $2",    \
        "INSERT INTO " table " (" id ", " columns ") VALUES (" VALUES_##count ")",                 \
        "SELECT count(*) FROM " table, "DELETE FROM " table
#define SINGLE_TABLE(table, columns, count)                                                        \
    table, count, false, true, "SELECT " columns " FROM " table,                                   \
        "INSERT INTO " table " (" columns ") VALUES (" VALUES_##count ")",                         \
        "SELECT count(*) FROM " table, "DELETE FROM " table

static const struct table tables[STORE_TABLES] = {
    { SINGLE_TABLE(
        "server", "id, generation, latest_time, access_generation, marked_generation", 5) },
    { TABLE("server_value", "name, content", 2) },
    { SLICED_TABLE("issuer",
                   "id",
                   "name, managed, algorithm, max_lifetime, create_time, delete_time,"
                   " rotation_period, generation",
                   9) },
    { SLICED_TABLE("key",
                   "id",
                   "issuer_id, kid, managed, algorithm, thumbprint, pem, digest, create_time,"
                   " publish_time, sign_time, sign_until, unpublish_time, revoke_time,"
                   " max_lifetime, revoke_reason",
                   16) },
    { SLICED_TABLE("sealed_key", "key_id", "content", 2) },
    { TABLE("done_call", "caller, method, request_id, request_digest, response, done_time", 6) },
    { SLICED_TABLE("caller", "id", "name, description, enabled, create_time, delete_time", 6) },
    { SLICED_TABLE("credential",
                   "id",
                   "credential_id, caller_id, kind, name, digest, create_time, expire_time,"
                   " revoke_time",
                   9) },
    { SLICED_TABLE("access_grant",
                   "id",
                   "grant_id, caller_id, verb, issuer, audiences, subjects, claims, max_lifetime,"
                   " tokens_per_minute, create_time",
                   11) },
    { SLICED_TABLE(
        "audit_event",
        "sequence",
        "create_time, caller, proof_kind, proof, method, result, message, issuer, key_id,"
        " token_id, request_id, chain_hash",
        13) },
    { SINGLE_TABLE("audit_head",
                   "id, sequence, chain_hash, checkpoint_sequence, checkpoint_hash, checkpoint_mac",
                   6) },
};

const char *store_table_name(size_t table)
{
    return tables[table].name;
}

static void free_digest(EVP_MD_CTX *context)
{
    EVP_MD_CTX_free(context);
}

DEFINE_SCOPED(digest, EVP_MD_CTX *, free_digest)

/* With type and length in front, so that no two rows are the same bytes. */
static bool hash_value(EVP_MD_CTX *context, const struct sql_value *value)
{
    const bool has_bytes = value->type == SQL_TEXT || value->type == SQL_BLOB;
    const uint64_t number = has_bytes ? value->length : (uint64_t)value->integer;
    unsigned char head[1 + sizeof number] = { (unsigned char)value->type };

    for (size_t i = 0; i < sizeof number; i++)
        head[1 + i] = (unsigned char)(number >> (8 * i) & 0xff);
    return EVP_DigestUpdate(context, head, sizeof head) == 1
           && (!has_bytes || value->length == 0
               || EVP_DigestUpdate(context, value->bytes, value->length) == 1);
}

static bool hash_row(const struct sql_value *columns,
                     size_t count,
                     unsigned char out[TABLE_SUM_SIZE])
{
    SCOPED(digest) EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!hash_value(context, &columns[i]))
            return false;
    return EVP_DigestFinal_ex(context, out, NULL) == 1;
}

/* As one long number, so that neither order counts nor two equal rows cancel each other. */
static void add_hash(unsigned char sum[TABLE_SUM_SIZE], const unsigned char hash[TABLE_SUM_SIZE])
{
    unsigned carry = 0;

    for (size_t i = TABLE_SUM_SIZE; i > 0; i--) {
        carry += (unsigned)sum[i - 1] + hash[i - 1];
        sum[i - 1] = (unsigned char)(carry & 0xff);
        carry >>= 8;
    }
}

struct reading {
    const struct table *table;
    struct table_sum *sum;
    struct txn *to; /* NULL: the rows are only summed up */
    int64_t last;   /* of a sliced table */
    size_t slice;   /* rows in this slice */
};

static enum asap_code read_row(void *context,
                               const struct sql_value *columns,
                               struct asap_error *err)
{
    struct reading *reading = context;
    const struct table *table = reading->table;
    unsigned char hash[TABLE_SUM_SIZE] = { 0 };

    if (!hash_row(columns, table->columns, hash))
        return fail_memory(err);
    add_hash(reading->sum->sum, hash);
    reading->sum->rows++;
    reading->slice++;
    reading->last = columns->integer;
    if (reading->to == NULL)
        return ASAP_OK;
    return transaction_query(reading->to,
                             &(struct sql_query){ .text = table->insert,
                                                  .parameters = columns,
                                                  .count = table->columns },
                             err);
}

static enum asap_code read_slice(struct txn *txn, struct reading *reading, struct asap_error *err)
{
    const struct sql_value parameters[] = { sql_integer(reading->last), sql_integer(SLICE) };
    const struct sql_query query = { .text = reading->table->select,
                                     .parameters = parameters,
                                     .count = reading->table->is_sliced ? 2 : 0,
                                     .visit = read_row,
                                     .context = reading };

    reading->slice = 0;
    return transaction_query(txn, &query, err);
}

static void tell(const struct store_progress *progress, const struct reading *reading)
{
    if (progress->tell != NULL)
        progress->tell(progress->context, (size_t)(reading->table - tables), reading->sum->rows);
}

static enum asap_code read_table(struct txn *txn,
                                 struct reading *reading,
                                 const struct store_progress *progress,
                                 struct asap_error *err)
{
    reading->last = INT64_MIN;
    do {
        TRY(read_slice(txn, reading, err));
        tell(progress, reading);
    } while (reading->table->is_sliced && reading->slice == SLICE);
    return ASAP_OK;
}

enum asap_code store_sum(struct txn *txn,
                         const struct store_progress *progress,
                         struct store_sums *out,
                         struct asap_error *err)
{
    *out = (struct store_sums){ 0 };
    for (size_t i = 0; i < STORE_TABLES; i++) {
        struct reading reading = { .table = &tables[i], .sum = &out->tables[i] };

        TRY(read_table(txn, &reading, progress, err));
    }
    return ASAP_OK;
}

static enum asap_code read_count(void *context,
                                 const struct sql_value *columns,
                                 struct asap_error *err)
{
    int64_t *count = context;

    if (columns->type != SQL_INTEGER)
        return transaction_damaged("a count", err);
    *count = columns->integer;
    return ASAP_OK;
}

/* The rows that come with the schema make room for those of the source. */
static enum asap_code clear_table(struct txn *to, const struct table *table, struct asap_error *err)
{
    const int64_t expected = table->is_single ? 1 : 0;
    int64_t count = -1;

    TRY(transaction_query(
        to, &(struct sql_query){ .text = table->count, .visit = read_count, .context = &count },
        err));
    if (count != expected)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the database to copy to is not empty: its table %s has %" PRId64
                    " rows (name one that is new)",
                    table->name, count);
    if (!table->is_single)
        return ASAP_OK;
    return transaction_query(to, &(struct sql_query){ .text = table->clear }, err);
}

enum asap_code store_copy(struct txn *from,
                          struct txn *to,
                          const struct store_progress *progress,
                          struct store_sums *out,
                          struct asap_error *err)
{
    *out = (struct store_sums){ 0 };
    for (size_t i = 0; i < STORE_TABLES; i++)
        TRY(clear_table(to, &tables[i], err));
    for (size_t i = 0; i < STORE_TABLES; i++) {
        struct reading reading = { .table = &tables[i], .sum = &out->tables[i], .to = to };

        TRY(read_table(from, &reading, progress, err));
    }
    return transaction_finish_copy(to, err);
}
