/* SPDX-License-Identifier: Apache-2.0 */
#include "command_tables.h"
#include "status_verbs.h"
#include "value_check.h"

static const struct ctl_option status_options[] = {
    { "watch", "[TIME]", "again and again, 5s apart unless TIME is given", check_duration,
      OPTION_WATCH, USE_OPTIONAL },
    OPTION_ROW_END,
};

const struct command status_commands[] = {
    { "status", NULL, NULL, status_show, "tell how the server and all keys are",
      "cannot tell the status", status_options, NULL },
    COMMAND_END,
};
