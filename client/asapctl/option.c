/* SPDX-License-Identifier: Apache-2.0 */
#include "option.h"

#include "value_check.h"

const struct ctl_option ctl_global_options[] = {
    { "server", "URL", "unix:PATH or https://HOST:PORT (ASAPCTL_SERVER, or /run/asapd/admin.sock)",
      NULL, OPTION_SERVER, USE_OPTIONAL },
    { "cacert", "FILE", "trust this CA for https; the system's unless given (ASAPCTL_CACERT)", NULL,
      OPTION_CACERT, USE_OPTIONAL },
    { "api-key-file", "FILE", "the API key to call with (ASAPCTL_API_KEY_FILE)", NULL,
      OPTION_API_KEY_FILE, USE_OPTIONAL },
    { "token-file", "FILE", "the token to call with (ASAPCTL_TOKEN has the token itself)", NULL,
      OPTION_TOKEN_FILE, USE_OPTIONAL },
    { "cert", "FILE", "the TLS certificate to call with, in PEM (ASAPCTL_CERT)", NULL,
      OPTION_CERTIFICATE, USE_OPTIONAL },
    { "key", "FILE", "the private key of --cert, in PEM (ASAPCTL_KEY)", NULL,
      OPTION_CERTIFICATE_KEY, USE_OPTIONAL },
    { "output", "FORMAT", "table, or json: the server's response; table unless given", check_output,
      OPTION_OUTPUT, USE_OPTIONAL },
    { "help", NULL, "say all of this", NULL, OPTION_HELP, USE_OPTIONAL },
    { "version", NULL, "print the version", NULL, OPTION_VERSION, USE_OPTIONAL },
    OPTION_ROW_END,
};

const struct ctl_option ctl_no_options[] = { OPTION_ROW_END };
