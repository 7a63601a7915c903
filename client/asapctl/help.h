/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_HELP_H
#define ASAPCTL_HELP_H

#include <stdio.h>

#include <asap/error.h>

#include "parse.h"

/* Prints help on what was named before --help: the program, a noun or a command. */
ASAP_MUST_CHECK enum asap_code help_print(const struct arguments *arguments, FILE *out);

#endif
