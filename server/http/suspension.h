/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SUSPENSION_H
#define ASAPD_SUSPENSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* How many connections of a listener are suspended. libmicrohttpd aborts when it is stopped before
 * all are resumed, so its listener waits for that here. */
struct suspension {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t count;
    bool is_closed;
};

void suspension_init(struct suspension *suspension);

/* Before a connection is suspended. False: it must not be any more. */
bool suspension_begin(struct suspension *suspension);

/* After it was resumed. Any thread. */
void suspension_end(struct suspension *suspension);

/* Waits until none is suspended; from then on none may be. */
void suspension_close(struct suspension *suspension);

void suspension_clear(struct suspension *suspension);

#endif
