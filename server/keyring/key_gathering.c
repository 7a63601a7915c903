/* SPDX-License-Identifier: Apache-2.0 */
#include "key_gathering.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "snapshot.h"

enum { FIRST_CAPACITY = 16 };

static bool make_room(struct key_gathering *gathering)
{
    const size_t capacity = gathering->capacity == 0 ? FIRST_CAPACITY : 2 * gathering->capacity;
    struct key_entry **grown = NULL;

    if (gathering->count < gathering->capacity)
        return true;
    grown = realloc(gathering->entries, capacity * sizeof(struct key_entry *));
    if (grown == NULL)
        return false;
    gathering->entries = grown;
    gathering->capacity = capacity;
    return true;
}

/* So that one new key costs no parse and no hash of all. NULL: there is none. */
static struct key_entry *share(const struct snapshot *old, const struct key_row *row)
{
    struct key_entry *entry = old == NULL ? NULL : snapshot_entry(old, row->kid, strlen(row->kid));

    if (entry == NULL || !key_entry_is_of(entry, row))
        return NULL;
    key_entry_hold(entry);
    return entry;
}

static struct key_entry *make(const struct key_row *row, struct buffer *damaged)
{
    bool is_damaged = false;
    struct key_entry *entry = key_entry_new(row, &is_damaged);

    if (is_damaged)
        buffer_printf(damaged, " %s", row->kid);
    return entry;
}

enum asap_code key_gathering_add(void *context, const struct key_row *row, struct asap_error *err)
{
    struct key_gathering *gathering = context;
    struct key_entry *entry = NULL;

    if (strchr(row->kid, '/') == NULL) {
        buffer_printf(gathering->damaged, " (row %lld)", (long long)row->id);
        return ASAP_OK;
    }
    if (!make_room(gathering))
        return fail_memory(err);
    entry = share(gathering->old, row);
    if (entry == NULL)
        entry = make(row, gathering->damaged);
    if (entry == NULL)
        return fail_memory(err);
    gathering->entries[gathering->count++] = entry;
    return ASAP_OK;
}

static int compare_place(const void *left, const void *right)
{
    const struct key_entry *a = *(struct key_entry *const *)left;
    const struct key_entry *b = *(struct key_entry *const *)right;
    const size_t shorter =
        a->issuer_length < b->issuer_length ? a->issuer_length : b->issuer_length;
    const int order = memcmp(a->key.kid, b->key.kid, shorter);

    if (order != 0)
        return order;
    if (a->issuer_length != b->issuer_length)
        return a->issuer_length < b->issuer_length ? -1 : 1;
    return a->key.row < b->key.row ? -1 : 1;
}

void key_gathering_sort(struct key_gathering *gathering)
{
    if (gathering->count > 0)
        qsort(gathering->entries, gathering->count, sizeof(struct key_entry *), compare_place);
}

void key_gathering_scope_exit(struct key_gathering *gathering)
{
    for (size_t i = 0; i < gathering->count; i++)
        key_entry_release(gathering->entries[i]);
    free(gathering->entries);
}
