/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "pem.h"

struct key {
    const char *text;
    size_t length;
};

struct slot {
    struct key key; /* first: the tree compares it */
    struct slot *newer;
    struct slot *older;
    EVP_PKEY *pkey; /* NULL: there is no such key */
    size_t bytes;
    int64_t received;
    int64_t due; /* for renewal */
    struct cache_headers headers;
    struct cache_times times;
    struct cache_validators validators;
    char kid[KID_MAX];
};

struct list {
    struct slot *newest;
    struct slot *oldest;
};

/* Every slot is in the tree and in one of the lists. A balanced tree, as key ids are chosen by
 * whoever forges tokens, and a hash table could be made to degenerate. */
struct cache {
    void *tree;
    struct list keys;
    struct list misses;
    size_t length;
    size_t bytes;
    struct cache_limits limits;
};

static int compare(const void *left, const void *right)
{
    const struct key *a = left;
    const struct key *b = right;

    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return memcmp(a->text, b->text, a->length);
}

static struct slot *find_slot(const struct cache *cache, const struct kid *kid)
{
    const struct key wanted = { .text = kid->text, .length = kid->length };
    struct slot *const *node = tfind(&wanted, &cache->tree, compare);

    return node != NULL ? *node : NULL;
}

static struct list *list_of(struct cache *cache, const struct slot *slot)
{
    return slot->pkey != NULL ? &cache->keys : &cache->misses;
}

static void link_newest(struct list *list, struct slot *slot)
{
    slot->newer = NULL;
    slot->older = list->newest;
    if (list->newest != NULL)
        list->newest->newer = slot;
    else
        list->oldest = slot;
    list->newest = slot;
}

static void unlink_slot(struct list *list, struct slot *slot)
{
    if (slot->newer != NULL)
        slot->newer->older = slot->older;
    else
        list->newest = slot->older;
    if (slot->older != NULL)
        slot->older->newer = slot->newer;
    else
        list->oldest = slot->newer;
}

static void free_slot(struct slot *slot)
{
    EVP_PKEY_free(slot->pkey);
    free(slot);
}

DEFINE_SCOPED(slot, struct slot *, free_slot)

static void remove_slot(struct cache *cache, struct slot *slot)
{
    (void)tdelete(&slot->key, &cache->tree, compare);
    unlink_slot(list_of(cache, slot), slot);
    cache->length--;
    cache->bytes -= slot->bytes;
    free_slot(slot);
}

static bool has_room(const struct cache *cache, const struct slot *coming)
{
    return cache->length < cache->limits.entries
           && (cache->limits.bytes == 0
               || (coming->bytes <= cache->limits.bytes
                   && cache->bytes <= cache->limits.bytes - coming->bytes));
}

/* False when only keys are held and another miss is to come, or nothing would help. */
static bool make_room(struct cache *cache, const struct slot *coming)
{
    if (cache->limits.bytes != 0 && coming->bytes > cache->limits.bytes)
        return false;
    while (!has_room(cache, coming)) {
        struct slot *victim = cache->misses.oldest;

        if (victim == NULL && coming->pkey != NULL)
            victim = cache->keys.oldest;
        if (victim == NULL)
            return false;
        remove_slot(cache, victim);
    }
    return true;
}

static struct slot *new_slot(const struct kid *kid, EVP_PKEY *key, int64_t now)
{
    struct slot *slot = calloc(1, sizeof *slot);

    if (slot == NULL || kid->length > sizeof slot->kid
        || (key != NULL && EVP_PKEY_up_ref(key) != 1)) {
        free(slot);
        return NULL;
    }
    memcpy(slot->kid, kid->text, kid->length);
    slot->key = (struct key){ .text = slot->kid, .length = kid->length };
    slot->pkey = key;
    slot->bytes = cache_key_bytes(key);
    slot->received = now;
    return slot;
}

/* Takes the slot over in any case. */
static void insert_slot(struct cache *cache, struct slot *taken)
{
    SCOPED(slot) struct slot *slot = taken;

    if (!make_room(cache, slot) || tsearch(&slot->key, &cache->tree, compare) == NULL)
        return;
    link_newest(list_of(cache, slot), slot);
    cache->length++;
    cache->bytes += slot->bytes;
    slot = NULL;
}

/* A clock that went back ends everything: what was received in the future is not trusted. */
static bool is_before(const struct slot *slot, int64_t now, int64_t end)
{
    return slot->received <= now && now < end;
}

static EVP_PKEY *reference(EVP_PKEY *key)
{
    return EVP_PKEY_up_ref(key) == 1 ? key : NULL;
}

static enum cache_state state_of(const struct slot *slot, int64_t now)
{
    if (slot->pkey != NULL && is_before(slot, now, slot->times.stale))
        return now < slot->due ? CACHE_FRESH : CACHE_FRESH_DUE;
    if (is_before(slot, now, slot->times.stale))
        return CACHE_MISSING;
    if (is_before(slot, now, slot->times.stale_while_revalidate))
        return CACHE_STALE_REVALIDATING;
    return slot->pkey != NULL ? CACHE_STALE : CACHE_UNKNOWN;
}

