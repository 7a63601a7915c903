/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_RUN_H
#define ASAP_SIMULATION_RUN_H

#include "schedule.h"
#include "world.h"

/* Lets a schedule happen to a new world, until it ends or the invariant breaks. */
void run_schedule(struct world *world,
                  const struct schedule *schedule,
                  enum rule broken,
                  FILE *trace);

#endif
