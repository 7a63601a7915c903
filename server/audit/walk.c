/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "tip.h"

enum asap_code walk_init(struct walk *walk, const struct chain *chain, struct asap_error *err)
{
    *walk = (struct walk){ .chain = chain, .rows = calloc(WALK_SLICE, sizeof *walk->rows) };
    return walk->rows == NULL ? fail_memory(err) : ASAP_OK;
}

void walk_clear(struct walk *walk)
{
    free(walk->rows);
    walk->rows = NULL;
}

void walk_break(struct walk *walk, int64_t sequence, const char *format, ...)
{
    va_list args;

    if (walk_is_broken(walk))
        return;
    walk->broken_sequence = sequence > 0 ? sequence : 1;
    va_start(args, format);
    (void)vsnprintf(walk->problem, sizeof walk->problem, format, args);
    va_end(args);
}

static void move_to(struct walk *walk, int64_t sequence, const unsigned char hash[AUDIT_HASH_SIZE])
{
    walk->last.sequence = sequence;
    memcpy(walk->last.hash, hash, AUDIT_HASH_SIZE);
    if (sequence == walk->seal.sequence && !chain_is_same_hash(hash, walk->seal.hash))
        walk_break(walk, sequence, "event %" PRId64 " is another than when the head was signed",
                   sequence);
}

enum asap_code walk_enter(struct walk *walk, struct txn *txn, struct asap_error *err)
{
    bool is_genuine = false;

    TRY(store_get_audit_head(txn, &walk->head, err));
    TRY(chain_check_checkpoint(walk->chain, &walk->head, &is_genuine, err));
    if (!is_genuine)
        walk_break(walk, walk->head.checkpoint_sequence,
                   "the checkpoint at event %" PRId64
                   " is forged: it was not this server that removed the events up to it",
                   walk->head.checkpoint_sequence);
    if (walk->head.checkpoint_sequence > walk->last.sequence)
        move_to(walk, walk->head.checkpoint_sequence, walk->head.checkpoint_hash);
    return ASAP_OK;
}

enum asap_code walk_read(struct walk *walk, struct txn *txn, size_t limit, struct asap_error *err)
{
    TRY(tip_list_after(txn, walk->position, walk->rows, limit, &walk->count, err));
    if (walk->count > 0)
        walk->position = walk->rows[walk->count - 1].sequence;
    return ASAP_OK;
}

static enum asap_code check_row(struct walk *walk,
                                const struct audit_row *row,
                                struct asap_error *err)
{
    const int64_t sequence = row->sequence;
    unsigned char hash[AUDIT_HASH_SIZE] = { 0 };

    TRY(chain_hash(walk->chain, walk->last.hash, row, hash, err));
    if (sequence <= walk->last.sequence)
        walk_break(walk, sequence, "event %" PRId64 " was removed, and is there again", sequence);
    else if (sequence > walk->last.sequence + 1)
        walk_break(walk, walk->last.sequence + 1, "event %" PRId64 " is missing",
                   walk->last.sequence + 1);
    else if (!chain_is_same_hash(hash, row->chain_hash))
        walk_break(walk, sequence, "event %" PRId64 " is not as it was recorded", sequence);
    else if (sequence > walk->head.sequence)
        walk_break(walk, sequence,
                   "event %" PRId64 " is there, but the log's head says that %" PRId64
                   " is the newest",
                   sequence, walk->head.sequence);
    else
        move_to(walk, sequence, hash);
    return ASAP_OK;
}

enum asap_code walk_check(struct walk *walk, struct asap_error *err)
{
    for (size_t i = 0; i < walk->count && !walk_is_broken(walk); i++) {
        TRY(check_row(walk, &walk->rows[i], err));
        if (!walk_is_broken(walk))
            walk->checked++;
    }
    return ASAP_OK;
}

void walk_check_end(struct walk *walk)
{
    const int64_t end = walk->last.sequence;

    if (walk->head.sequence > end)
        walk_break(walk, end + 1, "the newest events, from %" PRId64 " on, are missing", end + 1);
    if (walk->head.sequence < end || !chain_is_same_hash(walk->head.chain_hash, walk->last.hash))
        walk_break(walk, end, "the log's head is forged: it is not that of event %" PRId64, end);
    if (walk->seal.sequence > end)
        walk_break(walk, end + 1, "the log ends at %" PRId64 ", but there was an event %" PRId64,
                   end, walk->seal.sequence);
}
