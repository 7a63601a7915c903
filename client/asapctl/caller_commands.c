/* SPDX-License-Identifier: Apache-2.0 */
#include "caller_verbs.h"
#include "command_tables.h"
#include "value_check.h"

static const struct ctl_option create_options[] = {
    { "description", "TEXT", "what it is, for people", check_text, OPTION_DESCRIPTION,
      USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option update_options[] = {
    { "description", "TEXT", "what it is, for people", check_text, OPTION_DESCRIPTION,
      USE_OPTIONAL },
    { "enable", NULL, "let it in again", NULL, OPTION_ENABLE, USE_OPTIONAL },
    { "disable", NULL, "refuse all of its credentials", NULL, OPTION_DISABLE, USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option delete_options[] = {
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

const struct command caller_commands[] = {
    { "caller", "create", "NAME", caller_create, "create a caller, which can do nothing yet",
      "cannot create caller", create_options, NULL },
    { "caller", "list", NULL, caller_list, "list the callers", "cannot list the callers",
      ctl_no_options, NULL },
    { "caller", "show", "NAME", caller_show, "show one caller and its credentials",
      "cannot show caller", ctl_no_options, NULL },
    { "caller", "update", "NAME", caller_update, "describe, disable or enable a caller",
      "cannot update caller", update_options, caller_update_check },
    { "caller", "delete", "NAME", caller_delete, "delete a caller, its credentials and grants",
      "cannot delete caller", delete_options, NULL },
    COMMAND_END,
};
