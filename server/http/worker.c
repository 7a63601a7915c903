/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <pthread.h>
#include <stdlib.h>

#include "fail.h"

struct workers {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    void (*run)(void *job);
    void **queue; /* a ring */
    size_t capacity, first, count;
    bool is_stopping;
    pthread_t *threads;
    unsigned thread_count;
};

/* The next job; NULL when the queue is empty and no more will come. */
static void *take(struct workers *workers)
{
    void *job = NULL;

    (void)pthread_mutex_lock(&workers->mutex);
    while (workers->count == 0 && !workers->is_stopping)
        (void)pthread_cond_wait(&workers->changed, &workers->mutex);
    if (workers->count > 0) {
        job = workers->queue[workers->first];
        workers->first = (workers->first + 1) % workers->capacity;
        workers->count--;
    }
    (void)pthread_mutex_unlock(&workers->mutex);
    return job;
}

static void *work(void *context)
{
    struct workers *workers = context;

    for (void *job = take(workers); job != NULL; job = take(workers))
        workers->run(job);
    return NULL;
}

static bool start_threads(struct workers *workers, unsigned count)
{
    for (; workers->thread_count < count; workers->thread_count++)
        if (pthread_create(&workers->threads[workers->thread_count], NULL, work, workers) != 0)
            return false;
    return true;
}

enum asap_code workers_new(unsigned count,
                           size_t queue_length,
                           void (*run)(void *job),
                           struct workers **out,
                           struct asap_error *err)
{
    SCOPED(workers) struct workers *workers = calloc(1, sizeof *workers);

    *out = NULL;
    if (workers == NULL)
        return fail_memory(err);
    (void)pthread_mutex_init(&workers->mutex, NULL);
    (void)pthread_cond_init(&workers->changed, NULL);
    workers->run = run;
    workers->capacity = queue_length;
    workers->queue = calloc(queue_length, sizeof *workers->queue);
    workers->threads = calloc(count, sizeof *workers->threads);
    if (workers->queue == NULL || workers->threads == NULL)
        return fail_memory(err);
    if (!start_threads(workers, count))
        return fail(err, ASAP_UNAVAILABLE,
                    "cannot start %u worker threads: raise the limit on tasks", count);
    *out = MOVE(workers);
    return ASAP_OK;
}

bool workers_push(struct workers *workers, void *job)
{
    bool has_room = false;

    (void)pthread_mutex_lock(&workers->mutex);
    has_room = !workers->is_stopping && workers->count < workers->capacity;
    if (has_room) {
        workers->queue[(workers->first + workers->count) % workers->capacity] = job;
        workers->count++;
        (void)pthread_cond_signal(&workers->changed);
    }
    (void)pthread_mutex_unlock(&workers->mutex);
    return has_room;
}

void workers_stop(struct workers *workers)
{
    if (workers == NULL)
        return;
    (void)pthread_mutex_lock(&workers->mutex);
    workers->is_stopping = true;
    (void)pthread_cond_broadcast(&workers->changed);
    (void)pthread_mutex_unlock(&workers->mutex);
    for (; workers->thread_count > 0; workers->thread_count--)
        (void)pthread_join(workers->threads[workers->thread_count - 1], NULL);
}

void workers_free(struct workers *workers)
{
    if (workers == NULL)
        return;
    workers_stop(workers);
    (void)pthread_cond_destroy(&workers->changed);
    (void)pthread_mutex_destroy(&workers->mutex);
    free(workers->queue);
    free(workers->threads);
    free(workers);
}
