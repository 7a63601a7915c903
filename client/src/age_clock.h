/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_AGE_CLOCK_H
#define ASAP_SRC_AGE_CLOCK_H

#include <stddef.h>
#include <time.h>

#include <asap/clock.h>

/* How long ago something was received: by a clock that never steps and that
 * runs while the machine sleeps, so that setting the wall clock back extends no trust. */

static inline int64_t age_clock_now(void *context)
{
    struct timespec now = { 0 };

    (void)context;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec;
}

/* `age` if it is given, else whatever replaces the wall clock, else the system's. */
static inline struct asap_clock age_clock_or(struct asap_clock age, struct asap_clock wall)
{
    if (age.now != NULL)
        return age;
    return wall.now != NULL ? wall : (struct asap_clock){ .now = age_clock_now };
}

#endif
