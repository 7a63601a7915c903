/* SPDX-License-Identifier: Apache-2.0 */
#include "command_tables.h"
#include "doctor_verbs.h"
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

static const struct ctl_option doctor_options[] = {
    { "repository", "URL", "where verifiers fetch keys, and each mirror; --server if that is https",
      check_mirror, OPTION_REPOSITORY, USE_REPEATED },
    { "issuer", "ISSUER", "whose keys to look for; all that the server has unless given",
      check_text, OPTION_ISSUER, USE_REPEATED },
    OPTION_ROW_END,
};

const struct command doctor_commands[] = {
    { "doctor", NULL, NULL, doctor_run, "check a deployment as verifiers see it, and what to mend",
      "cannot check the deployment", doctor_options, NULL },
    COMMAND_END,
};
