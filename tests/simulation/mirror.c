/* SPDX-License-Identifier: Apache-2.0 */
#include "mirror.h"

#include "node.h"

static struct answer strip(const struct mirror *mirror, struct answer answer)
{
    answer.has_headers = mirror->has_headers;
    return answer;
}

static void renew(struct world *world, struct mirror *mirror, int64_t at)
{
    const struct node *node = &world->nodes[mirror->node];
    const int64_t now = world->now;

    world->now = at;
    mirror->renewed_at = at;
    for (size_t i = 0; i < ISSUERS_MAX; i++) {
        for (size_t k = 0; k < node->snapshot.issuers[i].count; k++)
            mirror->keys[i][k] = strip(mirror, node_key(world, node, i, k));
        mirror->sets[i] = strip(mirror, node_set(world, node, i));
    }
    world->now = now;
}

void mirrors_renew(struct world *world, int64_t until)
{
    for (size_t i = 0; i < world->mirror_count; i++) {
        struct mirror *mirror = &world->mirrors[i];
        const int64_t last = until - (until + mirror->phase) % mirror->period;

        if (last > mirror->renewed_at)
            renew(world, mirror, last);
    }
}

size_t source_count(const struct world *world)
{
    return world->node_count + world->mirror_count;
}

struct answer source_key(const struct world *world, size_t source, size_t issuer, size_t key)
{
    if (source < world->node_count)
        return node_key(world, &world->nodes[source], issuer, key);
    return world->mirrors[source - world->node_count].keys[issuer][key];
}

struct answer source_set(const struct world *world, size_t source, size_t issuer)
{
    if (source < world->node_count)
        return node_set(world, &world->nodes[source], issuer);
    return world->mirrors[source - world->node_count].sets[issuer];
}
