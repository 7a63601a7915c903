/* SPDX-License-Identifier: Apache-2.0 */
#include "command_tables.h"
#include "token_verbs.h"
#include "value_check.h"

static const struct ctl_option mint_options[] = {
    { "audience", "AUDIENCE", "whom it is for", check_text, OPTION_AUDIENCE,
      USE_REQUIRED_REPEATED },
    { "lifetime", "TIME", "how long it is to live: 90s, 10m; 60s unless given", check_duration,
      OPTION_LIFETIME, USE_OPTIONAL },
    { "subject", "SUBJECT", "its subject; the issuer unless given", check_text, OPTION_SUBJECT,
      USE_OPTIONAL },
    { "claims", "JSON", "additional claims: a JSON object, or @FILE", check_text, OPTION_CLAIMS,
      USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option sign_options[] = {
    { "audience", "AUDIENCE", "whom it is for", check_text, OPTION_AUDIENCE,
      USE_REQUIRED_REPEATED },
    { "key", "FILE", "the private key in PEM; - is standard input", check_text, OPTION_SIGNING_KEY,
      USE_OPTIONAL },
    { "key-id", "KID", "the key id of --key", check_text, OPTION_KEY_ID, USE_OPTIONAL },
    { "private-dir", "DIR", "sign with the last key of DIR/ISSUER", check_text, OPTION_PRIVATE_DIR,
      USE_OPTIONAL },
    { "issuer", "ISSUER", "who signs, with --private-dir", check_text, OPTION_ISSUER,
      USE_OPTIONAL },
    { "algorithm", "ALG", "as fits the key unless given", check_algorithm, OPTION_ALGORITHM,
      USE_OPTIONAL },
    { "lifetime", "TIME", "how long it is to live: 90s, 10m; 60s unless given", check_duration,
      OPTION_LIFETIME, USE_OPTIONAL },
    { "subject", "SUBJECT", "its subject; the issuer unless given", check_text, OPTION_SUBJECT,
      USE_OPTIONAL },
    { "claims", "JSON", "additional claims: a JSON object, or @FILE", check_text, OPTION_CLAIMS,
      USE_OPTIONAL },
    OPTION_ROW_END,
};

static const struct ctl_option verify_options[] = {
    { "audience", "AUDIENCE", "who accepts it: one of these must be in it", check_text,
      OPTION_AUDIENCE, USE_REQUIRED_REPEATED },
    { "repository", "URL", "where the public keys are", check_text, OPTION_REPOSITORY,
      USE_REQUIRED },
    { "issuer", "ISSUER", "accepted; any issuer unless given", check_text, OPTION_ISSUER,
      USE_REPEATED },
    { "subject", "SUBJECT", "accepted beside the issuer itself", check_text, OPTION_SUBJECT,
      USE_REPEATED },
    { "leeway", "TIME", "difference of clocks to forgive, 0 to 60s; 30s unless given", check_leeway,
      OPTION_LEEWAY, USE_OPTIONAL },
    OPTION_ROW_END,
};

const struct command token_commands[] = {
    { "token", "mint", "ISSUER", token_mint, "let the server sign a token",
      "cannot mint a token of", mint_options, NULL },
    { "token", "sign", NULL, token_sign, "sign a token with a private key here",
      "cannot sign a token", sign_options, token_sign_check },
    { "token", "verify", "[TOKEN]", token_verify, "check a token by every rule",
      "the token is not accepted", verify_options, NULL },
    { "token", "decode", "[TOKEN]", token_decode, "show a token without checking it",
      "cannot decode the token", ctl_no_options, NULL },
    COMMAND_END,
};
