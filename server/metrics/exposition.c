/* SPDX-License-Identifier: Apache-2.0 */
#include "exposition.h"

#include <inttypes.h>

void exposition_begin(struct buffer *out, const char *name, enum metric_type type, const char *help)
{
    static const char *const types[] = { "gauge", "counter", "histogram" };

    buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

/* Names of issuers and keys need no escapes, but a database that somebody else wrote might. */
static void add_escaped(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\n')
            buffer_puts(out, "\\n");
        else if (text[i] == '"' || text[i] == '\\')
            buffer_printf(out, "\\%c", text[i]);
        else
            buffer_append(out, text + i, 1);
}

void exposition_series(struct buffer *out,
                       const char *name,
                       const struct metric_label *labels,
                       size_t count)
{
    buffer_puts(out, name);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(out, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
        add_escaped(out, labels[i].value, labels[i].length);
        buffer_puts(out, "\"");
    }
    buffer_puts(out, count == 0 ? " " : "} ");
}

void exposition_sample(struct buffer *out,
                       const char *name,
                       const struct metric_label *labels,
                       size_t count,
                       int64_t value)
{
    exposition_series(out, name, labels, count);
    buffer_printf(out, "%" PRId64 "\n", value);
}
