/* SPDX-License-Identifier: Apache-2.0 */
#include "command_tables.h"
#include "issuer_verbs.h"
#include "value_check.h"

static const struct ctl_option create_options[] = {
    { "external", NULL, "its private keys are elsewhere", NULL, OPTION_EXTERNAL, USE_OPTIONAL },
    { "algorithm", "ALG", "of its keys; RS256 unless given", check_algorithm, OPTION_ALGORITHM,
      USE_OPTIONAL },
    { "max-token-lifetime", "TIME",
      "the longest that its tokens live: 10m; the server's limit unless given", check_duration,
      OPTION_MAX_LIFETIME, USE_OPTIONAL },
    { "rotation-period", "TIME", "how often asapd rotates its keys: 30d; never unless given",
      check_duration, OPTION_ROTATION_PERIOD, USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option update_options[] = {
    { "algorithm", "ALG", "of its next keys", check_algorithm, OPTION_ALGORITHM, USE_OPTIONAL },
    { "max-token-lifetime", "TIME", "the longest that its tokens may live: 600, 10m, 1h",
      check_duration, OPTION_MAX_LIFETIME, USE_OPTIONAL },
    { "rotation-period", "TIME", "how often asapd rotates its keys: 30d, or never", check_period,
      OPTION_ROTATION_PERIOD, USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option delete_options[] = {
    { "force", NULL, "also if keys of it are published, which tokens may need", NULL, OPTION_FORCE,
      USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

const struct command issuer_commands[] = {
    { "issuer", "create", "NAME", issuer_create, "create an issuer, with keys unless external",
      "cannot create issuer", create_options, NULL },
    { "issuer", "list", NULL, issuer_list, "list the issuers", "cannot list the issuers",
      ctl_no_options, NULL },
    { "issuer", "show", "NAME", issuer_show, "show one issuer", "cannot show issuer",
      ctl_no_options, NULL },
    { "issuer", "update", "NAME", issuer_update, "change the policy of an issuer",
      "cannot update issuer", update_options, issuer_update_check },
    { "issuer", "delete", "NAME", issuer_delete, "delete an issuer and its keys, for ever",
      "cannot delete issuer", delete_options, NULL },
    COMMAND_END,
};
