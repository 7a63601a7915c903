/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever_refresh.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "fail.h"

struct wish {
    size_t length;
    char kid[KID_MAX];
};

struct refresher {
    void (*renew)(void *context, const struct kid *kid);
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; /* over all that follows; never held during a renewal */
    pthread_cond_t changed;
    bool is_started;
    pid_t owner; /* the process that has the thread; one forked from it has not */
    bool is_ending;
    size_t first;
    size_t length;
    struct wish wishes[REFRESH_QUEUE]; /* a ring */
};

static struct wish *wish_at(struct refresher *self, size_t place)
{
    return &self->wishes[(self->first + place) % REFRESH_QUEUE];
}

static bool is_wished(struct refresher *self, const struct kid *kid)
{
    for (size_t i = 0; i < self->length; i++) {
        const struct wish *wish = wish_at(self, i);

        if (wish->length == kid->length && memcmp(wish->kid, kid->text, kid->length) == 0)
            return true;
    }
    return false;
}

/* Under the lock. False: it is to end. */
static bool next_wish(struct refresher *self, struct wish *out)
{
    while (self->length == 0 && !self->is_ending)
        (void)pthread_cond_wait(&self->changed, &self->lock);
    if (self->is_ending)
        return false;
    *out = *wish_at(self, 0);
    self->first = (self->first + 1) % REFRESH_QUEUE;
    self->length--;
    return true;
}

static void *run(void *context)
{
    struct refresher *self = context;
    struct wish wish = { 0 };

    (void)pthread_mutex_lock(&self->lock);
    while (next_wish(self, &wish)) {
        const struct kid kid = { .text = wish.kid, .length = wish.length };

        (void)pthread_mutex_unlock(&self->lock);
        self->renew(self->context, &kid);
        (void)pthread_mutex_lock(&self->lock);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return NULL;
}

static bool is_another_process(const struct refresher *self)
{
    return self->is_started && self->owner != getpid();
}

/* The program's signals are for its own threads. */
static bool start(struct refresher *self)
{
    sigset_t all;
    sigset_t before;

    if (self->is_started)
        return true;
    self->owner = getpid();
    (void)sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return false;
    self->is_started = pthread_create(&self->thread, NULL, run, self) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return self->is_started;
}

static bool wish_under_lock(struct refresher *self, const struct kid *kid)
{
    struct wish *wish = NULL;

    if (is_another_process(self))
        return false;
    if (is_wished(self, kid))
        return true;
    if (self->length == REFRESH_QUEUE || kid->length > KID_MAX || !start(self))
        return false;
    wish = wish_at(self, self->length++);
    wish->length = kid->length;
    memcpy(wish->kid, kid->text, kid->length);
    (void)pthread_cond_signal(&self->changed);
    return true;
}

bool refresher_wish(struct refresher *refresher, const struct kid *kid)
{
    bool is_taken = false;

    (void)pthread_mutex_lock(&refresher->lock);
    is_taken = wish_under_lock(refresher, kid);
    (void)pthread_mutex_unlock(&refresher->lock);
    return is_taken;
}

enum asap_code refresher_new(void (*renew)(void *context, const struct kid *kid),
                             void *context,
                             struct refresher **out,
                             struct asap_error *err)
{
    struct refresher *made = calloc(1, sizeof *made);

    *out = NULL;
    if (made == NULL)
        return fail_memory(err);
    made->renew = renew;
    made->context = context;
    (void)pthread_mutex_init(&made->lock, NULL);
    (void)pthread_cond_init(&made->changed, NULL);
    *out = made;
    return ASAP_OK;
}

void refresher_free(struct refresher *refresher)
{
    if (refresher == NULL)
        return;
    /* The thread that its lock and condition may still wait for does not exist here. */
    if (is_another_process(refresher)) {
        free(refresher);
        return;
    }
    (void)pthread_mutex_lock(&refresher->lock);
    refresher->is_ending = true;
    (void)pthread_cond_signal(&refresher->changed);
    (void)pthread_mutex_unlock(&refresher->lock);
    if (refresher->is_started)
        (void)pthread_join(refresher->thread, NULL);
    (void)pthread_cond_destroy(&refresher->changed);
    (void)pthread_mutex_destroy(&refresher->lock);
    free(refresher);
}
