/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CALLER_SET_H
#define ASAPD_CALLER_SET_H

#include "arena.h"
#include "callers.h"
#include "current.h"
#include "scoped.h"

/* Building a set of callers; finding in it is part of callers.h. */

struct caller_entry {
    struct known_caller known;
    int64_t id;
};

struct credential_entry {
    struct known_credential known;
    int64_t id;
};

struct caller_set {
    struct current_item item;
    struct caller_entry *callers; /* by id */
    size_t caller_count;
    struct caller_entry **by_name;
    struct credential_entry *credentials; /* by kind, then name; the newest of each only */
    size_t credential_count;
    struct known_grant *grants; /* by caller, then verb, then issuer, then age */
    struct arena texts;
};

/* Reads all in this transaction. */
ASAP_MUST_CHECK enum asap_code caller_set_build(struct txn *txn,
                                                struct caller_set **out,
                                                struct asap_error *err);

void caller_set_free(struct caller_set *set); /* NULL is fine */
DEFINE_SCOPED(caller_set, struct caller_set *, caller_set_free)

#endif
