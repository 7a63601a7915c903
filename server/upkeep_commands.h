/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_UPKEEP_COMMANDS_H
#define ASAPD_UPKEEP_COMMANDS_H

#include <asap/clock.h>

/* The commands that look after a database. `arguments` ends with NULL and begins behind the
 * command's name. Each returns the exit status: 0 done, 1 refused, failed, or problems found, 2 for
 * wrong usage. */
int backup_command(char **arguments, const struct asap_clock *clock);
int check_command(char **arguments, const struct asap_clock *clock);
int copy_command(char **arguments, const struct asap_clock *clock);
int migrate_command(char **arguments, const struct asap_clock *clock);
int rekey_command(char **arguments, const struct asap_clock *clock);
int restore_command(char **arguments, const struct asap_clock *clock);

#endif
