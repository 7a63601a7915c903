/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_SYSTEM_CLOCK_H
#define ASAP_SRC_SYSTEM_CLOCK_H

#include <stddef.h>
#include <time.h>

#include <asap/clock.h>

static inline int64_t system_clock_now(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

/* The clock of an options struct, where a zeroed one means the system's. */
static inline struct asap_clock clock_or_system(struct asap_clock clock)
{
    return clock.now != NULL ? clock : (struct asap_clock){ .now = system_clock_now };
}

#endif
