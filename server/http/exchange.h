/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_EXCHANGE_H
#define ASAPD_EXCHANGE_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "buffer.h"
#include "http.h"
#include "request_ids.h"
#include "suspension.h"
#include "worker.h"

/* One request and its response, between libmicrohttpd and a handler. It is part of its connection,
 * which has one at a time, so that a request costs no allocation of its own. */

struct connection;
struct registry;
struct tls;

/* What the exchanges of one listener share. */
struct transport {
    const struct http_route *routes;
    const struct log *log;
    const char *name;
    struct registry *registry;
    struct workers *workers; /* NULL when no route needs one */
    struct tls *tls;         /* NULL on a listener without TLS */
    const struct networks *proxies;
    bool is_private; /* serves this machine and proxies only */
    struct suspension suspension;
    enum log_access access_log;
    int64_t (*monotonic_us)(void);
    struct request_ids ids;
    _Atomic int64_t *certificate_ends; /* NULL: nobody is told */
};

enum exchange_step {
    EXCHANGE_HEAD,     /* the header block is next */
    EXCHANGE_BODY,     /* the body, or its end, is next */
    EXCHANGE_WORKING,  /* a worker or a hold has it; the connection is suspended */
    EXCHANGE_ANSWERED, /* the response is there, to be sent */
    EXCHANGE_SENT
};

struct exchange {
    struct transport *transport;
    struct MHD_Connection *handle;
    enum exchange_step step;
    size_t target_length;
    char *query; /* a copy: libmicrohttpd takes its own apart */
    bool has_query;
    const struct http_route *route; /* NULL when none matches */
    struct trace trace;
    struct http_request request;
    struct http_response response;
    struct buffer body;
    uint64_t received; /* bytes of the body, kept or not */
    int64_t begun_us;  /* of the monotonic clock, when the last header had come */
    atomic_uint waits; /* what a held response still waits for */
};

/* libmicrohttpd's callbacks; `context` is a struct transport. */
void *exchange_target(void *context, const char *target, struct MHD_Connection *handle);
enum MHD_Result exchange_continue(void *context,
                                  struct MHD_Connection *handle,
                                  const char *path,
                                  const char *method,
                                  const char *version,
                                  const char *data,
                                  size_t *data_length,
                                  void **state);
void exchange_completed(void *context,
                        struct MHD_Connection *handle,
                        void **state,
                        enum MHD_RequestTerminationCode code);

/* Has the request handled. True: the response is there, to be sent; false: the connection is
 * suspended, and is resumed when it is. On the event thread. */
bool exchange_answer(struct connection *connection);

/* What a worker does; `job` is a struct connection. */
void exchange_work(void *job);

void exchange_clear(struct exchange *exchange);

/* Counts and logs a request whose answer is there, before any of it is sent: who has the answer
 * finds it counted. */
void exchange_account(const struct exchange *exchange);

#endif
