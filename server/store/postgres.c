/* SPDX-License-Identifier: Apache-2.0 */
#include "postgres.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fail.h"

static struct postgres *of(struct sql_connection *connection)
{
    return (struct postgres *)connection;
}

/* Opening. */

void postgres_free(struct postgres *postgres)
{
    postgres_disconnect(postgres);
    free(postgres->url);
    free(postgres);
}

DEFINE_SCOPED(options, PQconninfoOption *, PQconninfoFree)
DEFINE_SCOPED(message, char *, PQfreemem)

static const char *find_option(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0 && options->val != NULL)
            return options->val;
    }
    return "";
}

/* What libpq says up to the part of the URL that it quotes, which may be the password's. */
static enum asap_code fail_url(const char *message, struct asap_error *err)
{
    char why[POSTGRES_PROBLEM_SIZE];

    postgres_tidy(message, why, sizeof why);
    why[strcspn(why, "\":")] = '\0';
    return fail_field(err, "database",
                      "database is no URL of PostgreSQL, postgresql://USER@HOST/NAME: %s", why);
}

/* A sign that parts of a password are taken for something that messages show. */
static bool has_misplaced(const PQconninfoOption *options)
{
    const char *port = find_option(options, "port");

    return port[strspn(port, "0123456789,")] != '\0'
           || strchr(find_option(options, "host"), '@') != NULL
           || strchr(find_option(options, "dbname"), '@') != NULL;
}

static void show(const PQconninfoOption *options, char out[POSTGRES_SHOWN_SIZE])
{
    const char *user = find_option(options, "user");
    const char *port = find_option(options, "port");

    (void)snprintf(out, POSTGRES_SHOWN_SIZE, "postgresql://%.32s%s%.32s%s%.5s/%.20s", user,
                   user[0] == '\0' ? "" : "@", find_option(options, "host"),
                   port[0] == '\0' ? "" : ":", port, find_option(options, "dbname"));
}

static enum asap_code parse(const char *url,
                            char shown[POSTGRES_SHOWN_SIZE],
                            struct asap_error *err)
{
    SCOPED(message) char *message = NULL;
    SCOPED(options) PQconninfoOption *options = PQconninfoParse(url, &message);

    if (options == NULL)
        return fail_url(message == NULL ? "out of memory" : message, err);
    if (has_misplaced(options))
        return fail_url("signs such as / and @ in a password must be percent-encoded", err);
    show(options, shown);
    return ASAP_OK;
}

static enum asap_code check(const char *url, struct asap_error *err)
{
    char shown[POSTGRES_SHOWN_SIZE];

    return parse(url, shown, err);
}

enum asap_code postgres_new(const char *url,
                            enum postgres_use use,
                            bool create,
                            const struct postgres *first,
                            struct postgres **out,
                            struct asap_error *err)
{
    SCOPED(postgres) struct postgres *postgres = calloc(1, sizeof *postgres);

    *out = NULL;
    if (postgres == NULL)
        return fail_memory(err);
    postgres->base.driver = &postgres_driver;
    postgres->arrivals = first == NULL ? &postgres->own_arrivals : first->arrivals;
    postgres->monotonic_ms = clock_monotonic_ms;
    postgres->patience_ms = POSTGRES_ANSWER_MS;
    postgres->use = use;
    postgres->create = create;
    TRY(parse(url, postgres->shown, err));
    postgres->url = strdup(url);
    if (postgres->url == NULL)
        return fail_memory(err);
    *out = MOVE(postgres);
    return ASAP_OK;
}

static enum asap_code open_for(const char *url,
                               enum postgres_use use,
                               bool create,
                               const struct postgres *first,
                               struct sql_connection **out,
                               struct asap_error *err)
{
    SCOPED(postgres) struct postgres *postgres = NULL;

    *out = NULL;
    TRY(postgres_new(url, use, create, first, &postgres, err));
    TRY(postgres_connect(postgres, POSTGRES_CONNECT_MS, err));
    *out = &MOVE(postgres)->base;
    return ASAP_OK;
}

static enum asap_code open(const char *url,
                           bool create,
                           const struct log *log,
                           struct sql_connection **out,
                           struct asap_error *err)
{
    (void)log;
    return open_for(url, POSTGRES_SHARED, create, NULL, out, err);
}

