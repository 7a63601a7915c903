/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_PLAN_H
#define ASAPD_PLAN_H

#include "change.h"
#include "key_pairs.h"
#include "lifecycle_plan.h"

/* Carries out what the planner (lifecycle_plan.h) decides, on the rows of one issuer. */

/* An issuer, its keys as rows, and its managed keys (or all) as the planner sees them. */
struct issuer_keys {
    struct issuer_row issuer;
    struct key_row *rows;
    size_t count;
    struct planned_key *planned;
    size_t *row_of; /* planned[i] is rows[row_of[i]] */
    size_t planned_count;
};

enum keys_shown { KEYS_MANAGED, KEYS_ALL };

/* ASAP_NOT_FOUND: no such issuer. */
ASAP_MUST_CHECK enum asap_code issuer_keys_load(struct change *change,
                                                const char *issuer,
                                                enum keys_shown shown,
                                                struct issuer_keys *out,
                                                struct asap_error *err);
void issuer_keys_clear(struct issuer_keys *keys);

static inline void issuer_keys_scope_exit(struct issuer_keys *keys)
{
    issuer_keys_clear(keys);
}

/* The planner's index of a key id, or PLAN_NONE. */
size_t issuer_keys_find(const struct issuer_keys *keys, const char *kid);

/* What the planner is shown. */
struct lifecycle_view plan_view(const struct change *change, const struct issuer_keys *keys);

/* ASAP_INVALID_ARGUMENT, field `field`: a reason is too long. */
ASAP_MUST_CHECK enum asap_code plan_check_reason(const char *reason,
                                                 const char *field,
                                                 struct asap_error *err);

/* Why the keys are revoked that the planner revokes now. */
void plan_give_reason(const struct change *change, struct issuer_keys *keys, const char *reason);

/* Writes the changed keys, destroys what is left of those that are out of service by it, adds the
 * keys that the plan asks for (of `pairs` as far as there are any), and hands the rows over to
 * *out. */
ASAP_MUST_CHECK enum asap_code plan_apply(struct change *change,
                                          struct issuer_keys *keys,
                                          const struct lifecycle_plan *plan,
                                          struct key_pairs *pairs,
                                          struct key_plan *out,
                                          struct asap_error *err);

#endif
