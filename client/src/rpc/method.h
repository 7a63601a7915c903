/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_METHOD_H
#define ASAP_RPC_METHOD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "reply.h"

/* A unary RPC as data. A server is handed a table of these and knows nothing
 * else of its services. */

/* Who calls, as the transport proved it. */
struct rpc_caller {
    bool is_admin;
    char name[128]; /* for people and logs: "uid:1000", "127.0.0.1" */
};

/* Is told of each header of a request, in order; both texts are borrowed, the name as it was
 * sent. */
typedef void rpc_header_visitor(void *context, const char *name, const char *value);

#define RPC_NO_DEADLINE INT64_MAX

struct rpc_call {
    void *service; /* what main gave the server along with the table */
    const struct rpc_caller *caller;
    int64_t now;             /* seconds since 1970 */
    int64_t deadline_ms;     /* of the monotonic clock; RPC_NO_DEADLINE for none */
    int64_t timeout_ms;      /* as the caller set it; -1 for none */
    const char *query;       /* of a call by GET, as sent; NULL when it came by POST */
    struct rpc_reply *reply; /* what the handler adds besides the message */
    void (*each_header)(void *transport, rpc_header_visitor *visit, void *context);
    void *transport;
};

/* Tells `visit` of every header of the request, one time for each line that it had. */
static inline void rpc_call_each_header(const struct rpc_call *call,
                                        rpc_header_visitor *visit,
                                        void *context)
{
    if (call->each_header != NULL)
        call->each_header(call->transport, visit, context);
}

/* Fills *out, which arrives initialised and is freed by the transport with
 * protobuf_c_message_free_unpacked(): what it points to comes from malloc(). `in` is borrowed. */
typedef enum asap_code rpc_handler(const struct rpc_call *call,
                                   const ProtobufCMessage *in,
                                   ProtobufCMessage *out,
                                   struct asap_error *err);

struct rpc_method {
    const char *path; /* "/asap.v1.IssuerAdmin/CreateIssuer" */
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    rpc_handler *handler;
    bool admin_only;
    bool no_side_effects; /* may be called by GET */
};

#endif
