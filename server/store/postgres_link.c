/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "postgres.h"

/* The connection: how it comes about, waits for answers, and ends. */

void postgres_tidy(const char *message, char *out, size_t size)
{
    size_t length = 0;

    for (message += strspn(message, " \n\t"); *message != '\0' && length + 1 < size; length++) {
        const size_t gap = strspn(message, " \n\t");

        if (gap > 0 && message[gap] == '\0')
            break;
        out[length] = *message;
        if (gap > 0)
            out[length] = ' ';
        message += gap > 0 ? gap : 1;
    }
    out[length] = '\0';
}

void postgres_disconnect(struct postgres *postgres)
{
    if (postgres->link != NULL)
        PQfinish(MOVE(postgres->link));
    postgres->is_connecting = false;
    postgres->in_transaction = false;
    postgres->prepared_count = 0;
}

enum asap_code postgres_lose(struct postgres *postgres, struct asap_error *err)
{
    postgres_tidy(PQerrorMessage(postgres->link), postgres->problem, sizeof postgres->problem);
    postgres_disconnect(postgres);
    postgres->next_attempt = 0;
    return fail(err, ASAP_UNAVAILABLE, "the connection to the database %s was lost: %s",
                postgres->shown, postgres->problem[0] == '\0' ? "no answer" : postgres->problem);
}

