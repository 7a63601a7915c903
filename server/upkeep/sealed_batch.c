/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed_batch.h"

#include <stdlib.h>

#include "fail.h"

void sealed_batch_clear(struct sealed_batch *batch)
{
    for (size_t i = 0; i < SEALED_AT_ONCE; i++) {
        free(batch->rows[i].bytes);
        batch->rows[i].bytes = NULL;
    }
}

enum asap_code sealed_batch_read(struct sealed_batch *batch,
                                 struct txn *txn,
                                 struct asap_error *err)
{
    sealed_batch_clear(batch);
    TRY(store_list_sealed(txn, batch->last, batch->rows, SEALED_AT_ONCE, &batch->count, err));
    if (batch->count > 0)
        batch->last = batch->rows[batch->count - 1].key_id;
    return ASAP_OK;
}
