/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_SHRINK_H
#define ASAP_SIMULATION_SHRINK_H

#include "rules.h"
#include "schedule.h"

/* Leaves out of a failing schedule whatever it fails without. */
void shrink_schedule(struct schedule *schedule, enum rule broken);

#endif
