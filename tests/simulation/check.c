/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "mirror.h"
#include "node.h"
#include "verifier.h"

static size_t count_signers(const struct issuer *issuer, int64_t at)
{
    size_t signers = 0;

    for (size_t i = 0; i < issuer->count; i++)
        signers += lifecycle_state(&issuer->keys[i].times, at) == KEY_ACTIVE ? 1 : 0;
    return signers;
}

static void check_signers(struct world *world, size_t issuer, int64_t at)
{
    const size_t signers = count_signers(&world->store.issuers[issuer], at);

    if (signers > 1)
        world_fail(world, "%zu keys of issuer %zu sign when a clock says %lld", signers, issuer,
                   (long long)at);
    if (signers == 0 && at >= world->gap_until[issuer])
        world_fail(world,
                   "no key of issuer %zu signs when a clock says %lld, and no gap is declared",
                   issuer, (long long)at);
}

/* Who signs changes only when a key's time comes. */
void check_rows(struct world *world, size_t issuer, int64_t now)
{
    const struct issuer *rows = &world->store.issuers[issuer];

    check_signers(world, issuer, now);
    for (size_t i = 0; i < rows->count; i++) {
        int64_t at = lifecycle_next_transition(&rows->keys[i].times, now);

        for (; at != LIFECYCLE_NEVER; at = lifecycle_next_transition(&rows->keys[i].times, at))
            check_signers(world, issuer, at);
    }
}

/* The signer's clock may be behind what the store has recorded, and then it went by that. */
void check_mint(struct world *world, const struct mint *mint)
{
    const struct key_times *times = &world->store.issuers[mint->issuer].keys[mint->key].times;
    const int64_t latest =
        mint->now > world->store.latest_time ? mint->now : world->store.latest_time;

    if (times->revoke_time != LIFECYCLE_NEVER)
        world_fail(world, "a token is signed with key %zu of issuer %zu, which is revoked",
                   mint->key, mint->issuer);
    else if (times->sign_time > latest || times->sign_until <= mint->now)
        world_fail(world, "a token is signed with key %zu of issuer %zu, which does not sign then",
                   mint->key, mint->issuer);
}

static void check_sources(struct world *world, size_t issuer, size_t key, const char *which)
{
    for (size_t i = 0; i < source_count(world); i++) {
        if (!source_key(world, i, issuer, key).is_served)
            world_fail(world, "source %zu does not serve key %zu of issuer %zu, with which %s", i,
                       key, issuer, which);
        if ((source_set(world, i, issuer).keys & UINT32_C(1) << key) == 0)
            world_fail(world, "the set of source %zu lacks key %zu of issuer %zu, with which %s", i,
                       key, issuer, which);
    }
}

/* From a cold cache, and from each that there is. */
static void check_known(struct world *world, size_t issuer, size_t key, const char *which)
{
    const struct facts *facts = &world->facts[issuer][key];

    if (world->now < facts->excused_until || facts->revoked_at != LIFECYCLE_NEVER)
        return;
    check_sources(world, issuer, key, which);
    for (size_t i = 0; i < world->verifier_count; i++)
        if (verifier_lacks(world, &world->verifiers[i], issuer, key))
            world_fail(world, "a %s verifier does not know key %zu of issuer %zu, with which %s",
                       world->verifiers[i].habit->name, key, issuer, which);
}

static void check_tokens(struct world *world)
{
    uint32_t seen[ISSUERS_MAX] = { 0 };

    for (size_t i = 0; i < world->token_count; i++) {
        const struct token *token = &world->tokens[i];
        const uint32_t bit = UINT32_C(1) << token->key;

        if (token->end < world->now || (seen[token->issuer] & bit) != 0)
            continue;
        seen[token->issuer] |= bit;
        check_known(world, token->issuer, token->key, "a token that is alive is signed");
    }
}

/* A node whose snapshot is old signs in vain: its mint does not commit. */
static void check_mintable(struct world *world, const struct node *node, size_t issuer)
{
    const struct lifecycle_policy *policy = &world->policy;
    const int64_t lifetime = world->store.issuers[issuer].max_lifetime;
    const struct lifecycle_signer signer = node_find_signer(world, node, issuer, lifetime);
    const int64_t needed = lifetime + policy->verifier_leeway + 2 * policy->clock_skew;

    if (signer.key == PLAN_NONE)
        return;
    check_known(world, issuer, signer.key, "a token can be minted now");
    if (signer.is_withdrawn && needed <= world->facts[issuer][signer.key].promise)
        world_fail(world, "key %zu of issuer %zu signs, but is withdrawn too early for a token",
                   signer.key, issuer);
}

