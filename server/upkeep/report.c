/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>

__attribute__((format(printf, 3, 0))) static void
write_line(const struct report *report, const char *kind, const char *format, va_list arguments)
{
    report_progress_end(report);
    (void)fputs(kind, report->out);
    (void)vfprintf(report->out, format, arguments);
    (void)fputc('\n', report->out);
}

void report_problem(struct report *report, const char *format, ...)
{
    va_list arguments;

    report->problems++;
    va_start(arguments, format);
    write_line(report, "problem: ", format, arguments);
    va_end(arguments);
}

void report_note(struct report *report, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_line(report, "", format, arguments);
    va_end(arguments);
}

void report_progress(const struct report *report, const char *what, int64_t done)
{
    if (report->progress != NULL && done > 0)
        (void)fprintf(report->progress, "\r%s: %" PRId64 "\033[K", what, done);
}

void report_progress_end(const struct report *report)
{
    if (report->progress != NULL)
        (void)fputs("\r\033[K", report->progress);
}

static void tell(void *context, size_t table, int64_t rows)
{
    report_progress(context, store_table_name(table), rows);
}

struct store_progress report_tables(struct report *report)
{
    return (struct store_progress){ .tell = tell, .context = report };
}
