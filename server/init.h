/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_INIT_H
#define ASAPD_INIT_H

#include <asap/clock.h>
#include <asap/error.h>

#include "config.h"

/* `asapd init`: makes a directory with all that a server needs.
 * `arguments` ends with NULL and begins behind the command's name. Returns the exit status: 0 done,
 * 1 refused or failed, 2 for wrong usage. */
int init_command(char **arguments, const struct asap_clock *clock);

/* Makes `directory` (mode 0700, if it does not exist) and in it asapd.conf with the settings of
 * `config`, the KEK, a development CA and a server certificate for localhost with its key; and in
 * `state`, which is made likewise and may be the same directory, an empty database. A failure
 * removes what this run made.
 * ASAP_ALREADY_EXISTS: one of the files exists; nothing was changed.
 * ASAP_FAILED_PRECONDITION: a directory cannot be made or others could write to it. */
ASAP_MUST_CHECK enum asap_code init_directory(const char *directory,
                                              const char *state,
                                              const struct config *config,
                                              const struct asap_clock *clock,
                                              struct asap_error *err);

#endif
