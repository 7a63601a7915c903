/* SPDX-License-Identifier: Apache-2.0 */
#include "token_cache.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"

struct slot {
    char *key; /* NULL: the slot is free */
    size_t key_length;
    char *token;
    struct token_times times;
    uint64_t used; /* the greater the later */
};

struct token_cache {
    uint64_t uses;
    size_t count;
    struct slot slots[];
};

static void clear_slot(struct slot *slot)
{
    free(slot->key);
    free(slot->token);
    *slot = (struct slot){ 0 };
}

static struct slot *find_slot(struct token_cache *cache, const struct buffer *key)
{
    for (size_t i = 0; i < cache->count; i++) {
        struct slot *slot = &cache->slots[i];

        if (slot->key != NULL && slot->key_length == key->length
            && memcmp(slot->key, key->bytes, key->length) == 0)
            return slot;
    }
    return NULL;
}

/* A free one was never used, and so comes first. */
static struct slot *least_used(struct token_cache *cache)
{
    struct slot *least = &cache->slots[0];

    for (size_t i = 1; i < cache->count; i++)
        if (cache->slots[i].used < least->used)
            least = &cache->slots[i];
    return least;
}

enum asap_code token_cache_new(size_t entries, struct token_cache **out, struct asap_error *err)
{
    const size_t count = entries > 0 ? entries : 1;

    *out = NULL;
    if (count <= (SIZE_MAX - sizeof **out) / sizeof(struct slot))
        *out = calloc(1, sizeof **out + count * sizeof(struct slot));
    if (*out == NULL)
        return fail_memory(err);
    (*out)->count = count;
    return ASAP_OK;
}

enum token_state
token_cache_find(struct token_cache *cache, const struct buffer *key, int64_t now, const char **out)
{
    struct slot *slot = find_slot(cache, key);

    *out = NULL;
    /* A clock that went back ends everything: what was asked for in the future is not trusted. */
    if (slot == NULL || now < slot->times.asked)
        return TOKEN_NONE;
    if (now >= slot->times.refresh && now >= slot->times.until)
        return TOKEN_NONE;
    slot->used = ++cache->uses;
    *out = slot->token;
    return now < slot->times.refresh ? TOKEN_FRESH : TOKEN_OLD;
}

void token_cache_put(struct token_cache *cache,
                     const struct buffer *key,
                     const char *token,
                     const struct token_times *times)
{
    struct slot *held = find_slot(cache, key);
    struct slot *slot = held != NULL ? held : least_used(cache);

    clear_slot(slot);
    slot->key = malloc(key->length + 1);
    slot->token = strdup(token);
    if (slot->key == NULL || slot->token == NULL) {
        clear_slot(slot);
        return;
    }
    memcpy(slot->key, key->bytes, key->length);
    slot->key_length = key->length;
    slot->times = *times;
    slot->used = ++cache->uses;
}

void token_cache_postpone(struct token_cache *cache, const struct buffer *key, int64_t time)
{
    struct slot *slot = find_slot(cache, key);

    if (slot != NULL)
        slot->times.refresh = time < slot->times.until ? time : slot->times.until;
}

void token_cache_drop(struct token_cache *cache, const struct buffer *key)
{
    struct slot *slot = find_slot(cache, key);

    if (slot != NULL)
        clear_slot(slot);
}

void token_cache_free(struct token_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < cache->count; i++)
        clear_slot(&cache->slots[i]);
    free(cache);
}
