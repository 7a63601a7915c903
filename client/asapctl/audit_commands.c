/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_verbs.h"
#include "command_tables.h"
#include "value_check.h"

static const struct ctl_option list_options[] = {
    { "caller", "CALLER", "of this caller only", check_text, OPTION_CALLER, USE_OPTIONAL },
    { "issuer", "ISSUER", "of this issuer only", check_text, OPTION_ISSUER, USE_OPTIONAL },
    { "since", "TIME", "not before: 1h ago, or 2026-11-23T13:15:00Z; all unless given",
      check_moment, OPTION_SINCE, USE_OPTIONAL },
    { "until", "TIME", "before: 10m ago, or 2026-11-23T13:15:00Z; now unless given", check_moment,
      OPTION_UNTIL, USE_OPTIONAL },
    { "follow", NULL, "go on with what happens, until interrupted", NULL, OPTION_FOLLOW,
      USE_OPTIONAL },
    OPTION_ROW_END,
};

static const struct ctl_option verify_options[] = {
    { "head", "HEAD", "a signed head from the server's log, or @FILE", check_text, OPTION_HEAD,
      USE_OPTIONAL },
    OPTION_ROW_END,
};

const struct command audit_commands[] = {
    { "audit", "list", NULL, audit_list, "list what was minted, denied and changed",
      "cannot list the events", list_options, audit_list_check },
    { "audit", "verify", NULL, audit_verify, "check that no event was altered or removed",
      "cannot verify the audit log", verify_options, NULL },
    COMMAND_END,
};
