/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_LOG_LINE_H
#define ASAPD_LOG_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "log.h"

/* A line of the log in each format. Pure. */

enum { LOG_LINE_MAX = 2048, LOG_VALUE_MAX = 256 };

struct log_record {
    const char *priority; /* "<6>" for the journal, which keeps the time itself; else NULL */
    int64_t time;
    const char *level;
    const struct trace *trace;      /* NULL: of no request */
    const struct log_field *fields; /* NULL: none */
    const char *message;
};

/* Writes at most LOG_LINE_MAX bytes, the line end included, all of them ASCII, and returns how
 * many. No value of a field takes over LOG_VALUE_MAX of them; what is too long ends early. */
size_t log_line_write(enum log_format format,
                      const struct log_record *record,
                      char out[LOG_LINE_MAX]);

#endif
