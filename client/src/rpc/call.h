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
    const char *certificate_file; /* PEM, of a TLS client; nothing asks for it on a socket ... */
    const char *key_file;         /* ... and its private key; NULL: in the same file */
};

/* ASAP_INVALID_ARGUMENT, with err->field as `field`: it cannot stand in a header. */
ASAP_MUST_CHECK enum asap_code rpc_bearer_check(const char *bearer,
                                                const char *field,
                                                struct asap_error *err);

/* ASAP_INVALID_ARGUMENT, with err->field: "server" for an address that is neither of the two,
 * "bearer" for what cannot stand in a header, "certificate_file" for a key without one. Every call
 * checks that. Files are not looked at. */
ASAP_MUST_CHECK enum asap_code rpc_endpoint_check(const struct rpc_endpoint *endpoint,
                                                  struct asap_error *err);

/* Calls `path` ("/asap.v1.Server/GetStatus"). On ASAP_OK the caller frees *out with
 * protobuf_c_message_free_unpacked(*out, NULL). The server's own error comes back as its code,
 * message, reason and field. ASAP_UNAVAILABLE: the server could not be reached; the message says
 * what to check. ASAP_FAILED_PRECONDITION: so it is with the CA file, the certificate or its key.
 * ASAP_UNKNOWN: the connection broke after the request was sent, which may have been carried out.
 * ASAP_DEADLINE_EXCEEDED: the same of an answer that did not come in time. Any thread. */
ASAP_MUST_CHECK enum asap_code rpc_call(const struct rpc_endpoint *endpoint,
                                        const char *path,
                                        const ProtobufCMessage *request,
                                        const ProtobufCMessageDescriptor *response,
                                        ProtobufCMessage **out,
                                        struct asap_error *err);

/* What a call is to bring, and what it brought. */
struct rpc_answer {
    const ProtobufCMessageDescriptor *type; /* of the response */
    ProtobufCMessage *message;              /* NULL unless the call succeeded */
    int64_t retry_ms; /* how long the server, in its error, asks to wait; 0: it does not say */
};

/* The same for whoever repeats a call that failed. */
ASAP_MUST_CHECK enum asap_code rpc_call_for(const struct rpc_endpoint *endpoint,
                                            const char *path,
                                            const ProtobufCMessage *request,
                                            struct rpc_answer *answer,
                                            struct asap_error *err);

#endif
