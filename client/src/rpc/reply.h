/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_REPLY_H
#define ASAP_RPC_REPLY_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

/* What a handler answers besides its message: headers and trailers, which go out with a success
 * and with an error alike, and the typed details of an error. */

enum { RPC_LINES_MAX = 64, RPC_DETAILS_MAX = 16, RPC_REPLY_MAX = 64 * 1024 };

/* A header or a trailer. */
struct rpc_line {
    char *name;
    char *value;
};

struct rpc_lines {
    struct rpc_line *items;
    size_t count;
};

/* A google.protobuf.Any: the type's full name, "google.rpc.ErrorInfo", and the message's bytes. */
struct rpc_detail {
    char *type;
    ProtobufCBinaryData value;
};

/* What a response, once it is made, waits for before it is sent: nothing of it leaves earlier. */
struct rpc_hold {
    /* Begins to wait. Calls done(context) once, on any thread, perhaps before it returns. */
    void (*begin)(struct rpc_hold *hold, void (*done)(void *context), void *context);

    /* After that: ASAP_OK lets the response go, ASAP_ABORTED has the whole call carried out again,
     * and any other failure is sent in place of the response. */
    enum asap_code (*result)(struct rpc_hold *hold, struct asap_error *err);

    void (*free)(struct rpc_hold *hold);
};

struct outcomes;

/* Zeroed at first; emptied by rpc_reply_clear(). */
struct rpc_reply {
    struct rpc_lines headers;
    struct rpc_lines trailers;
    struct rpc_detail *details;
    size_t detail_count;
    int64_t retry_ms;          /* when it is worth trying again, from now; 0: unknown */
    size_t size;               /* of all texts and bytes */
    struct rpc_hold *hold;     /* owned; NULL: the response leaves at once */
    struct outcomes *outcomes; /* the server's, counts how the call ends; NULL: nothing does */
    bool wants_worker; /* nothing was done: the call is to be carried out where it may block */
};

/* Adds a line; a name may be added several times. ASAP_INTERNAL: the name is no token or is one
 * that the transport sets (Content-Type, Connect-..., ...), the value holds a control byte, or
 * there is too much. */
ASAP_MUST_CHECK enum asap_code rpc_reply_header(struct rpc_reply *reply,
                                                const char *name,
                                                const char *value,
                                                struct asap_error *err);
ASAP_MUST_CHECK enum asap_code rpc_reply_trailer(struct rpc_reply *reply,
                                                 const char *name,
                                                 const char *value,
                                                 struct asap_error *err);

/* Adds a detail, packed. */
ASAP_MUST_CHECK enum asap_code rpc_reply_detail(struct rpc_reply *reply,
                                                const ProtobufCMessage *message,
                                                struct asap_error *err);

/* The same for a message that is packed already. `type_url` may begin with what ends in "/". */
ASAP_MUST_CHECK enum asap_code rpc_reply_detail_bytes(struct rpc_reply *reply,
                                                      const char *type_url,
                                                      const void *bytes,
                                                      size_t length,
                                                      struct asap_error *err);

void rpc_reply_clear(struct rpc_reply *reply);

static inline void reply_scope_exit(struct rpc_reply *reply)
{
    rpc_reply_clear(reply);
}

#endif
