/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CLOCK_H
#define ASAPD_CLOCK_H

#include <stdint.h>

#include <asap/clock.h>

/* The wall clock is handed in, as struct asap_clock, so that tests can set it.
 * Deadlines run on the monotonic clock. */

extern const struct asap_clock clock_system;

static inline int64_t clock_now(const struct asap_clock *clock)
{
    return clock->now(clock->context);
}

/* Microseconds of the same clock as clock_monotonic_ms(). */
int64_t clock_monotonic_us(void);

/* Milliseconds since some moment in the past, never going back. */
int64_t clock_monotonic_ms(void);

#endif
