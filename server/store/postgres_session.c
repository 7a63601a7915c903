/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "postgres.h"

/* What a connection is set up for, and what the database on its other end must be. */

/* A session whose client is gone gives its locks back before those who wait for them give up. */
static const char limits[] = "SET lock_timeout = '6s'; SET statement_timeout = '8s';"
                             " SET idle_in_transaction_session_timeout = '4s';"
                             " SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2;"
                             " SET tcp_keepalives_count = 3; SET tcp_user_timeout = '5s';"
                             " SET jit = off";

/* The session keeps what was checked, whatever the server's configuration becomes. */
static const char keep_synchronous[] =
    "SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false)";

enum { ACCEPTED_MOST = 2, VALUE_SIZE = 64 };

static const struct requirement {
    const char *question, *what;
    const char *accepted[ACCEPTED_MOST];
    const char *advice;
} requirements[] = {
    { "SELECT current_setting('server_encoding')",
      "its encoding",
      { "UTF8" },
      "make one: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0" },
    { "SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END",
      "the server's role",
      { "primary" },
      "name the primary, or all servers, in database" },
    { "SELECT current_setting('synchronous_commit')",
      "synchronous_commit",
      { "on", "remote_apply" },
      "a crash could undo what was answered; ALTER ROLE ... SET synchronous_commit = on" },
    { "SELECT current_setting('fsync')",
      "fsync",
      { "on" },
      "a crash could undo what was answered; set it in postgresql.conf" },
    { "SELECT current_setting('full_page_writes')",
      "full_page_writes",
      { "on" },
      "a crash could damage the database; set it in postgresql.conf" },
};

/* Into a text of VALUE_SIZE bytes. */
static enum asap_code read_text(void *context,
                                const struct sql_value *columns,
                                struct asap_error *err)
{
    static const struct sql_member text[] = { { MEMBER_TEXT, 0, VALUE_SIZE } };

    return sql_read_members(columns, text, 1, context)
               ? ASAP_OK
               : fail(err, ASAP_UNAVAILABLE, "the database gives an unknown kind of answer");
}

static bool is_accepted(const struct requirement *requirement, const char *value)
{
    for (size_t i = 0; i < ACCEPTED_MOST && requirement->accepted[i] != NULL; i++) {
        if (strcmp(value, requirement->accepted[i]) == 0)
            return true;
    }
    return false;
}

static enum asap_code check(struct postgres *postgres,
                            const struct requirement *requirement,
                            struct asap_error *err)
{
    char value[VALUE_SIZE] = "";
    const struct sql_query query = { requirement->question, NULL, 0, read_text, value };

    TRY(postgres_ask(postgres, &query, err));
    if (is_accepted(requirement, value))
        return ASAP_OK;
    return fail(err, ASAP_FAILED_PRECONDITION,
                "the database %.60s cannot be used: %s is %.30s, not %s (%s)", postgres->shown,
                requirement->what, value, requirement->accepted[0], requirement->advice);
}

/* Which schema is ours: that of the table below, or the one in which it would be made. */

#define MARKER "asapd_schema"

static const char find_schema[] =
    "SELECT quote_ident(n.nspname), (c.oid IS NOT NULL)::int::bigint,"
    " (SELECT count(*) FROM pg_class o WHERE o.relnamespace = n.oid)"
    " FROM pg_namespace n LEFT JOIN pg_class c ON c.oid = to_regclass('" MARKER "')"
    " WHERE n.oid = coalesce(c.relnamespace,"
    " (SELECT s.oid FROM pg_namespace s WHERE s.nspname = current_schema()))";

/* Objects that others put elsewhere are not taken for ours. */
#define PIN_SCHEMA "SET search_path = %s, pg_temp"

static const char create_marker[] =
    "CREATE TABLE " MARKER " (id bigint PRIMARY KEY CHECK (id = 1),"
    " program text NOT NULL CHECK (program = 'asapd'), version bigint NOT NULL,"
    " identity text NOT NULL);"
    " INSERT INTO " MARKER " (id, program, version, identity)"
    " VALUES (1, 'asapd', 0, gen_random_uuid()::text)";

static const char select_identity[] = "SELECT identity FROM " MARKER " WHERE program = 'asapd'";

struct schema {
    char name[160];
    bool is_ours;
    int64_t objects;
};

static const struct sql_member schema_members[] = {
    { MEMBER_TEXT, offsetof(struct schema, name), sizeof((struct schema *)NULL)->name },
    { MEMBER_FLAG, offsetof(struct schema, is_ours), 0 },
    { MEMBER_INTEGER, offsetof(struct schema, objects), 0 },
};

static enum asap_code read_schema(void *context,
                                  const struct sql_value *columns,
                                  struct asap_error *err)
{
    const size_t count = sizeof schema_members / sizeof *schema_members;

    return sql_read_members(columns, schema_members, count, context)
               ? ASAP_OK
               : fail(err, ASAP_UNAVAILABLE, "the database gives an unknown kind of answer");
}

