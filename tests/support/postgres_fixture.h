/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_POSTGRES_FIXTURE_H
#define ASAP_TESTS_POSTGRES_FIXTURE_H

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"

/* Databases of a real PostgreSQL. Test programs that include this are run by
 * tests/support/postgres.sh, which starts one for each. */

enum { POSTGRES_URL_SIZE = 256 };

/* The URL of the superuser's database; its last part begins at "postgres?". */
static inline const char *postgres_server(void)
{
    const char *url = getenv("ASAP_TEST_POSTGRES"); /* NOLINT(concurrency-mt-unsafe) */

    ck_assert_msg(url != NULL, "run this by tests/support/postgres.sh");
    return url;
}

/* Of a database on that server. */
static inline void postgres_url(const char *name, char out[POSTGRES_URL_SIZE])
{
    const char *server = postgres_server();
    const char *end = strstr(server, "postgres?");

    ck_assert_ptr_nonnull(end);
    ck_assert_int_lt(snprintf(out, POSTGRES_URL_SIZE, "%.*s%s%s", (int)(end - server), server, name,
                              end + strlen("postgres")),
                     POSTGRES_URL_SIZE);
}

/* As another program would; what the last statement answers, in one static text. */
static inline const char *postgres_run(const char *url, const char *sql)
{
    static char answer[256];
    PGconn *link = PQconnectdb(url);
    PGresult *result = NULL;

    ck_assert_msg(PQstatus(link) == CONNECTION_OK, "%s", PQerrorMessage(link));
    result = PQexec(link, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK
                      || PQresultStatus(result) == PGRES_TUPLES_OK,
                  "%s", PQerrorMessage(link));
    (void)snprintf(answer, sizeof answer, "%s",
                   PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(link);
    return answer;
}

/* A new, empty database. It goes with the server. */
static inline void postgres_make_database(char url[POSTGRES_URL_SIZE])
{
    static unsigned count;
    char name[32];
    char sql[64];

    (void)snprintf(name, sizeof name, "test_%u", ++count);
    (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s", name);
    (void)postgres_run(postgres_server(), sql);
    postgres_url(name, url);
}

/* Ends every session of the database but the one that asks, and returns when they are gone. */
static inline void postgres_end_sessions(const char *url)
{
    (void)postgres_run(url, "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity"
                            " WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

static inline void postgres_move_socket(const char *from, const char *to)
{
    const char *folder = getenv("ASAP_TEST_POSTGRES_FOLDER"); /* NOLINT(concurrency-mt-unsafe) */
    char before[128];
    char after[128];

    (void)snprintf(before, sizeof before, "%s/.s.PGSQL.5432%s", folder, from);
    (void)snprintf(after, sizeof after, "%s/.s.PGSQL.5432%s", folder, to);
    ck_assert_int_eq(rename(before, after), 0);
}

/* The server goes away, with all sessions of the database, and comes back. */
static inline void postgres_go_away(const char *url)
{
    postgres_end_sessions(url);
    postgres_move_socket("", ".away");
}

static inline void postgres_come_back(void)
{
    postgres_move_socket(".away", "");
}

#endif
