/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEY_GATHERING_H
#define ASAPD_KEY_GATHERING_H

#include "buffer.h"
#include "key_entry.h"

/* Keys on the way from their rows into a snapshot. */
struct key_gathering {
    const struct snapshot *old; /* an entry of it that still is what its row says is shared */
    struct buffer *damaged;     /* names the damaged rows */
    struct key_entry **entries; /* held */
    size_t count, capacity;
};

/* A key_visitor: its context is the gathering. */
ASAP_MUST_CHECK enum asap_code key_gathering_add(void *context,
                                                 const struct key_row *row,
                                                 struct asap_error *err);

/* By issuer, then oldest first. */
void key_gathering_sort(struct key_gathering *gathering);

void key_gathering_scope_exit(struct key_gathering *gathering);

#endif
