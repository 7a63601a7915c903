/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_NODE_H
#define ASAP_SIMULATION_NODE_H

#include "world.h"

/* The daemons: clocks, snapshots, answers and mints. */

int64_t node_clock(const struct world *world, const struct node *node);
/* The time at which it looks at its snapshot. */
int64_t node_time(const struct world *world, const struct node *node);
void node_reload(struct world *world, struct node *node);
/* As after a crash. */
void node_restart(struct world *world, struct node *node);

struct answer
node_key(const struct world *world, const struct node *node, size_t issuer, size_t key);
struct answer node_set(const struct world *world, const struct node *node, size_t issuer);

/* Which key signs a token of this lifetime now; PLAN_NONE: none does, or the clock went back. */
struct lifecycle_signer node_find_signer(const struct world *world,
                                         const struct node *node,
                                         size_t issuer,
                                         int64_t lifetime);

void node_sign(struct world *world, struct node *node, size_t issuer, int64_t lifetime);
void node_commit(struct world *world, struct node *node);

#endif
