/* SPDX-License-Identifier: Apache-2.0 */
#include "limit.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "fnv.h"
#include "scoped.h"

enum { MINUTE_MS = 60000 };

/* A bucket counts in parts of which a millisecond brings as many as a minute brings tokens: whole
 * numbers, so that nothing is lost by rounding. */
#define ONE_TOKEN INT64_C(60000)
#define MOST_PER_MINUTE INT64_C(1000000000)

struct bucket {
    char key[LIMIT_KEY_SIZE];
    int64_t level; /* in parts, as of `since_ms` */
    int64_t since_ms;
    struct bucket **head; /* of the chain that it is in */
    struct bucket *next;  /* in that chain */
    struct bucket *newer, *older;
};

struct limiter {
    pthread_mutex_t lock; /* over all below */
    struct bucket *buckets;
    size_t capacity, used;
    struct bucket **heads; /* hash table: `mask` + 1 chains */
    size_t mask;
    uint64_t seed;                  /* so that nobody can choose keys that share a chain */
    struct bucket *newest, *oldest; /* by use */
};

static void release(struct limiter *limiter)
{
    free(limiter->buckets);
    free(limiter->heads);
    free(limiter);
}

DEFINE_SCOPED(limiter, struct limiter *, release)

enum asap_code limiter_new(size_t buckets, struct limiter **out, struct asap_error *err)
{
    SCOPED(limiter) struct limiter *limiter = calloc(1, sizeof *limiter);
    size_t heads = 1;

    *out = NULL;
    if (limiter == NULL)
        return fail_memory(err);
    limiter->capacity = buckets > 0 ? buckets : 1;
    while (heads < limiter->capacity)
        heads *= 2;
    limiter->mask = heads - 1;
    limiter->buckets = calloc(limiter->capacity, sizeof *limiter->buckets);
    limiter->heads = calloc(heads, sizeof(struct bucket *));
    if (limiter->buckets == NULL || limiter->heads == NULL)
        return fail_memory(err);
    if (RAND_bytes((unsigned char *)&limiter->seed, sizeof limiter->seed) != 1)
        return fail(err, ASAP_INTERNAL, "the random number generator failed");
    if (pthread_mutex_init(&limiter->lock, NULL) != 0)
        return fail_memory(err);
    *out = MOVE(limiter);
    return ASAP_OK;
}

void limiter_free(struct limiter *limiter)
{
    if (limiter == NULL)
        return;
    (void)pthread_mutex_destroy(&limiter->lock);
    release(limiter);
}

static struct bucket **head_of(const struct limiter *limiter, const char *key)
{
    const uint64_t value = fnv_hash(limiter->seed, key, strlen(key));

    return &limiter->heads[(size_t)(value ^ value >> 32) & limiter->mask];
}

static struct bucket *find(struct bucket *const *head, const char *key)
{
    struct bucket *bucket = *head;

    while (bucket != NULL && strcmp(bucket->key, key) != 0)
        bucket = bucket->next;
    return bucket;
}

static void take_out_of_order(struct limiter *limiter, struct bucket *bucket)
{
    if (bucket->newer != NULL)
        bucket->newer->older = bucket->older;
    else
        limiter->newest = bucket->older;
    if (bucket->older != NULL)
        bucket->older->newer = bucket->newer;
    else
        limiter->oldest = bucket->newer;
}

static void put_newest(struct limiter *limiter, struct bucket *bucket)
{
    bucket->newer = NULL;
    bucket->older = limiter->newest;
    if (limiter->newest != NULL)
        limiter->newest->newer = bucket;
    else
        limiter->oldest = bucket;
    limiter->newest = bucket;
}

static void take_out_of_chain(struct bucket *bucket)
{
    struct bucket **place = bucket->head;

    while (*place != bucket)
        place = &(*place)->next;
    *place = bucket->next;
}

