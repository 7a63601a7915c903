/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_PARTS_H
#define ASAPD_AUDIT_PARTS_H

#include "committer.h"
#include "witness.h"

/* What the audit's own sources share. */

struct audit {
    struct store *store;
    struct chain chain;
    struct witness witness;
    struct committer committer;
};

#endif
