/* SPDX-License-Identifier: Apache-2.0 */
#include "callers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "caller_set.h"
#include "fail.h"
#include "store_server.h"

enum { PROBLEM_SIZE = 256 };

struct callers {
    pthread_mutex_t reload; /* one reload at a time; taken before `lock` */
    pthread_mutex_t lock;   /* over what follows; held for a few instructions */
    struct caller_set *current;
    bool reload_failed;
    char problem[PROBLEM_SIZE]; /* "" while all is well */
};

DEFINE_SCOPED(callers, struct callers *, free)

enum asap_code callers_new(struct callers **out, struct asap_error *err)
{
    SCOPED(callers) struct callers *callers = calloc(1, sizeof *callers);

    *out = NULL;
    if (callers == NULL || pthread_mutex_init(&callers->lock, NULL) != 0)
        return fail_memory(err);
    if (pthread_mutex_init(&callers->reload, NULL) != 0) {
        (void)pthread_mutex_destroy(&callers->lock);
        return fail_memory(err);
    }
    callers->reload_failed = true;
    (void)snprintf(callers->problem, PROBLEM_SIZE, "the callers are not loaded yet");
    *out = MOVE(callers);
    return ASAP_OK;
}

void callers_free(struct callers *callers)
{
    if (callers == NULL)
        return;
    caller_set_free(callers->current);
    (void)pthread_mutex_destroy(&callers->lock);
    (void)pthread_mutex_destroy(&callers->reload);
    free(callers);
}

const struct caller_set *callers_acquire(struct callers *callers)
{
    struct caller_set *set = NULL;

    (void)pthread_mutex_lock(&callers->lock);
    set = callers->current;
    if (set != NULL)
        set->references++;
    (void)pthread_mutex_unlock(&callers->lock);
    return set;
}

/* Under the lock: whether the caller is to free it. */
static bool drop_reference(struct caller_set *set)
{
    return set != NULL && --set->references == 0;
}

void callers_release(struct callers *callers, const struct caller_set *set)
{
    bool is_last = false;

    if (set == NULL)
        return;
    (void)pthread_mutex_lock(&callers->lock);
    is_last = drop_reference(set->self);
    (void)pthread_mutex_unlock(&callers->lock);
    if (is_last)
        caller_set_free(set->self);
}

static void swap_in(struct callers *callers, struct caller_set *set)
{
    struct caller_set *old = NULL;
    bool is_last = false;

    set->references = 1;
    (void)pthread_mutex_lock(&callers->lock);
    old = callers->current;
    callers->current = set;
    callers->reload_failed = false;
    callers->problem[0] = '\0';
    is_last = drop_reference(old);
    (void)pthread_mutex_unlock(&callers->lock);
    if (is_last)
        caller_set_free(old);
}

static void keep_old(struct callers *callers, const char *why)
{
    (void)pthread_mutex_lock(&callers->lock);
    callers->reload_failed = true;
    (void)snprintf(callers->problem, PROBLEM_SIZE, "the callers could not be reloaded: %.220s",
                   why);
    (void)pthread_mutex_unlock(&callers->lock);
}

static enum asap_code build(struct store *store, struct caller_set **out, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    *out = NULL;
    TRY(txn_begin(&txn, store, err));
    return caller_set_build(&txn, out, err);
}

static enum asap_code fail_reload(struct callers *callers,
                                  const struct asap_error *cause,
                                  struct asap_error *err)
{
    keep_old(callers, cause->message);
    if (err != NULL)
        *err = *cause;
    return cause->code;
}

static enum asap_code reload(struct callers *callers, struct store *store, struct asap_error *err)
{
    struct caller_set *set = NULL;
    struct asap_error cause = { 0 };

    if (build(store, &set, &cause) != ASAP_OK)
        return fail_reload(callers, &cause, err);
    swap_in(callers, set);
    return ASAP_OK;
}

enum asap_code callers_reload(struct callers *callers, struct store *store, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    /* In turn, so that of two sets the one read later stays. */
    (void)pthread_mutex_lock(&callers->reload);
    code = reload(callers, store, err);
    (void)pthread_mutex_unlock(&callers->reload);
    return code;
}

static enum asap_code read_generation(struct store *store, int64_t *out, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct server_row server;

    TRY(txn_begin(&txn, store, err));
    TRY(store_get_server(&txn, &server, err));
    *out = server.access_generation;
    return ASAP_OK;
}

static bool is_current(struct callers *callers, int64_t generation)
{
    bool current = false;

    (void)pthread_mutex_lock(&callers->lock);
    current = !callers->reload_failed && callers->current != NULL
              && callers->current->generation == generation;
    (void)pthread_mutex_unlock(&callers->lock);
    return current;
}

static enum asap_code refresh(struct callers *callers, struct store *store, struct asap_error *err)
{
    struct asap_error cause = { 0 };
    int64_t generation = 0;

    if (read_generation(store, &generation, &cause) != ASAP_OK)
        return fail_reload(callers, &cause, err);
    return is_current(callers, generation) ? ASAP_OK : reload(callers, store, err);
}

enum asap_code callers_refresh(struct callers *callers, struct store *store, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    /* Those who wait for the same change find it loaded. */
    (void)pthread_mutex_lock(&callers->reload);
    code = refresh(callers, store, err);
    (void)pthread_mutex_unlock(&callers->reload);
    return code;
}

bool callers_problem(struct callers *callers, char *out, size_t size)
{
    bool is_loaded = false;

    (void)pthread_mutex_lock(&callers->lock);
    is_loaded = !callers->reload_failed;
    (void)snprintf(out, size, "%s", callers->problem);
    (void)pthread_mutex_unlock(&callers->lock);
    return is_loaded;
}
