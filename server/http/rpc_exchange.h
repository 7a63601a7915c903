/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_RPC_EXCHANGE_H
#define ASAPD_RPC_EXCHANGE_H

#include "rpc.h"
#include "rpc_envelope.h"

/* One call on its way, between the parts that carry it. */
struct rpc_exchange {
    const struct rpc_server *server;
    const struct rpc_method *method;
    const struct http_request *request;
    struct rpc_caller caller;
    struct rpc_envelope envelope;
    struct rpc_reply reply;
    bool has_begun; /* it was admitted */
};

static inline void rpc_exchange_scope_exit(struct rpc_exchange *exchange)
{
    buffer_clear(&exchange->envelope.held);
    rpc_reply_clear(&exchange->reply);
}

/* Makes the response of a call that has ended so; after a success its body is there already. */
void rpc_respond(struct rpc_exchange *exchange,
                 enum asap_code code,
                 const struct asap_error *err,
                 struct http_response *response);

/* Counts how a call has ended, and writes it to the log if that concerns anybody. */
void rpc_conclude(const struct rpc_exchange *exchange,
                  enum asap_code code,
                  const struct asap_error *err);

/* Has a response that is made wait for the reply's hold, which it takes over, and logs it then. A
 * success becomes what the hold's failure says, or another call; a failure stays what it is. */
void rpc_hold_back(struct rpc_exchange *exchange,
                   enum asap_code code,
                   const struct asap_error *err,
                   struct http_response *response);

#endif
