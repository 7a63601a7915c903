/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_BREACH_H
#define ASAP_SIMULATION_BREACH_H

#include "transaction.h"

/* What becomes of plans when one of the rules is left out: see rules.h. */

/* Whether unpublish_time is to be another one, and the other one. */
bool breach_moves_end(const struct world *world);
void breach_move_end(const struct change *change, struct planned_key *key);

/* The product's times unless a rule is broken. */
struct key_times breach_first_key(const struct change *change);

size_t breach_find_promoted(const struct change *change); /* PLAN_NONE: none is */

/* A planner that does not see the promotion plans another. */
void breach_plan_rotation(struct change *change, struct lifecycle_plan *plan);

/* `promoted` is what was planned before the emergency. */
void breach_emergency(struct change *change, size_t promoted, struct lifecycle_plan *plan);
void breach_revocation(struct change *change, size_t promoted);
/* Withdraws the promoted key, too; false if there is none. */
bool breach_algorithm(struct change *change);
void breach_lifetimes(struct change *change);

#endif
