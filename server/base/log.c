/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "log_line.h"

static const char *const levels[] = { [LOG_ERROR] = "error",
                                      [LOG_WARNING] = "warning",
                                      [LOG_INFO] = "info",
                                      [LOG_DEBUG] = "debug",
                                      NULL };

/* As syslog(3) numbers them. */
static const char *const priorities[] = {
    [LOG_ERROR] = "<3>", [LOG_WARNING] = "<4>", [LOG_INFO] = "<6>", [LOG_DEBUG] = "<7>"
};

/* The place of a name in a list that ends with NULL; -1 when it is not there. */
static int find_name(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

bool log_level_find(const char *name, enum log_level *out)
{
    const int found = find_name(levels, name);

    if (found >= 0)
        *out = (enum log_level)found;
    return found >= 0;
}

bool log_format_find(const char *name, enum log_format *out)
{
    static const char *const formats[] = {
        [LOG_TEXT] = "text", [LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json", NULL
    };
    const int found = find_name(formats, name);

    if (found >= 0)
        *out = (enum log_format)found;
    return found >= 0;
}

bool log_access_find(const char *name, enum log_access *out)
{
    static const char *const kinds[] = {
        [LOG_ACCESS_NONE] = "none", [LOG_ACCESS_ERRORS] = "errors", [LOG_ACCESS_ALL] = "all", NULL
    };
    const int found = find_name(kinds, name);

    if (found >= 0)
        *out = (enum log_access)found;
    return found >= 0;
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

/* One call, so that the lines of several threads do not mix. */
static void write_record(const struct log *log, enum log_level level, struct log_record *record)
{
    char line[LOG_LINE_MAX];
    size_t length = 0;

    record->priority = is_journal(log->stream) ? priorities[level] : NULL;
    record->time = clock_now(&clock_system);
    record->level = levels[level];
    length = log_line_write(log->format, record, line);
    (void)fwrite(line, 1, length, log->stream);
    (void)fflush(log->stream);
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    char message[LOG_LINE_MAX];
    struct log_record record = { .message = message };
    va_list args;

    if (level > log->level)
        return;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    write_record(log, level, &record);
}

void log_event(const struct log *log,
               enum log_level level,
               const struct trace *trace,
               const struct log_field *fields,
               const char *format,
               ...)
{
    char message[LOG_LINE_MAX];
    struct log_record record = { .trace = trace, .fields = fields, .message = message };
    va_list args;

    if (level > log->level)
        return;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    write_record(log, level, &record);
}
