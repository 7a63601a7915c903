/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_HTTP_H
#define ASAPD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "http_message.h"
#include "log.h"
#include "network.h"
#include "requests.h"

/* HTTP: what is served where. Nothing outside this folder knows libmicrohttpd. */

/* Routes are tried in order; the first whose `matches` answers true handles the request. */
struct http_route {
    bool (*matches)(const char *path);
    http_handler *handler;
    void *context;
    size_t body_limit; /* bytes; 0: a request with a body is refused */
    bool takes_chunks; /* a body may be sent in chunks, whose connection ends with the response */
    bool on_worker;    /* may take long: runs on a worker thread, the connection suspended */
    bool inline_first; /* is quick as a rule: runs without one until it wants a worker */
    bool bare_errors;  /* of HTTP, too, have code and message only: the Connect protocol knows no
                          other members */
    struct route_stats *stats; /* counts its requests; NULL: nothing does */
};

struct http_limits {
    unsigned connections;             /* open at once, in all */
    unsigned connections_per_address; /* one IPv4 address or IPv6 /64; neither unix sockets nor
                                         proxies count */
    unsigned header_ms;               /* from accept or idleness to the end of the headers */
    unsigned request_ms;              /* from there to the last byte of the response */
    unsigned idle_ms;                 /* between requests of one connection */
};

/* Where to listen: "https://[::]:8443", "http://127.0.0.1:9464", "unix:PATH". */
struct http_listener_options {
    const char *name; /* "public", for messages */
    const char *address;
    const char *certificate_file;     /* https only: PEM chain ... */
    const char *key_file;             /* ... and private key */
    const char *client_ca_file;       /* PEM: who signs the certificates that clients must have;
                                         NULL: they need none */
    bool client_certificate_optional; /* they are asked for one, and served without and with a bad
                                         one: see struct http_certificate */
    unsigned socket_mode;             /* of a unix socket's file; 0: 0600 */
    const struct http_route *routes;  /* borrowed; ended by a zeroed row */
    struct http_limits limits;
    const struct networks *proxies; /* borrowed: who is believed in whom it forwards requests for;
                                       NULL: nobody is */
    bool is_guarded;                /* without TLS, other machines are served by proxies only */
    unsigned threads;
    unsigned workers; /* threads for what may take long; without, only a route that is on_worker
                         or inline_first may block, and none may hold a response */
    const struct log *log;
    enum log_access access_log;
    int64_t (*monotonic_us)(void);     /* by which latency is measured; NULL: the system's */
    _Atomic int64_t *certificate_ends; /* is told when the chain's first certificate ends, in
                                          seconds since 1970, at the start and at each reload;
                                          NULL: nobody is */
};

struct http_listener;

/* Listens and serves until stopped. `options` may go, what it points to must stay.
 * ASAP_INVALID_ARGUMENT: the address or the certificate is wrong (err->field is the member);
 * ASAP_UNAVAILABLE: the address is in use or not to be had. */
ASAP_MUST_CHECK enum asap_code http_listener_start(const struct http_listener_options *options,
                                                   struct http_listener **out,
                                                   struct asap_error *err);

/* Where it listens, with the port that the system chose for port 0: "https://[::]:8443". */
const char *http_listener_address(const struct http_listener *listener);

/* Reads certificate and key again. On failure the old pair stays in use. New connections get the
 * new pair; open ones go on. Does nothing on a listener without TLS. */
ASAP_MUST_CHECK enum asap_code http_listener_reload(struct http_listener *listener,
                                                    struct asap_error *err);

/* Stops accepting; then http_listener_free() waits for requests in flight (at most request_ms), for
 * workers and for responses that are held (without limit), and frees. NULL is fine. */
void http_listener_quiesce(struct http_listener *listener);
void http_listener_free(struct http_listener *listener);

#endif
