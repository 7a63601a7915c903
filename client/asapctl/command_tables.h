/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_COMMAND_TABLES_H
#define ASAPCTL_COMMAND_TABLES_H

#include "command.h"

/* The commands of each noun; each table ends with a zeroed row. */

extern const struct command issuer_commands[];
extern const struct command key_commands[];
extern const struct command caller_commands[];
extern const struct command credential_commands[];
extern const struct command grant_commands[];
extern const struct command token_commands[];
extern const struct command audit_commands[];
extern const struct command status_commands[];
extern const struct command doctor_commands[];

#endif
