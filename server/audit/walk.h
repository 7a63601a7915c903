/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_WALK_H
#define ASAPD_AUDIT_WALK_H

#include <stdlib.h>

#include "chain.h"
#include "scoped.h"

/* Goes along the chain from the checkpoint on, slice by slice, and stops at the
 * first event that is not as it was recorded:
 *     walk_init, then for each slice: walk_enter, walk_read, walk_check. */

enum { WALK_SLICE = 500 };

struct walk {
    const struct chain *chain;
    struct chain_place seal;    /* of a signed head that is to be met on the way; 0: none */
    struct audit_head_row head; /* as of this slice */
    struct chain_place last;    /* the last event that is as it was, or the checkpoint */
    int64_t checked;            /* that many are as they were */

    int64_t broken_sequence; /* 0: none */
    char problem[AUDIT_MESSAGE_SIZE];

    int64_t position; /* of the last row that was read */
    struct audit_row *rows;
    size_t count; /* in this slice */
};

/* The chain is borrowed, as is the walk's memory until walk_clear(). */
ASAP_MUST_CHECK enum asap_code walk_init(struct walk *walk,
                                         const struct chain *chain,
                                         struct asap_error *err);
void walk_clear(struct walk *walk);

static inline void walk_scope_exit(struct walk *walk)
{
    walk_clear(walk);
}

/* Reads the head of the log and begins at its checkpoint, if that is further on. */
ASAP_MUST_CHECK enum asap_code walk_enter(struct walk *walk,
                                          struct txn *txn,
                                          struct asap_error *err);

/* Reads up to `limit` events, at most WALK_SLICE, in the same transaction. */
ASAP_MUST_CHECK enum asap_code
walk_read(struct walk *walk, struct txn *txn, size_t limit, struct asap_error *err);

/* Checks what was read; needs no transaction. */
ASAP_MUST_CHECK enum asap_code walk_check(struct walk *walk, struct asap_error *err);

/* After the last slice, against the head of that slice. */
void walk_check_end(struct walk *walk);

/* What is wrong, and with which event; what was found first stays. */
__attribute__((format(printf, 3, 4))) void
walk_break(struct walk *walk, int64_t sequence, const char *format, ...);

static inline bool walk_is_broken(const struct walk *walk)
{
    return walk->broken_sequence != 0;
}

#endif
