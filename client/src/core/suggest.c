/* SPDX-License-Identifier: Apache-2.0 */
#include "suggest.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Three rows of the table are all that a swap of neighbours needs. */
struct rows {
    size_t before_last[LONGEST + 1];
    size_t last[LONGEST + 1];
    size_t current[LONGEST + 1];
};

static size_t
best_edit(const struct rows *rows, const char *from, size_t i, const char *to, size_t j)
{
    const bool same = from[i - 1] == to[j - 1];
    size_t best = rows->last[j - 1] + (same ? 0 : 1);

    best = least(best, least(rows->last[j], rows->current[j - 1]) + 1);
    if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        best = least(best, rows->before_last[j - 2] + 1);
    return best;
}

/* How many insertions, deletions, replacements and swaps of neighbours make `to` of `from`. */
static size_t distance(const char *from, const char *to)
{
    const size_t from_length = strlen(from);
    const size_t to_length = strlen(to);
    struct rows rows = { { 0 }, { 0 }, { 0 } };

    if (from_length > LONGEST || to_length > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= to_length; j++)
        rows.current[j] = j;
    for (size_t i = 1; i <= from_length; i++) {
        memcpy(rows.before_last, rows.last, sizeof rows.last);
        memcpy(rows.last, rows.current, sizeof rows.current);
        rows.current[0] = i;
        for (size_t j = 1; j <= to_length; j++)
            rows.current[j] = best_edit(&rows, from, i, to, j);
    }
    return rows.current[to_length];
}

/* A third of the text may be wrong; of a short one, a single character. */
static size_t tolerance(const char *text)
{
    const size_t third = strlen(text) / 3;

    return third > 1 ? third : 1;
}

const char *suggest(const char *text,
                    const char *(*name_at)(const void *context, size_t index),
                    const void *context)
{
    const char *nearest = NULL;
    size_t nearest_distance = tolerance(text) + 1;
    const char *name = NULL;

    for (size_t i = 0; (name = name_at(context, i)) != NULL; i++) {
        const size_t changed = distance(text, name);

        if (changed < nearest_distance && changed < strlen(name)) {
            nearest = name;
            nearest_distance = changed;
        }
    }
    return nearest;
}
