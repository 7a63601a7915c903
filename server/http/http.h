/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_HTTP_H
#define ASAPD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"
#include "log.h"

/* HTTP as handlers see it. Nothing outside this folder knows libmicrohttpd. */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

/* Who is at the other end. */
struct http_peer {
    bool is_local; /* a unix socket: uid holds */
    uint32_t uid;
    char address[64]; /* "127.0.0.1", "2001:db8::1", "uid:1000" */
};

/* How a request finds the first header of a name, which matches in any case. */
typedef const char *http_find_header(void *transport, const char *name);

/* How a request tells of all its headers, in order; both texts are borrowed. */
typedef void http_header_visitor(void *context, const char *name, const char *value);
typedef void http_each_header(void *transport, http_header_visitor *visit, void *context);

/* Everything is borrowed for the duration of the handler. */
struct http_request {
    enum http_method method;
    const char *path;  /* as sent, nothing decoded, without the query; begins with "/" */
    const char *query; /* as sent, without the "?"; NULL when the target has no "?" */
    const char *body;
    size_t body_length;
    size_t body_limit;   /* the route's */
    int64_t received_ms; /* of the monotonic clock, when the last header had come */
    struct http_peer peer;
    http_find_header *find_header; /* NULL: there are no headers */
    http_each_header *each_header; /* NULL: there are no headers */
    void *transport;
};

/* The value of a header that may occur once, or NULL. */
const char *http_request_header(const struct http_request *request, const char *name);

enum { HTTP_HEADERS_MAX = 8, HTTP_HEADER_SIZE = 192, HTTP_BODY_MAX = 16 * 1024 * 1024 };
enum { HTTP_LINES_MAX = 128 * 1024 };

/* Filled by the handler, which gets it with an empty body limited to HTTP_BODY_MAX. The transport
 * adds Date and Content-Length, and leaves the body out for HEAD and 304. */
struct http_response {
    unsigned status;
    struct {
        const char *name; /* a literal */
        char value[HTTP_HEADER_SIZE];
    } headers[HTTP_HEADERS_MAX];
    size_t header_count;
    struct buffer lines; /* what http_add_header() added */
    struct buffer body;
    bool close; /* end the connection after this response */
};

/* Adds a header; `name` is a literal. More than HTTP_HEADERS_MAX, or a value that does not fit
 * HTTP_HEADER_SIZE, is a bug and aborts. */
__attribute__((format(printf, 3, 4))) void
http_set_header(struct http_response *response, const char *name, const char *format, ...);

/* Adds a header of any name and length, which is copied, beside others of its name. The caller
 * has made sure that the name is a token and the value holds no control byte. What memory runs out
 * for, or is over HTTP_LINES_MAX bytes in all, fails the response. */
void http_add_header(struct http_response *response, const char *name, const char *value);

/* The headers of http_add_header() in turn: pass NULL at first, then what the last call returned.
 * The value follows the name and its NUL. NULL after the last. */
const char *http_next_header(const struct http_response *response, const char *name);

/* One line of JSON for people: {"code":"not_found","message":"..."}; the status follows from the
 * code's row in status.h. Replaces body and Content-Type. */
void http_set_error(struct http_response *response, enum asap_code code, const char *message);

typedef void http_handler(void *context,
                          const struct http_request *request,
                          struct http_response *response);

/* Routes are tried in order; the first whose `matches` answers true handles the request. */
struct http_route {
    bool (*matches)(const char *path);
    http_handler *handler;
    void *context;
    size_t body_limit; /* bytes; 0: a request with a body is refused */
    bool takes_chunks; /* a body may be sent in chunks, whose connection ends with the response */
    bool on_worker;    /* may take long: runs on a worker thread, the connection suspended */
};

struct http_limits {
    unsigned connections;             /* open at once, in all */
    unsigned connections_per_address; /* one IPv4 address or IPv6 /64; unix sockets do not count */
    unsigned header_ms;               /* from accept or idleness to the end of the headers */
    unsigned request_ms;              /* from there to the last byte of the response */
    unsigned idle_ms;                 /* between requests of one connection */
};

/* Where to listen: "https://[::]:8443", "http://127.0.0.1:9464", "unix:PATH". */
struct http_listener_options {
    const char *name; /* "public", for messages */
    const char *address;
    const char *certificate_file;    /* https only: PEM chain ... */
    const char *key_file;            /* ... and private key */
    const char *client_ca_file;      /* PEM: who signs the certificates that clients must have;
                                        NULL: they need none */
    const struct http_route *routes; /* borrowed; ended by a zeroed row */
    struct http_limits limits;
    unsigned threads;
    unsigned workers; /* threads for `on_worker` routes; 0 if there is no such route */
    const struct log *log;
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

/* Stops accepting; then http_listener_free() waits for requests in flight (at most request_ms)
 * and frees. NULL is fine. */
void http_listener_quiesce(struct http_listener *listener);
void http_listener_free(struct http_listener *listener);

/* Undoes percent-encoding once, into `out` of `size` bytes with a NUL. "+" stays "+".
 * False for a malformed escape, a NUL, or too little room. */
bool http_decode_path(const char *text, size_t length, char *out, size_t size);

#endif
