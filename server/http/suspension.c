/* SPDX-License-Identifier: Apache-2.0 */
#include "suspension.h"

void suspension_init(struct suspension *suspension)
{
    *suspension = (struct suspension){ .count = 0 };
    (void)pthread_mutex_init(&suspension->mutex, NULL);
    (void)pthread_cond_init(&suspension->changed, NULL);
}

bool suspension_begin(struct suspension *suspension)
{
    bool may_begin = false;

    (void)pthread_mutex_lock(&suspension->mutex);
    may_begin = !suspension->is_closed;
    if (may_begin)
        suspension->count++;
    (void)pthread_mutex_unlock(&suspension->mutex);
    return may_begin;
}

void suspension_end(struct suspension *suspension)
{
    (void)pthread_mutex_lock(&suspension->mutex);
    suspension->count--;
    if (suspension->count == 0)
        (void)pthread_cond_broadcast(&suspension->changed);
    (void)pthread_mutex_unlock(&suspension->mutex);
}

void suspension_close(struct suspension *suspension)
{
    (void)pthread_mutex_lock(&suspension->mutex);
    while (suspension->count > 0)
        (void)pthread_cond_wait(&suspension->changed, &suspension->mutex);
    suspension->is_closed = true;
    (void)pthread_mutex_unlock(&suspension->mutex);
}

void suspension_clear(struct suspension *suspension)
{
    (void)pthread_cond_destroy(&suspension->changed);
    (void)pthread_mutex_destroy(&suspension->mutex);
}
