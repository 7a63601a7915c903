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

/* How a caller proved who it is, with the numbers of asap.v1.ProofKind. */
enum rpc_proof {
    RPC_PROOF_NONE, /* not at all: anybody */
    RPC_PROOF_TOKEN,
    RPC_PROOF_CERTIFICATE,
    RPC_PROOF_API_KEY,
    RPC_PROOF_UID
};

enum { RPC_NAME_SIZE = 128, RPC_PROOF_SIZE = 256, RPC_ADDRESS_SIZE = 64 };

/* Who calls, whatever the proof. */
struct rpc_caller {
    bool is_admin; /* may administer everything */
    enum rpc_proof proof_kind;
    char name[RPC_NAME_SIZE];       /* "ci", "uid:0"; of anybody the address */
    char proof[RPC_PROOF_SIZE];     /* what was shown, such as a credential's id; never a secret */
    char address[RPC_ADDRESS_SIZE]; /* where from: "127.0.0.1", "uid:1000" */
};

/* Who may call a method; what exactly a caller may do is its handler's to say. */
enum rpc_role { RPC_ANYBODY, RPC_CALLER, RPC_ADMIN };

/* Is told of each header of a request, in order; both texts are borrowed, the name as it was
 * sent. */
typedef void rpc_header_visitor(void *context, const char *name, const char *value);

#define RPC_NO_DEADLINE INT64_MAX

struct rpc_call {
    void *service; /* what main gave the server along with the table */
    const struct rpc_method *method;
    const struct rpc_caller *caller;
    int64_t now;             /* seconds since 1970 */
    int64_t deadline_ms;     /* of the monotonic clock; RPC_NO_DEADLINE for none */
    int64_t timeout_ms;      /* as the caller set it; -1 for none */
    const char *query;       /* of a call by GET, as sent; NULL when it came by POST */
    bool may_block;          /* false: whatever takes long sets reply->wants_worker instead */
    bool is_repeated;        /* the same call as before, whose reply's hold said ASAP_ABORTED */
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
    enum rpc_role role;
    bool no_side_effects; /* may be called by GET */
    bool is_quick;        /* may be called where blocking is not allowed, see may_block */
    bool is_audited;      /* each call by somebody known is recorded, failed ones included */
};

#endif
