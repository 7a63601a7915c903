/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_COMMAND_LINE_H
#define ASAPD_COMMAND_LINE_H

#include <stdbool.h>

#include <asap/clock.h>

#include "config.h"
#include "report.h"
#include "site.h"

/* What the commands that look after a database are given. */

enum { COMMAND_FLAGS_MAX = 3 };

struct command_flag {
    const char *name;  /* "--new-kek" */
    const char *value; /* what is to stand behind it, "FILE"; NULL: nothing */
    const char *help;
};

struct command_line {
    const char *usage;                                /* "asapd backup --config FILE BACKUP" */
    const char *about;                                /* what it does, and what to know */
    const char *operand;                              /* "BACKUP"; NULL: there is none */
    struct command_flag flags[COMMAND_FLAGS_MAX + 1]; /* ended by a zeroed row */
};

struct command_call {
    struct config config;
    const char *operand;
    const char *values[COMMAND_FLAGS_MAX]; /* of the flags; NULL: not given, "" without a value */
    struct log log;
    struct report report;
    struct site_options site;
    int64_t now;
};

/* Reads arguments, environment and file. False when that is all: *status is the exit status. */
bool command_begin(const struct command_line *line,
                   char **arguments,
                   const struct asap_clock *clock,
                   struct command_call *out,
                   int *status);

/* The exit status for the end of a command, whose failure it tells. */
int command_end(const struct command_call *call, enum asap_code code, const struct asap_error *err);

#endif
