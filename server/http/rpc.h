/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_HTTP_RPC_H
#define ASAPD_HTTP_RPC_H

#include <stddef.h>

#include <asap/clock.h>

#include "http.h"
#include "method.h"

/* The Connect protocol's unary calls over a table of methods, as JSON and binary, by POST and, of
 * methods without side effects, by GET. */
struct rpc_server {
    const struct rpc_method *methods; /* ended by a zeroed row */
    void *service;                    /* handed to every handler */
    struct asap_clock clock;
    const struct log *log;
    uint32_t admin_uid; /* beside root, whose local calls are an administrator's */

    /* What google.protobuf.Any may hold, and what details of errors are readable; ended by NULL.
     * NULL stands for none. */
    const ProtobufCMessageDescriptor *const *types;

    int64_t (*monotonic_ms)(void); /* NULL: clock_monotonic_ms() */
};

/* Whether a path is of the form /package.Service/Method with a package that begins "asap.". */
bool rpc_matches(const char *path);

/* An http_handler; `context` is a struct rpc_server. */
void rpc_handle(void *context, const struct http_request *request, struct http_response *response);

#endif
