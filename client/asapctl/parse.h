/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_PARSE_H
#define ASAPCTL_PARSE_H

#include <asap/error.h>

#include "command.h"

enum { REPEATED_MAX = 64 };

/* The command line, understood. Everything points into argv. */
struct arguments {
    const char *noun;              /* NULL: none was given */
    const struct command *command; /* NULL: noun or verb is missing */
    char *operand;
    char *options[OPTION_COUNT]; /* the value, for a switch anything; NULL: not given */
    struct {
        enum option_id option;
        char *value;
    } repeated[REPEATED_MAX]; /* each value of those that may be given several times, in order */
    size_t repeated_count;
};

/* The values of a repeated option, ended by NULL; their number. */
size_t arguments_values(const struct arguments *arguments,
                        enum option_id option,
                        char *out[static REPEATED_MAX + 1]);

/* Reads `words`, which end with NULL. Stops at --help and --version; otherwise the command is
 * complete on ASAP_OK. ASAP_INVALID_ARGUMENT: wrong usage, naming the nearest right word. A secret
 * that is given by mistake is not in the message. */
ASAP_MUST_CHECK enum asap_code parse_arguments(char **words,
                                               struct arguments *out,
                                               struct asap_error *err);

#endif
