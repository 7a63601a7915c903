/* SPDX-License-Identifier: Apache-2.0 */
#include "node.h"

#include "check.h"

int64_t node_clock(const struct world *world, const struct node *node)
{
    return world->now + node->offset;
}

int64_t node_time(const struct world *world, const struct node *node)
{
    const int64_t clock = node_clock(world, node);

    if (breaks(world, RULE_SNAPSHOT_TIME) || clock > node->snapshot.latest_time)
        return clock;
    return node->snapshot.latest_time;
}

void node_reload(struct world *world, struct node *node)
{
    node->snapshot = world->store;
    node->poll_due = LIFECYCLE_NEVER;
}

void node_restart(struct world *world, struct node *node)
{
    node_reload(world, node);
    node->mint.is_set = false;
}

static struct cache_lifetime
lifetime_of(const struct world *world, int64_t max_age, int64_t unpublish_time, int64_t now)
{
    if (breaks(world, RULE_CACHE_CUT))
        unpublish_time = LIFECYCLE_NEVER;
    return lifecycle_cache_lifetime(max_age, &world->policy, unpublish_time, now);
}

struct answer
node_key(const struct world *world, const struct node *node, size_t issuer, size_t key)
{
    const struct issuer *rows = &node->snapshot.issuers[issuer];
    const int64_t now = node_time(world, node);
    struct answer answer = { .has_headers = true, .date = node_clock(world, node) };

    if (key >= rows->count || !lifecycle_is_published(&rows->keys[key].times, now))
        return answer;
    answer.is_served = true;
    answer.lifetime =
        lifetime_of(world, world->policy.max_age, rows->keys[key].times.unpublish_time, now);
    return answer;
}

struct answer node_set(const struct world *world, const struct node *node, size_t issuer)
{
    const struct issuer *rows = &node->snapshot.issuers[issuer];
    const int64_t now = node_time(world, node);
    struct answer answer = { .has_headers = true, .date = node_clock(world, node) };
    int64_t unpublish_time = LIFECYCLE_NEVER;

    for (size_t i = 0; i < rows->count; i++) {
        const struct key_times *times = &rows->keys[i].times;

        if (!lifecycle_is_published(times, now))
            continue;
        answer.is_served = true;
        answer.keys |= UINT32_C(1) << i;
        if (times->unpublish_time < unpublish_time)
            unpublish_time = times->unpublish_time;
    }
    answer.lifetime = lifetime_of(world, world->policy.jwks_max_age, unpublish_time, now);
    return answer;
}

static struct lifecycle_policy minting_policy(const struct world *world)
{
    struct lifecycle_policy policy = world->policy;

    if (breaks(world, RULE_LEEWAY))
        policy.verifier_leeway = 0;
    if (breaks(world, RULE_SKEW))
        policy.clock_skew = 0;
    if (breaks(world, RULE_SKEW_TWICE))
        policy.clock_skew /= 2;
    return policy;
}

struct lifecycle_signer node_find_signer(const struct world *world,
                                         const struct node *node,
                                         size_t issuer,
                                         int64_t lifetime)
{
    const struct lifecycle_policy policy = minting_policy(world);
    const struct issuer *rows = &node->snapshot.issuers[issuer];
    struct lifecycle_signer signer = { .policy = &policy,
                                       .now = node_clock(world, node),
                                       .lifetime = lifetime,
                                       .key = PLAN_NONE,
                                       .next_time = LIFECYCLE_NEVER };
    int64_t behind = 0;

    if (!lifecycle_advance(&world->policy, node_time(world, node), &signer.now, &behind))
        return signer;
    for (size_t i = 0; i < rows->count; i++)
        lifecycle_consider_signer(&signer, i, &rows->keys[i].times);
    if (breaks(world, RULE_MINT_END))
        signer.is_withdrawn = false;
    signer.policy = NULL;
    return signer;
}

void node_sign(struct world *world, struct node *node, size_t issuer, int64_t lifetime)
{
    const struct lifecycle_signer signer = node_find_signer(world, node, issuer, lifetime);

    if (signer.key == PLAN_NONE || signer.is_withdrawn)
        return;
    if (lifetime > node->snapshot.issuers[issuer].max_lifetime
        && !breaks(world, RULE_LIFETIME_LIMIT))
        return;
    node->mint = (struct mint){ .is_set = true,
                                .issuer = issuer,
                                .key = signer.key,
                                .lifetime = lifetime,
                                .now = node_clock(world, node),
                                .generation = node->snapshot.generation };
    world_tell(world, "node %td signs a token of issuer %zu for %lld s with key %zu",
               node - world->nodes, issuer, (long long)lifetime, signer.key);
}

static void keep_token(struct world *world, const struct mint *mint)
{
    struct token *token = &world->tokens[world->token_count % TOKENS_MAX];

    world->minted++;
    if (world->token_count < TOKENS_MAX)
        world->token_count++;
    *token = (struct token){ .issuer = mint->issuer,
                             .key = mint->key,
                             .expire = mint->now + mint->lifetime,
                             .leeway = world->policy.verifier_leeway };
    token->end = token->expire + token->leeway + world->skew;
}

static bool is_current(const struct world *world, const struct mint *mint)
{
    return mint->generation == world->store.generation || breaks(world, RULE_GENERATION);
}

void node_commit(struct world *world, struct node *node)
{
    const struct mint stale = node->mint;
    struct mint *mint = &node->mint;

    if (!mint->is_set)
        return;
    if (!is_current(world, mint)) {
        mint->is_set = false;
        node_reload(world, node);
        node_sign(world, node, stale.issuer, stale.lifetime);
    }
    if (!mint->is_set || mint->now < world->store.latest_time - world->policy.clock_skew)
        return;
    mint->is_set = false;
    world_tell(world, "node %td mints it", node - world->nodes);
    check_mint(world, mint);
    if (mint->now > world->store.latest_time)
        world->store.latest_time = mint->now;
    keep_token(world, mint);
}