/* What the headers say, on the clock that never steps. */
static struct cache_times times_of(const struct cache_headers *headers, struct cache_moment moment)
{
    const int64_t shift = moment.now - moment.wall;
    struct cache_times times = cache_headers_times(headers, moment.wall);

    times.stale += shift;
    times.stale_while_revalidate += shift;
    times.stale_if_error += shift;
    return times;
}

/* A key of a short lifetime, or that was old when it came, is not renewed ahead: it would be
 * fetched all the time. */
static void set_times(struct slot *slot, const struct cache_times *times, int64_t now)
{
    const int64_t left = times->stale - now;

    slot->times = *times;
    slot->received = now;
    slot->due = left < CACHE_AHEAD_SECONDS ? times->stale : now + left * CACHE_AHEAD_PERCENT / 100;
}

enum asap_code cache_new(struct cache_limits limits, struct cache **out, struct asap_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return fail_memory(err);
    (*out)->limits = limits;
    if (limits.entries == 0)
        (*out)->limits.entries = 1;
    return ASAP_OK;
}

enum cache_state cache_find(struct cache *cache, const struct kid *kid, int64_t now, EVP_PKEY **out)
{
    struct slot *slot = find_slot(cache, kid);

    *out = NULL;
    if (slot == NULL)
        return CACHE_UNKNOWN;
    if (slot->pkey != NULL) {
        unlink_slot(&cache->keys, slot);
        link_newest(&cache->keys, slot);
        *out = reference(slot->pkey);
    }
    return state_of(slot, now);
}

EVP_PKEY *cache_find_for_error(struct cache *cache, const struct kid *kid, int64_t now)
{
    struct slot *slot = find_slot(cache, kid);
    const int64_t retry = now + CACHE_RETRY_SECONDS;

    if (slot == NULL || slot->pkey == NULL)
        return NULL;
    if (!is_before(slot, now, slot->times.stale_if_error)) {
        slot->times.stale_while_revalidate = slot->times.stale;
        return NULL;
    }
    if (slot->times.stale <= now)
        slot->times.stale = retry < slot->times.stale_if_error ? retry : slot->times.stale_if_error;
    slot->due = retry;
    return reference(slot->pkey);
}

struct cache_validators cache_validators_of(const struct cache *cache, const struct kid *kid)
{
    const struct slot *slot = find_slot(cache, kid);

    return slot != NULL ? slot->validators : (struct cache_validators){ .etag = "" };
}

void cache_put(struct cache *cache,
               const struct kid *kid,
               EVP_PKEY *key,
               const struct cache_headers *headers,
               const struct cache_validators *validators,
               struct cache_moment moment)
{
    const struct cache_times times = times_of(headers, moment);
    struct slot *slot = NULL;

    cache_drop(cache, kid);
    if (times.may_store)
        slot = new_slot(kid, key, moment.now);
    if (slot == NULL)
        return;
    slot->headers = *headers;
    set_times(slot, &times, moment.now);
    slot->validators = *validators;
    insert_slot(cache, slot);
}

void cache_freshen(struct cache *cache,
                   const struct kid *kid,
                   const struct cache_headers *headers,
                   struct cache_moment moment)
{
    struct slot *slot = find_slot(cache, kid);
    struct cache_times times = { 0 };

    if (slot == NULL || slot->pkey == NULL)
        return;
    cache_headers_update(&slot->headers, headers);
    times = times_of(&slot->headers, moment);
    set_times(slot, &times, moment.now);
    if (!slot->times.may_store)
        remove_slot(cache, slot);
}

static int64_t miss_seconds(const struct cache_headers *headers)
{
    const struct cache_seconds *max_age = &headers->control.max_age;

    return max_age->given && max_age->seconds < CACHE_MISS_SECONDS_MAX ? max_age->seconds
                                                                       : CACHE_MISS_SECONDS_MAX;
}

void cache_put_missing(struct cache *cache,
                       const struct kid *kid,
                       const struct cache_headers *headers,
                       int64_t now)
{
    struct slot *slot = NULL;

    cache_drop(cache, kid);
    slot = new_slot(kid, NULL, now);
    if (slot == NULL)
        return;
    slot->times.stale = now + miss_seconds(headers);
    insert_slot(cache, slot);
}

void cache_drop(struct cache *cache, const struct kid *kid)
{
    struct slot *slot = find_slot(cache, kid);

    if (slot != NULL)
        remove_slot(cache, slot);
}

size_t cache_length(const struct cache *cache)
{
    return cache->length;
}

size_t cache_bytes(const struct cache *cache)
{
    return cache->bytes;
}

size_t cache_key_bytes(const EVP_PKEY *key)
{
    enum { TREE_NODE = 64, KEY_FIXED = 2048, NUMBERS = 4, BITS_IN_BYTE = 8 };
    const size_t slot = sizeof(struct slot) + TREE_NODE;

    if (key == NULL)
        return slot;
    return slot + KEY_FIXED + NUMBERS * (size_t)EVP_PKEY_get_bits(key) / BITS_IN_BYTE;
}

void cache_free(struct cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->keys.oldest != NULL)
        remove_slot(cache, cache->keys.oldest);
    while (cache->misses.oldest != NULL)
        remove_slot(cache, cache->misses.oldest);
    free(cache);
}
