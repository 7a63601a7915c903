/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_GUARD_H
#define ASAPD_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a request must keep to before anything else looks at it. libmicrohttpd reads leniently
 * what a proxy in front may read in another way, and what two parsers read differently carries a
 * hidden request past one of them. A request that is refused gets no answer: its connection is
 * dropped, so that nothing behind it on the same connection is ever read as another request. */

enum { GUARD_COUNTED = 5 };

/* Zeroed for each request. */
struct guard {
    unsigned counts[GUARD_COUNTED]; /* of the headers that may occur once */
    uint64_t content_length;        /* 0 when there is none */
    bool is_chunked;                /* the body is of the length that its chunks have */
    bool is_refused;
};

/* To be called with each header of the request, in any order. */
void guard_header(struct guard *guard,
                  const char *name,
                  size_t name_length,
                  const char *value,
                  size_t value_length);

/* The verdict after the last header: each name is an RFC 9110 token, no value holds a control
 * byte, there is exactly one Host, at most one Content-Length of decimal digits, Content-Type and
 * Authorization, and at most one Transfer-Encoding, which is "chunked" and is not beside a
 * Content-Length (RFC 9112 section 6.3). */
bool guard_accepts_headers(const struct guard *guard);

/* A target begins with "/"; path and query hold neither space nor control byte. */
bool guard_accepts_path(const char *path, size_t length);
bool guard_accepts_query(const char *query, size_t length);

/* HTTP/1.0 and HTTP/1.1 only. */
bool guard_accepts_version(const char *version);

/* Whether a body may come in chunks: not in HTTP/1.0, which has none (RFC 9112 section 6.1), and
 * not where nobody takes them. */
bool guard_accepts_chunks(const struct guard *guard, const char *version, bool is_taken);

#endif
