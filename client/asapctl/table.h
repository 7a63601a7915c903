/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_TABLE_H
#define ASAPCTL_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include <asap/error.h>

#include "buffer.h"

enum { TABLE_COLUMNS_MAX = 8, TABLE_BYTES_MAX = 1 << 26 };

/* Text in aligned columns, two spaces apart, each as wide as its widest cell. */
struct table {
    struct buffer cells; /* each ended by a NUL */
    size_t columns;
    size_t indent;
    const size_t *least; /* TABLE_COLUMNS_MAX widths that columns have at least, or NULL */
};

#define TABLE(count)                                                                               \
    {                                                                                              \
        .cells = BUFFER(TABLE_BYTES_MAX), .columns = (count)                                       \
    }

/* Control characters become "?": what a server says moves no cursor. */
void table_clean(char *text);

/* The next cell, left to right and top to bottom, cleaned. */
void table_add(struct table *table, const char *text);

/* The same for several, ended by NULL. */
void table_add_row(struct table *table, const char *const *cells);

/* ASAP_RESOURCE_EXHAUSTED: more than fits into memory. */
ASAP_MUST_CHECK enum asap_code table_print(const struct table *table,
                                           FILE *out,
                                           struct asap_error *err);

static inline void table_scope_exit(struct table *table)
{
    buffer_clear(&table->cells);
}

#endif