static enum asap_code look(struct postgres *postgres, struct schema *schema, struct asap_error *err)
{
    const struct sql_query query = { find_schema, NULL, 0, read_schema, schema };

    *schema = (struct schema){ 0 };
    TRY(postgres_ask(postgres, &query, err));
    if (schema->name[0] == '\0')
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the database %s has no schema for asapd's tables (CREATE SCHEMA, and set the"
                    " role's search_path to it)",
                    postgres->shown);
    return ASAP_OK;
}

static enum asap_code fail_foreign(const struct postgres *postgres, struct asap_error *err)
{
    return fail(err, ASAP_FAILED_PRECONDITION,
                "the schema of %s that asapd is led to has tables of another program (give asapd a"
                " database, or a schema by search_path, of its own)",
                postgres->shown);
}

static enum asap_code pin(struct postgres *postgres, const char *name, struct asap_error *err)
{
    char script[sizeof PIN_SCHEMA + sizeof((struct schema *)NULL)->name];

    (void)snprintf(script, sizeof script, PIN_SCHEMA, name);
    return postgres_execute(postgres, script, "use", err);
}

/* Of two that make it at the same time, the second finds it made. */
static enum asap_code create_within(struct postgres *postgres, struct asap_error *err)
{
    struct schema schema;

    TRY(look(postgres, &schema, err));
    if (schema.is_ours)
        return ASAP_OK;
    if (schema.objects > 0)
        return fail_foreign(postgres, err);
    return postgres_execute(postgres, create_marker, "make tables in", err);
}

static enum asap_code create(struct postgres *postgres, struct asap_error *err)
{
    TRY(postgres_execute(postgres, POSTGRES_BEGIN, "use", err));
    TRY(create_within(postgres, err));
    return postgres_execute(postgres, "COMMIT", "make tables in", err);
}

static enum asap_code find_or_create(struct postgres *postgres,
                                     const struct schema *schema,
                                     struct asap_error *err)
{
    if (schema->is_ours)
        return ASAP_OK;
    if (schema->objects > 0)
        return fail_foreign(postgres, err);
    if (!postgres->create)
        return fail(err, ASAP_NOT_FOUND,
                    "the database %s has no tables of asapd (restore it, or make them with asapd"
                    " init)",
                    postgres->shown);
    return create(postgres, err);
}

/* Also that it is the same as before: what this process knows is of that one. */
static enum asap_code check_identity(struct postgres *postgres, struct asap_error *err)
{
    char identity[VALUE_SIZE] = "";
    const struct sql_query query = { select_identity, NULL, 0, read_text, identity };

    if (postgres_ask(postgres, &query, err) != ASAP_OK)
        return postgres->link == NULL ? ASAP_UNAVAILABLE : fail_foreign(postgres, err);
    if (identity[0] == '\0' || strlen(identity) >= POSTGRES_IDENTITY_SIZE)
        return fail_foreign(postgres, err);
    if (postgres->identity[0] != '\0' && strcmp(postgres->identity, identity) != 0)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "another database than before answers at %s (lead asapd back to the one it was"
                    " started with, or start it again)",
                    postgres->shown);
    memcpy(postgres->identity, identity, strlen(identity) + 1);
    return ASAP_OK;
}

/* The number spells "ASAQ". */
static const struct {
    const char *statement, *problem;
} uses[] = {
    [POSTGRES_SHARED] = { "SELECT pg_try_advisory_lock_shared(1095975249)::text",
                          "a command has it for itself (wait for its end)" },
    [POSTGRES_ALONE] = { "SELECT pg_try_advisory_lock(1095975249)::text",
                         "another process uses it (stop asapd everywhere first)" },
    [POSTGRES_TO_READ] = { "SELECT CASE set_config('default_transaction_read_only', 'on', false)"
                           " WHEN 'on' THEN 'true' END",
                           "it cannot be opened to read" },
};

enum asap_code postgres_take_lock(struct postgres *postgres, struct asap_error *err)
{
    char answer[VALUE_SIZE] = "";
    const struct sql_query query = { uses[postgres->use].statement, NULL, 0, read_text, answer };

    TRY(postgres_ask(postgres, &query, err));
    if (strcmp(answer, "true") == 0)
        return ASAP_OK;
    return fail(err, ASAP_FAILED_PRECONDITION, "the database %s is not to be had: %s",
                postgres->shown, uses[postgres->use].problem);
}

enum asap_code postgres_set_up(struct postgres *postgres, struct asap_error *err)
{
    const struct sql_query keep = { keep_synchronous, NULL, 0, NULL, NULL };
    struct schema schema;

    TRY(postgres_execute(postgres, limits, "use", err));
    for (size_t i = 0; i < sizeof requirements / sizeof *requirements; i++)
        TRY(check(postgres, &requirements[i], err));
    TRY(postgres_ask(postgres, &keep, err));
    TRY(look(postgres, &schema, err));
    TRY(pin(postgres, schema.name, err));
    TRY(postgres_take_lock(postgres, err));
    TRY(find_or_create(postgres, &schema, err));
    return check_identity(postgres, err);
}
