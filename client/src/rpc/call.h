/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CALL_H
#define ASAP_RPC_CALL_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include <asap/error.h>

/* One unary call of the Connect protocol over libcurl. */

struct rpc_endpoint {
    const char *url;     /* "unix:PATH" or "https://host[:port]" */
    const char *ca_file; /* PEM; NULL: the system's */
    int64_t timeout_ms;  /* 0: 30000 */

    /* How the caller proves who it is, each NULL for not at all. */
    const char *bearer;           /* an API key or a token; never in a message */
    const char *certificate_file; /* PEM, of a TLS client ... */
    const char *key_file;         /* ... and its private key */
};

/* Calls `path` ("/asap.v1.Server/GetStatus"). On ASAP_OK the caller frees *out with
 * protobuf_c_message_free_unpacked(*out, NULL). The server's own error comes back as its code and
 * message. ASAP_UNAVAILABLE: the server could not be reached; the message says what to check.
 * ASAP_UNKNOWN: the connection broke after the request was sent, which may have been carried out.
 */
ASAP_MUST_CHECK enum asap_code rpc_call(const struct rpc_endpoint *endpoint,
                                        const char *path,
                                        const ProtobufCMessage *request,
                                        const ProtobufCMessageDescriptor *response,
                                        ProtobufCMessage **out,
                                        struct asap_error *err);

#endif
