/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_MIRROR_H
#define ASAP_SIMULATION_MIRROR_H

#include "world.h"

/* Copies of nodes that lag behind, and all that a verifier can ask: nodes first, then mirrors. */

/* Makes the copies that fall due up to `until`, from what the nodes say then. */
void mirrors_renew(struct world *world, int64_t until);

size_t source_count(const struct world *world);
struct answer source_key(const struct world *world, size_t source, size_t issuer, size_t key);
struct answer source_set(const struct world *world, size_t source, size_t issuer);

#endif
