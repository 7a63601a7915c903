/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include "node.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static const int64_t skews[] = { 0, 1, 5, 30 };
static const int64_t leeways[] = { 0, 1, 60 };
static const int64_t lags[] = { 0, 2, 60, 200, 200 };
static const int64_t max_ages[] = { 0, 7, 60, 300 };
static const int64_t stales[] = { 0, 10, 300 };
static const int64_t jwks_max_ages[] = { 0, 5, 300 };
static const int64_t lifetimes[] = { 1, 30, 600, 3600 };
static const int64_t extra_leads[] = { 0, 0, 0, 7, 600 };
static const int64_t cautions[] = { 0, 3, 40 };

/* What the Go library and ours remember of a miss. */
enum { LONGEST_MISS = 20 };

int64_t policy_lifetime(uint32_t choice)
{
    return lifetimes[choice % LENGTH(lifetimes)];
}

/* The shortest lead that the settings allow. */
static int64_t shortest_lead(const struct world *world, const struct lifecycle_policy *policy)
{
    const int64_t stale = breaks(world, RULE_LEAD_STALE) ? 0 : policy->stale;
    const int64_t miss = breaks(world, RULE_LEAD_MISSES) ? 0 : LONGEST_MISS;
    const int64_t caches = breaks(world, RULE_LEAD_CACHES) ? 0 : policy->jwks_max_age + stale;
    const int64_t lag = breaks(world, RULE_LEAD_LAG) ? 0 : policy->replica_lag;
    const int64_t skew = breaks(world, RULE_LEAD_SKEW) ? 0 : policy->clock_skew;

    return (caches > miss ? caches : miss) + lag + skew;
}

/* The product refuses a lead that is a second shorter. */
static void check_shortest(struct world *world)
{
    struct lifecycle_policy policy = world->policy;

    if (world->broken != RULE_NONE)
        return;
    policy.publish_lead = shortest_lead(world, &policy);
    if (lifecycle_check_policy(&policy, NULL) != ASAP_OK)
        world_fail(world, "a good policy is refused");
    policy.publish_lead--;
    if (lifecycle_check_policy(&policy, NULL) == ASAP_OK)
        world_fail(world, "a lead that is too short is allowed");
}

static void shorten_leeways(struct world *world)
{
    for (size_t i = 0; i < world->token_count; i++) {
        struct token *token = &world->tokens[i];

        if (token->leeway > world->policy.verifier_leeway)
            token->leeway = world->policy.verifier_leeway;
        token->end = token->expire + token->leeway + world->skew;
    }
}

/* Nodes read their configuration when they start, and then their snapshot is new. */
static void adopt(struct world *world, const struct lifecycle_policy *policy)
{
    const struct lifecycle_policy *longest = &world->longest;

    world->policy = *policy;
    world->longest = (struct lifecycle_policy){
        .max_age = policy->max_age > longest->max_age ? policy->max_age : longest->max_age,
        .stale = policy->stale > longest->stale ? policy->stale : longest->stale,
        .jwks_max_age = policy->jwks_max_age > longest->jwks_max_age ? policy->jwks_max_age
                                                                     : longest->jwks_max_age,
        .replica_lag = policy->replica_lag,
        .clock_skew = world->skew,
    };
    shorten_leeways(world);
    for (size_t i = 0; i < ISSUERS_MAX; i++)
        world->ready[i].emergencies = 0;
    for (size_t i = 0; i < world->node_count; i++)
        node_restart(world, &world->nodes[i]);
    world_tell(world,
               "policy: max_age %lld, stale %lld, jwks_max_age %lld, skew %lld, leeway %lld,"
               " lag %lld, lead %lld",
               (long long)policy->max_age, (long long)policy->stale,
               (long long)policy->jwks_max_age, (long long)policy->clock_skew,
               (long long)policy->verifier_leeway, (long long)policy->replica_lag,
               (long long)policy->publish_lead);
}

void policy_choose(struct world *world)
{
    struct random *random = &world->random;
    struct lifecycle_policy policy = {
        .max_age = max_ages[random_below(random, LENGTH(max_ages))],
        .stale = stales[random_below(random, LENGTH(stales))],
        .jwks_max_age = jwks_max_ages[random_below(random, LENGTH(jwks_max_ages))],
        .clock_skew = skews[random_below(random, LENGTH(skews))],
        .verifier_leeway = leeways[random_below(random, LENGTH(leeways))],
        .max_token_lifetime = 3600,
        .replica_lag = lags[random_below(random, LENGTH(lags))],
    };

    policy.publish_lead =
        shortest_lead(world, &policy) + extra_leads[random_below(random, LENGTH(extra_leads))];
    world->skew = policy.clock_skew;
    world->least_leeway = policy.verifier_leeway;
    world->lag = policy.replica_lag;
    world->rotation_period =
        random_below(random, 2) * (2 * policy.publish_lead + random_below(random, 600));
    adopt(world, &policy);
    check_shortest(world);
}

static bool is_too_early(const struct world *world, int64_t other_change)
{
    return other_change > 0 && world->now < other_change + world->order_wait
           && !breaks(world, RULE_POLICY_ORDER);
}

static void wait_out(struct world *world)
{
    const int64_t wait = world->policy.publish_lead + world->policy.clock_skew;

    if (wait > world->order_wait)
        world->order_wait = wait;
}

/* What was sent with other lifetimes is nobody's promise any more. */
static void forget_holds(struct world *world)
{
    for (size_t i = 0; i < ISSUERS_MAX; i++)
        for (size_t k = 0; k < KEYS_MAX; k++)
            world->facts[i][k].held_until = 0;
}

void policy_change_caches(struct world *world, uint32_t a, uint32_t b, uint32_t c)
{
    struct lifecycle_policy policy = world->policy;

    policy.max_age = max_ages[a % LENGTH(max_ages)];
    policy.stale = stales[b % LENGTH(stales)];
    policy.jwks_max_age = jwks_max_ages[c % LENGTH(jwks_max_ages)];
    if (breaks(world, RULE_POLICY_ORDER))
        policy.publish_lead = shortest_lead(world, &policy);
    if (is_too_early(world, world->lead_changed)
        || policy.publish_lead < shortest_lead(world, &policy))
        return;
    wait_out(world);
    world->caches_changed = world->now;
    adopt(world, &policy);
    forget_holds(world);
}

void policy_change_lead(struct world *world, uint32_t extra)
{
    struct lifecycle_policy policy = world->policy;

    policy.publish_lead = shortest_lead(world, &policy) + extra_leads[extra % LENGTH(extra_leads)];
    if (policy.publish_lead < world->policy.publish_lead
        && is_too_early(world, world->caches_changed))
        return;
    wait_out(world);
    world->lead_changed = world->now;
    adopt(world, &policy);
}

void policy_change_caution(struct world *world, uint32_t a, uint32_t b, uint32_t c)
{
    struct lifecycle_policy policy = world->policy;

    policy.clock_skew = world->skew + cautions[a % LENGTH(cautions)];
    policy.verifier_leeway = world->least_leeway + cautions[b % LENGTH(cautions)];
    if (world->lag > 0)
        policy.replica_lag = world->lag + cautions[c % LENGTH(cautions)];
    if (policy.publish_lead >= shortest_lead(world, &policy))
        adopt(world, &policy);
}
