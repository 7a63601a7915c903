/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_RPC_ERROR_H
#define ASAPD_RPC_ERROR_H

#include <protobuf-c/protobuf-c.h>

#include <asap/error.h>

#include "http.h"
#include "reply.h"

/* Failures with typed details (Connect protocol, "Error and EndStreamResponse"). */

/* Adds what an error says to the details: google.rpc.ErrorInfo with its reason, BadRequest with its
 * field, RetryInfo with reply->retry_ms, RequestInfo with the request's id (`trace` NULL: none).
 * What there is no room for is left out. */
void rpc_error_explain(const struct asap_error *err,
                       const struct trace *trace,
                       struct rpc_reply *reply);

/* As http_set_error(), with the details. One whose type is among google.rpc's or in `types`, which
 * ends with NULL and may be NULL, is readable, too. */
void rpc_error_set(struct http_response *response,
                   enum asap_code code,
                   const char *message,
                   const struct rpc_reply *reply,
                   const ProtobufCMessageDescriptor *const *types);

#endif
