/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_HEALTH_H
#define ASAPD_STORE_HEALTH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

/* How the database does: what failed of it, and whether that is over. What a caller did wrong, or
 * asked for in vain, is no failure of the database. */

enum store_operation { STORE_BEGIN, STORE_QUERY, STORE_COMMIT, STORE_OPERATIONS };

struct store_health {
    _Atomic uint64_t errors[STORE_OPERATIONS];
    pthread_mutex_t mutex;                                    /* over the problem */
    char problem[sizeof((struct asap_error *)NULL)->message]; /* "": none */
};

void store_health_init(struct store_health *health);
void store_health_destroy(struct store_health *health);

/* Takes note of how an operation ended, and returns that. Whether it is a failure of the database
 * goes to *has_failed, which stays true. `err` may be NULL. */
enum asap_code store_health_note(struct store_health *health,
                                 enum store_operation operation,
                                 enum asap_code code,
                                 const struct asap_error *err,
                                 bool *has_failed);

/* A transaction has ended in which nothing failed. */
void store_health_recover(struct store_health *health);

/* For readers on any thread. */
const char *store_operation_name(enum store_operation operation); /* "begin" */
uint64_t store_health_errors(const struct store_health *health, enum store_operation operation);

/* Whether the last transaction failed by the database's fault. `out` says why; "" if not. */
bool store_health_problem(struct store_health *health, char *out, size_t size);

#endif
