/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SEALED_BATCH_H
#define ASAPD_SEALED_BATCH_H

#include "store_sealed.h"

/* Goes through the sealed private keys, some at a time: begin with a zeroed one, and read until it
 * has none. */

enum { SEALED_AT_ONCE = 50 };

struct sealed_batch {
    struct sealed_row rows[SEALED_AT_ONCE];
    size_t count;
    int64_t last; /* the key that was read last */
};

ASAP_MUST_CHECK enum asap_code sealed_batch_read(struct sealed_batch *batch,
                                                 struct txn *txn,
                                                 struct asap_error *err);
void sealed_batch_clear(struct sealed_batch *batch);

static inline void sealed_batch_scope_exit(struct sealed_batch *batch)
{
    sealed_batch_clear(batch);
}

#endif
