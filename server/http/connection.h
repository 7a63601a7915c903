/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CONNECTION_H
#define ASAPD_CONNECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <asap/error.h>

#include "exchange.h"
#include "http.h"
#include "scoped.h"
#include "tls.h"

/* The open connections of a listener, each with an absolute deadline and its client's share.
 *
 * libmicrohttpd's time-out is for idleness only, so a client that sends a byte now and then would
 * hold its connection for ever. A thread of the registry shuts down what is past its deadline. It
 * never closes: libmicrohttpd owns the socket, and says that a connection is over before it closes
 * it, so the registry never touches a number that has become another socket. */
struct registry;

enum { CONNECTION_KEY_SIZE = 16 };

/* Whose share a connection counts towards: an IPv4 address, or the /64 of an IPv6 one. */
struct connection_key {
    unsigned char bytes[CONNECTION_KEY_SIZE];
};

struct connection {
    struct registry *registry;
    struct connection *next;
    struct connection **link; /* what points here; NULL when it is not in the registry */
    bool is_admitted;         /* false: over its address's limit, and shut down */
    int fd;                   /* its own once it lingers; libmicrohttpd's until then */
    bool lingers;             /* once closed, it is still read from: set it with a response that
                                 leaves a body unread */
    bool is_lingering;
    struct connection_key key;
    _Atomic int64_t deadline_ms; /* of clock_monotonic_ms(); CONNECTION_NO_DEADLINE for none */
    atomic_bool is_busy;         /* between a request's first line and its response's last byte */
    struct http_peer peer;
    struct tls_pair *pair;                /* NULL without TLS */
    struct http_certificate *certificate; /* also the peer's; NULL when it has shown none */
    struct exchange exchange;
};

#define CONNECTION_NO_DEADLINE INT64_MAX

/* Starts the thread that keeps the deadlines. `proxies` is borrowed, and may be NULL. */
ASAP_MUST_CHECK enum asap_code registry_new(const struct http_limits *limits,
                                            const struct networks *proxies,
                                            struct registry **out,
                                            struct asap_error *err);

/* All connections must be closed by then; those that linger are ended. NULL is fine. */
void registry_free(struct registry *registry);

/* Takes up a connection that was accepted, due to send a request within header_ms. Over its
 * address's limit it is shut down at once. NULL when memory ran out; the socket is shut down
 * then. Ended by connection_close(). */
struct connection *connection_open(struct registry *registry, int fd, const struct sockaddr *name);

/* To be called before the socket is closed. One that lingers goes on counting towards its address's
 * share, and is ended when its client has sent all or after two seconds. NULL is fine. */
void connection_close(struct connection *connection);

/* Room, zeroed, for what the peer shows in its handshake; NULL when memory ran out. */
struct http_certificate *connection_show(struct connection *connection);
void connection_show_nothing(struct connection *connection);

/* A request has begun, must be done within request_ms, waits for a worker, is done. */
void connection_set_busy(struct connection *connection);
void connection_begin_request(struct connection *connection);
void connection_suspend_deadline(struct connection *connection);
void connection_end_request(struct connection *connection);

/* From now on connections end with their request; idle ones are shut down. */
void registry_drain(struct registry *registry);
bool registry_is_draining(const struct registry *registry);

/* Waits until no request is in flight, at most request_ms. */
void registry_await_idle(struct registry *registry);

DEFINE_SCOPED(registry, struct registry *, registry_free)

#endif
