/* SPDX-License-Identifier: Apache-2.0 */
#include "transaction.h"

#include "breach.h"
#include "check.h"
#include "node.h"

/* How long a call may wait for the lock, where its date is taken too early. */
enum { DATED_EARLY = 3, KEYS_OF_A_CHANGE = 3 };

static bool has_signer(const struct change *change)
{
    for (size_t i = 0; i < change->rows.count; i++)
        if (lifecycle_state(&change->rows.keys[i].times, change->view.now) == KEY_ACTIVE)
            return true;
    return false;
}

/* False: the clock went back. A clock that is wrong and cannot be found out is not for us. */
static bool read_time(const struct world *world, const struct node *node, int64_t *now)
{
    int64_t behind = 0;
    bool is_right = false;

    *now = node_clock(world, node);
    if (breaks(world, RULE_DATE))
        *now -= DATED_EARLY;
    is_right = lifecycle_advance(&world->policy, world->store.latest_time, now, &behind);
    if (breaks(world, RULE_LATEST_TIME) && is_right)
        *now = node_clock(world, node);
    if (breaks(world, RULE_CLOCK_BACK) && !is_right) {
        *now = world->store.latest_time;
        return true;
    }
    return is_right && !node->is_wrong;
}

bool transaction_begin(struct change *change,
                       struct world *world,
                       const struct change_request *request)
{
    change->world = world;
    change->request = request;
    change->rows = world->store.issuers[request->issuer];
    change->policy = world->policy;
    if (breaks(world, RULE_LEAD))
        change->policy.publish_lead = 0;
    if (!change->rows.exists || change->rows.count + KEYS_OF_A_CHANGE > KEYS_MAX)
        return false;
    for (size_t i = 0; i < change->rows.count; i++)
        change->rows.keys[i].changed = false;
    change->view = (struct lifecycle_view){ .keys = change->rows.keys,
                                            .count = change->rows.count,
                                            .policy = &change->policy };
    if (!read_time(world, request->node, &change->view.now))
        return false;
    change->had_signer = has_signer(change);
    return true;
}

void transaction_add_key(struct change *change, struct key_times times)
{
    struct world *world = change->world;
    const size_t index = change->rows.count++;

    change->rows.keys[index] = (struct planned_key){ times, change->rows.max_lifetime, true };
    world->facts[change->request->issuer][index] =
        (struct facts){ .revoked_at = LIFECYCLE_NEVER, .promise = LIFECYCLE_NEVER };
}

static void tell_key(const struct change *change, size_t index)
{
    const struct key_times *times = &change->rows.keys[index].times;
    const int64_t moments[] = { times->publish_time, times->sign_time, times->sign_until,
                                times->unpublish_time, times->revoke_time };
    char text[5][24];

    for (size_t i = 0; i < 5; i++)
        if (moments[i] == LIFECYCLE_NEVER)
            (void)snprintf(text[i], sizeof text[i], "never");
        else
            (void)snprintf(text[i], sizeof text[i], "%lld", (long long)moments[i]);
    world_tell(change->world,
               "    key %zu: publish %s, sign %s until %s, unpublish %s, revoke %s, lifetime %lld",
               index, text[0], text[1], text[2], text[3], text[4],
               (long long)change->rows.keys[index].max_lifetime);
}

static void note_facts(struct change *change, size_t index)
{
    struct world *world = change->world;
    const struct planned_key *key = &change->rows.keys[index];
    const struct planned_key *was = &world->store.issuers[change->request->issuer].keys[index];
    struct facts *facts = &world->facts[change->request->issuer][index];

    if (key->times.revoke_time != LIFECYCLE_NEVER && facts->revoked_at == LIFECYCLE_NEVER)
        facts->revoked_at = world->now;
    if (key->times.unpublish_time == LIFECYCLE_NEVER)
        facts->promise = LIFECYCLE_NEVER;
    else if (key->times.unpublish_time != was->times.unpublish_time)
        facts->promise = change->rows.max_lifetime + world->policy.verifier_leeway
                         + 2 * world->policy.clock_skew;
}

