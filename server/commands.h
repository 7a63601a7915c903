/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_COMMANDS_H
#define ASAPD_COMMANDS_H

#include <asap/clock.h>

/* Exit statuses of every command. */
enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

/* Runs the command that argv[1] names; the exit status of the process: 0 done, 1 refused or
 * failed, 2 wrong usage. The wall clock is the caller's, so that tests can set it. */
int asapd_command(int argc, char **argv, const struct asap_clock *clock);

#endif
