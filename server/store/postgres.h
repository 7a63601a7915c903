/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_POSTGRES_H
#define ASAPD_POSTGRES_H

#include <libpq-fe.h>
#include <stdatomic.h>

#include "scoped.h"
#include "sql.h"

/* What the sources of the PostgreSQL driver share. No call waits longer than
 * its bounds, which are below, so that a server or a network that is gone is
 * noticed soon and holds nothing up. */

enum {
    POSTGRES_STATEMENTS_MAX = 128, /* more than the store has */
    POSTGRES_SHOWN_SIZE = 112,
    POSTGRES_PROBLEM_SIZE = 128,
    POSTGRES_IDENTITY_SIZE = 37
};

/* In milliseconds. The server's own bounds on statements and locks, in postgres_session.c, are
 * less, so that an answer says what was waited for. */
enum {
    POSTGRES_ANSWER_MS = 10 * 1000,         /* for the next part of an answer */
    POSTGRES_CONNECT_MS = 5 * 1000,         /* for a connection, all in all */
    POSTGRES_CONNECT_WAIT_MS = 500,         /* of which one transaction that begins waits */
    POSTGRES_MIGRATION_MS = 60 * 60 * 1000, /* for an answer to a migration */
    POSTGRES_FIRST_DELAY_MS = 250,          /* between attempts to connect */
    POSTGRES_LONGEST_DELAY_MS = 10 * 1000
};

/* Whoever changes something holds the one lock (its number spells "ASAP") from the beginning, so
 * that the changes of all nodes are one sequence: what a transaction reads stays true until it
 * commits. It comes free after the changes are to be seen, by commit or by the session's end. */
#define POSTGRES_BEGIN                                                                             \
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(1095975248)"

/* Whoever serves the database shares a lock of its own, for as long as the session lives; who is to
 * be alone has it whole, and who only reads needs none. */
enum postgres_use { POSTGRES_SHARED, POSTGRES_ALONE, POSTGRES_TO_READ };

struct postgres {
    struct sql_connection base;
    char *url;
    char shown[POSTGRES_SHOWN_SIZE]; /* where the database is: the URL without its secrets */
    int64_t (*monotonic_ms)(void);

    PGconn *link; /* NULL: there is none */
    bool is_connecting;
    PostgresPollingStatusType polling;   /* while connecting */
    int64_t attempt_end, next_attempt;   /* of the monotonic clock */
    unsigned failures;                   /* attempts in a row */
    atomic_uint *arrivals, own_arrivals; /* how often it, or one beside it, has connected */
    unsigned known_arrivals;             /* when the last attempt began */
    char problem[POSTGRES_PROBLEM_SIZE];

    enum postgres_use use;
    bool create; /* a database without tables is to get them, at the first connection */
    char
        identity[POSTGRES_IDENTITY_SIZE]; /* which database it is; "" before the first connection */
    bool in_transaction;
    bool is_warned; /* the server has warned of something */
    int64_t patience_ms;
    const char *prepared[POSTGRES_STATEMENTS_MAX]; /* over this link; named by place */
    size_t prepared_count;
};

DEFINE_SCOPED(result, PGresult *, PQclear)

/* One that is not connected yet; beside `first`, which outlives it, or NULL. */
ASAP_MUST_CHECK enum asap_code postgres_new(const char *url,
                                            enum postgres_use use,
                                            bool create,
                                            const struct postgres *first,
                                            struct postgres **out,
                                            struct asap_error *err);
void postgres_free(struct postgres *postgres);
DEFINE_SCOPED(postgres, struct postgres *, postgres_free)

/* See struct sql_driver. */
ASAP_MUST_CHECK enum asap_code postgres_watch(const char *url,
                                              void (*changed)(void *context),
                                              void *context,
                                              struct sql_watch **out,
                                              struct asap_error *err);
void postgres_unwatch(struct sql_watch *watch);

/* Makes sure that there is a connection, set up and checked: at once when there is one. Else an
 * attempt to connect begins or goes on, for up to wait_ms; after one that failed there is a pause,
 * in which this fails at once, until one beside it has connected. */
ASAP_MUST_CHECK enum asap_code postgres_connect(struct postgres *postgres,
                                                int64_t wait_ms,
                                                struct asap_error *err);
void postgres_disconnect(struct postgres *postgres);

/* How long to wait after so many failed attempts in a row, at least one; any noise will do. */
int64_t postgres_delay(unsigned failures, unsigned noise);

/* Sets up and checks a connection that was just made: limits on waiting, that commits are durable,
 * and that the database is ours. ASAP_FAILED_PRECONDITION says what to set.
 * ASAP_NOT_FOUND: it has no tables of asapd, and none are to be made. */
ASAP_MUST_CHECK enum asap_code postgres_set_up(struct postgres *postgres, struct asap_error *err);

/* Takes the lock, or the restriction, that goes with postgres->use. ASAP_FAILED_PRECONDITION:
 * others have it. */
ASAP_MUST_CHECK enum asap_code postgres_take_lock(struct postgres *postgres,
                                                  struct asap_error *err);

/* The next result of what was sent, NULL after the last. ASAP_UNAVAILABLE: the connection is lost,
 * and so is the transaction. */
ASAP_MUST_CHECK enum asap_code postgres_next_result(struct postgres *postgres,
                                                    PGresult **out,
                                                    struct asap_error *err);

/* All results of what was sent, and their rows to query->visit; `doing` completes "cannot". */
ASAP_MUST_CHECK enum asap_code postgres_receive(struct postgres *postgres,
                                                const struct sql_query *query,
                                                const char *doing,
                                                struct asap_error *err);

/* Statements without parameters: several, without rows; or one, with rows. */
ASAP_MUST_CHECK enum asap_code postgres_execute(struct postgres *postgres,
                                                const char *script,
                                                const char *doing,
                                                struct asap_error *err);
ASAP_MUST_CHECK enum asap_code postgres_ask(struct postgres *postgres,
                                            const struct sql_query *query,
                                            struct asap_error *err);

/* Sends a statement, after preparing it if this link has not seen it. */
ASAP_MUST_CHECK enum asap_code postgres_send(struct postgres *postgres,
                                             const struct sql_query *query,
                                             struct asap_error *err);

/* Hands the rows of a result to query->visit, if any. */
ASAP_MUST_CHECK enum asap_code postgres_visit_rows(const PGresult *result,
                                                   const struct sql_query *query,
                                                   struct asap_error *err);

/* What the server answered when it refused a statement. */
enum asap_code postgres_failure(const struct postgres *postgres,
                                const PGresult *result,
                                const char *doing,
                                struct asap_error *err);

/* The connection has ended: *err says so, and why. */
enum asap_code postgres_lose(struct postgres *postgres, struct asap_error *err);

/* A message of libpq on one line, cut to what fits. */
void postgres_tidy(const char *message, char *out, size_t size);

#endif
