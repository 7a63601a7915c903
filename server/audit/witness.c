/* SPDX-License-Identifier: Apache-2.0 */
#include "witness.h"

#include <inttypes.h>
#include <string.h>

#include "fail.h"

void witness_init(struct witness *witness)
{
    *witness = (struct witness){ .seen = { .sequence = 0 } };
    (void)pthread_mutex_init(&witness->mutex, NULL);
}

void witness_destroy(struct witness *witness)
{
    (void)pthread_mutex_destroy(&witness->mutex);
}

void witness_note(struct witness *witness, const struct chain_place *place)
{
    (void)pthread_mutex_lock(&witness->mutex);
    if (place->sequence > witness->seen.sequence)
        witness->seen = *place;
    (void)pthread_mutex_unlock(&witness->mutex);
}

static struct chain_place get_seen(struct witness *witness)
{
    struct chain_place seen;

    (void)pthread_mutex_lock(&witness->mutex);
    seen = witness->seen;
    (void)pthread_mutex_unlock(&witness->mutex);
    return seen;
}

/* Others may have added events since: the one that was seen must be among those before. It may have
 * been removed for its age. */
static enum asap_code find_among_older(const struct chain_place *seen,
                                       struct txn *txn,
                                       bool *is_there,
                                       struct asap_error *err)
{
    struct audit_row row = { 0 };
    size_t count = 0;

    TRY(tip_list_after(txn, seen->sequence - 1, &row, 1, &count, err));
    *is_there = row.sequence != seen->sequence || chain_is_same_hash(row.chain_hash, seen->hash);
    return ASAP_OK;
}

enum asap_code witness_check(struct witness *witness,
                             const struct tip *tip,
                             struct txn *txn,
                             struct asap_error *err)
{
    const struct chain_place seen = get_seen(witness);
    bool is_there =
        tip->head.sequence == seen.sequence && chain_is_same_hash(tip->head.chain_hash, seen.hash);

    if (tip->head.sequence > seen.sequence && seen.sequence > 0)
        TRY(find_among_older(&seen, txn, &is_there, err));
    if (is_there || seen.sequence == 0)
        return ASAP_OK;
    return fail(err, ASAP_FAILED_PRECONDITION,
                "the database went back: its audit log lacks event %" PRId64
                ", which was stored, as a failover or a restore can do (see what is lost, then"
                " restart asapd to go on from there)",
                seen.sequence);
}
