/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever_memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "pem.h"

/* The tag is kept as the validator. Nothing here goes stale: time stands still. */
enum { STILL = 0 };

struct key_memory {
    pthread_mutex_t lock;
    struct cache *cache;
};

enum asap_code key_memory_new(size_t entries, struct key_memory **out, struct asap_error *err)
{
    SCOPED(key_memory) struct key_memory *made = calloc(1, sizeof *made);

    *out = NULL;
    if (made == NULL)
        return fail_memory(err);
    (void)pthread_mutex_init(&made->lock, NULL);
    TRY(cache_new((struct cache_limits){ .entries = entries }, &made->cache, err));
    *out = MOVE(made);
    return ASAP_OK;
}

EVP_PKEY *key_memory_find(struct key_memory *memory, const struct kid *kid, const char *tag)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct cache_validators validators;

    (void)pthread_mutex_lock(&memory->lock);
    validators = cache_validators_of(memory->cache, kid);
    if (strcmp(validators.etag, tag) == 0)
        (void)cache_find(memory->cache, kid, STILL, &key);
    (void)pthread_mutex_unlock(&memory->lock);
    return MOVE(key);
}

void key_memory_put(struct key_memory *memory,
                    const struct kid *kid,
                    const char *tag,
                    EVP_PKEY *key)
{
    static const struct cache_headers fresh = { .control.max_age = { .given = true,
                                                                     .seconds = 1 } };
    struct cache_validators validators = { .etag = "" };

    (void)snprintf(validators.etag, sizeof validators.etag, "%s", tag);
    (void)pthread_mutex_lock(&memory->lock);
    if (key != NULL)
        cache_put(memory->cache, kid, key, &fresh, &validators,
                  (struct cache_moment){ .now = STILL, .wall = STILL });
    else
        cache_drop(memory->cache, kid);
    (void)pthread_mutex_unlock(&memory->lock);
}

void key_memory_free(struct key_memory *memory)
{
    if (memory == NULL)
        return;
    cache_free(memory->cache);
    (void)pthread_mutex_destroy(&memory->lock);
    free(memory);
}
