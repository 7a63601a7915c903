/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_PARSE_H
#define ASAPCTL_PARSE_H

#include <asap/error.h>

#include "command.h"

/* The command line, understood. Everything points into argv. */
struct arguments {
    const char *noun;              /* NULL: none was given */
    const struct command *command; /* NULL: noun or verb is missing */
    char *operand;
    char *options[OPTION_COUNT]; /* the value, for a switch anything; NULL: not given */
};

/* Reads `words`, which end with NULL. Stops at --help and --version; otherwise the command is
 * complete on ASAP_OK. ASAP_INVALID_ARGUMENT: wrong usage, naming the nearest right word. */
ASAP_MUST_CHECK enum asap_code parse_arguments(char **words,
                                               struct arguments *out,
                                               struct asap_error *err);

#endif
