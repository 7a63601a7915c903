/* SPDX-License-Identifier: Apache-2.0 */
#include "breach.h"

/* When the tokens of a key end by the broken rule. */
static int64_t end_of_tokens(const struct world *world, const struct planned_key *key)
{
    struct lifecycle_policy policy = world->policy;
    int64_t lifetime = key->max_lifetime;
    int64_t early = 0;

    if (breaks(world, RULE_END))
        early = 1;
    if (breaks(world, RULE_END_LIFETIME))
        lifetime = 0;
    if (breaks(world, RULE_END_LEEWAY) || breaks(world, RULE_LEEWAY))
        policy.verifier_leeway = 0;
    if (breaks(world, RULE_END_SKEW) || breaks(world, RULE_SKEW))
        policy.clock_skew = 0;
    if (breaks(world, RULE_SKEW_TWICE))
        policy.clock_skew /= 2;
    return lifecycle_end_of_tokens(&policy, key->times.sign_until, lifetime) - early;
}

bool breach_moves_end(const struct world *world)
{
    static const enum rule rules[] = { RULE_END,      RULE_END_LIFETIME, RULE_END_LEEWAY,
                                       RULE_END_SKEW, RULE_END_CACHES,   RULE_END_LAG,
                                       RULE_LEEWAY,   RULE_SKEW,         RULE_SKEW_TWICE };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (breaks(world, rules[i]))
            return true;
    return false;
}

void breach_move_end(const struct change *change, struct planned_key *key)
{
    const struct world *world = change->world;
    const struct lifecycle_policy *policy = &world->policy;
    const int64_t end = end_of_tokens(world, key);
    int64_t held = lifecycle_trusted_until(policy, key->times.sign_until);

    if (breaks(world, RULE_END_LAG))
        held = lifecycle_trusted_until(policy, change->view.now);
    if (breaks(world, RULE_END_CACHES))
        held = 0;
    key->times.unpublish_time = end > held ? end : held;
}

struct key_times breach_first_key(const struct change *change)
{
    const struct world *world = change->world;
    const struct lifecycle_policy *policy = &change->policy;
    struct key_times times = lifecycle_first_key(policy, change->view.now);

    if (breaks(world, RULE_FIRST_LAG))
        times.sign_time = change->view.now;
    if (breaks(world, RULE_FIRST_SKEW) && policy->replica_lag > 0)
        times.sign_time -= policy->clock_skew;
    if (breaks(world, RULE_FIRST_MISSES) && policy->replica_lag > 0)
        times.sign_time = change->view.now + policy->replica_lag + policy->clock_skew;
    return times;
}

static bool is_promoted(const struct change *change, size_t index)
{
    const struct key_times *times = &change->rows.keys[index].times;

    return lifecycle_state(times, change->view.now) == KEY_STANDBY
           && times->sign_time != LIFECYCLE_NEVER;
}

size_t breach_find_promoted(const struct change *change)
{
    for (size_t i = 0; i < change->view.count; i++)
        if (is_promoted(change, i))
            return i;
    return PLAN_NONE;
}

void breach_plan_rotation(struct change *change, struct lifecycle_plan *plan)
{
    struct planned_key keys[KEYS_MAX];
    struct lifecycle_view view = change->view;
    size_t of[KEYS_MAX] = { 0 };

    view.keys = keys;
    view.count = 0;
    for (size_t i = 0; i < change->view.count; i++) {
        if (is_promoted(change, i))
            continue;
        of[view.count] = i;
        keys[view.count++] = change->rows.keys[i];
    }
    lifecycle_plan_rotation(&view, PLAN_NONE, plan);
    for (size_t i = 0; i < view.count; i++)
        change->rows.keys[of[i]] = keys[i];
    plan->incoming = PLAN_NONE;
}

void breach_emergency(struct change *change, size_t promoted, struct lifecycle_plan *plan)
{
    const struct world *world = change->world;
    const struct issuer *stored = &world->store.issuers[change->request->issuer];

    if (breaks(world, RULE_EMERGENCY_LEAD) && plan->incoming < change->view.count) {
        plan->sign_time = change->view.now;
        change->rows.keys[plan->incoming].times.sign_time = change->view.now;
    }
    if (breaks(world, RULE_EMERGENCY_DROPS) && promoted != PLAN_NONE && plan->new_keys > 0
        && promoted != plan->incoming)
        change->rows.keys[promoted].times = stored->keys[promoted].times;
}

void breach_revocation(struct change *change, size_t promoted)
{
    const struct issuer *stored = &change->world->store.issuers[change->request->issuer];

    if (promoted != change->request->key)
        return;
    for (size_t i = 0; i < change->view.count; i++)
        if (i != promoted)
            change->rows.keys[i] = stored->keys[i];
}

bool breach_algorithm(struct change *change)
{
    const size_t promoted = breach_find_promoted(change);

    if (promoted == PLAN_NONE)
        return false;
    change->rows.keys[promoted].times.unpublish_time = change->view.now;
    change->rows.keys[promoted].changed = true;
    return true;
}

void breach_lifetimes(struct change *change)
{
    for (size_t i = 0; i < change->view.count; i++)
        if (change->rows.keys[i].max_lifetime > change->rows.max_lifetime) {
            change->rows.keys[i].max_lifetime = change->rows.max_lifetime;
            change->rows.keys[i].changed = true;
        }
}
