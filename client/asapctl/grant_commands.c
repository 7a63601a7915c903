/* SPDX-License-Identifier: Apache-2.0 */
#include "command_tables.h"
#include "grant_verbs.h"
#include "value_check.h"

static const struct ctl_option create_options[] = {
    { "verb", "VERB", "mint, publish, rotate or admin", check_verb, OPTION_VERB, USE_REQUIRED },
    { "issuer", "ISSUER", "for which issuer; none with admin", check_text, OPTION_ISSUER,
      USE_OPTIONAL },
    { "audience", "AUDIENCE", "that tokens may be for, exact or such as orders/*", check_text,
      OPTION_AUDIENCE, USE_REPEATED },
    { "max-lifetime", "TIME",
      "the longest that a token may live: 600, 10m; the issuer's unless given", check_duration,
      OPTION_MAX_LIFETIME, USE_OPTIONAL },
    { "subject", "SUBJECT", "that tokens may have beside the issuer", check_text, OPTION_SUBJECT,
      USE_REPEATED },
    { "claim", "NAME", "an additional claim that tokens may have", check_text, OPTION_CLAIM,
      USE_REPEATED },
    { "tokens-per-minute", "NUMBER", "how many; the server's limit unless given", check_count,
      OPTION_TOKENS_PER_MINUTE, USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option list_options[] = {
    { "caller", "CALLER", "of this caller only", check_text, OPTION_CALLER, USE_OPTIONAL },
    OPTION_ROW_END,
};

static const struct ctl_option delete_options[] = {
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option test_options[] = {
    { "caller", "CALLER", "who", check_text, OPTION_CALLER, USE_REQUIRED },
    { "verb", "VERB", "does what: mint, publish, rotate or admin", check_verb, OPTION_VERB,
      USE_REQUIRED },
    { "issuer", "ISSUER", "for which issuer; none with admin", check_text, OPTION_ISSUER,
      USE_OPTIONAL },
    { "audience", "AUDIENCE", "for whom the token would be", check_text, OPTION_AUDIENCE,
      USE_OPTIONAL },
    { "lifetime", "TIME", "how long it would live; 60s unless given", check_duration,
      OPTION_LIFETIME, USE_OPTIONAL },
    { "subject", "SUBJECT", "its subject; the issuer unless given", check_text, OPTION_SUBJECT,
      USE_OPTIONAL },
    OPTION_ROW_END,
};

const struct command grant_commands[] = {
    { "grant", "create", "CALLER", grant_create, "allow a caller to do something",
      "cannot create a grant of", create_options, grant_create_check },
    { "grant", "list", NULL, grant_list, "list the grants", "cannot list the grants", list_options,
      NULL },
    { "grant", "delete", "ID", grant_delete, "take a grant back", "cannot delete grant",
      delete_options, NULL },
    { "grant", "test", NULL, grant_test, "tell whether a caller may do something",
      "cannot test the grants", test_options, grant_test_check },
    COMMAND_END,
};
