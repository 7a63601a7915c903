/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_REQUESTS_H
#define ASAPD_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"

/* How many requests each route had, with which status, and how long they took: a histogram for each
 * pair. Routes are known beforehand, so that no client can add one. */
struct requests;
struct route_stats;

enum { REQUEST_ROUTES_MAX = 64 };

ASAP_MUST_CHECK enum asap_code requests_new(struct requests **out, struct asap_error *err);
void requests_free(struct requests *requests); /* NULL is fine */

/* The route of this name, which is borrowed, added when it is new. Before the first request only.
 * More than REQUEST_ROUTES_MAX are a bug and abort. Owned by `requests`. */
struct route_stats *requests_route(struct requests *requests, const char *name);

/* The name; "" for NULL. */
const char *route_name(const struct route_stats *route);

/* Counts one. Any thread, a few nanoseconds; NULL counts nothing. */
void route_count(struct route_stats *route, unsigned status, int64_t microseconds);

/* asap_http_requests_total and asap_http_request_duration_seconds, where there was any request. */
void requests_write(const struct requests *requests, struct buffer *out);

#endif
