/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_BUDGET_H
#define ASAP_SRC_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* A token bucket over seconds: at most `burst` at once and `rate` a second. No lock of its own. */
struct budget {
    int64_t burst;
    int64_t rate;
    int64_t left;
    int64_t refilled; /* seconds, of a clock of the caller's */
};

static inline struct budget budget_full(int64_t burst, int64_t rate, int64_t now)
{
    return (struct budget){ .burst = burst, .rate = rate, .left = burst, .refilled = now };
}

/* Takes one; false when none is left. A clock that goes back gives nothing. */
static inline bool budget_spend(struct budget *budget, int64_t now)
{
    const int64_t passed = now - budget->refilled;

    if (passed > budget->burst / budget->rate)
        budget->left = budget->burst;
    else if (passed > 0)
        budget->left += passed * budget->rate;
    if (budget->left > budget->burst)
        budget->left = budget->burst;
    budget->refilled = now;
    if (budget->left == 0)
        return false;
    budget->left--;
    return true;
}

#endif
