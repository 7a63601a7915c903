/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEY_SCHEDULE_H
#define ASAPD_KEY_SCHEDULE_H

#include <stdlib.h>

#include "admin.h"

/* What asapd does to keys by itself: rotates those of issuers whose period is
 * over, and destroys private keys that are of no use any more. Several daemons
 * on one database do each of it once. */

/* What failed and is not tried again before a time. */
struct setback {
    char issuer[ISSUER_MAX + 1]; /* "": concerns all of them */
    int64_t until;
    int64_t delay; /* seconds; doubles from one failure to the next */
};

/* Used by one thread. Zeroed, but for the first three members, to begin with. */
struct key_schedule {
    const struct admin *admin;
    const struct log *log;
    int64_t (*monotonic_ms)(void);

    bool is_known; /* what follows is known from the snapshot of this generation */
    int64_t generation;
    int64_t last_turn; /* seconds of the wall clock, as the following */
    int64_t next_rotation;
    int64_t next_destruction;
    int64_t destroyed_until; /* private keys of what had retired by then are gone; 0: unknown */
    struct setback *setbacks;
    size_t setback_count;
};

static inline void key_schedule_clear(struct key_schedule *schedule)
{
    free(schedule->setbacks);
}

/* Does what is due at `now`, seconds of the wall clock, or a part of it: no more than about a fifth
 * of a second passes, and the next call goes on. Reads nothing from the database while nothing is
 * due. What fails is logged once and tried again later and later. */
void key_schedule_run(struct key_schedule *schedule, int64_t now);

/* When the keys of an issuer are to be rotated by themselves next, if its period were `period`, and
 * the key that signs until then: NULL while none does. */
int64_t key_schedule_due(const struct known_issuer *issuer,
                         int64_t period,
                         int64_t now,
                         const struct published_key **active);

#endif
