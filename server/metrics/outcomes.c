/* SPDX-License-Identifier: Apache-2.0 */
#include "outcomes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "exposition.h"
#include "fail.h"
#include "fnv.h"
#include "scoped.h"

enum { RESULTS = ASAP_UNAUTHENTICATED + 1 };

struct outcomes {
    struct counter results[RESULTS];
    char *name;
};

/* A hash table whose rows stay, so that it can be read while one more is added. */
struct outcome_table {
    pthread_mutex_t mutex; /* of who adds */
    size_t most, count;
    size_t mask;
    _Atomic(struct outcomes *) *rows; /* `mask` + 1, at least twice `most` */
    struct outcomes unknown, other;
};

DEFINE_SCOPED(outcome_table, struct outcome_table *, outcome_table_free)

static size_t room_for(size_t most)
{
    size_t room = 2;

    while (room < 2 * most)
        room *= 2;
    return room;
}

enum asap_code outcome_table_new(size_t most, struct outcome_table **out, struct asap_error *err)
{
    static char unknown[] = "(unknown)";
    static char other[] = "(other)";
    SCOPED(outcome_table) struct outcome_table *table = calloc(1, sizeof *table);

    *out = NULL;
    if (table == NULL)
        return fail_memory(err);
    (void)pthread_mutex_init(&table->mutex, NULL);
    table->most = most;
    table->mask = room_for(most) - 1;
    table->unknown.name = unknown;
    table->other.name = other;
    table->rows = calloc(table->mask + 1, sizeof *table->rows);
    if (table->rows == NULL)
        return fail_memory(err);
    *out = MOVE(table);
    return ASAP_OK;
}

static struct outcomes *row_at(const struct outcome_table *table, size_t index)
{
    return atomic_load_explicit(&table->rows[index & table->mask], memory_order_acquire);
}

void outcome_table_free(struct outcome_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; table->rows != NULL && i <= table->mask; i++) {
        struct outcomes *row = row_at(table, i);

        if (row != NULL)
            free(row->name);
        free(row);
    }
    free(table->rows);
    (void)pthread_mutex_destroy(&table->mutex);
    free(table);
}

static size_t hash(const char *name)
{
    const uint64_t value = fnv_hash(FNV_BEGIN, name, strlen(name));

    return (size_t)(value ^ (value >> 32));
}

/* The place of a name, or the free one where it would go: there always is one. */
static size_t place_of(const struct outcome_table *table, const char *name)
{
    size_t place = hash(name);

    for (;; place++) {
        const struct outcomes *row = row_at(table, place);

        if (row == NULL || strcmp(row->name, name) == 0)
            return place & table->mask;
    }
}

static struct outcomes *new_row(const char *name)
{
    struct outcomes *row = calloc(1, sizeof *row);

    if (row == NULL)
        return NULL;
    row->name = strdup(name);
    if (row->name != NULL)
        return row;
    free(row);
    return NULL;
}

static struct outcomes *add(struct outcome_table *table, const char *name)
{
    const size_t place = place_of(table, name);
    struct outcomes *row = row_at(table, place);

    if (row != NULL || table->count == table->most)
        return row;
    row = new_row(name);
    if (row == NULL)
        return NULL;
    atomic_store_explicit(&table->rows[place], row, memory_order_release);
    table->count++;
    return row;
}

struct outcomes *outcome_table_find(struct outcome_table *table, const char *name)
{
    struct outcomes *row = NULL;

    if (name == NULL)
        return &table->unknown;
    row = row_at(table, place_of(table, name));
    if (row != NULL)
        return row;
    (void)pthread_mutex_lock(&table->mutex);
    row = add(table, name);
    (void)pthread_mutex_unlock(&table->mutex);
    return row == NULL ? &table->other : row;
}

void outcomes_count(struct outcomes *outcomes, enum asap_code result)
{
    counter_add(&outcomes->results[(unsigned)result < RESULTS ? result : ASAP_UNKNOWN], 1);
}

static void
write_row(const struct outcomes *row, const char *metric, const char *label, struct buffer *out)
{
    struct metric_label labels[] = { metric_label(label, row->name, strlen(row->name)),
                                     metric_label("result", "", 0) };

    for (int i = 0; i < RESULTS; i++) {
        const uint64_t count = counter_read(&row->results[i]);
        const char *result = asap_code_name((enum asap_code)i);

        if (count == 0)
            continue;
        labels[1] = metric_label("result", result, strlen(result));
        exposition_sample(out, metric, labels, 2, (int64_t)count);
    }
}

void outcome_table_write(const struct outcome_table *table,
                         const char *metric,
                         const char *label,
                         struct buffer *out)
{
    for (size_t i = 0; i <= table->mask; i++) {
        const struct outcomes *row = row_at(table, i);

        if (row != NULL)
            write_row(row, metric, label, out);
    }
    write_row(&table->other, metric, label, out);
    write_row(&table->unknown, metric, label, out);
}
