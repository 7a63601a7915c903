/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "key_gathering.h"
#include "snapshot.h"
#include "store_change.h"

/* What has changed since another snapshot, issuer by issuer. */

/* With more changed issuers, all rows are read in one go. */
enum { CHANGED_MOST = 256, DAMAGED_MAX = 256 };

DEFINE_SCOPED(issuer_rows, struct issuer_row *, free)

struct changing {
    struct txn *txn;
    int64_t now;
    const struct snapshot *old;
    struct snapshot *snapshot;
    bool is_damaged; /* a row is: those are named with all others */
};

/* Whether all changes since are marked. In a copy of the database they are not, since that leaps.
 */
static bool may_follow(const struct snapshot *old, const struct snapshot *snapshot)
{
    return old != NULL && !old->is_damaged && snapshot->item.generation >= old->item.generation
           && snapshot->item.generation - old->item.generation
                  == snapshot->marked_generation - old->marked_generation;
}

static bool has_issuer(const struct key_gathering *gathering, const char *name)
{
    const size_t length = strlen(name);

    for (size_t i = 0; i < gathering->count; i++)
        if (gathering->entries[i]->issuer_length != length
            || memcmp(gathering->entries[i]->key.kid, name, length) != 0)
            return false;
    return true;
}

static int compare_row(const void *row, const void *key)
{
    const int64_t wanted = *(const int64_t *)row;
    const int64_t found = (*(struct key_entry *const *)key)->key.row;

    return wanted < found ? -1 : wanted > found;
}

/* What the snapshot has of the issuer's keys and `entry` has not. */
static enum asap_code remove_gone(struct snapshot *snapshot,
                                  const struct issuer_entry *entry,
                                  struct asap_error *err)
{
    const struct issuer_entry *before =
        snapshot_issuer(snapshot, entry->issuer.name, entry->name_length);

    if (before == NULL)
        return ASAP_OK;
    for (size_t i = 0; i < before->issuer.keys.count; i++) {
        const struct key_entry *key = before->keys[i];

        if (bsearch(&key->key.row, entry->keys, entry->issuer.keys.count,
                    sizeof(struct key_entry *), compare_row)
            == NULL)
            TRY(snapshot_remove_key(snapshot, key, err));
    }
    return ASAP_OK;
}

static enum asap_code replace(struct snapshot *snapshot,
                              struct issuer_entry *entry,
                              struct asap_error *err)
{
    const struct issuer_entry *before =
        snapshot_issuer(snapshot, entry->issuer.name, entry->name_length);

    TRY(remove_gone(snapshot, entry, err));
    if (!entry->issuer.is_deleted || entry->issuer.keys.count > 0)
        return snapshot_put_issuer(snapshot, entry, err);
    return before == NULL ? ASAP_OK : snapshot_remove_issuer(snapshot, before, err);
}

static enum asap_code replace_with(struct snapshot *snapshot,
                                   const struct issuer_row *row,
                                   const struct key_gathering *gathering,
                                   struct asap_error *err)
{
    struct issuer_entry *entry =
        issuer_entry_new(row->name, strlen(row->name), gathering->entries, gathering->count);
    enum asap_code code = ASAP_OK;

    if (entry == NULL)
        return fail_memory(err);
    if (row->delete_time == LIFECYCLE_NEVER)
        issuer_entry_describe(entry, row);
    code = replace(snapshot, entry, err);
    issuer_entry_release(entry);
    return code;
}

static enum asap_code read_issuer(struct changing *changing,
                                  const struct issuer_row *row,
                                  struct asap_error *err)
{
    SCOPED(buffer) struct buffer damaged = BUFFER(DAMAGED_MAX);
    SCOPED(key_gathering)
    struct key_gathering gathering = { .old = changing->old, .damaged = &damaged };

    TRY(store_each_live_key_of(changing->txn, row->id, changing->now, key_gathering_add, &gathering,
                               err));
    changing->is_damaged =
        damaged.length > 0 || row->name[0] == '\0' || !has_issuer(&gathering, row->name);
    if (changing->is_damaged)
        return ASAP_OK;
    key_gathering_sort(&gathering);
    return replace_with(changing->snapshot, row, &gathering, err);
}

/* *count is CHANGED_MOST + 1 when there are as many or more, or when one is damaged. */
static enum asap_code list_changed(const struct changing *changing,
                                   struct issuer_row *rows,
                                   size_t *count,
                                   struct asap_error *err)
{
    const enum asap_code code = store_list_changed_issuers(
        changing->txn, changing->old->item.generation, rows, CHANGED_MOST + 1, count, err);

    if (code != ASAP_DATA_LOSS)
        return code;
    *count = CHANGED_MOST + 1;
    return ASAP_OK;
}

static enum asap_code read_issuers(struct changing *changing, bool *done, struct asap_error *err)
{
    SCOPED(issuer_rows) struct issuer_row *rows = calloc(CHANGED_MOST + 1, sizeof *rows);
    size_t count = 0;

    if (rows == NULL)
        return fail_memory(err);
    TRY(list_changed(changing, rows, &count, err));
    if (count > CHANGED_MOST)
        return ASAP_OK;
    for (size_t i = 0; i < count && !changing->is_damaged; i++)
        TRY(read_issuer(changing, &rows[i], err));
    *done = !changing->is_damaged;
    return ASAP_OK;
}

enum asap_code snapshot_read_changes(struct txn *txn,
                                     int64_t now,
                                     const struct snapshot *old,
                                     struct snapshot *snapshot,
                                     bool *done,
                                     struct asap_error *err)
{
    struct changing changing = { .txn = txn, .now = now, .old = old, .snapshot = snapshot };

    *done = false;
    if (!may_follow(old, snapshot))
        return ASAP_OK;
    snapshot_copy_sets(snapshot, old);
    TRY(read_issuers(&changing, done, err));
    if (!*done)
        snapshot_clear_sets(snapshot);
    return ASAP_OK;
}
