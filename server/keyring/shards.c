/* SPDX-License-Identifier: Apache-2.0 */
#include "shards.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing, at most half full, so that a look-up ends after a step or two. */
struct shard {
    atomic_uint references; /* of sets */
    size_t count;
    size_t mask; /* the number of slots less one */
    void *slots[];
};

enum { FIRST_SLOTS = 4 };

/* The upper half of a hash tells the shard, the lower half the slot. */
static size_t place_of(uint64_t hash)
{
    return (size_t)(hash >> 32) % SHARD_COUNT;
}

static struct shard *new_shard(size_t slots)
{
    struct shard *shard = calloc(1, sizeof *shard + slots * sizeof(void *));

    if (shard == NULL)
        return NULL;
    atomic_init(&shard->references, 1);
    shard->mask = slots - 1;
    return shard;
}

static void drop_shard(const struct shards_kind *kind, struct shard *shard)
{
    if (shard == NULL || atomic_fetch_sub(&shard->references, 1) != 1)
        return;
    for (size_t i = 0; kind->release != NULL && i <= shard->mask; i++)
        if (shard->slots[i] != NULL)
            kind->release(shard->slots[i]);
    free(shard);
}

void shards_init(struct shards *shards, const struct shards_kind *kind)
{
    *shards = (struct shards){ .kind = kind };
}

void shards_copy(struct shards *out, const struct shards *shards)
{
    *out = *shards;
    for (size_t i = 0; i < SHARD_COUNT; i++)
        if (out->shards[i] != NULL)
            (void)atomic_fetch_add(&out->shards[i]->references, 1);
}

void shards_clear(struct shards *shards)
{
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        drop_shard(shards->kind, shards->shards[i]);
        shards->shards[i] = NULL;
    }
    shards->count = 0;
}

/* The slot of what is looked for, or the free one where it would go. */
static void **find_slot(struct shard *shard, uint64_t hash, shards_match *match, const void *wanted)
{
    size_t slot = (size_t)hash & shard->mask;

    while (shard->slots[slot] != NULL && !match(shard->slots[slot], wanted))
        slot = (slot + 1) & shard->mask;
    return &shard->slots[slot];
}

void *
shards_find(const struct shards *shards, uint64_t hash, shards_match *match, const void *wanted)
{
    struct shard *shard = shards->shards[place_of(hash)];

    return shard == NULL ? NULL : *find_slot(shard, hash, match, wanted);
}

static bool is_same(const void *item, const void *wanted)
{
    return item == wanted;
}

/* Of the same items, with another number of slots. */
static struct shard *resize(const struct shards_kind *kind, const struct shard *old, size_t slots)
{
    struct shard *shard = new_shard(slots);

    if (shard == NULL)
        return NULL;
    shard->count = old->count;
    for (size_t i = 0; i <= old->mask; i++) {
        void *item = old->slots[i];

        if (item != NULL)
            *find_slot(shard, kind->hash(item), is_same, item) = item;
    }
    return shard;
}

static struct shard *duplicate(const struct shard *old)
{
    struct shard *shard = new_shard(old->mask + 1);

    if (shard == NULL)
        return NULL;
    shard->count = old->count;
    memcpy(shard->slots, old->slots, (old->mask + 1) * sizeof(void *));
    return shard;
}

static void hold_items(const struct shards_kind *kind, const struct shard *shard)
{
    for (size_t i = 0; kind->hold != NULL && i <= shard->mask; i++)
        if (shard->slots[i] != NULL)
            kind->hold(shard->slots[i]);
}

/* The shard, to be changed: no other set has it, and it has room for one item more. */
static struct shard *own(struct shards *shards, size_t place)
{
    struct shard *old = shards->shards[place];
    struct shard *shard = old;

    if (old == NULL)
        shard = new_shard(FIRST_SLOTS);
    else if (2 * (old->count + 1) > old->mask + 1)
        shard = resize(shards->kind, old, 2 * (old->mask + 1));
    else if (atomic_load(&old->references) > 1)
        shard = duplicate(old);
    if (shard == NULL || shard == old)
        return shard;
    hold_items(shards->kind, shard);
    drop_shard(shards->kind, old);
    shards->shards[place] = shard;
    return shard;
}

bool shards_put(struct shards *shards, void *item, shards_match *match)
{
    const struct shards_kind *kind = shards->kind;
    const uint64_t hash = kind->hash(item);
    struct shard *shard = NULL;
    void **slot = NULL;

    if (shards_find(shards, hash, is_same, item) != NULL)
        return true;
    shard = own(shards, place_of(hash));
    if (shard == NULL)
        return false;
    slot = find_slot(shard, hash, match, item);
    if (*slot == NULL) {
        shard->count++;
        shards->count++;
    } else if (kind->release != NULL) {
        kind->release(*slot);
    }
    *slot = item;
    if (kind->hold != NULL)
        kind->hold(item);
    return true;
}

/* Closes the gap at `gap`: what stands behind it and could not be found across it moves up. */
static void close_gap(const struct shards_kind *kind, struct shard *shard, size_t gap)
{
    size_t slot = gap;

    for (;;) {
        size_t home = 0;

        slot = (slot + 1) & shard->mask;
        if (shard->slots[slot] == NULL)
            break;
        home = (size_t)kind->hash(shard->slots[slot]) & shard->mask;
        if (((slot - home) & shard->mask) < ((slot - gap) & shard->mask))
            continue;
        shard->slots[gap] = shard->slots[slot];
        gap = slot;
    }
    shard->slots[gap] = NULL;
}

bool shards_remove(struct shards *shards, const void *item)
{
    const struct shards_kind *kind = shards->kind;
    const uint64_t hash = kind->hash(item);
    void *found = shards_find(shards, hash, is_same, item);
    struct shard *shard = NULL;

    if (found == NULL)
        return true;
    shard = own(shards, place_of(hash));
    if (shard == NULL)
        return false;
    close_gap(kind, shard, (size_t)(find_slot(shard, hash, is_same, item) - shard->slots));
    shard->count--;
    shards->count--;
    if (kind->release != NULL)
        kind->release(found);
    return true;
}

void *shards_next(const struct shards *shards, struct shards_cursor *cursor)
{
    for (; cursor->shard < SHARD_COUNT; cursor->shard++, cursor->slot = 0) {
        const struct shard *shard = shards->shards[cursor->shard];

        while (shard != NULL && cursor->slot <= shard->mask) {
            void *item = shard->slots[cursor->slot++];

            if (item != NULL)
                return item;
        }
    }
    return NULL;
}
