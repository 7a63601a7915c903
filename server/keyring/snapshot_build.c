/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "key_gathering.h"
#include "snapshot.h"
#include "store_server.h"

static bool is_of_same_issuer(const struct key_entry *a, const struct key_entry *b)
{
    return a->issuer_length == b->issuer_length
           && memcmp(a->key.kid, b->key.kid, a->issuer_length) == 0;
}

/* The keys of one issuer, of which nothing more is known yet. */
static enum asap_code put_keys(struct snapshot *snapshot,
                               struct key_entry *const *keys,
                               size_t count,
                               struct asap_error *err)
{
    struct issuer_entry *entry =
        issuer_entry_new(keys[0]->key.kid, keys[0]->issuer_length, keys, count);
    enum asap_code code = entry == NULL ? fail_memory(err) : ASAP_OK;

    if (code == ASAP_OK)
        code = snapshot_put_issuer(snapshot, entry, err);
    issuer_entry_release(entry);
    return code;
}

static enum asap_code put_all_keys(struct snapshot *snapshot,
                                   const struct key_gathering *gathering,
                                   struct asap_error *err)
{
    struct key_entry *const *const keys = gathering->entries;
    size_t begin = 0;

    for (size_t end = 1; end <= gathering->count; end++) {
        if (end < gathering->count && is_of_same_issuer(keys[begin], keys[end]))
            continue;
        TRY(put_keys(snapshot, keys + begin, end - begin, err));
        begin = end;
    }
    return ASAP_OK;
}

static enum asap_code put_bare_issuer(struct snapshot *snapshot,
                                      const struct issuer_row *row,
                                      struct asap_error *err)
{
    struct issuer_entry *entry = issuer_entry_new(row->name, strlen(row->name), NULL, 0);
    enum asap_code code = ASAP_OK;

    if (entry == NULL)
        return fail_memory(err);
    issuer_entry_describe(entry, row);
    code = snapshot_put_issuer(snapshot, entry, err);
    issuer_entry_release(entry);
    return code;
}

struct describing {
    struct snapshot *snapshot;
    struct buffer *damaged;
};

static enum asap_code describe_issuer(void *context,
                                      const struct issuer_row *row,
                                      struct asap_error *err)
{
    const struct describing *describing = context;
    struct snapshot *snapshot = describing->snapshot;
    struct issuer_entry *entry = NULL;

    if (row->name[0] == '\0') {
        buffer_printf(describing->damaged, " (issuer %lld)", (long long)row->id);
        return ASAP_OK;
    }
    entry = snapshot_issuer(snapshot, row->name, strlen(row->name));
    if (entry == NULL)
        return put_bare_issuer(snapshot, row, err);
    issuer_entry_describe(entry, row);
    snapshot->issuer_count++;
    return ASAP_OK;
}

/* Keys come first: those of a damaged issuer are served all the same. */
static enum asap_code read_all(struct txn *txn,
                               int64_t now,
                               const struct snapshot *old,
                               struct snapshot *snapshot,
                               struct buffer *damaged,
                               struct asap_error *err)
{
    SCOPED(key_gathering) struct key_gathering gathering = { .old = old, .damaged = damaged };
    struct describing describing = { snapshot, damaged };

    TRY(store_each_live_key(txn, now, key_gathering_add, &gathering, err));
    key_gathering_sort(&gathering);
    TRY(put_all_keys(snapshot, &gathering, err));
    TRY(store_each_issuer(txn, describe_issuer, &describing, err));
    snapshot->is_damaged = damaged->length > 0;
    return ASAP_OK;
}

/* The item is a snapshot's first member. */
static void free_item(struct current_item *item)
{
    snapshot_free((struct snapshot *)item);
}

/* A mark that is damaged may have been one that forbids to sign; keys are served all the same. */
static enum asap_code read_mark(struct txn *txn, struct store_mark *out, struct asap_error *err)
{
    const enum asap_code code = store_get_mark(txn, out, err);

    if (code == ASAP_DATA_LOSS)
        *out = (struct store_mark){ .kind = MARK_COPY };
    return code == ASAP_DATA_LOSS ? ASAP_OK : code;
}

static enum asap_code read_server(struct txn *txn,
                                  struct snapshot *snapshot,
                                  struct asap_error *err)
{
    struct server_row server;

    TRY(store_get_server(txn, &server, err));
    TRY(read_mark(txn, &snapshot->mark, err));
    snapshot->item = (struct current_item){ .self = &snapshot->item,
                                            .free = free_item,
                                            .generation = server.generation };
    snapshot->marked_generation = server.marked_generation;
    snapshot->latest_time = server.latest_time;
    return ASAP_OK;
}

enum asap_code snapshot_build(struct txn *txn,
                              int64_t now,
                              const struct snapshot *old,
                              struct snapshot **out,
                              struct buffer *damaged,
                              struct asap_error *err)
{
    SCOPED(snapshot) struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    bool done = false;

    *out = NULL;
    if (snapshot == NULL)
        return fail_memory(err);
    snapshot_init_sets(snapshot);
    TRY(read_server(txn, snapshot, err));
    TRY(snapshot_read_changes(txn, now, old, snapshot, &done, err));
    if (!done)
        TRY(read_all(txn, now, old, snapshot, damaged, err));
    *out = MOVE(snapshot);
    return ASAP_OK;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    snapshot_clear_sets(snapshot);
    free(snapshot);
}
