/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_HTTP_MESSAGE_H
#define ASAPD_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"
#include "trace.h"

/* Requests and responses as handlers see them. */

struct route_stats;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

enum { HTTP_NAMES_MAX = 16, HTTP_NAME_SIZE = 256, HTTP_PROBLEM_SIZE = 128 };

enum http_name_kind { HTTP_NAME_URI, HTTP_NAME_DNS };

/* What a TLS client has shown; its names count only when problem is "". */
struct http_certificate {
    char problem[HTTP_PROBLEM_SIZE]; /* why it proves nothing: "the client certificate has ..." */
    struct {
        enum http_name_kind kind;
        char text[HTTP_NAME_SIZE]; /* visible ASCII; of DNS in lower case, and no wildcard */
    } names[HTTP_NAMES_MAX];       /* subjectAltName; what is longer or odd is left out */
    size_t name_count;
    int64_t not_after; /* seconds since 1970: its connection may outlive it */
};

/* Who is at the other end. */
struct http_peer {
    bool is_local; /* a unix socket: uid holds */
    uint32_t uid;
    bool is_loopback;
    bool is_proxy;    /* one that is trusted, whose own uid and certificate prove nothing: of a
                         request, the address is its client's, or its own if it does not say */
    char address[64]; /* "127.0.0.1", "2001:db8::1", "uid:1000" */
    const struct http_certificate *certificate; /* NULL: none shown */
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
    const struct trace *trace; /* NULL: it has no ids */
    bool may_block;            /* false: whatever takes long sets response->wants_worker instead */
    unsigned attempt; /* how many runs of the handler on this request count, before this one */
    bool is_repeated; /* one of them made a response that its hold took back */
    http_find_header *find_header; /* NULL: there are no headers */
    http_each_header *each_header; /* NULL: there are no headers */
    void *transport;
};

/* The value of a header that may occur once, or NULL. */
const char *http_request_header(const struct http_request *request, const char *name);

enum { HTTP_HEADERS_MAX = 8, HTTP_HEADER_SIZE = 192, HTTP_BODY_MAX = 16 * 1024 * 1024 };
enum { HTTP_LINES_MAX = 128 * 1024, HTTP_CALLER_SIZE = 128 };

/* Filled by the handler, which gets it with an empty body limited to HTTP_BODY_MAX. The transport
 * adds Date and Content-Length, and leaves the body out for HEAD and 304. */
struct http_response {
    unsigned status;
    const struct trace *trace;     /* which errors name as their request's; NULL: none */
    char caller[HTTP_CALLER_SIZE]; /* who was found to ask, for the access log; "": nobody */
    struct route_stats *stats;     /* what counts it instead of its route's; NULL: that */
    struct {
        const char *name; /* a literal */
        char value[HTTP_HEADER_SIZE];
    } headers[HTTP_HEADERS_MAX];
    size_t header_count;
    struct buffer lines; /* what http_add_header() added */
    struct buffer body;
    bool close; /* end the connection after this response */

    /* Where may_block is false, on a route that is inline_first: has the handler run again where it
     * is true. That counts as an attempt only if has_begun says that something was done. */
    bool wants_worker;
    bool has_begun;
    struct http_hold *hold; /* owned; NULL: the response leaves at once */
};

/* What a response, once it is made, waits for before any of it is sent. */
struct http_hold {
    /* Begins to wait. Calls done(context) once, on any thread, perhaps before it returns. */
    void (*begin)(struct http_hold *hold, void (*done)(void *context), void *context);

    /* Once done, on any thread: may change the response, but not hold it again. False has the
     * handler run again, on a worker; after a few attempts the answer is "unavailable". */
    bool (*finish)(struct http_hold *hold,
                   const struct http_request *request,
                   struct http_response *response);

    void (*free)(struct http_hold *hold); /* without or after begin(), never in between */
};

/* Adds a header; `name` is a literal. More than HTTP_HEADERS_MAX, or a value that does not fit
 * HTTP_HEADER_SIZE, is a bug and aborts. */
__attribute__((format(printf, 3, 4))) void
http_set_header(struct http_response *response, const char *name, const char *format, ...);
/* The same without printf. */
void http_copy_header(struct http_response *response, const char *name, const char *value);

/* Adds a header of any name and length, which is copied, beside others of its name. The caller
 * has made sure that the name is a token and the value holds no control byte. What memory runs out
 * for, or is over HTTP_LINES_MAX bytes in all, fails the response. */
void http_add_header(struct http_response *response, const char *name, const char *value);

/* The headers of http_add_header() in turn: pass NULL at first, then what the last call returned.
 * The value follows the name and its NUL. NULL after the last. */
const char *http_next_header(const struct http_response *response, const char *name);

/* One line of JSON for people: {"code":"not_found","message":"...","request_id":"..."}; the status
 * follows from the code's row in status.h. Replaces body and Content-Type. */
void http_set_error(struct http_response *response, enum asap_code code, const char *message);

/* Empties it, its hold included, but for what tells of it and whether the connection ends with it.
 */
void http_clear_response(struct http_response *response);

typedef void http_handler(void *context,
                          const struct http_request *request,
                          struct http_response *response);

/* Undoes percent-encoding once, into `out` of `size` bytes with a NUL. "+" stays "+".
 * False for a malformed escape, a NUL, or too little room. */
bool http_decode_path(const char *text, size_t length, char *out, size_t size);

#endif
