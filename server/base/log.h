/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_LOG_H
#define ASAPD_LOG_H

#include <stdbool.h>
#include <stdio.h>

/* The log: one line an event on one stream, never a secret, never a token.
 * Any thread may write. Control characters that came from outside are escaped. */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log {
    FILE *stream;
    enum log_level level; /* what is above it is left out */
};

/* Reads "error", "warning", "info" or "debug". False for any other name. */
bool log_level_find(const char *name, enum log_level *out);

/* The priority in "<6>" form goes first when the stream is the journal's, else time and
 * level. A line has at most 2048 bytes; the rest of a longer one is left out. */
__attribute__((format(printf, 3, 4))) void
log_write(const struct log *log, enum log_level level, const char *format, ...);

#endif
