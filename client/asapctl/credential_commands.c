/* SPDX-License-Identifier: Apache-2.0 */
#include "command_tables.h"
#include "credential_verbs.h"
#include "value_check.h"

static const struct ctl_option create_options[] = {
    { "api-key", NULL, "a new API key, which standard output shows once", NULL, OPTION_API_KEY,
      USE_OPTIONAL },
    { "issuer", "ISSUER", "tokens of this issuer", check_text, OPTION_ISSUER, USE_OPTIONAL },
    { "certificate-uri", "URI", "TLS certificates with this URI, such as a SPIFFE ID", check_text,
      OPTION_CERTIFICATE_URI, USE_OPTIONAL },
    { "certificate-dns", "NAME", "TLS certificates with this DNS name", check_text,
      OPTION_CERTIFICATE_DNS, USE_OPTIONAL },
    { "uid", "NUMBER", "processes of this user, on the Unix socket", check_uid, OPTION_UID,
      USE_OPTIONAL },
    { "expires", "TIME", "refused from then on: 90d, or 2026-11-23T13:15:00Z; never unless given",
      check_moment, OPTION_EXPIRES, USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option revoke_options[] = {
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

const struct command credential_commands[] = {
    { "credential", "create", "CALLER", credential_create,
      "add a way for a caller to prove who it is", "cannot create a credential of", create_options,
      credential_create_check },
    { "credential", "revoke", "ID", credential_revoke, "refuse a credential from now on",
      "cannot revoke credential", revoke_options, credential_revoke_check },
    COMMAND_END,
};
