/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <inttypes.h>
#include <stdio.h>

enum { NUMBER_SIZE = 24, US_PER_SECOND = 1000000, FIRST_ERROR = 500 };

static struct route_stats *stats_of(const struct exchange *exchange)
{
    if (exchange->response.stats != NULL)
        return exchange->response.stats;
    return exchange->route == NULL ? NULL : exchange->route->stats;
}

/* Of the body; its head is always sent. */
static size_t sent_bytes(const struct exchange *exchange)
{
    const bool has_body = exchange->request.method != HTTP_HEAD && exchange->response.status != 304;

    return has_body ? exchange->response.body.length : 0;
}

/* Neither the path nor the query: there may be secrets in what a client sends by mistake. */
static void log_request(const struct exchange *exchange, int64_t us)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "OTHER" };
    const struct http_response *response = &exchange->response;
    char status[NUMBER_SIZE];
    char seconds[NUMBER_SIZE];
    char bytes[NUMBER_SIZE];
    const struct log_field fields[] = {
        { .name = "listener", .value = exchange->transport->name },
        { .name = "method", .value = methods[exchange->request.method] },
        { .name = "route", .value = route_name(stats_of(exchange)) },
        { .name = "status", .value = status, .is_number = true },
        { .name = "duration_seconds", .value = seconds, .is_number = true },
        { .name = "bytes", .value = bytes, .is_number = true },
        { .name = "remote", .value = exchange->request.peer.address },
        { .name = response->caller[0] == '\0' ? NULL : "caller", .value = response->caller },
        { .name = NULL },
    };

    (void)snprintf(status, sizeof status, "%u", response->status);
    (void)snprintf(seconds, sizeof seconds, "%" PRId64 ".%06" PRId64, us / US_PER_SECOND,
                   us % US_PER_SECOND);
    (void)snprintf(bytes, sizeof bytes, "%zu", sent_bytes(exchange));
    log_event(exchange->transport->log, LOG_INFO, &exchange->trace, fields, "request");
}

void exchange_account(const struct exchange *exchange)
{
    const struct transport *transport = exchange->transport;
    const int64_t us = transport->monotonic_us() - exchange->begun_us;
    const unsigned status = exchange->response.status;

    route_count(stats_of(exchange), status, us);
    if (transport->access_log == LOG_ACCESS_ALL
        || (transport->access_log == LOG_ACCESS_ERRORS && status >= FIRST_ERROR))
        log_request(exchange, us < 0 ? 0 : us);
}
