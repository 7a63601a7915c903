/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_METHOD_H
#define ASAP_RPC_METHOD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

/* A unary RPC as data. A server is handed a table of these and knows nothing
 * else of its services. */

/* Who calls, as the transport proved it. */
struct rpc_caller {
    bool is_admin;
    char name[128]; /* for people and logs: "uid:1000", "127.0.0.1" */
};

struct rpc_call {
    void *service; /* what main gave the server along with the table */
    const struct rpc_caller *caller;
    int64_t now; /* seconds since 1970 */
};

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
};

#endif
