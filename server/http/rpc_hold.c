/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_exchange.h"

#include <stdlib.h>

#include "fail.h"
#include "outcomes.h"

/* A call whose response is held. */
struct held {
    struct http_hold base;
    struct rpc_hold *hold;
    struct rpc_exchange exchange; /* without what the response needs no more */
    enum asap_code code;          /* of the response */
    struct asap_error err;
};

static void begin(struct http_hold *base, void (*done)(void *context), void *context)
{
    struct rpc_hold *hold = ((struct held *)base)->hold;

    hold->begin(hold, done, context);
}

/* Nothing of what was to be held may leave, its headers included. */
static void replace(struct rpc_exchange *exchange,
                    enum asap_code code,
                    struct asap_error *err,
                    struct http_response *response)
{
    const struct rpc_reply kept = { .retry_ms = exchange->reply.retry_ms,
                                    .outcomes = exchange->reply.outcomes };

    err->code = code;
    rpc_reply_clear(&exchange->reply);
    exchange->reply = kept;
    http_clear_response(response);
    rpc_respond(exchange, code, err, response);
    rpc_conclude(exchange, code, err);
}

/* The call is made once more, and ends then. */
static void count_again(const struct rpc_exchange *exchange)
{
    if (exchange->reply.outcomes != NULL)
        outcomes_count(exchange->reply.outcomes, ASAP_ABORTED);
}

static bool finish(struct http_hold *base,
                   const struct http_request *request,
                   struct http_response *response)
{
    struct held *held = (struct held *)base;
    struct asap_error err = { 0 };
    const enum asap_code result = held->hold->result(held->hold, &err);

    held->exchange.request = request;
    if (held->code != ASAP_OK || result == ASAP_OK)
        rpc_conclude(&held->exchange, held->code, &held->err);
    else if (result == ASAP_ABORTED)
        count_again(&held->exchange);
    else
        replace(&held->exchange, result, &err, response);
    return held->code != ASAP_OK || result != ASAP_ABORTED;
}

static void release(struct http_hold *base)
{
    struct held *held = (struct held *)base;

    held->hold->free(held->hold);
    rpc_exchange_scope_exit(&held->exchange);
    free(held);
}

void rpc_hold_back(struct rpc_exchange *exchange,
                   enum asap_code code,
                   const struct asap_error *err,
                   struct http_response *response)
{
    struct held *held = calloc(1, sizeof *held);
    struct asap_error failure = { 0 };

    if (held == NULL) {
        replace(exchange, fail_memory(&failure), &failure, response);
        return;
    }
    held->base = (struct http_hold){ begin, finish, release };
    held->hold = MOVE(exchange->reply.hold);
    held->exchange = *exchange;
    held->exchange.reply = (struct rpc_reply){ .retry_ms = exchange->reply.retry_ms,
                                               .outcomes = exchange->reply.outcomes };
    held->exchange.envelope.bytes = NULL;
    held->exchange.envelope.held = (struct buffer){ 0 };
    held->code = code;
    held->err = *err;
    response->hold = &held->base;
}
