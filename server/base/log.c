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

const char *const log_level_names[] = { [LOG_ERROR] = "error",
                                        [LOG_WARNING] = "warning",
                                        [LOG_INFO] = "info",
                                        [LOG_DEBUG] = "debug",
                                        NULL };

const char *const log_format_names[] = {
    [LOG_TEXT] = "text", [LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json", NULL
};

const char *const log_access_names[] = {
    [LOG_ACCESS_NONE] = "none", [LOG_ACCESS_ERRORS] = "errors", [LOG_ACCESS_ALL] = "all", NULL
};

/* As syslog(3) numbers them. */
static const char *const priorities[] = {
    [LOG_ERROR] = "<3>", [LOG_WARNING] = "<4>", [LOG_INFO] = "<6>", [LOG_DEBUG] = "<7>"
};

int log_name_find(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
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
    record->level = log_level_names[level];
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
