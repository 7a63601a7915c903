/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_SHIFTED_CLOCK_H
#define ASAP_TESTS_SHIFTED_CLOCK_H

#include <asap/clock.h>

/* The system's clock plus the number of seconds that the file named by
 * ASAP_TEST_CLOCK holds, so that tests move a running program through time. */
extern const struct asap_clock shifted_clock;

#endif
