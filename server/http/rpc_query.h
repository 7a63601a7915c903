/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_RPC_QUERY_H
#define ASAPD_RPC_QUERY_H

#include <stdbool.h>

#include <asap/error.h>

#include "buffer.h"

/* A call by GET: the query of its target (Connect protocol, "Unary-Get-Request"). */

enum { RPC_QUERY_WORD = 16 };

struct rpc_query {
    char encoding[RPC_QUERY_WORD];    /* "json"; "" when there is none */
    char compression[RPC_QUERY_WORD]; /* "gzip"; "" when there is none */
    struct buffer message;            /* as it was before base64 and percent-encoding */
};

/* Takes a query apart, in any order, with unknown parameters between. The caller clears
 * out->message, whose limit he has set. ASAP_INVALID_ARGUMENT: a malformed escape or base64, a
 * parameter that is there twice, another protocol version than "v1", no message.
 * ASAP_RESOURCE_EXHAUSTED: the message is over its limit. */
ASAP_MUST_CHECK enum asap_code rpc_query_read(const char *query,
                                              struct rpc_query *out,
                                              struct asap_error *err);

/* Takes the next parameter from the front of *query and undoes its encoding, "+" for a space as in
 * forms. Both buffers are cleared first. False after the last, or when one is malformed or over a
 * buffer's limit; then *query is not NULL. */
bool rpc_query_next(const char **query, struct buffer *name, struct buffer *value);

#endif
