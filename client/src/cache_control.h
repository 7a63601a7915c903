/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_CACHE_CONTROL_H
#define ASAP_SRC_CACHE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

/* How long a response may be used, from its header fields (RFC 9111, and RFC
 * 5861 for use beyond). This is a private cache: s-maxage and private say nothing to it. */

/* Every number of seconds is cut to the first; the second holds when a response names none. */
enum { CACHE_SECONDS_MAX = 86400, CACHE_SECONDS_DEFAULT = 300 };

struct cache_seconds {
    bool given;
    int64_t seconds;
};

/* The Cache-Control fields of one response taken together. */
struct cache_directives {
    bool given;
    bool no_store;
    bool no_cache;
    bool must_revalidate;
    struct cache_seconds max_age;
    struct cache_seconds stale_while_revalidate;
    struct cache_seconds stale_if_error;
};

/* What the header fields of one response say; zeroed: nothing. */
struct cache_headers {
    struct cache_directives control;
    struct cache_seconds expires; /* since 1970; 0 when it is no date, which is in the past */
    struct cache_seconds age;
    struct cache_seconds date; /* since 1970 */
};

/* Takes in one header field. Fields that do not concern caching are ignored. Whatever is
 * malformed or contradictory makes the response stale sooner, never later. */
void cache_headers_add(struct cache_headers *headers, const char *name, const char *value);

/* Freshens what is stored by the fields of a 304 (RFC 9111 section 3.2). */
void cache_headers_update(struct cache_headers *stored, const struct cache_headers *newer);

/* The first second at which the response... Seconds since 1970. */
struct cache_times {
    bool may_store;
    int64_t stale;                  /* is not fresh any more */
    int64_t stale_while_revalidate; /* may not be used while another request is under way */
    int64_t stale_if_error;         /* may not be used when the origin fails */
};

/* For a response received at `now`. */
struct cache_times cache_headers_times(const struct cache_headers *headers, int64_t now);

#endif
