/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_LOG_H
#define ASAPD_LOG_H

#include <stdio.h>

/* The log: one line an event on one stream, never a secret, never a token.
 * Any thread may write. Control characters that came from outside are escaped. */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log {
    FILE *stream;
    enum log_level level; /* what is above it is left out */
};

/* The priority in "<6>" form goes first when the stream is the journal's. */
__attribute__((format(printf, 3, 4))) void
log_write(const struct log *log, enum log_level level, const char *format, ...);

#endif
