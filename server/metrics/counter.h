/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_COUNTER_H
#define ASAPD_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/* A number that only grows. Any thread; no order with anything else is promised. Zeroed memory is a
 * counter at 0. */
struct counter {
    _Atomic uint64_t value;
};

static inline void counter_add(struct counter *counter, uint64_t amount)
{
    (void)atomic_fetch_add_explicit(&counter->value, amount, memory_order_relaxed);
}

static inline uint64_t counter_read(const struct counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

#endif
