/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "change.h"
#include "check.h"
#include "mirror.h"
#include "node.h"
#include "policy.h"
#include "verifier.h"

static struct node *choose_node(struct world *world, uint32_t choice)
{
    return &world->nodes[choice % world->node_count];
}

static size_t choose_issuer(const struct world *world, uint32_t choice)
{
    return choice % 4 == 0 && world->store.issuers[1].exists ? 1 : 0;
}

/* The newest are where things happen; the one after the last is a guess. */
static size_t choose_key(const struct world *world, size_t issuer, uint32_t choice, size_t guesses)
{
    const size_t count = world->store.issuers[issuer].count + guesses;
    const size_t recent = count < 4 ? count : 4;

    if (count == 0)
        return 0;
    return choice % 4 == 0 ? choice / 4 % count : count - 1 - choice / 4 % recent;
}

static void do_wait(struct world *world, const struct event *event)
{
    static const uint32_t longest[] = { 3, 60, 600, 4000 };

    world_advance(world, world->now + event->b % (longest[event->a % 4] + 1));
}

/* By that clock. */
static int64_t next_transition(const struct issuer *issuer, int64_t clock)
{
    int64_t next = LIFECYCLE_NEVER;

    for (size_t i = 0; i < issuer->count; i++) {
        const int64_t at = lifecycle_next_transition(&issuer->keys[i].times, clock);

        next = at < next ? at : next;
    }
    return next;
}

/* The real time at which that clock says so. */
static int64_t real_time(const struct node *node, int64_t clock)
{
    return clock == LIFECYCLE_NEVER ? LIFECYCLE_NEVER : clock - node->offset;
}

/* Real times at which something may change. */
static int64_t choose_moment(const struct world *world, const struct event *event)
{
    const size_t issuer = choose_issuer(world, event->a);
    const size_t key = choose_key(world, issuer, event->b, 0);
    const struct key_times *times = &world->store.issuers[issuer].keys[key].times;
    const struct verifier *verifier = &world->verifiers[event->a / 4 % world->verifier_count];
    const struct node *node = &world->nodes[event->a / 64 % world->node_count];

    switch (event->c % 8) {
    case 0:
        return times->publish_time + world->lag;
    case 1:
    case 2:
    case 3:
        return real_time(node,
                         next_transition(&world->store.issuers[issuer], node_clock(world, node)));
    case 4:
        return real_time(node, times->unpublish_time);
    case 5:
        return verifier->sets[issuer].usable;
    case 6:
        return verifier->keys[issuer][key].fresh;
    default:
        return real_time(node, times->publish_time + world->policy.publish_lead);
    }
}

/* A second off, or so much earlier that not everybody will know until then what happens now. */
static int64_t choose_distance(const struct world *world, uint32_t choice)
{
    if (choice % 4 == 3)
        return -(int64_t)(choice / 4) % (world->lag + 1);
    return (int64_t)(choice % 4) - 1;
}

static void do_wait_for(struct world *world, const struct event *event)
{
    enum { HORIZON = 20000 };
    const int64_t moment = choose_moment(world, event);
    const int64_t distance = choose_distance(world, event->c / 8);

    if (moment < world->now + HORIZON && moment + distance > world->now)
        world_advance(world, moment + distance);
    else
        world_advance(world, world->now + event->b % 10);
}

/* Most changes are let be; a few are struck by a kill. */
static struct change_request request_of(struct world *world, const struct event *event)
{
    struct change_request request = { .node = choose_node(world, event->a),
                                      .issuer = choose_issuer(world, event->a / 4),
                                      .key = PLAN_NONE };

    if (event->c % 8 == 0)
        request.kill = KILL_BEFORE_COMMIT;
    else if (event->c % 8 == 1)
        request.kill = KILL_AFTER_COMMIT;
    return request;
}

static void do_create(struct world *world, const struct event *event)
{
    struct change_request request = request_of(world, event);

    request.issuer = 1;
    request.lifetime = policy_lifetime(event->b);
    change_create(world, &request);
}

static void do_rotate(struct world *world, const struct event *event)
{
    struct change_request request = request_of(world, event);

    if (event->b % 8 == 0)
        request.key = choose_key(world, request.issuer, event->b / 8, 0);
    change_rotate(world, &request);
}

static void do_tick(struct world *world, const struct event *event)
{
    const struct change_request request = request_of(world, event);

    change_tick(world, &request);
}

static void do_emergency(struct world *world, const struct event *event)
{
    struct change_request request = request_of(world, event);

    request.emergency.accept_misses = event->b % 6 == 0;
    request.emergency.store_compromised = event->b / 6 % 4 == 0;
    if (event->b / 24 % 4 == 0)
        request.key = choose_key(world, request.issuer, event->b / 96, 0);
    change_emergency(world, &request);
}

static void do_revoke(struct world *world, const struct event *event)
{
    struct change_request request = request_of(world, event);

    request.key = choose_key(world, request.issuer, event->b, 0);
    change_revoke(world, &request);
}

