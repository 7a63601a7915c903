/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "audit_parts.h"
#include "fail.h"
#include "walk.h"

/* The most that one transaction removes, so that others do not wait long. */
enum { BATCH_MAX = 2000 };
static_assert(AUDIT_PRUNE_MAX % BATCH_MAX == 0, "whole transactions reach the most exactly");

static int64_t lesser(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* The last event that goes; 0 for none. */
static enum asap_code
find_target(struct audit *audit, int64_t before, int64_t *out, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct audit_head_row head;

    TRY(txn_begin_read(&txn, audit->store, err));
    TRY(store_get_audit_head(&txn, &head, err));
    TRY(store_find_audit_before(&txn, before, out, err));
    *out = lesser(*out, head.sequence - 1);
    return ASAP_OK;
}

/* Goes from the checkpoint to the event `through`, or as far as one transaction removes. What was
 * altered is not removed: that would remove the evidence, under a checkpoint that is genuine. */
static enum asap_code
walk_to(struct walk *walk, struct txn *txn, int64_t through, struct asap_error *err)
{
    int64_t target = 0;

    TRY(walk_enter(walk, txn, err));
    target = lesser(through, walk->last.sequence + BATCH_MAX);
    while (walk->last.sequence < target && !walk_is_broken(walk)) {
        TRY(walk_read(walk, txn, (size_t)lesser(WALK_SLICE, target - walk->last.sequence), err));
        TRY(walk_check(walk, err));
        if (walk->count == 0)
            walk_break(walk, walk->last.sequence + 1, "event %" PRId64 " is missing",
                       walk->last.sequence + 1);
    }
    if (walk_is_broken(walk))
        return fail(err, ASAP_DATA_LOSS,
                    "no more is removed from the audit log, which was altered: %.160s",
                    walk->problem);
    return ASAP_OK;
}

static enum asap_code record_removal(struct audit *audit,
                                     struct txn *txn,
                                     const struct walk *walk,
                                     int64_t now,
                                     struct asap_error *err)
{
    struct audit_row event = {
        .create_time = now, .caller = "asapd", .method = "asap.v1.AuditLog/Prune", .result = "ok"
    };

    (void)snprintf(event.message, sizeof event.message,
                   "removed %" PRId64 " events, up to event %" PRId64, walk->checked,
                   walk->last.sequence);
    return audit_append(audit, txn, &event, err);
}

/* *count: how many; 0 when all up to `through` are gone. */
static enum asap_code remove_batch(
    struct audit *audit, int64_t through, int64_t now, int64_t *count, struct asap_error *err)
{
    SCOPED(walk) struct walk walk = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    *count = 0;
    TRY(walk_init(&walk, &audit->chain, err));
    TRY(txn_begin(&txn, audit->store, err));
    TRY(walk_to(&walk, &txn, through, err));
    if (walk.checked == 0)
        return ASAP_OK;
    TRY(chain_set_checkpoint(&audit->chain, &walk.last, &walk.head, err));
    TRY(store_put_audit_head(&txn, &walk.head, err));
    TRY(store_delete_audit_events(&txn, walk.last.sequence, err));
    TRY(record_removal(audit, &txn, &walk, now, err));
    TRY(txn_commit(&txn, err));
    *count = walk.checked;
    return ASAP_OK;
}

enum asap_code audit_prune(
    struct audit *audit, int64_t before, int64_t now, int64_t *removed, struct asap_error *err)
{
    int64_t through = 0;
    int64_t count = 0;

    *removed = 0;
    TRY(find_target(audit, before, &through, err));
    do {
        TRY(remove_batch(audit, through, now, &count, err));
        *removed += count;
    } while (count > 0 && *removed < AUDIT_PRUNE_MAX);
    return ASAP_OK;
}
