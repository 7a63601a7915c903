/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier.h"

#include "cache.h"
#include "cache_control.h"
#include "mirror.h"

static const struct habit habits[HABIT_COUNT] = {
    { .name = "libasap", .is_ours = true, .miss = CACHE_MISS_SECONDS_MAX },
    { .name = "go", .uses_stale = true, .miss = 20, .bare_fresh = 600, .bare_usable = 1200 },
    { .name = "python", .by_date = true },
    { .name = "java" },
    { .name = "jwks", .uses_sets = true, .uses_stale = true },
    { .name = "node", .is_fixed = true, .bare_fresh = 600 },
    { .name = "ordermentum", .is_fixed = true, .bare_fresh = 86400 },
};

const struct habit *habit_at(size_t index)
{
    return &habits[index];
}

/* The verifier's clock tells when things end; the offset takes that back to the real time. */
static void keep_as_we_do(const struct world *world,
                          const struct verifier *verifier,
                          const struct answer *answer,
                          struct entry *entry)
{
    const struct cache_seconds stale = { answer->lifetime.stale > 0, answer->lifetime.stale };
    const struct cache_headers headers = {
        .control = { .given = answer->has_headers,
                     .max_age = { answer->has_headers, answer->lifetime.max_age },
                     .stale_while_revalidate =
                         answer->has_headers ? stale : (struct cache_seconds){ 0 },
                     .stale_if_error = answer->has_headers ? stale : (struct cache_seconds){ 0 } },
        .date = { true, answer->date },
    };
    const struct cache_times times = cache_headers_times(&headers, world->now + verifier->offset);

    entry->fresh = times.stale - verifier->offset;
    entry->usable = times.stale_while_revalidate - verifier->offset;
    entry->on_error = times.stale_if_error - verifier->offset;
}

static void keep_by_headers(const struct world *world,
                            const struct verifier *verifier,
                            const struct answer *answer,
                            struct entry *entry)
{
    const struct habit *habit = verifier->habit;
    const int64_t since = habit->by_date ? answer->date - verifier->offset : world->now;

    entry->fresh = since + answer->lifetime.max_age;
    entry->usable = entry->fresh + (habit->uses_stale ? answer->lifetime.stale : 0);
    entry->on_error = entry->usable;
}

static void keep_bare(const struct world *world, const struct habit *habit, struct entry *entry)
{
    entry->fresh = world->now + habit->bare_fresh;
    entry->usable = entry->fresh + habit->bare_usable;
    entry->on_error = entry->usable;
}

static void keep(const struct world *world,
                 const struct verifier *verifier,
                 const struct answer *answer,
                 struct entry *entry)
{
    const struct habit *habit = verifier->habit;

    *entry = (struct entry){ .kind = ENTRY_KEY,
                             .is_bare = habit->is_fixed || !answer->has_headers,
                             .keys = answer->keys };
    if (habit->is_ours)
        keep_as_we_do(world, verifier, answer, entry);
    else if (entry->is_bare)
        keep_bare(world, habit, entry);
    else
        keep_by_headers(world, verifier, answer, entry);
}

static void keep_miss(const struct world *world,
                      const struct verifier *verifier,
                      struct entry *entry)
{
    *entry = (struct entry){ .kind = verifier->habit->miss > 0 ? ENTRY_MISS : ENTRY_NONE,
                             .fresh = world->now + verifier->habit->miss };
}

void verifier_look(struct world *world,
                   struct verifier *verifier,
                   size_t issuer,
                   size_t key,
                   size_t source,
                   bool source_fails)
{
    const bool uses_sets = verifier->habit->uses_sets;
    struct entry *entry = uses_sets ? &verifier->sets[issuer] : &verifier->keys[issuer][key];
    struct answer answer;

    if (entry->kind != ENTRY_NONE && world->now < entry->fresh)
        return;
    world_tell(world, "a %s verifier, %+lld s, looks for key %zu of issuer %zu at source %zu%s",
               verifier->habit->name, (long long)verifier->offset, key, issuer, source,
               source_fails ? ", which fails" : "");
    if (source_fails)
        return;
    answer = uses_sets ? source_set(world, source, issuer) : source_key(world, source, issuer, key);
    if (answer.is_served)
        keep(world, verifier, &answer, entry);
    else
        keep_miss(world, verifier, entry);
}

bool verifier_lacks(const struct world *world,
                    const struct verifier *verifier,
                    size_t issuer,
                    size_t key)
{
    const struct entry *set = &verifier->sets[issuer];
    const struct entry *entry = &verifier->keys[issuer][key];

    if (verifier->habit->uses_sets)
        return set->kind == ENTRY_KEY && world->now < set->usable
               && (set->keys & UINT32_C(1) << key) == 0;
    return entry->kind == ENTRY_MISS && world->now < entry->fresh;
}

static int64_t end_of(const struct entry *entry)
{
    if (entry->kind != ENTRY_KEY || entry->is_bare)
        return 0;
    return entry->usable > entry->on_error ? entry->usable : entry->on_error;
}

int64_t verifier_trusts_until(const struct verifier *verifier, size_t issuer, size_t key)
{
    const struct entry *set = &verifier->sets[issuer];

    if (!verifier->habit->uses_sets)
        return end_of(&verifier->keys[issuer][key]);
    return (set->keys & UINT32_C(1) << key) != 0 ? end_of(set) : 0;
}
