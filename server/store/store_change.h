/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_CHANGE_H
#define ASAPD_STORE_CHANGE_H

#include "store.h"

/* What has changed since a generation (see store_server.h). Each issuer is marked with the
 * generation at which it, or a key of it, last changed. */

/* Up to `limit` issuers, deleted ones included, that changed after `generation`, in no order.
 * `rows` has room for them. These are all if since then as many changes are marked as there were.
 */
ASAP_MUST_CHECK enum asap_code store_list_changed_issuers(struct txn *txn,
                                                          int64_t generation,
                                                          struct issuer_row *rows,
                                                          size_t limit,
                                                          size_t *count,
                                                          struct asap_error *err);

/* store_each_live_key() with the keys of one issuer. */
ASAP_MUST_CHECK enum asap_code store_each_live_key_of(struct txn *txn,
                                                      int64_t issuer_id,
                                                      int64_t now,
                                                      key_visitor *visit,
                                                      void *context,
                                                      struct asap_error *err);

/* For the store itself, which marks what it writes. */
ASAP_MUST_CHECK enum asap_code store_mark_issuer(struct txn *txn,
                                                 int64_t issuer_id,
                                                 struct asap_error *err);

#endif
