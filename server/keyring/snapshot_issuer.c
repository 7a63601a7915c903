/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "snapshot.h"

enum { FIRST_CAPACITY = 16 };

static bool make_room(struct snapshot *snapshot)
{
    const size_t capacity =
        snapshot->issuer_capacity == 0 ? FIRST_CAPACITY : 2 * snapshot->issuer_capacity;
    struct known_issuer *grown = NULL;

    if (snapshot->issuer_count < snapshot->issuer_capacity)
        return true;
    grown = realloc(snapshot->issuers, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    snapshot->issuers = grown;
    snapshot->issuer_capacity = capacity;
    return true;
}

struct builder {
    struct snapshot *snapshot;
    struct buffer *damaged;
};

static enum asap_code add_row(void *context, const struct issuer_row *row, struct asap_error *err)
{
    const struct builder *builder = context;
    struct snapshot *snapshot = builder->snapshot;
    char *name = NULL;

    if (row->name[0] == '\0') {
        buffer_printf(builder->damaged, " (issuer %lld)", (long long)row->id);
        return ASAP_OK;
    }
    name = make_room(snapshot) ? strdup(row->name) : NULL;
    if (name == NULL)
        return fail_memory(err);
    snapshot->issuers[snapshot->issuer_count++] = (struct known_issuer){
        .name = name,
        .max_lifetime = row->max_lifetime,
        .rotation_period = row->rotation_period,
        .is_managed = row->managed,
    };
    return ASAP_OK;
}

enum asap_code snapshot_add_issuers(struct txn *txn,
                                    struct snapshot *snapshot,
                                    struct buffer *damaged,
                                    struct asap_error *err)
{
    struct builder builder = { snapshot, damaged };

    return store_each_issuer(txn, add_row, &builder, err);
}

void snapshot_free_issuers(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->issuer_count; i++)
        free(snapshot->issuers[i].name);
    free(snapshot->issuers);
}

static int compare_name(const void *name, const void *issuer)
{
    return strcmp(name, ((const struct known_issuer *)issuer)->name);
}

const struct known_issuer *snapshot_find_issuer(const struct snapshot *snapshot, const char *name)
{
    if (snapshot->issuer_count == 0)
        return NULL;
    return bsearch(name, snapshot->issuers, snapshot->issuer_count, sizeof *snapshot->issuers,
                   compare_name);
}

size_t snapshot_issuer_count(const struct snapshot *snapshot)
{
    return snapshot->issuer_count;
}

const struct known_issuer *snapshot_issuer_at(const struct snapshot *snapshot, size_t index)
{
    return &snapshot->issuers[index];
}
