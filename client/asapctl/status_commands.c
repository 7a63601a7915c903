/* SPDX-License-Identifier: Apache-2.0 */
#include "command_tables.h"
#include "status_verbs.h"

const struct command status_commands[] = {
    { "status", NULL, NULL, status_show, "tell how the server is", "cannot tell the status",
      ctl_no_options, NULL },
    COMMAND_END,
};
