/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_LANE_H
#define ASAPD_LANE_H

#include <pthread.h>
#include <stdatomic.h>

#include "sql.h"
#include "store_health.h"

/* One transaction at a time over one connection. While the database is away,
 * those who wait for their turn do not each wait for it again: what fails for
 * one that had it meanwhile fails for them. */
struct store_lane {
    struct sql_connection *connection; /* NULL: none is opened */
    pthread_mutex_t mutex;             /* held by the thread whose transaction is open */
    struct store_health *health;
    bool has_failed; /* the open transaction, by the database's fault */
    struct lane_begins {
        atomic_uint failures; /* transactions that could not begin, ever */
        bool is_failing;      /* the last one could not, of which `failure` says why */
        struct asap_error failure;
    } begins[2]; /* by access: who cannot write may still read */
};

/* False without memory. `health` is borrowed. */
bool lane_init(struct store_lane *lane, struct store_health *health);
void lane_clear(struct store_lane *lane);

/* To be taken before waiting for a turn. */
static inline unsigned lane_ticket(struct store_lane *lane, enum sql_access access)
{
    return atomic_load(&lane->begins[access].failures);
}

/* Waits for its turn and begins a transaction, which lane_end() ends; on failure there is none.
 * ASAP_INTERNAL: this thread has one open. */
ASAP_MUST_CHECK enum asap_code lane_begin(struct store_lane *lane,
                                          enum sql_access access,
                                          unsigned ticket,
                                          struct asap_error *err);
void lane_end(struct store_lane *lane);

#endif