/* A fresh bucket, or the one that was longest unused. */
static struct bucket *make_room(struct limiter *limiter)
{
    struct bucket *bucket = limiter->oldest;

    if (limiter->used < limiter->capacity)
        return &limiter->buckets[limiter->used++];
    take_out_of_order(limiter, bucket);
    take_out_of_chain(bucket);
    return bucket;
}

static struct bucket *
add(struct limiter *limiter, struct bucket **head, const char *key, int64_t level, int64_t now_ms)
{
    struct bucket *bucket = make_room(limiter);

    (void)snprintf(bucket->key, sizeof bucket->key, "%s", key);
    bucket->level = level;
    bucket->since_ms = now_ms;
    bucket->head = head;
    bucket->next = *head;
    *head = bucket;
    put_newest(limiter, bucket);
    return bucket;
}

/* Threads read the clock before they take the lock, so that it may seem to go back. */
static void refill(struct bucket *bucket, int64_t per_minute, int64_t now_ms)
{
    const int64_t full = per_minute * ONE_TOKEN;
    const int64_t elapsed = now_ms > bucket->since_ms ? now_ms - bucket->since_ms : 0;

    bucket->level = elapsed >= MINUTE_MS || bucket->level > full - elapsed * per_minute
                        ? full
                        : bucket->level + elapsed * per_minute;
    bucket->since_ms += elapsed;
}

/* The key's bucket, which counts as used now. NULL: none yet, and so a full one. */
static struct bucket *look_up(struct limiter *limiter, struct bucket *const *head, const char *key)
{
    struct bucket *bucket = find(head, key);

    if (bucket == NULL)
        return NULL;
    take_out_of_order(limiter, bucket);
    put_newest(limiter, bucket);
    return bucket;
}

static int64_t wait_for_one(const struct bucket *bucket, int64_t per_minute)
{
    return bucket->level >= ONE_TOKEN ? 0
                                      : (ONE_TOKEN - bucket->level + per_minute - 1) / per_minute;
}

/* Takes `parts` of a bucket that has a token or more: 0, else the milliseconds until it has one. */
static int64_t
take(struct limiter *limiter, const char *key, int64_t per_minute, int64_t now_ms, int64_t parts)
{
    char cut[LIMIT_KEY_SIZE];
    struct bucket **head = NULL;
    struct bucket *bucket = NULL;
    int64_t wait = 0;

    (void)snprintf(cut, sizeof cut, "%s", key);
    head = head_of(limiter, cut);
    (void)pthread_mutex_lock(&limiter->lock);
    bucket = look_up(limiter, head, cut);
    if (bucket == NULL && parts > 0)
        bucket = add(limiter, head, cut, per_minute * ONE_TOKEN, now_ms);
    if (bucket != NULL) {
        refill(bucket, per_minute, now_ms);
        wait = wait_for_one(bucket, per_minute);
        bucket->level -= wait == 0 ? parts : 0;
    }
    (void)pthread_mutex_unlock(&limiter->lock);
    return wait;
}

static int64_t bounded(struct limit_rate rate)
{
    return rate.per_minute < MOST_PER_MINUTE ? rate.per_minute : MOST_PER_MINUTE;
}

bool limiter_take(struct limiter *limiter,
                  const char *key,
                  struct limit_rate rate,
                  int64_t now_ms,
                  int64_t *retry_ms)
{
    *retry_ms = 0;
    if (rate.per_minute > 0)
        *retry_ms = take(limiter, key, bounded(rate), now_ms, ONE_TOKEN);
    return *retry_ms == 0;
}

bool limiter_has(struct limiter *limiter,
                 const char *key,
                 struct limit_rate rate,
                 int64_t now_ms,
                 int64_t *retry_ms)
{
    *retry_ms = 0;
    if (rate.per_minute > 0)
        *retry_ms = take(limiter, key, bounded(rate), now_ms, 0);
    return *retry_ms == 0;
}
