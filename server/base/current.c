/* SPDX-License-Identifier: Apache-2.0 */
#include "current.h"

#include <inttypes.h>
#include <stdio.h>

#include "fail.h"

bool current_init(struct current *current, const char *what)
{
    *current = (struct current){ .what = what, .reload_failed = true };
    (void)snprintf(current->problem, sizeof current->problem, "%s are not loaded yet", what);
    if (pthread_mutex_init(&current->lock, NULL) != 0)
        return false;
    if (pthread_mutex_init(&current->reload, NULL) == 0)
        return true;
    (void)pthread_mutex_destroy(&current->lock);
    return false;
}

void current_destroy(struct current *current)
{
    if (current->item != NULL)
        current->item->free(current->item);
    (void)pthread_mutex_destroy(&current->lock);
    (void)pthread_mutex_destroy(&current->reload);
}

const struct current_item *current_acquire(struct current *current)
{
    struct current_item *item = NULL;

    (void)pthread_mutex_lock(&current->lock);
    item = current->item;
    if (item != NULL)
        item->references++;
    (void)pthread_mutex_unlock(&current->lock);
    return item;
}

/* Under the lock: whether the caller is to free it. */
static bool drop_reference(struct current_item *item)
{
    return item != NULL && --item->references == 0;
}

void current_release(struct current *current, const struct current_item *item)
{
    bool is_last = false;

    if (item == NULL)
        return;
    (void)pthread_mutex_lock(&current->lock);
    is_last = drop_reference(item->self);
    (void)pthread_mutex_unlock(&current->lock);
    if (is_last)
        item->free(item->self);
}

void current_replace(struct current *current, struct current_item *item, const char *problem)
{
    struct current_item *old = NULL;
    bool is_last = false;

    item->references = 1;
    (void)pthread_mutex_lock(&current->lock);
    old = current->item;
    current->item = item;
    current->reload_failed = false;
    current->is_behind = false;
    current->confirmed_ms = current->looked_ms;
    (void)snprintf(current->problem, sizeof current->problem, "%s", problem);
    is_last = drop_reference(old);
    (void)pthread_mutex_unlock(&current->lock);
    if (is_last)
        old->free(old);
}

enum asap_code current_keep(struct current *current,
                            const struct asap_error *cause,
                            struct asap_error *err)
{
    (void)pthread_mutex_lock(&current->lock);
    current->reload_failed = true;
    (void)snprintf(current->problem, sizeof current->problem, "%s could not be reloaded: %.220s",
                   current->what, cause->message);
    (void)pthread_mutex_unlock(&current->lock);
    if (err != NULL)
        *err = *cause;
    return cause->code;
}

void current_begin_reload(struct current *current, int64_t now_ms)
{
    (void)pthread_mutex_lock(&current->reload);
    current->looked_ms = now_ms;
}

void current_end_reload(struct current *current)
{
    (void)pthread_mutex_unlock(&current->reload);
}

bool current_is(struct current *current, int64_t generation)
{
    bool is = false;

    (void)pthread_mutex_lock(&current->lock);
    is =
        !current->reload_failed && current->item != NULL && current->item->generation == generation;
    if (is)
        current->confirmed_ms = current->looked_ms;
    (void)pthread_mutex_unlock(&current->lock);
    return is;
}

enum asap_code current_check_forward(struct current *current,
                                     int64_t generation,
                                     struct asap_error *err)
{
    int64_t had = 0;

    (void)pthread_mutex_lock(&current->lock);
    had = current->item == NULL ? 0 : current->item->generation;
    (void)pthread_mutex_unlock(&current->lock);
    if (generation >= had)
        return ASAP_OK;
    return fail(err, ASAP_FAILED_PRECONDITION,
                "the database went back from generation %" PRId64 " of %s to %" PRId64
                ": it lost changes, as a failover or a restore can (see what is lost, then restart"
                " asapd to go on from there)",
                had, current->what, generation);
}

void current_fall_behind(struct current *current)
{
    (void)pthread_mutex_lock(&current->lock);
    current->is_behind = true;
    (void)pthread_mutex_unlock(&current->lock);
}

bool current_confirmed(struct current *current, int64_t *ms, bool *is_behind)
{
    bool has_item = false;

    (void)pthread_mutex_lock(&current->lock);
    has_item = current->item != NULL;
    *ms = current->confirmed_ms;
    *is_behind = current->is_behind;
    (void)pthread_mutex_unlock(&current->lock);
    return has_item;
}

bool current_problem(struct current *current, char *out, size_t size)
{
    bool is_loaded = false;

    (void)pthread_mutex_lock(&current->lock);
    is_loaded = !current->reload_failed;
    (void)snprintf(out, size, "%s", current->problem);
    (void)pthread_mutex_unlock(&current->lock);
    return is_loaded;
}
