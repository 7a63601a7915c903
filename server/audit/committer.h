/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_COMMITTER_H
#define ASAPD_AUDIT_COMMITTER_H

#include <pthread.h>
#include <time.h>

#include "chain.h"
#include "witness.h"

/* The thread that makes submitted events durable: it takes all that waits, up
 * to a limit, and commits that in one transaction. While events come fast, it
 * begins one at intervals, so that tokens which are slow to sign do not cost a
 * transaction each; where that gathers nothing it hurries. */

enum { GROUP_MAX = 256, QUEUE_MAX = 4096 };

struct committer {
    struct store *store;
    const struct chain *chain;
    struct witness *witness;
    int64_t clock_skew;
    const struct log *log;

    pthread_t thread;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t changed;
    struct audit_entry *first, *last; /* what waits */
    size_t count;
    struct timespec due; /* of the monotonic clock: until then the next group is waited for ... */
    unsigned hurried;    /* ... unless it is one of so many that are not */
    bool is_closing;
    char problem[sizeof((struct asap_error *)NULL)->message]; /* "": none */
};

/* Starts the thread; the members above it are set. On failure there is nothing to stop. */
ASAP_MUST_CHECK enum asap_code committer_start(struct committer *committer, struct asap_error *err);

/* Commits what waits, then ends the thread. */
void committer_stop(struct committer *committer);

#endif
