/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_CHANGE_H
#define ASAP_SIMULATION_CHANGE_H

#include "world.h"

/* Changes of an issuer and its keys: transactions around the product's planner. */

struct change_request {
    struct node *node;
    size_t issuer;
    size_t key;       /* of change_revoke(); PLAN_NONE or the expected one for the others */
    int64_t lifetime; /* of change_create() and change_lifetime() */
    struct lifecycle_emergency emergency;
    enum { KILL_NEVER, KILL_BEFORE_COMMIT, KILL_AFTER_COMMIT } kill;
};

void change_create(struct world *world, const struct change_request *request);
void change_rotate(struct world *world, const struct change_request *request);
void change_tick(struct world *world, const struct change_request *request);
void change_emergency(struct world *world, const struct change_request *request);
void change_revoke(struct world *world, const struct change_request *request);
void change_algorithm(struct world *world, const struct change_request *request);
void change_lifetime(struct world *world, const struct change_request *request);

#endif
