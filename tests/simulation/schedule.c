/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include "random.h"

enum { EVENTS_MIN = 12, STREAM_OF_EVENTS = 1 };

/* How often each comes, in proportion. */
static const uint32_t weights[EVENT_KIND_COUNT] = {
    [EVENT_WAIT] = 8,     [EVENT_WAIT_FOR] = 30,  [EVENT_CREATE] = 2, [EVENT_ROTATE] = 9,
    [EVENT_TICK] = 4,     [EVENT_EMERGENCY] = 4,  [EVENT_REVOKE] = 4, [EVENT_ALGORITHM] = 2,
    [EVENT_LIFETIME] = 6, [EVENT_CACHES] = 2,     [EVENT_LEAD] = 2,   [EVENT_CAUTION] = 3,
    [EVENT_MINT] = 12,    [EVENT_SIGN] = 4,       [EVENT_COMMIT] = 3, [EVENT_KILL] = 1,
    [EVENT_CLOCK] = 4,    [EVENT_CLOCK_BACK] = 1, [EVENT_POLL] = 1,   [EVENT_FETCH] = 20,
};

static enum event_kind choose_kind(struct random *random)
{
    enum event_kind kind = 0;
    uint32_t sum = 0;
    uint32_t left = 0;

    for (size_t i = 0; i < EVENT_KIND_COUNT; i++)
        sum += weights[i];
    left = random_below(random, sum);
    while (left >= weights[kind])
        left -= weights[kind++];
    return kind;
}

void schedule_generate(struct schedule *schedule, uint64_t seed, uint64_t number)
{
    struct random random;

    random_seed(&random, seed, number * 2 + STREAM_OF_EVENTS);
    *schedule = (struct schedule){ .seed = seed, .number = number };
    schedule->count = EVENTS_MIN + random_below(&random, EVENTS_MAX - EVENTS_MIN + 1);
    for (size_t i = 0; i < schedule->count; i++)
        schedule->events[i] =
            (struct event){ choose_kind(&random), random_below(&random, UINT32_MAX),
                            random_below(&random, UINT32_MAX), random_below(&random, UINT32_MAX) };
}