static enum asap_code open_to_read(const char *url,
                                   const struct log *log,
                                   struct sql_connection **out,
                                   struct asap_error *err)
{
    (void)log;
    return open_for(url, POSTGRES_TO_READ, false, NULL, out, err);
}

static enum asap_code open_beside(struct sql_connection *first,
                                  struct sql_connection **out,
                                  struct asap_error *err)
{
    return open_for(of(first)->url, of(first)->use, false, of(first), out, err);
}

static void close(struct sql_connection *connection)
{
    postgres_free(of(connection));
}

static enum asap_code claim(struct sql_connection *connection, struct asap_error *err)
{
    struct postgres *postgres = of(connection);

    TRY(postgres_execute(postgres, "SELECT pg_advisory_unlock_shared(1095975249)", "claim", err));
    postgres->use = POSTGRES_ALONE;
    return postgres_take_lock(postgres, err);
}

/* The server itself checks what it reads. */
static enum asap_code find_damage(struct sql_connection *connection,
                                  sql_visitor *visit,
                                  void *context,
                                  struct asap_error *err)
{
    (void)connection;
    (void)visit;
    (void)context;
    (void)err;
    return ASAP_OK;
}

/* Transactions. */

/* Whatever state the link is in: one on which that fails is of no use. */
static void roll_back(struct postgres *postgres)
{
    postgres->in_transaction = false;
    if (postgres->link != NULL && postgres_execute(postgres, "ROLLBACK", "use", NULL) != ASAP_OK)
        postgres_disconnect(postgres);
}

/* A reader keeps nobody waiting, and may take its time. */
static const char *const begin_texts[] = {
    [SQL_WRITE] = POSTGRES_BEGIN,
    [SQL_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                 " SET LOCAL statement_timeout = '10min';"
                 " SET LOCAL idle_in_transaction_session_timeout = '1min'",
};

static enum asap_code begin_once(struct postgres *postgres,
                                 enum sql_access access,
                                 struct asap_error *err)
{
    enum asap_code code = postgres_connect(postgres, POSTGRES_CONNECT_WAIT_MS, err);

    if (code != ASAP_OK)
        return err == NULL || code == ASAP_UNAVAILABLE ? ASAP_UNAVAILABLE
                                                       : fail_as(err, ASAP_UNAVAILABLE);
    code = postgres_execute(postgres, begin_texts[access], "use", err);
    postgres->in_transaction = code == ASAP_OK;
    if (code != ASAP_OK)
        roll_back(postgres);
    return code;
}

/* That a connection has ended since it was last used is often found out here; nothing was begun
 * over it yet. */
static enum asap_code begin(struct sql_connection *connection,
                            enum sql_access access,
                            struct asap_error *err)
{
    struct postgres *postgres = of(connection);
    const bool was_connected = postgres->link != NULL && !postgres->is_connecting;
    const enum asap_code code = begin_once(postgres, access, err);

    if (code == ASAP_OK || !was_connected || postgres->link != NULL)
        return code;
    return begin_once(postgres, access, err);
}

static enum asap_code fail_ended(const struct postgres *postgres, struct asap_error *err)
{
    return fail(err, ASAP_UNAVAILABLE,
                "the transaction has ended with the connection to the database %s: %s",
                postgres->shown, postgres->problem);
}

static enum asap_code fail_unknown(const struct postgres *postgres,
                                   const char *why,
                                   struct asap_error *err)
{
    return fail(err, ASAP_UNAVAILABLE,
                "it is unknown whether the database %s has stored the change: %.80s (call again"
                " with the same request_id)",
                postgres->shown, why);
}

/* Nothing but the server's word that it has committed, without a warning that a standby has not,
 * is success. */
static enum asap_code judge_commit(const struct postgres *postgres,
                                   PGresult *result,
                                   struct asap_error *err)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        if (severity != NULL && strcmp(severity, "ERROR") == 0)
            return postgres_failure(postgres, result, "write to", err);
        return fail_unknown(postgres, PQresultErrorMessage(result), err);
    }
    if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
        return fail(err, ASAP_INTERNAL, "a transaction was committed after it had failed");
    if (postgres->is_warned)
        return fail_unknown(postgres, "its standby may not have it", err);
    return ASAP_OK;
}

