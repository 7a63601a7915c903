/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_REPORT_H
#define ASAPD_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "store_upkeep.h"

/* What a command that looks through a database tells its operator. */
struct report {
    FILE *out;      /* findings, a line each */
    FILE *progress; /* a terminal that shows how far it is; NULL: none */
    size_t problems;
};

/* A problem is something to be mended; a note is worth knowing. */
__attribute__((format(printf, 2, 3))) void report_problem(struct report *report,
                                                          const char *format,
                                                          ...);
__attribute__((format(printf, 2, 3))) void report_note(struct report *report,
                                                       const char *format,
                                                       ...);

/* "what 1200" in the last line of the terminal, in place of what stood there. */
void report_progress(const struct report *report, const char *what, int64_t done);
void report_progress_end(const struct report *report);

/* The same for what goes through the tables of a store. */
struct store_progress report_tables(struct report *report);

#endif
