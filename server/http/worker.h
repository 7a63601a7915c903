/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_WORKER_H
#define ASAPD_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

#include "scoped.h"

/* Threads for requests that take long, behind a bounded queue. */
struct workers;

/* `run` is called once for each job, on one of `count` threads. */
ASAP_MUST_CHECK enum asap_code workers_new(unsigned count,
                                           size_t queue_length,
                                           void (*run)(void *job),
                                           struct workers **out,
                                           struct asap_error *err);

/* False when the queue is full or the workers are stopped; the job stays the caller's then. */
ASAP_MUST_CHECK bool workers_push(struct workers *workers, void *job);

/* Runs what is queued, then ends the threads; no more is taken. NULL is fine. */
void workers_stop(struct workers *workers);

/* The same, and frees. NULL is fine. */
void workers_free(struct workers *workers);

DEFINE_SCOPED(workers, struct workers *, workers_free)

#endif
