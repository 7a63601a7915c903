/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_TIP_H
#define ASAPD_AUDIT_TIP_H

#include "chain.h"

/* The newest end of the log, where events are added: read at the beginning of a
 * transaction, written back once before its end. */
struct tip {
    struct audit_head_row head;
    int64_t time; /* of the newest event */
};

/* ASAP_DATA_LOSS: the head was altered. */
ASAP_MUST_CHECK enum asap_code tip_read(struct tip *tip, struct txn *txn, struct asap_error *err);

/* Adds the event; see audit_append(). */
ASAP_MUST_CHECK enum asap_code tip_append(struct tip *tip,
                                          const struct chain *chain,
                                          struct txn *txn,
                                          struct audit_row *event,
                                          struct asap_error *err);

ASAP_MUST_CHECK enum asap_code tip_write(const struct tip *tip,
                                         struct txn *txn,
                                         struct asap_error *err);

/* All events that follow `sequence`, up to `limit`; `rows` has room for them. */
ASAP_MUST_CHECK enum asap_code tip_list_after(struct txn *txn,
                                              int64_t sequence,
                                              struct audit_row *rows,
                                              size_t limit,
                                              size_t *count,
                                              struct asap_error *err);

#endif
