/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_METRICS_H
#define ASAPD_METRICS_H

#include "ops.h"

/* What Prometheus is told, in its text format 0.0.4, read from memory when it is asked for. */

/* An http_handler; `context` is a struct ops. Serves GET and HEAD. */
void metrics_handle(void *context,
                    const struct http_request *request,
                    struct http_response *response);

bool metrics_matches(const char *path);

#endif
