/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SHARDS_H
#define ASAPD_SHARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A hash set of pointers that is cheap to copy and to change: copies share its shards, and a change
 * makes one's own copy of the shard that it concerns. To read it is safe for any number of threads
 * while no thread changes it; sets that share shards may be used by different ones. */

/* What the pointers point to. */
struct shards_kind {
    uint64_t (*hash)(const void *item);
    /* A shard holds its items; NULL: somebody else does. */
    void (*hold)(void *item);
    void (*release)(void *item);
};

/* Of 1,000,000 items a change copies some 1,000, and as many shards are shared. */
enum { SHARD_COUNT = 1024 };

struct shard;
struct shards {
    const struct shards_kind *kind;
    size_t count; /* of items */
    struct shard *shards[SHARD_COUNT];
};

void shards_init(struct shards *shards, const struct shards_kind *kind);
void shards_copy(struct shards *out, const struct shards *shards); /* *out was not initialised */
void shards_clear(struct shards *shards);

/* Whether an item is the one that is looked for. */
typedef bool shards_match(const void *item, const void *wanted);

/* The item that matches `wanted`, whose hash is `hash`. NULL: there is none. */
void *
shards_find(const struct shards *shards, uint64_t hash, shards_match *match, const void *wanted);

/* Puts `item` in, in the place of the one that matches it, if any; `match` is called with
 * (there, item). False without memory. */
bool shards_put(struct shards *shards, void *item, shards_match *match);

/* Takes out `item` itself. That it is not there is no failure. False without memory. */
bool shards_remove(struct shards *shards, const void *item);

/* The items one by one, in no order, from a cursor that is all zero. NULL: that was the last. */
struct shards_cursor {
    size_t shard, slot;
};
void *shards_next(const struct shards *shards, struct shards_cursor *cursor);

#endif
