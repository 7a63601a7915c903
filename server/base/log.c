/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "utc.h"

enum { LINE_MAX_BYTES = 2048 };

static const struct {
    const char *name;
    int priority; /* syslog(3) */
} levels[] = {
    [LOG_ERROR] = { "error", 3 },
    [LOG_WARNING] = { "warning", 4 },
    [LOG_INFO] = { "info", 6 },
    [LOG_DEBUG] = { "debug", 7 },
};

bool log_level_find(const char *name, enum log_level *out)
{
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(levels[i].name, name) != 0)
            continue;
        *out = (enum log_level)i;
        return true;
    }
    return false;
}

/* JOURNAL_STREAM holds device and inode of the journal's end (systemd.exec(5)); the stream may
 * have been redirected since. */
static bool is_journal(FILE *stream)
{
    /* Nothing here sets variables. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *journal = getenv("JOURNAL_STREAM");
    struct stat status = { 0 };
    char actual[64];

    if (journal == NULL || fileno(stream) < 0 || fstat(fileno(stream), &status) != 0)
        return false;
    (void)snprintf(actual, sizeof actual, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)status.st_dev,
                   (uintmax_t)status.st_ino);
    return strcmp(actual, journal) == 0;
}

/* The journal keeps time and priority itself. */
static size_t write_prefix(const struct log *log, enum log_level level, char *line, size_t size)
{
    char now[UTC_TEXT_SIZE];

    if (is_journal(log->stream))
        return (size_t)snprintf(line, size, "<%d>", levels[level].priority);
    utc_format(clock_now(&clock_system), now);
    return (size_t)snprintf(line, size, "%s %s: ", now, levels[level].name);
}

/* Printable ASCII passes; all else, and the backslash, is escaped, so that no text from outside
 * can end the line, begin another, or steer a terminal. */
static size_t escape(const char *text, char *out, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = 0;

    for (; *text != '\0' && length + 4 < size; text++) {
        const unsigned char byte = (unsigned char)*text;

        if (byte >= ' ' && byte < 0x7f && byte != '\\') {
            out[length++] = *text;
            continue;
        }
        out[length++] = '\\';
        out[length++] = 'x';
        out[length++] = digits[byte >> 4];
        out[length++] = digits[byte & 15];
    }
    return length;
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    char message[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES];
    size_t length = 0;
    va_list args;

    if (level > log->level)
        return;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    length = write_prefix(log, level, line, sizeof line);
    length += escape(message, line + length, sizeof line - length);
    line[length++] = '\n';
    /* One call, so that the lines of several threads do not mix. */
    (void)fwrite(line, 1, length, log->stream);
    (void)fflush(log->stream);
}
