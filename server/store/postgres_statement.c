/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "postgres.h"

/* Statements: their parameters, their rows, and what becomes of those that fail. */

enum { PARAMETERS_MAX = 16, BINARY = 1, INTEGER_SIZE = 8 };

/* Of pg_type, where they never change. */
enum { OID_UNKNOWN = 0, OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25 };

/* What is left of a result that nobody wants is read, up to here. */
enum { UNWANTED_MAX = 1000 };

static void write_integer(int64_t integer, unsigned char out[INTEGER_SIZE])
{
    for (int i = 0; i < INTEGER_SIZE; i++)
        out[i] = (unsigned char)((uint64_t)integer >> (56 - 8 * i) & 0xff);
}

static int64_t read_integer(const unsigned char *bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < INTEGER_SIZE; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static Oid type_of(const struct sql_value *value)
{
    switch (value->type) {
    case SQL_INTEGER:
        return OID_INT8;
    case SQL_TEXT:
        return OID_TEXT;
    case SQL_BLOB:
        return OID_BYTEA;
    case SQL_NULL:
        break;
    }
    return OID_UNKNOWN;
}

/* In binary. */
struct parameters {
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX];
    int formats[PARAMETERS_MAX];
    unsigned char integers[PARAMETERS_MAX][INTEGER_SIZE];
};

static void set_parameter(struct parameters *out, size_t at, const struct sql_value *value)
{
    out->formats[at] = BINARY;
    out->lengths[at] = (int)value->length;
    out->values[at] = value->length == 0 ? "" : value->bytes;
    if (value->type == SQL_NULL)
        out->values[at] = NULL;
    if (value->type != SQL_INTEGER)
        return;
    write_integer(value->integer, out->integers[at]);
    out->values[at] = (const char *)out->integers[at];
    out->lengths[at] = INTEGER_SIZE;
}

static struct sql_value read_column(const PGresult *result, int row, int column)
{
    struct sql_value value = { .type = SQL_NULL };

    if (PQgetisnull(result, row, column) == 1)
        return value;
    value.bytes = PQgetvalue(result, row, column);
    value.length = (size_t)PQgetlength(result, row, column);
    switch (PQftype(result, column)) {
    case OID_INT8:
        return sql_integer(read_integer(value.bytes));
    case OID_TEXT:
        value.type = SQL_TEXT;
        break;
    case OID_BYTEA:
        value.type = SQL_BLOB;
        break;
    default:
        break;
    }
    return value;
}

enum asap_code postgres_visit_rows(const PGresult *result,
                                   const struct sql_query *query,
                                   struct asap_error *err)
{
    struct sql_value columns[SQL_COLUMNS_MAX] = { { .type = SQL_NULL } };
    const int count = PQnfields(result);

    if (query->visit == NULL)
        return ASAP_OK;
    if (count > SQL_COLUMNS_MAX)
        return fail(err, ASAP_INTERNAL, "a result with %d columns", count);
    for (int row = 0; row < PQntuples(result); row++) {
        for (int i = 0; i < count; i++)
            columns[i] = read_column(result, row, i);
        TRY(query->visit(query->context, columns, err));
    }
    return ASAP_OK;
}

/* By the beginning of the SQLSTATE. */
static const struct {
    const char *state, *advice;
} advices[] = {
    { "55P03", " (another asapd holds it for long: see pg_stat_activity)" },
    { "57014", " (it took too long: see pg_stat_activity)" },
    { "25006", " (name the primary, or all servers, in database)" },
    { "42501", " (grant asapd's role what deploy/postgresql.md lists)" },
    { "28", " (check the role, its password and pg_hba.conf)" },
    { "53100", " (free space on the server's disk)" },
    { "53300", " (raise max_connections)" },
    { "58", " (look into the server's log for errors of its disk)" },
    { "XX", " (look into the server's log; if it is damaged, restore it from a backup)" },
};

static const char *find_advice(const char *state)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        if (strncmp(state, advices[i].state, strlen(advices[i].state)) == 0)
            return advices[i].advice;
    }
    return "";
}

