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

#endif