/* False when the time is over. */
static bool wait_for(const struct postgres *postgres, short events, int64_t end)
{
    struct pollfd socket = { .fd = PQsocket(postgres->link), .events = events };
    int ready = 0;

    do {
        const int64_t left = end - postgres->monotonic_ms();

        ready = poll(&socket, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    return ready != 0;
}

/* Reads meanwhile: a server whose own answer is stuck takes in no more. */
static bool flush(struct postgres *postgres, int64_t end)
{
    int left = PQflush(postgres->link);

    for (; left > 0; left = PQflush(postgres->link)) {
        if (!wait_for(postgres, POLLIN | POLLOUT, end) || PQconsumeInput(postgres->link) != 1)
            return false;
    }
    return left == 0;
}

static bool fill(struct postgres *postgres, int64_t end)
{
    while (PQisBusy(postgres->link) == 1) {
        if (!wait_for(postgres, POLLIN, end) || PQconsumeInput(postgres->link) != 1)
            return false;
    }
    return true;
}

enum asap_code postgres_next_result(struct postgres *postgres,
                                    PGresult **out,
                                    struct asap_error *err)
{
    const int64_t end = postgres->monotonic_ms() + postgres->patience_ms;

    *out = NULL;
    if (!flush(postgres, end) || !fill(postgres, end))
        return postgres_lose(postgres, err);
    *out = PQgetResult(postgres->link);
    return ASAP_OK;
}

/* Connecting. */

int64_t postgres_delay(unsigned failures, unsigned noise)
{
    int64_t delay = POSTGRES_FIRST_DELAY_MS;

    while (--failures > 0 && delay < POSTGRES_LONGEST_DELAY_MS)
        delay *= 2;
    if (delay > POSTGRES_LONGEST_DELAY_MS)
        delay = POSTGRES_LONGEST_DELAY_MS;
    return delay / 2 + (int64_t)(noise % (unsigned)(delay / 2 + 1));
}

/* Nodes that lost the server at the same time do not come back at the same time. */
static void hold_off(struct postgres *postgres)
{
    const int64_t now = postgres->monotonic_ms();
    const unsigned noise = ((unsigned)now ^ (unsigned)getpid()) * 2654435761U >> 8;

    postgres_disconnect(postgres);
    postgres->failures++;
    postgres->next_attempt = now + postgres_delay(postgres->failures, noise);
}

static enum asap_code fail_unreachable(const struct postgres *postgres, struct asap_error *err)
{
    return fail(err, ASAP_UNAVAILABLE, "cannot reach the database %s: %s", postgres->shown,
                postgres->problem);
}

static enum asap_code fail_attempt(struct postgres *postgres, struct asap_error *err)
{
    postgres_tidy(PQerrorMessage(postgres->link), postgres->problem, sizeof postgres->problem);
    if (postgres->problem[0] == '\0')
        (void)snprintf(postgres->problem, sizeof postgres->problem, "no answer");
    hold_off(postgres);
    return fail_unreachable(postgres, err);
}

static void notice(void *context, const PGresult *result)
{
    struct postgres *postgres = context;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity != NULL && strcmp(severity, "WARNING") == 0)
        postgres->is_warned = true;
}

/* What the URL does not say. A list of servers means the one that takes changes. */
static const struct {
    const char *keyword, *value;
} defaults[] = {
    { "fallback_application_name", "asapd" },
    { "target_session_attrs", "primary" },
    { "connect_timeout", "5" },
    { "keepalives_idle", "5" },
    { "keepalives_interval", "2" },
    { "keepalives_count", "3" },
    { "tcp_user_timeout", "5000" },
};
enum { DEFAULTS = sizeof defaults / sizeof *defaults };

static enum asap_code start(struct postgres *postgres, struct asap_error *err)
{
    const char *keywords[DEFAULTS + 3] = { NULL };
    const char *values[DEFAULTS + 3] = { NULL };

    for (size_t i = 0; i < DEFAULTS; i++) {
        keywords[i] = defaults[i].keyword;
        values[i] = defaults[i].value;
    }
    keywords[DEFAULTS] = "dbname";
    values[DEFAULTS] = postgres->url;
    keywords[DEFAULTS + 1] = "client_encoding";
    values[DEFAULTS + 1] = "UTF8";
    postgres->known_arrivals = atomic_load(postgres->arrivals);
    postgres->link = PQconnectStartParams(keywords, values, 1);
    if (postgres->link == NULL)
        return fail_memory(err);
    if (PQstatus(postgres->link) == CONNECTION_BAD)
        return fail_attempt(postgres, err);
    postgres->is_connecting = true;
    postgres->polling = PGRES_POLLING_WRITING;
    postgres->attempt_end = postgres->monotonic_ms() + POSTGRES_CONNECT_MS;
    return ASAP_OK;
}

/* The attempt goes on in the next call if this one's time is over first. */
static enum asap_code go_on(struct postgres *postgres, int64_t wait_ms, struct asap_error *err)
{
    const int64_t end = postgres->monotonic_ms() + wait_ms;
    const int64_t nearer = end < postgres->attempt_end ? end : postgres->attempt_end;

    while (postgres->polling == PGRES_POLLING_READING
           || postgres->polling == PGRES_POLLING_WRITING) {
        if (wait_for(postgres, postgres->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                     nearer))
            postgres->polling = PQconnectPoll(postgres->link);
        else if (postgres->monotonic_ms() >= postgres->attempt_end)
            return fail_attempt(postgres, err);
        else
            return fail(err, ASAP_UNAVAILABLE, "the database %s has not answered yet",
                        postgres->shown);
    }
    return postgres->polling == PGRES_POLLING_OK ? ASAP_OK : fail_attempt(postgres, err);
}

static enum asap_code finish(struct postgres *postgres, struct asap_error *err)
{
    struct asap_error cause = { 0 };

    postgres->is_connecting = false;
    (void)PQsetnonblocking(postgres->link, 1);
    (void)PQsetNoticeReceiver(postgres->link, notice, postgres);
    if (postgres_set_up(postgres, &cause) == ASAP_OK) {
        postgres->failures = 0;
        postgres->create = false;
        (void)atomic_fetch_add(postgres->arrivals, 1);
        return ASAP_OK;
    }
    (void)snprintf(postgres->problem, sizeof postgres->problem, "%.127s", cause.message);
    hold_off(postgres);
    return fail(err, cause.code, "%s", cause.message);
}

static bool is_to_pause(const struct postgres *postgres)
{
    return postgres->monotonic_ms() < postgres->next_attempt
           && atomic_load(postgres->arrivals) == postgres->known_arrivals;
}

enum asap_code postgres_connect(struct postgres *postgres, int64_t wait_ms, struct asap_error *err)
{
    if (postgres->link != NULL && !postgres->is_connecting)
        return ASAP_OK;
    if (postgres->link == NULL) {
        if (is_to_pause(postgres))
            return fail_unreachable(postgres, err);
        TRY(start(postgres, err));
    }
    TRY(go_on(postgres, wait_ms, err));
    return finish(postgres, err);
}
