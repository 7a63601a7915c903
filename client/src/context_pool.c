/* SPDX-License-Identifier: Apache-2.0 */
#include "context_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "fail.h"

enum { IDLE_MAX = 64 };

struct context_pool {
    enum signature_use use;
    pthread_mutex_t lock; /* over all that follows */
    size_t count;
    struct signature_context *idle[IDLE_MAX]; /* the one last used first */
};

enum asap_code context_pool_new(enum signature_use use,
                                struct context_pool **out,
                                struct asap_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return fail_memory(err);
    (*out)->use = use;
    (void)pthread_mutex_init(&(*out)->lock, NULL);
    return ASAP_OK;
}

void context_pool_free(struct context_pool *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < pool->count; i++)
        signature_context_free(pool->idle[i]);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static struct signature_context *remove_at(struct context_pool *pool, size_t place)
{
    struct signature_context *context = pool->idle[place];

    pool->count--;
    for (size_t i = place; i < pool->count; i++)
        pool->idle[i] = pool->idle[i + 1];
    return context;
}

static struct signature_context *find(struct context_pool *pool,
                                      const struct algorithm *algorithm,
                                      const EVP_PKEY *key)
{
    for (size_t i = 0; i < pool->count; i++)
        if (signature_context_key(pool->idle[i]) == key
            && signature_context_algorithm(pool->idle[i]) == algorithm)
            return remove_at(pool, i);
    return NULL;
}

static void drop_other_keys(struct context_pool *pool, const EVP_PKEY *key)
{
    for (size_t i = pool->count; i > 0; i--)
        if (signature_context_key(pool->idle[i - 1]) != key)
            signature_context_free(remove_at(pool, i - 1));
}

enum asap_code context_pool_take(struct context_pool *pool,
                                 const struct algorithm *algorithm,
                                 EVP_PKEY *key,
                                 struct signature_context **out,
                                 struct asap_error *err)
{
    (void)pthread_mutex_lock(&pool->lock);
    if (pool->use == SIGNATURE_MAKE)
        drop_other_keys(pool, key);
    *out = find(pool, algorithm, key);
    (void)pthread_mutex_unlock(&pool->lock);
    return *out != NULL ? ASAP_OK : signature_context_new(algorithm, key, pool->use, out, err);
}

void context_pool_give(struct context_pool *pool, struct signature_context **context)
{
    struct signature_context *left_over = NULL;

    (void)pthread_mutex_lock(&pool->lock);
    if (pool->count == IDLE_MAX)
        left_over = remove_at(pool, IDLE_MAX - 1);
    for (size_t i = pool->count; i > 0; i--)
        pool->idle[i] = pool->idle[i - 1];
    pool->idle[0] = MOVE(*context);
    pool->count++;
    (void)pthread_mutex_unlock(&pool->lock);
    signature_context_free(left_over);
}
