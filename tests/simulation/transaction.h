/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_TRANSACTION_H
#define ASAP_SIMULATION_TRANSACTION_H

#include "change.h"

/* What the changes of an issuer have in common, and what the checks must know of each. */

struct change {
    struct world *world;
    const struct change_request *request;
    struct issuer rows; /* as they are to be */
    struct lifecycle_policy policy;
    struct lifecycle_view view;
    bool had_signer;
    bool takes_standby; /* an emergency that a standby answers */
};

/* False: no change can be made, or not by this node's clock. */
bool transaction_begin(struct change *change,
                       struct world *world,
                       const struct change_request *request);
void transaction_add_key(struct change *change, struct key_times times);
void transaction_tell(const struct change *change, const char *what);

/* The plan opens a gap until its key signs, as it is declared to do. */
void transaction_declare_gap(struct change *change, const struct lifecycle_plan *plan);

/* Adds what the plan asks for, and commits unless there is nothing to do. */
void transaction_carry_out(struct change *change, const struct lifecycle_plan *plan);

/* Standbys were taken or added: how many emergencies they are good for changes. */
void transaction_use_up(struct change *change);

/* Commits, or dies. */
void transaction_commit(struct change *change);

#endif
