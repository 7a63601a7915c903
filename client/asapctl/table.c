/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <string.h>

#include "fail.h"

enum { GAP = 2 };

/* U+0080 to U+009F in UTF-8, which terminals obey as they do ESC. */
static bool is_c1_control(const char *text)
{
    return (unsigned char)text[0] == 0xc2 && ((unsigned char)text[1] & 0xe0) == 0x80;
}

void table_clean(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == '\x7f')
            *text = '?';
        else if (is_c1_control(text))
            text[0] = text[1] = '?';
}

void table_add(struct table *table, const char *text)
{
    const size_t length = strlen(text);
    char *cell = buffer_extend(&table->cells, length + 1);

    if (cell == NULL)
        return;
    (void)memcpy(cell, text, length + 1);
    table_clean(cell);
}

void table_add_row(struct table *table, const char *const *cells)
{
    for (; *cells != NULL; cells++)
        table_add(table, *cells);
}

/* In characters: the continuation bytes of UTF-8 take no room. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void pad(struct buffer *out, size_t count)
{
    for (; count > 0; count--)
        buffer_puts(out, " ");
}

static const char *next_cell(const char *cell)
{
    return cell + strlen(cell) + 1;
}

static void measure(const struct table *table, size_t widths[static TABLE_COLUMNS_MAX])
{
    const char *end = table->cells.bytes + table->cells.length;
    size_t column = 0;

    if (table->least != NULL)
        (void)memcpy(widths, table->least, TABLE_COLUMNS_MAX * sizeof widths[0]);
    for (const char *cell = table->cells.bytes; cell < end; cell = next_cell(cell)) {
        const size_t width = width_of(cell);

        if (width > widths[column])
            widths[column] = width;
        column = (column + 1) % table->columns;
    }
}

/* The blanks before a cell are only written with it, so that no line ends in blanks. */
static void lay_out(const struct table *table,
                    const size_t widths[static TABLE_COLUMNS_MAX],
                    struct buffer *out)
{
    const char *end = table->cells.bytes + table->cells.length;
    size_t column = 0;
    size_t blanks = table->indent;

    for (const char *cell = table->cells.bytes; cell < end; cell = next_cell(cell)) {
        if (cell[0] != '\0') {
            pad(out, blanks);
            buffer_puts(out, cell);
            blanks = 0;
        }
        blanks += widths[column] - width_of(cell) + GAP;
        column = (column + 1) % table->columns;
        if (column == 0) {
            buffer_puts(out, "\n");
            blanks = table->indent;
        }
    }
}

enum asap_code table_print(const struct table *table, FILE *out, struct asap_error *err)
{
    SCOPED(buffer) struct buffer text = BUFFER(TABLE_BYTES_MAX);
    size_t widths[TABLE_COLUMNS_MAX] = { 0 };

    TRY(buffer_check(&table->cells, "the table", err));
    if (table->cells.length == 0)
        return ASAP_OK;
    measure(table, widths);
    lay_out(table, widths, &text);
    TRY(buffer_check(&text, "the table", err));
    (void)fwrite(text.bytes, 1, text.length, out);
    return ASAP_OK;
}
