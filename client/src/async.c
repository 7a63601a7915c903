/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/async.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "fail.h"
#include "scoped.h"

enum { DEFAULT_THREADS = 4, THREADS_MAX = 64, DEFAULT_WAITING = 1000 };

struct job {
    struct job *next;
    asap_async_work work;
    asap_async_done done;
    void *context;
    enum asap_code code;
};

struct queue {
    struct job *first;
    struct job **end; /* where the next one is linked */
    size_t length;
};

struct asap_async {
    int pipe[2]; /* holds one byte while `over` holds a job */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* more waits, or it is to end */
    struct queue waiting, over;
    size_t limit;
    bool is_ending;
    pthread_t threads[THREADS_MAX];
    size_t thread_count;
};

DEFINE_SCOPED(async, struct asap_async *, asap_async_free)

static void append(struct queue *queue, struct job *job)
{
    job->next = NULL;
    *queue->end = job;
    queue->end = &job->next;
    queue->length++;
}

static struct job *take(struct queue *queue)
{
    struct job *job = queue->first;

    if (job == NULL)
        return NULL;
    queue->first = job->next;
    if (queue->first == NULL)
        queue->end = &queue->first;
    queue->length--;
    return job;
}

/* Under the lock, so that there is never a second byte and none is left behind. */
static void finish(struct asap_async *async, struct job *job)
{
    const char byte = 0;

    if (async->over.length == 0)
        (void)!write(async->pipe[1], &byte, 1);
    append(&async->over, job);
}

static void *serve(void *context)
{
    struct asap_async *async = context;
    struct job *job = NULL;

    (void)pthread_mutex_lock(&async->lock);
    while (!async->is_ending) {
        job = take(&async->waiting);
        if (job == NULL) {
            (void)pthread_cond_wait(&async->changed, &async->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&async->lock);
        job->work(job->context);
        (void)pthread_mutex_lock(&async->lock);
        finish(async, job);
    }
    (void)pthread_mutex_unlock(&async->lock);
    return NULL;
}

static enum asap_code open_pipe(struct asap_async *async, struct asap_error *err)
{
    if (pipe(async->pipe) != 0) {
        async->pipe[0] = async->pipe[1] = -1;
        return fail(err, ASAP_INTERNAL, "there is no pipe to be had (too many open files?)");
    }
    for (int end = 0; end < 2; end++)
        if (fcntl(async->pipe[end], F_SETFD, FD_CLOEXEC) == -1
            || fcntl(async->pipe[end], F_SETFL, O_NONBLOCK) == -1)
            return fail(err, ASAP_INTERNAL, "a pipe cannot be made non-blocking");
    return ASAP_OK;
}

/* Signals are the program's own business: its threads get them, not these. */
static enum asap_code start(struct asap_async *async, size_t threads, struct asap_error *err)
{
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (async->thread_count < threads
           && pthread_create(&async->threads[async->thread_count], NULL, serve, async) == 0)
        async->thread_count++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (async->thread_count < threads)
        return fail(err, ASAP_INTERNAL, "there are only %zu of %zu threads to be had",
                    async->thread_count, threads);
    return ASAP_OK;
}

/* NULL: out of memory. */
static struct asap_async *allocate(void)
{
    struct asap_async *async = calloc(1, sizeof *async);

    if (async == NULL)
        return NULL;
    async->pipe[0] = async->pipe[1] = -1;
    async->waiting.end = &async->waiting.first;
    async->over.end = &async->over.first;
    (void)pthread_mutex_init(&async->lock, NULL);
    (void)pthread_cond_init(&async->changed, NULL);
    return async;
}

enum asap_code asap_async_new(const struct asap_async_options *options,
                              struct asap_async **out,
                              struct asap_error *err)
{
    const struct asap_async_options chosen =
        options != NULL ? *options : (struct asap_async_options){ .threads = 0 };
    SCOPED(async) struct asap_async *async = NULL;

    *out = NULL;
    if (chosen.threads > THREADS_MAX)
        return fail_field(err, "threads", "threads is %zu; it must be at most %d", chosen.threads,
                          THREADS_MAX);
    async = allocate();
    if (async == NULL)
        return fail_memory(err);
    async->limit = chosen.waiting > 0 ? chosen.waiting : DEFAULT_WAITING;
    TRY(open_pipe(async, err));
    TRY(start(async, chosen.threads > 0 ? chosen.threads : DEFAULT_THREADS, err));
    *out = MOVE(async);
    return ASAP_OK;
}

/* Takes `job` over when it can wait. */
static bool enqueue(struct asap_async *async, struct job *job)
{
    bool has_room = false;

    (void)pthread_mutex_lock(&async->lock);
    has_room = !async->is_ending && async->waiting.length < async->limit;
    if (has_room) {
        append(&async->waiting, job);
        (void)pthread_cond_signal(&async->changed);
    }
    (void)pthread_mutex_unlock(&async->lock);
    return has_room;
}

enum asap_code asap_async_run(struct asap_async *async,
                              asap_async_work work,
                              asap_async_done done,
                              void *context,
                              struct asap_error *err)
{
    struct job *job = malloc(sizeof *job);

    if (job == NULL)
        return fail_memory(err);
    *job = (struct job){ .work = work, .done = done, .context = context, .code = ASAP_OK };
    if (enqueue(async, job))
        return ASAP_OK;
    free(job);
    return fail(err, ASAP_RESOURCE_EXHAUSTED,
                "%zu jobs wait already, which is the limit, or the threads are ending",
                async->limit);
}

int asap_async_fd(const struct asap_async *async)
{
    return async->pipe[0];
}

static struct job *take_all(struct asap_async *async)
{
    struct job *jobs = NULL;
    char byte = 0;

    (void)pthread_mutex_lock(&async->lock);
    jobs = async->over.first;
    async->over = (struct queue){ .end = &async->over.first };
    if (jobs != NULL)
        (void)!read(async->pipe[0], &byte, 1);
    (void)pthread_mutex_unlock(&async->lock);
    return jobs;
}

void asap_async_dispatch(struct asap_async *async)
{
    struct job *job = take_all(async);

    while (job != NULL) {
        struct job *const next = job->next;

        job->done(job->context, job->code);
        free(job);
        job = next;
    }
}

static void end_threads(struct asap_async *async)
{
    (void)pthread_mutex_lock(&async->lock);
    async->is_ending = true;
    (void)pthread_cond_broadcast(&async->changed);
    (void)pthread_mutex_unlock(&async->lock);
    for (size_t i = 0; i < async->thread_count; i++)
        (void)pthread_join(async->threads[i], NULL);
}

void asap_async_free(struct asap_async *async)
{
    if (async == NULL)
        return;
    end_threads(async);
    for (struct job *job = take(&async->waiting); job != NULL; job = take(&async->waiting)) {
        job->code = ASAP_CANCELED;
        finish(async, job);
    }
    asap_async_dispatch(async);
    for (int end = 0; end < 2; end++)
        if (async->pipe[end] != -1)
            (void)close(async->pipe[end]);
    (void)pthread_mutex_destroy(&async->lock);
    (void)pthread_cond_destroy(&async->changed);
    free(async);
}
