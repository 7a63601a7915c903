/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <time.h>

#include "asapctl.h"

static int64_t system_now(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

/* Signals are waited for, not handled: none can slip in between a look and a sleep. */
static bool system_sleep_until(const struct ctl_clock *clock, int64_t time)
{
    const struct timespec second = { .tv_sec = 1 };
    sigset_t ends;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    return clock->now(clock->context) >= time || sigtimedwait(&ends, NULL, &second) < 0;
}

const struct ctl_clock ctl_clock_system = { system_now, system_sleep_until, NULL };
