/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_GATE_H
#define ASAPD_GATE_H

#include "audit.h"
#include "authenticate.h"
#include "denials.h"
#include "limit.h"
#include "rpc.h"

/* Who gets in: finds out who calls, how often, and whether the method is for
 * them, and has it recorded when somebody known is refused. */
struct gate {
    struct authenticator *authenticator;
    struct limiter *callers;        /* calls, by the caller's name */
    struct limiter *addresses;      /* proofs that failed, by address */
    struct limit_rate call_rate;    /* of each caller */
    struct limit_rate failure_rate; /* of each address: an IPv4 address or an IPv6 /64 network */
    struct audit *audit;
    struct denials *denials; /* NULL: nothing counts them */
    int64_t (*monotonic_ms)(void);
};

/* The hooks of a struct rpc_gate whose context is a struct gate. */
enum asap_code gate_admit(void *context,
                          const struct http_request *request,
                          const struct rpc_method *method,
                          struct rpc_reply *reply,
                          struct rpc_caller *out,
                          struct asap_error *err);
void gate_refused(void *context,
                  const struct rpc_call *call,
                  const ProtobufCMessage *in,
                  const struct asap_error *err);

#endif