/* What a clock that is as early or late as any says of the real time `at`. */
static int64_t latest_clock(const struct world *world, int64_t at)
{
    return at + world->earliest + world->skew;
}

static int64_t longest_hold(const struct cache_lifetime *lifetime)
{
    return lifetime->max_age + lifetime->stale;
}

/* What a node says of a key now, and what any cache may make of it. */
static void check_answer(struct world *world, const struct node *node, size_t issuer, size_t key)
{
    const struct key_times *times = &world->store.issuers[issuer].keys[key].times;
    struct facts *facts = &world->facts[issuer][key];
    const struct answer answer = node_key(world, node, issuer, key);
    const struct answer set = node_set(world, node, issuer);
    const int64_t hold = longest_hold(&answer.lifetime) > longest_hold(&set.lifetime)
                             ? longest_hold(&answer.lifetime)
                             : longest_hold(&set.lifetime);

    if (!answer.is_served || node->is_wrong || facts->revoked_at != LIFECYCLE_NEVER)
        return;
    if (times->sign_time != LIFECYCLE_NEVER && node_clock(world, node) >= times->unpublish_time)
        world_fail(world, "node %td serves key %zu of issuer %zu after its unpublish_time",
                   node - world->nodes, key, issuer);
    if (hold > 0 && facts->held_until < world->now + hold)
        facts->held_until = world->now + hold;
}

static void check_hold(struct world *world, size_t issuer, size_t key)
{
    const struct key_times *times = &world->store.issuers[issuer].keys[key].times;
    const struct facts *facts = &world->facts[issuer][key];

    if (facts->held_until > 0 && facts->revoked_at == LIFECYCLE_NEVER
        && times->sign_time != LIFECYCLE_NEVER
        && latest_clock(world, facts->held_until) > times->unpublish_time)
        world_fail(world, "caches may hold key %zu of issuer %zu %lld s beyond its unpublish_time",
                   key, issuer,
                   (long long)(latest_clock(world, facts->held_until) - times->unpublish_time));
}

/* By clocks of ours. */
static int64_t told_end_of_trust(const struct world *world, int64_t revoke_time)
{
    struct lifecycle_policy policy = world->longest;

    if (breaks(world, RULE_TRUST_SKEW))
        policy.clock_skew = 0;
    return lifecycle_trusted_until(&policy, revoke_time);
}

/* Caches let go of what is revoked by the time that the operator was told. */
static void check_revoked(struct world *world, size_t issuer, size_t key)
{
    const struct key_times *times = &world->store.issuers[issuer].keys[key].times;
    int64_t told = 0;

    if (world->facts[issuer][key].revoked_at == LIFECYCLE_NEVER)
        return;
    told = told_end_of_trust(world, times->revoke_time);
    for (size_t i = 0; i < world->verifier_count; i++) {
        const struct verifier *verifier = &world->verifiers[i];
        const int64_t end = verifier_trusts_until(verifier, issuer, key);

        if (end > world->now && end + world->earliest > told)
            world_fail(
                world, "a %s verifier trusts key %zu of issuer %zu %lld s longer than was told",
                verifier->habit->name, key, issuer, (long long)(end + world->earliest - told));
    }
}

static void check_key(struct world *world, size_t issuer, size_t key)
{
    for (size_t i = 0; i < world->node_count; i++)
        check_answer(world, &world->nodes[i], issuer, key);
    check_hold(world, issuer, key);
    check_revoked(world, issuer, key);
}

static void check_node(struct world *world, const struct node *node, size_t issuer)
{
    if (count_signers(&node->snapshot.issuers[issuer], node_time(world, node)) > 1)
        world_fail(world, "node %td has two signing keys of issuer %zu", node - world->nodes,
                   issuer);
    if (!node->is_wrong && node->snapshot.generation == world->store.generation)
        check_mintable(world, node, issuer);
}

void check_moment(struct world *world)
{
    check_tokens(world);
    for (size_t i = 0; i < ISSUERS_MAX; i++) {
        if (!world->store.issuers[i].exists)
            continue;
        for (size_t n = 0; n < world->node_count; n++)
            check_node(world, &world->nodes[n], i);
        for (size_t k = 0; k < world->store.issuers[i].count; k++)
            check_key(world, i, k);
    }
}
