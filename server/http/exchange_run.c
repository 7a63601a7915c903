/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdatomic.h>

#include "connection.h"

enum { RETRY_SECONDS = 1, ATTEMPTS_MOST = 4 };

/* Whether the handler may have a worker instead of having answered. */
static bool is_declined(const struct exchange *exchange)
{
    return exchange->response.wants_worker && exchange->route->inline_first
           && !exchange->request.may_block;
}

/* What no handler may ask for, or could not finish, is an answer all the same. */
static void mend_response(struct exchange *exchange)
{
    struct http_response *response = &exchange->response;
    const bool is_held_in_vain = response->hold != NULL && exchange->transport->workers == NULL;

    if (is_held_in_vain)
        http_clear_response(response);
    if (response->wants_worker || response->body.failed || response->lines.failed
        || response->status == 0)
        http_set_error(response, ASAP_INTERNAL, "the response could not be made");
    response->wants_worker = false;
}

static void run_handler(struct exchange *exchange, bool may_block)
{
    struct http_response *response = &exchange->response;

    exchange->request.body = exchange->body.bytes;
    exchange->request.body_length = exchange->body.length;
    exchange->request.may_block = may_block;
    response->body.limit = HTTP_BODY_MAX;
    if (exchange->route == NULL)
        http_set_error(response, ASAP_NOT_FOUND, "nothing is served under this path");
    else
        exchange->route->handler(exchange->route->context, &exchange->request, response);
    if (!is_declined(exchange))
        mend_response(exchange);
}

static void refuse(struct exchange *exchange, const char *why)
{
    http_clear_response(&exchange->response);
    http_set_error(&exchange->response, ASAP_UNAVAILABLE, why);
    http_set_header(&exchange->response, "Cache-Control", "no-store");
    http_set_header(&exchange->response, "Retry-After", "%d", RETRY_SECONDS);
}

static void refuse_for_load(struct exchange *exchange)
{
    refuse(exchange, "too many requests are waiting");
}

/* On the event thread. False when the listener is about to end. */
static bool suspend(struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;

    if (!suspension_begin(&exchange->transport->suspension))
        return false;
    exchange->step = EXCHANGE_WORKING;
    connection_suspend_deadline(connection);
    MHD_suspend_connection(exchange->handle);
    return true;
}

/* Has the response sent. The connection may be gone when this returns, and the listener with it. */
static void resume(struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;
    struct transport *transport = exchange->transport;

    exchange->step = EXCHANGE_ANSWERED;
    connection_begin_request(connection);
    MHD_resume_connection(exchange->handle);
    suspension_end(&transport->suspension);
}

static void run_again(struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;

    if (exchange->request.attempt + 1 < ATTEMPTS_MOST) {
        http_clear_response(&exchange->response);
        exchange->request.attempt++;
        exchange->request.is_repeated = true;
        if (workers_push(exchange->transport->workers, connection))
            return;
        refuse_for_load(exchange);
    } else {
        refuse(exchange, "the keys keep changing; try again");
    }
    resume(connection);
}

/* Both the call of begin() and what it waited for must be over; whoever is last goes on. */
static void let_go(void *context)
{
    struct connection *connection = context;
    struct exchange *exchange = &connection->exchange;
    struct http_hold *hold = NULL;
    bool is_final = false;

    if (atomic_fetch_sub(&exchange->waits, 1) != 1)
        return;
    hold = MOVE(exchange->response.hold);
    is_final = hold->finish(hold, &exchange->request, &exchange->response);
    hold->free(hold);
    if (is_final)
        resume(connection);
    else
        run_again(connection);
}

/* The connection is suspended. */
static void settle(struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;
    struct http_hold *hold = exchange->response.hold;

    if (hold == NULL) {
        resume(connection);
        return;
    }
    atomic_store(&exchange->waits, 2);
    hold->begin(hold, let_go, connection);
    let_go(connection);
}

void exchange_work(void *job)
{
    struct connection *connection = job;

    run_handler(&connection->exchange, true);
    settle(connection);
}

/* Suspends before the worker can have it, which may resume at once. True when the response is
 * there already. */
static bool hand_over(struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;

    if (!suspend(connection)) {
        refuse_for_load(exchange);
        return true;
    }
    if (!workers_push(exchange->transport->workers, connection)) {
        refuse_for_load(exchange);
        resume(connection);
    }
    return false;
}

/* True when the response cannot be held any more, and another is there. */
static bool hold_back(struct connection *connection)
{
    if (!suspend(connection)) {
        refuse_for_load(&connection->exchange);
        return true;
    }
    settle(connection);
    return false;
}

bool exchange_answer(struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;
    const struct http_route *route = exchange->route;
    const bool takes_long = route != NULL && (route->on_worker || route->inline_first);
    const bool has_workers = exchange->transport->workers != NULL;

    if (takes_long && route->on_worker && has_workers)
        return hand_over(connection);
    run_handler(exchange, takes_long && !has_workers);
    if (exchange->response.wants_worker) {
        exchange->request.attempt += exchange->response.has_begun ? 1 : 0;
        http_clear_response(&exchange->response);
        return hand_over(connection);
    }
    return exchange->response.hold == NULL || hold_back(connection);
}
