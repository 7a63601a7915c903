/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_CHECK_H
#define ASAP_SIMULATION_CHECK_H

#include "world.h"

/* The invariant. Each check fails the world with what is wrong. */

/* What holds at every moment: tokens that are alive, or could be minted now, find their key
 * everywhere; nothing is served or held for too long. */
void check_moment(struct world *world);

/* What an issuer's rows, as they were committed at `now`, mean from then on for who signs. */
void check_rows(struct world *world, size_t issuer, int64_t now);

/* A mint that is about to commit was signed by the key that signs. */
void check_mint(struct world *world, const struct mint *mint);

#endif
