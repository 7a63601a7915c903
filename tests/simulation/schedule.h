/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_SCHEDULE_H
#define ASAP_SIMULATION_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

/* What happens to a world, in order. The three numbers are read as choices among what there is
 * when the event comes, so that any event can be left out of a schedule. */
enum event_kind {
    EVENT_WAIT,
    EVENT_WAIT_FOR, /* until a moment at which something changes, or a second off it */
    EVENT_CREATE,
    EVENT_ROTATE,
    EVENT_TICK, /* the scheduler looks what is due */
    EVENT_EMERGENCY,
    EVENT_REVOKE,
    EVENT_ALGORITHM,
    EVENT_LIFETIME,
    EVENT_CACHES, /* max_age, stale and jwks_max_age change */
    EVENT_LEAD,
    EVENT_CAUTION, /* clock_skew, verifier_leeway and replica_lag are set larger than life */
    EVENT_MINT,
    EVENT_SIGN,   /* the first half of a mint ... */
    EVENT_COMMIT, /* ... and the second */
    EVENT_KILL,
    EVENT_CLOCK,
    EVENT_CLOCK_BACK,
    EVENT_POLL,
    EVENT_FETCH, /* a verifier is shown a key id, known or guessed */
    EVENT_KIND_COUNT
};

struct event {
    enum event_kind kind;
    uint32_t a, b, c;
};

enum { EVENTS_MAX = 64 };

struct schedule {
    uint64_t seed;
    uint64_t number;
    struct event events[EVENTS_MAX];
    size_t count;
};

/* The schedule of this number. */
void schedule_generate(struct schedule *schedule, uint64_t seed, uint64_t number);

#endif
