/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_SEALED_H
#define ASAPD_STORE_SEALED_H

#include "store.h"

/* Sealed private keys, one for each managed key until it is destroyed. */

/* Replaces what was there. */
ASAP_MUST_CHECK enum asap_code store_put_sealed(
    struct txn *txn, int64_t key_id, const void *bytes, size_t length, struct asap_error *err);
/* ASAP_NOT_FOUND. The caller frees *out with free(). */
ASAP_MUST_CHECK enum asap_code store_get_sealed(
    struct txn *txn, int64_t key_id, void **out, size_t *length, struct asap_error *err);
/* Destroying none is no failure. */
ASAP_MUST_CHECK enum asap_code store_destroy_sealed(struct txn *txn,
                                                    int64_t key_id,
                                                    struct asap_error *err);

#endif
