/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_WITNESS_H
#define ASAPD_AUDIT_WITNESS_H

#include <pthread.h>

#include "tip.h"

/* Remembers the newest event that this process knows to be stored, so that a
 * log that goes on without it is not written to: a failover or a restore has
 * lost what was answered as done. Any thread may use one. */
struct witness {
    pthread_mutex_t mutex;
    struct chain_place seen; /* of sequence 0 at first: anything goes on from there */
};

void witness_init(struct witness *witness);
void witness_destroy(struct witness *witness);

/* The event at `place` is known to be committed. One before another that is, is passed over. */
void witness_note(struct witness *witness, const struct chain_place *place);

/* ASAP_FAILED_PRECONDITION: the log that ends at `tip` lacks the event. */
ASAP_MUST_CHECK enum asap_code witness_check(struct witness *witness,
                                             const struct tip *tip,
                                             struct txn *txn,
                                             struct asap_error *err);

#endif
