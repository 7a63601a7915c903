/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_METRICS_H
#define ASAPD_METRICS_H

#include "ops.h"

/* What Prometheus is told, in its text format 0.0.4. Everything is a gauge, and
 * read from memory when it is asked for. */

enum { METRICS_SERIES_MAX = 10000 };

/* An http_handler; `context` is a struct ops. Serves GET and HEAD. Keys have lines of their own
 * only where they have a date ahead, at most METRICS_SERIES_MAX of each metric; how many are left
 * out is a metric, too. */
void metrics_handle(void *context,
                    const struct http_request *request,
                    struct http_response *response);

bool metrics_matches(const char *path);

#endif
