/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_LOG_H
#define ASAPD_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "trace.h"

/* The log: one line an event on one stream, never a secret, never a token.
 * Any thread may write. What came from outside can forge neither a line nor a field. */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

enum log_format {
    LOG_TEXT,   /* for people: time, level, message */
    LOG_LOGFMT, /* name=value */
    LOG_JSON    /* an object a line */
};

/* Which requests have a line of their own. */
enum log_access { LOG_ACCESS_NONE, LOG_ACCESS_ERRORS, LOG_ACCESS_ALL };

struct log {
    FILE *stream;
    enum log_level level; /* what is above it is left out */
    enum log_format format;
};

/* What a line says beside its message. */
struct log_field {
    const char *name; /* a literal: letters and "_" */
    const char *value;
    bool is_number; /* the value is one as JSON writes it */
};

/* What settings call these; NULL ends each list. */
extern const char *const log_level_names[];
extern const char *const log_format_names[];
extern const char *const log_access_names[];

/* Which one of such a list a name is, as its enum numbers them. -1 for any other name, which
 * config_load() refuses. */
int log_name_find(const char *const *names, const char *name);

/* A line has at most 2048 bytes; the rest of a longer message is left out. The priority in "<6>"
 * form goes first when the stream is the journal's. */
__attribute__((format(printf, 3, 4))) void
log_write(const struct log *log, enum log_level level, const char *format, ...);

/* The same of a request (NULL: of none), with `fields`, ended by a zeroed one (NULL: none). */
__attribute__((format(printf, 5, 6))) void log_event(const struct log *log,
                                                     enum log_level level,
                                                     const struct trace *trace,
                                                     const struct log_field *fields,
                                                     const char *format,
                                                     ...);

#endif
