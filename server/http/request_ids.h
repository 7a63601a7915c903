/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_REQUEST_IDS_H
#define ASAPD_REQUEST_IDS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "trace.h"

/* By which ids a request goes: those that its client has sent, or one of its own. */

enum { REQUEST_IDS_PREFIX = 12 };

/* Where ids of one's own come from: a random prefix and a number, since ids are to be unique and
 * cheap, and no secret. */
struct request_ids {
    char prefix[REQUEST_IDS_PREFIX + 1];
    _Atomic uint64_t count;
};

void request_ids_init(struct request_ids *ids);

/* The headers X-Request-Id and traceparent as they were found; borrowed. */
struct request_mark {
    const char *value; /* NULL: none */
    size_t length;
    unsigned count;
};

struct request_marks {
    struct request_mark request_id, parent;
};

/* Looks at one header of the request. */
void request_marks_see(struct request_marks *marks,
                       const char *name,
                       size_t name_length,
                       const char *value,
                       size_t value_length);

/* A header that is malformed, or stands twice, is as good as none. */
void request_ids_read(struct request_ids *ids,
                      const struct request_marks *marks,
                      struct trace *out);

#endif