static void do_algorithm(struct world *world, const struct event *event)
{
    const struct change_request request = request_of(world, event);

    change_algorithm(world, &request);
}

static void do_lifetime(struct world *world, const struct event *event)
{
    struct change_request request = request_of(world, event);

    request.lifetime = policy_lifetime(event->b);
    change_lifetime(world, &request);
}

static void do_caches(struct world *world, const struct event *event)
{
    policy_change_caches(world, event->a, event->b, event->c);
}

static void do_lead(struct world *world, const struct event *event)
{
    policy_change_lead(world, event->a);
}

static void do_caution(struct world *world, const struct event *event)
{
    policy_change_caution(world, event->a, event->b, event->c);
}

static void do_sign(struct world *world, const struct event *event)
{
    struct node *node = choose_node(world, event->a);
    const size_t issuer = choose_issuer(world, event->a / 4);
    const int64_t longest = node->snapshot.issuers[issuer].max_lifetime;

    node_sign(world, node, issuer, event->b % 2 == 0 ? longest : policy_lifetime(event->c));
}

static void do_commit(struct world *world, const struct event *event)
{
    node_commit(world, choose_node(world, event->a));
}

static void do_mint(struct world *world, const struct event *event)
{
    do_sign(world, event);
    do_commit(world, event);
}

static void do_kill(struct world *world, const struct event *event)
{
    struct node *node = choose_node(world, event->a);

    world_tell(world, "node %td is killed", node - world->nodes);
    node_restart(world, node);
}

static void do_clock(struct world *world, const struct event *event)
{
    struct node *node = choose_node(world, event->a);
    const int64_t width = event->b % 3 == 0   ? 0
                          : event->b % 3 == 1 ? world->skew
                                              : event->c % (world->skew + 1);

    node->offset = world->earliest + width;
    node->is_wrong = false;
    world_tell(world, "node %td's clock is set to %+lld s", node - world->nodes,
               (long long)node->offset);
}

static void do_clock_back(struct world *world, const struct event *event)
{
    struct node *node = choose_node(world, event->a);

    node->offset = world->earliest - 1 - event->b % 3000;
    node->is_wrong = true;
    world_tell(world, "node %td's clock goes wrong by %+lld s", node - world->nodes,
               (long long)node->offset);
}

static void do_poll(struct world *world, const struct event *event)
{
    struct node *node = choose_node(world, event->a);

    world_tell(world, "node %td polls", node - world->nodes);
    node_reload(world, node);
}

static void do_fetch(struct world *world, const struct event *event)
{
    struct verifier *verifier = &world->verifiers[event->a % world->verifier_count];
    const size_t issuer = choose_issuer(world, event->a / 8);
    const size_t key = choose_key(world, issuer, event->b, 1);

    if (key < KEYS_MAX)
        verifier_look(world, verifier, issuer, key, event->c % source_count(world),
                      event->c / 8 % 8 == 0);
}

static void (*const handlers[EVENT_KIND_COUNT])(struct world *world, const struct event *event) = {
    [EVENT_WAIT] = do_wait,         [EVENT_WAIT_FOR] = do_wait_for,
    [EVENT_CREATE] = do_create,     [EVENT_ROTATE] = do_rotate,
    [EVENT_TICK] = do_tick,         [EVENT_EMERGENCY] = do_emergency,
    [EVENT_REVOKE] = do_revoke,     [EVENT_ALGORITHM] = do_algorithm,
    [EVENT_LIFETIME] = do_lifetime, [EVENT_CACHES] = do_caches,
    [EVENT_LEAD] = do_lead,         [EVENT_CAUTION] = do_caution,
    [EVENT_MINT] = do_mint,         [EVENT_SIGN] = do_sign,
    [EVENT_COMMIT] = do_commit,     [EVENT_KILL] = do_kill,
    [EVENT_CLOCK] = do_clock,       [EVENT_CLOCK_BACK] = do_clock_back,
    [EVENT_POLL] = do_poll,         [EVENT_FETCH] = do_fetch,
};

static void create_first_issuer(struct world *world)
{
    change_create(world, &(struct change_request){
                             .node = &world->nodes[0],
                             .lifetime = policy_lifetime(random_below(&world->random, 16)) });
    check_moment(world);
}

/* Until the last token is dead. */
static void run_out(struct world *world)
{
    enum { LONGER_THAN_ANY_TOKEN = 4000 };

    if (!world->has_failed)
        world_advance(world, world->now + LONGER_THAN_ANY_TOKEN);
}

void run_schedule(struct world *world,
                  const struct schedule *schedule,
                  enum rule broken,
                  FILE *trace)
{
    world_init(world, broken, schedule->seed, schedule->number, trace);
    create_first_issuer(world);
    for (size_t i = 0; i < schedule->count && !world->has_failed; i++) {
        handlers[schedule->events[i].kind](world, &schedule->events[i]);
        check_moment(world);
    }
    run_out(world);
    if (world->has_failed)
        world_tell(world, "%s", world->failure);
}
