/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_HTTP_RPC_H
#define ASAPD_HTTP_RPC_H

#include <stddef.h>

#include <asap/clock.h>

#include "http.h"
#include "method.h"

/* Who may call what, decided outside of the transport. */
struct rpc_gate {
    /* Finds out who calls and whether it may call `method`, before the request's body is read. *out
     * arrives zeroed, and is filled as far as it is known on failure, too: proof_kind only says
     * what was proved. A name or an address that is left empty becomes the peer's address. May add
     * headers and set reply->retry_ms. Runs again with each run of the handler: what is to be taken
     * once, such as a rate, is taken when request->attempt is 0. Where request->may_block is false
     * it may set reply->wants_worker, having taken nothing: it is asked again where it is true, in
     * the same attempt. */
    enum asap_code (*admit)(void *context,
                            const struct http_request *request,
                            const struct rpc_method *method,
                            struct rpc_reply *reply,
                            struct rpc_caller *out,
                            struct asap_error *err);

    /* Is told of each call that failed, in admit() or after it; `in` is NULL when the request was
     * not read. May set call->reply->hold, so that the refusal waits until it is recorded: it is
     * sent then whatever the hold's result is. NULL: nobody is told. */
    void (*refused)(void *context,
                    const struct rpc_call *call,
                    const ProtobufCMessage *in,
                    const struct asap_error *err);
    void *context;
};

/* The Connect protocol's unary calls over a table of methods, as JSON and binary, by POST and, of
 * methods without side effects, by GET. */
struct rpc_server {
    const struct rpc_method *methods; /* ended by a zeroed row */
    void *service;                    /* handed to every handler */
    struct asap_clock clock;
    const struct log *log;
    const struct rpc_gate *gate; /* NULL: everybody is nobody, and may call what anybody may */

    /* What google.protobuf.Any may hold, and what details of errors are readable; ended by NULL.
     * NULL stands for none. */
    const ProtobufCMessageDescriptor *const *types;

    bool names_requests; /* errors carry google.rpc.RequestInfo, beside what the handlers add */

    int64_t (*monotonic_ms)(void); /* NULL: clock_monotonic_ms() */

    /* What counts the requests of each method, in the table's order; NULL: nothing does. */
    struct route_stats *const *stats;
};

/* Whether a path is of the form /package.Service/Method with a package that begins "asap.". */
bool rpc_matches(const char *path);

/* An http_handler; `context` is a struct rpc_server. Where it must not block, a method that is not
 * quick has itself run on a worker before anything is done, which is no attempt; a quick one that
 * wants a worker once it was admitted is admitted again, in another attempt. */
void rpc_handle(void *context, const struct http_request *request, struct http_response *response);

#endif
