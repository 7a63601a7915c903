/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_MARK_H
#define ASAPD_STORE_MARK_H

#include "store.h"

/* A database that was copied exists twice, and only one of the two may sign.
 * Each says of itself which it is. */
enum mark_kind {
    MARK_NONE,     /* an ordinary database */
    MARK_COPY,     /* a backup: it serves keys, but neither signs nor changes anything */
    MARK_ACCEPTED, /* a backup that an operator has put in the place of its original */
    MARK_MOVED     /* an original that was copied elsewhere to go on there: it is not served */
};

struct store_mark {
    enum mark_kind kind;
    int64_t copy_time; /* when it was copied */
    int64_t sign_time; /* of a backup: nothing is signed before; 0: it was not served yet */
};

/* ASAP_DATA_LOSS: the mark is damaged. */
ASAP_MUST_CHECK enum asap_code store_get_mark(struct txn *txn,
                                              struct store_mark *out,
                                              struct asap_error *err);
ASAP_MUST_CHECK enum asap_code store_put_mark(struct txn *txn,
                                              const struct store_mark *mark,
                                              struct asap_error *err);

/* ASAP_FAILED_PRECONDITION for a copy that nobody has accepted. */
ASAP_MUST_CHECK enum asap_code store_refuse_copy(const struct store_mark *mark,
                                                 struct asap_error *err);

#endif
