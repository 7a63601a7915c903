/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_POLICY_H
#define ASAP_SIMULATION_POLICY_H

#include "world.h"

/* Settings, and how an operator may change them while caches are full and promotions planned. */

void policy_choose(struct world *world);

/* One of the lifetimes that tokens are given. */
int64_t policy_lifetime(uint32_t choice);

/* Cache lifetimes and the lead change in this order, a lead apart: longer lifetimes after a longer
 * lead, a shorter lead after shorter lifetimes. Nothing happens if it is too early. */
void policy_change_caches(struct world *world, uint32_t a, uint32_t b, uint32_t c);
void policy_change_lead(struct world *world, uint32_t extra);

/* What describes the world may be set to more than is so. */
void policy_change_caution(struct world *world, uint32_t a, uint32_t b, uint32_t c);

#endif
