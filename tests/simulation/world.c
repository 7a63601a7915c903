/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "check.h"
#include "mirror.h"
#include "node.h"
#include "policy.h"
#include "verifier.h"

enum { BEGINNING = 1000000, STREAM_OF_WORLDS = 0 };

bool breaks(const struct world *world, enum rule rule)
{
    return world->broken == rule;
}

void world_fail(struct world *world, const char *format, ...)
{
    va_list arguments;

    if (world->has_failed)
        return;
    world->has_failed = true;
    va_start(arguments, format);
    (void)vsnprintf(world->failure, sizeof world->failure, format, arguments);
    va_end(arguments);
}

void world_tell(const struct world *world, const char *format, ...)
{
    va_list arguments;

    if (world->trace == NULL)
        return;
    va_start(arguments, format);
    (void)fprintf(world->trace, "%9lld  ", (long long)world->now);
    (void)vfprintf(world->trace, format, arguments);
    (void)fputc('\n', world->trace);
    va_end(arguments);
}

/* Extremes are where things break. */
static int64_t choose_offset(struct world *world, int64_t least, int64_t width)
{
    switch (random_below(&world->random, 3)) {
    case 0:
        return least;
    case 1:
        return least + width;
    default:
        return least + random_below(&world->random, (uint32_t)width + 1);
    }
}

/* The lag is what nodes and the mirrors behind them need together. */
static void place_mirrors(struct world *world)
{
    static const bool has_headers[MIRRORS_MAX] = { true, false };
    const int64_t period = world->lag - world->poll_period;

    world->mirror_count = period > 0 ? random_below(&world->random, MIRRORS_MAX + 1) : 0;
    for (size_t i = 0; i < world->mirror_count; i++)
        world->mirrors[i] =
            (struct mirror){ .node = random_below(&world->random, (uint32_t)world->node_count),
                             .period = period,
                             .phase = random_below(&world->random, (uint32_t)period),
                             .renewed_at = world->now,
                             .has_headers = has_headers[i] };
}

static void place_nodes(struct world *world)
{
    const uint32_t lag = (uint32_t)world->lag;

    world->earliest = choose_offset(world, -world->skew, world->skew);
    world->node_count = world->lag == 0 ? 1 : 1 + random_below(&world->random, NODES_MAX);
    world->poll_period = world->node_count == 1 ? 0 : random_below(&world->random, lag + 1);
    for (size_t i = 0; i < world->node_count; i++) {
        world->nodes[i].offset = choose_offset(world, world->earliest, world->skew);
        node_restart(world, &world->nodes[i]);
    }
    place_mirrors(world);
}

static void place_verifiers(struct world *world)
{
    world->verifier_count = VERIFIERS_MAX;
    for (size_t i = 0; i < world->verifier_count; i++) {
        world->verifiers[i].habit = habit_at(i);
        world->verifiers[i].offset = choose_offset(world, -world->skew, 2 * world->skew);
    }
}

void world_init(struct world *world, enum rule broken, uint64_t seed, uint64_t number, FILE *trace)
{
    *world = (struct world){ .broken = broken, .trace = trace, .now = BEGINNING };
    random_seed(&world->random, seed, number * 2 + STREAM_OF_WORLDS);
    policy_choose(world);
    place_nodes(world);
    place_verifiers(world);
    world_tell(world,
               "max_age %lld, stale %lld, jwks_max_age %lld, skew %lld, leeway %lld, lag %lld,"
               " lead %lld; %zu nodes from %+lld s on, %zu mirrors",
               (long long)world->policy.max_age, (long long)world->policy.stale,
               (long long)world->policy.jwks_max_age, (long long)world->skew,
               (long long)world->least_leeway, (long long)world->lag,
               (long long)world->policy.publish_lead, world->node_count, (long long)world->earliest,
               world->mirror_count);
}

static int64_t next_stop(const struct world *world, int64_t until)
{
    int64_t next = until;

    for (size_t i = 0; i < world->node_count; i++)
        if (world->nodes[i].poll_due < next)
            next = world->nodes[i].poll_due;
    for (size_t i = 0; i < world->token_count; i++)
        if (world->tokens[i].end > world->now && world->tokens[i].end < next)
            next = world->tokens[i].end;
    return next > world->now ? next : world->now;
}

static void drop_dead_tokens(struct world *world)
{
    size_t kept = 0;

    for (size_t i = 0; i < world->token_count; i++)
        if (world->tokens[i].end >= world->now)
            world->tokens[kept++] = world->tokens[i];
    world->token_count = kept;
}

static void poll_due(struct world *world)
{
    for (size_t i = 0; i < world->node_count; i++)
        if (world->nodes[i].poll_due <= world->now)
            node_reload(world, &world->nodes[i]);
}

/* A mirror that is renewed at the moment at which its node polls is too early for it. */
void world_advance(struct world *world, int64_t until)
{
    do {
        const int64_t next = next_stop(world, until);

        mirrors_renew(world, next);
        world->now = next;
        poll_due(world);
        check_moment(world);
        drop_dead_tokens(world);
    } while (world->now < until && !world->has_failed);
}
