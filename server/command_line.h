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
    bool is_required;
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

/* What a command does with what it was given; it may tell more in call->report. */
typedef enum asap_code command_work(struct command_call *call, struct asap_error *err);

/* Reads arguments, environment and file, works, and tells a failure; the exit status. */
int command_run(const struct command_line *line,
                command_work *work,
                char **arguments,
                const struct asap_clock *clock);

#endif