static enum asap_code commit(struct sql_connection *connection, struct asap_error *err)
{
    struct postgres *postgres = of(connection);
    const struct sql_query rest = { .text = "COMMIT" };
    SCOPED(result) PGresult *result = NULL;
    enum asap_code code = ASAP_OK;

    if (!postgres->in_transaction)
        return fail_ended(postgres, err);
    postgres->is_warned = false;
    if (PQsendQuery(postgres->link, rest.text) != 1
        || postgres_next_result(postgres, &result, NULL) != ASAP_OK) {
        if (postgres->link != NULL)
            (void)postgres_lose(postgres, NULL);
        return fail_unknown(postgres, postgres->problem, err);
    }
    code = judge_commit(postgres, result, err);
    if (postgres_receive(postgres, &rest, "write to", NULL) != ASAP_OK)
        postgres_disconnect(postgres);
    postgres->in_transaction = false;
    return code;
}

static void rollback(struct sql_connection *connection)
{
    struct postgres *postgres = of(connection);

    if (postgres->in_transaction)
        roll_back(postgres);
}

/* Row by row, so that a long result is never held whole. */
static enum asap_code query(struct sql_connection *connection,
                            const struct sql_query *query,
                            struct asap_error *err)
{
    struct postgres *postgres = of(connection);

    if (!postgres->in_transaction)
        return fail_ended(postgres, err);
    TRY(postgres_send(postgres, query, err));
    if (query->visit != NULL)
        (void)PQsetSingleRowMode(postgres->link);
    return postgres_receive(postgres, query, "use", err);
}

/* Migrations. */

static enum asap_code run_script(struct sql_connection *connection,
                                 const char *script,
                                 struct asap_error *err)
{
    struct postgres *postgres = of(connection);
    enum asap_code code = ASAP_OK;

    if (!postgres->in_transaction)
        return fail_ended(postgres, err);
    TRY(postgres_execute(postgres, "SET LOCAL statement_timeout = 0", "migrate", err));
    postgres->patience_ms = POSTGRES_MIGRATION_MS;
    code = postgres_execute(postgres, script, "migrate", err);
    postgres->patience_ms = POSTGRES_ANSWER_MS;
    return code;
}

static enum asap_code read_version(void *context,
                                   const struct sql_value *columns,
                                   struct asap_error *err)
{
    int *version = context;

    *version = (int)columns[0].integer;
    return columns[0].type == SQL_INTEGER
               ? ASAP_OK
               : fail(err, ASAP_DATA_LOSS, "the database's version is damaged");
}

static enum asap_code get_version(struct sql_connection *connection,
                                  int *out,
                                  struct asap_error *err)
{
    static const char text[] = "SELECT version FROM asapd_schema";
    const struct sql_query question = { text, NULL, 0, read_version, out };

    *out = 0;
    if (of(connection)->link == NULL)
        return fail_ended(of(connection), err);
    return postgres_ask(of(connection), &question, err);
}

static enum asap_code set_version(struct sql_connection *connection,
                                  int version,
                                  struct asap_error *err)
{
    char text[64];

    (void)snprintf(text, sizeof text, "UPDATE asapd_schema SET version = %d", version);
    return postgres_execute(of(connection), text, "migrate", err);
}

static const char after_copy[] =
    "DO $$ BEGIN"
    " PERFORM setval(pg_get_serial_sequence('issuer', 'id'), max(id)) FROM issuer;"
    " PERFORM setval(pg_get_serial_sequence('key', 'id'), max(id)) FROM key;"
    " PERFORM setval(pg_get_serial_sequence('caller', 'id'), max(id)) FROM caller;"
    " PERFORM setval(pg_get_serial_sequence('credential', 'id'), max(id)) FROM credential;"
    " PERFORM setval(pg_get_serial_sequence('access_grant', 'id'), max(id)) FROM access_grant;"
    " END $$";

const struct sql_driver postgres_driver = {
    .migrations = postgres_migrations,
    .after_copy = after_copy,
    .check = check,
    .open = open,
    .open_to_read = open_to_read,
    .open_beside = open_beside,
    .close = close,
    .claim = claim,
    .find_damage = find_damage,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .query = query,
    .run_script = run_script,
    .get_version = get_version,
    .set_version = set_version,
    .watch = postgres_watch,
    .unwatch = postgres_unwatch,
};
