/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_WAIT_H
#define ASAPCTL_WAIT_H

#include "ctl.h"

/* From here on an interruption ends the next wait, and not the process between two steps that
 * belong together. */
void wait_hold_interruptions(const struct ctl *ctl);

/* Waits until `time`, telling on standard error what for and, on a terminal, how long still.
 * ASAP_CANCELED: the user ended it. */
ASAP_MUST_CHECK enum asap_code
wait_until(const struct ctl *ctl, int64_t time, const char *what, struct asap_error *err);

/* Waits until `time`, or as long as that takes if the clock is set back meanwhile, without a word
 * but, on a terminal, how long it still is until `end`; 0: not even that. ASAP_CANCELED: the user
 * ended it. */
ASAP_MUST_CHECK enum asap_code
wait_step(const struct ctl *ctl, int64_t time, int64_t end, struct asap_error *err);

#endif