static void write_back(struct change *change)
{
    struct world *world = change->world;
    struct issuer *stored = &world->store.issuers[change->request->issuer];

    for (size_t i = 0; i < change->rows.count; i++) {
        if (!change->rows.keys[i].changed)
            continue;
        if (breach_moves_end(world) && i < stored->count
            && change->rows.keys[i].times.sign_until != LIFECYCLE_NEVER)
            breach_move_end(change, &change->rows.keys[i]);
        note_facts(change, i);
        tell_key(change, i);
    }
    *stored = change->rows;
    world->store.generation++;
    if (change->view.now > world->store.latest_time)
        world->store.latest_time = change->view.now;
}

static void let_nodes_know(struct world *world, struct node *writer)
{
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];

        if (node != writer && node->poll_due == LIFECYCLE_NEVER)
            node->poll_due = world->now + world->poll_period;
    }
    node_reload(world, writer);
}

/* Only the first row that was written survives. */
static void write_half(struct change *change)
{
    struct issuer *stored = &change->world->store.issuers[change->request->issuer];

    for (size_t i = 0; i < stored->count; i++) {
        if (!change->rows.keys[i].changed)
            continue;
        note_facts(change, i);
        stored->keys[i] = change->rows.keys[i];
        change->world->store.generation++;
        let_nodes_know(change->world, change->request->node);
        return;
    }
}

void transaction_commit(struct change *change)
{
    struct world *world = change->world;
    struct node *node = change->request->node;

    if (change->request->kill == KILL_BEFORE_COMMIT) {
        world_tell(world, "    node %td is killed before it commits", node - world->nodes);
        if (breaks(world, RULE_ATOMIC))
            write_half(change);
        node_restart(world, node);
        return;
    }
    write_back(change);
    let_nodes_know(world, node);
    if (change->request->kill == KILL_AFTER_COMMIT)
        node_restart(world, node);
    check_rows(world, change->request->issuer, change->view.now);
}

void transaction_use_up(struct change *change)
{
    struct readiness *ready = &change->world->ready[change->request->issuer];

    if (!change->takes_standby)
        ready->emergencies = 0;
    else if (ready->emergencies > 0)
        ready->emergencies--;
    ready->last_change = change->view.now;
}

void transaction_carry_out(struct change *change, const struct lifecycle_plan *plan)
{
    const size_t added = breaks(change->world, RULE_STANDBYS)
                             ? (plan->incoming == change->view.count ? 1 : 0)
                             : plan->new_keys;

    if (plan->already_planned)
        return;
    for (size_t i = 0; i < added; i++)
        transaction_add_key(change, lifecycle_new_key(&change->view, plan, i));
    if (change->request->kill != KILL_BEFORE_COMMIT)
        transaction_use_up(change);
    transaction_commit(change);
}

static void check_standbys(struct change *change, const struct lifecycle_plan *plan)
{
    struct world *world = change->world;
    struct readiness *ready = &world->ready[change->request->issuer];

    change->takes_standby = change->had_signer && !change->request->emergency.store_compromised;
    if (change->view.now >= ready->last_change + world->policy.publish_lead)
        ready->emergencies = LIFECYCLE_STANDBYS;
    if (change->takes_standby && ready->emergencies > 0 && plan->sign_time > change->view.now)
        world_fail(world,
                   "an emergency of issuer %zu leaves a gap, though standbys were to be ready",
                   change->request->issuer);
}

/* A gap that an emergency declares: until the successor signs. */
void transaction_declare_gap(struct change *change, const struct lifecycle_plan *plan)
{
    struct world *world = change->world;

    if (plan->already_planned || change->request->kill == KILL_BEFORE_COMMIT)
        return;
    if (plan->incoming == PLAN_NONE)
        return;
    check_standbys(change, plan);
    world->gap_until[change->request->issuer] = plan->sign_time;
    if (plan->sign_time > change->view.now + world->policy.publish_lead)
        world_fail(world, "the gap of issuer %zu is longer than the lead", change->request->issuer);
}

void transaction_tell(const struct change *change, const char *what)
{
    world_tell(change->world, "node %td at %lld %s issuer %zu",
               change->request->node - change->world->nodes, (long long)change->view.now, what,
               change->request->issuer);
}
