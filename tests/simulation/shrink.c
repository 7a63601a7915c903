/* SPDX-License-Identifier: Apache-2.0 */
#include "shrink.h"

#include <string.h>

#include "run.h"

static bool fails(const struct schedule *schedule, enum rule broken)
{
    struct world world;

    run_schedule(&world, schedule, broken, NULL);
    return world.has_failed;
}

static struct schedule without(const struct schedule *schedule, size_t first, size_t length)
{
    struct schedule shorter = *schedule;

    if (length > schedule->count - first)
        length = schedule->count - first;
    shorter.count -= length;
    memmove(&shorter.events[first], &shorter.events[first + length],
            (shorter.count - first) * sizeof shorter.events[0]);
    return shorter;
}

static bool drop_some(struct schedule *schedule, enum rule broken, size_t length)
{
    bool has_dropped = false;

    for (size_t first = 0; first < schedule->count;) {
        const struct schedule shorter = without(schedule, first, length);

        if (fails(&shorter, broken)) {
            *schedule = shorter;
            has_dropped = true;
        } else {
            first += length;
        }
    }
    return has_dropped;
}

void shrink_schedule(struct schedule *schedule, enum rule broken)
{
    for (size_t length = schedule->count / 2; length > 1; length /= 2)
        (void)drop_some(schedule, broken, length);
    for (bool has_dropped = true; has_dropped;)
        has_dropped = drop_some(schedule, broken, 1);
}
