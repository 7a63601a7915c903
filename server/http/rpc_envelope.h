/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_RPC_ENVELOPE_H
#define ASAPD_RPC_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"
#include "codec.h"
#include "http.h"

/* What surrounds the message of a call: formats, compression, time (Connect protocol,
 * "Unary-Request" and "Unary-Get-Request"). */

struct rpc_envelope {
    enum codec_format format; /* of the request's message and the response's */
    bool accepts_gzip;        /* the caller, of the response */
    int64_t timeout_ms;       /* -1: none */
    unsigned http_status;     /* that a failure has instead of its code's; 0: its code's */
    const char *bytes;        /* the message, neither compressed nor encoded */
    size_t length;
    struct buffer held; /* what `bytes` points to unless that is the request's body */
};

/* Reads the headers of a request by POST, or the headers and the query of one by GET. The caller
 * clears out->held, and may use what else there is after a failure, too.
 * ASAP_UNKNOWN with http_status 415: neither application/json nor application/proto;
 * ASAP_INVALID_ARGUMENT: a malformed header, query or gzip; ASAP_UNIMPLEMENTED: another
 * compression; ASAP_RESOURCE_EXHAUSTED: inflated it is over the route's limit for bodies. */
ASAP_MUST_CHECK enum asap_code rpc_envelope_read(const struct http_request *request,
                                                 struct rpc_envelope *out,
                                                 struct asap_error *err);

/* "application/json" */
const char *rpc_content_type(enum codec_format format);

/* One to ten digits. False for anything else; then *out is undefined. */
bool rpc_timeout_parse(const char *text, int64_t *out);

#endif
