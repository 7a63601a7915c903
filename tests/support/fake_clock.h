/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_FAKE_CLOCK_H
#define ASAP_TESTS_FAKE_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include <asap/clock.h>

/* A clock that stands still until a test moves it. Any thread may read it. */
struct fake_clock {
    _Atomic int64_t seconds;
};

static inline int64_t fake_clock_now(void *context)
{
    struct fake_clock *clock = context;

    return atomic_load(&clock->seconds);
}

/* What code under test is handed; `clock` must outlive it. */
static inline struct asap_clock fake_clock_of(struct fake_clock *clock)
{
    return (struct asap_clock){ .now = fake_clock_now, .context = clock };
}

static inline void fake_clock_advance(struct fake_clock *clock, int64_t seconds)
{
    (void)atomic_fetch_add(&clock->seconds, seconds);
}

#endif
