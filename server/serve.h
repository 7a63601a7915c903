/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SERVE_H
#define ASAPD_SERVE_H

#include <asap/clock.h>

/* `asapd serve`: runs the daemon until SIGTERM or SIGINT. `arguments` ends with NULL and begins
 * behind the command's name. Returns the exit status: 0 after a clean end, 1 when the daemon cannot
 * run, 2 for wrong usage. */
int serve_command(char **arguments, const struct asap_clock *clock);

#endif