enum asap_code postgres_failure(const struct postgres *postgres,
                                const PGresult *result,
                                const char *doing,
                                struct asap_error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char text[POSTGRES_PROBLEM_SIZE];

    postgres_tidy(message == NULL ? PQresultErrorMessage(result) : message, text, sizeof text);
    if (state == NULL)
        state = "";
    if (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0)
        return fail(err, ASAP_INTERNAL, "the database refuses the row: %s", text);
    return fail(err, ASAP_UNAVAILABLE, "cannot %s the database %.80s: %.80s%s", doing,
                postgres->shown, text, find_advice(state));
}

static enum asap_code take(struct postgres *postgres,
                           const PGresult *result,
                           const struct sql_query *query,
                           const char *doing,
                           struct asap_error *err)
{
    switch ((int)PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
        return postgres_visit_rows(result, query, err);
    case PGRES_COMMAND_OK:
        return ASAP_OK;
    default:
        return postgres_failure(postgres, result, doing, err);
    }
}

/* To the end, so that the next statement can follow: of an answer that is too long for it, the
 * connection ends. */
enum asap_code postgres_receive(struct postgres *postgres,
                                const struct sql_query *query,
                                const char *doing,
                                struct asap_error *err)
{
    enum asap_code code = ASAP_OK;
    int unwanted = 0;

    while (unwanted < UNWANTED_MAX) {
        SCOPED(result) PGresult *result = NULL;

        if (postgres_next_result(postgres, &result, code == ASAP_OK ? err : NULL) != ASAP_OK)
            return code == ASAP_OK ? ASAP_UNAVAILABLE : code;
        if (result == NULL)
            break;
        if (code == ASAP_OK)
            code = take(postgres, result, query, doing, err);
        else
            unwanted++;
    }
    if (unwanted == UNWANTED_MAX || PQstatus(postgres->link) == CONNECTION_BAD)
        (void)postgres_lose(postgres, NULL);
    return code;
}

enum asap_code postgres_execute(struct postgres *postgres,
                                const char *script,
                                const char *doing,
                                struct asap_error *err)
{
    const struct sql_query query = { .text = script };

    if (PQsendQuery(postgres->link, script) != 1)
        return postgres_lose(postgres, err);
    return postgres_receive(postgres, &query, doing, err);
}

enum asap_code postgres_ask(struct postgres *postgres,
                            const struct sql_query *query,
                            struct asap_error *err)
{
    if (PQsendQueryParams(postgres->link, query->text, 0, NULL, NULL, NULL, NULL, BINARY) != 1)
        return postgres_lose(postgres, err);
    return postgres_receive(postgres, query, "use", err);
}

/* A statement's name is its place among those prepared. */
static enum asap_code prepare(struct postgres *postgres,
                              const struct sql_query *query,
                              const char *name,
                              struct asap_error *err)
{
    const struct sql_query no_rows = { .text = query->text };
    Oid types[PARAMETERS_MAX] = { OID_UNKNOWN };

    for (size_t i = 0; i < query->count; i++)
        types[i] = type_of(&query->parameters[i]);
    if (PQsendPrepare(postgres->link, name, query->text, (int)query->count, types) != 1)
        return postgres_lose(postgres, err);
    TRY(postgres_receive(postgres, &no_rows, "use", err));
    postgres->prepared[postgres->prepared_count++] = query->text;
    return ASAP_OK;
}

enum asap_code postgres_send(struct postgres *postgres,
                             const struct sql_query *query,
                             struct asap_error *err)
{
    struct parameters parameters;
    char name[24];
    size_t i = 0;

    if (query->count > PARAMETERS_MAX)
        return fail(err, ASAP_INTERNAL, "a statement with %zu parameters", query->count);
    while (i < postgres->prepared_count && postgres->prepared[i] != query->text)
        i++;
    if (i == POSTGRES_STATEMENTS_MAX)
        return fail(err, ASAP_INTERNAL, "more statements than the connection keeps");
    (void)snprintf(name, sizeof name, "asapd_%zu", i);
    if (i == postgres->prepared_count)
        TRY(prepare(postgres, query, name, err));
    for (size_t at = 0; at < query->count; at++)
        set_parameter(&parameters, at, &query->parameters[at]);
    if (PQsendQueryPrepared(postgres->link, name, (int)query->count, parameters.values,
                            parameters.lengths, parameters.formats, BINARY)
        != 1)
        return postgres_lose(postgres, err);
    return ASAP_OK;
}
