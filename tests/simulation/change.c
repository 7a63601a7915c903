/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"

#include <asap/error.h>

#include "check.h"
#include "node.h"

/* How long a call may wait for the lock, where its date is taken too early. */
enum { DATED_EARLY = 3, KEYS_OF_A_CHANGE = 3 };

struct change {
    struct world *world;
    const struct change_request *request;
    struct issuer rows; /* as they are to be */
    struct lifecycle_policy policy;
    struct lifecycle_view view;
    bool had_signer;
    bool takes_standby; /* an emergency that a standby answers */
};

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

static bool begin(struct change *change, struct world *world, const struct change_request *request)
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

static void add_key(struct change *change, struct key_times times)
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

static bool breaks_end(const struct world *world)
{
    static const enum rule rules[] = { RULE_END,      RULE_END_LIFETIME, RULE_END_LEEWAY,
                                       RULE_END_SKEW, RULE_END_CACHES,   RULE_END_LAG,
                                       RULE_LEEWAY,   RULE_SKEW,         RULE_SKEW_TWICE };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (breaks(world, rules[i]))
            return true;
    return false;
}

static void distort(const struct change *change, struct planned_key *key)
{
    const struct world *world = change->world;
    const struct lifecycle_policy *policy = &world->policy;
    const int64_t end = end_of_tokens(world, key);
    int64_t held = lifecycle_trusted_until(policy, key->times.sign_until) + policy->clock_skew;

    if (breaks(world, RULE_END_LAG))
        held = lifecycle_trusted_until(policy, change->view.now) + policy->clock_skew;
    if (breaks(world, RULE_END_CACHES))
        held = 0;
    key->times.unpublish_time = end > held ? end : held;
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
        if (breaks_end(world) && i < stored->count
            && change->rows.keys[i].times.sign_until != LIFECYCLE_NEVER)
            distort(change, &change->rows.keys[i]);
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

static void commit(struct change *change)
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

static void use_up(struct change *change)
{
    struct readiness *ready = &change->world->ready[change->request->issuer];

    if (!change->takes_standby)
        ready->emergencies = 0;
    else if (ready->emergencies > 0)
        ready->emergencies--;
    ready->last_change = change->view.now;
}

static void carry_out(struct change *change, const struct lifecycle_plan *plan)
{
    const size_t added = breaks(change->world, RULE_STANDBYS)
                             ? (plan->incoming == change->view.count ? 1 : 0)
                             : plan->new_keys;

    if (plan->already_planned)
        return;
    for (size_t i = 0; i < added; i++)
        add_key(change, lifecycle_new_key(&change->view, plan, i));
    if (change->request->kill != KILL_BEFORE_COMMIT)
        use_up(change);
    commit(change);
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
static void declare_gap(struct change *change, const struct lifecycle_plan *plan)
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

static void tell(const struct change *change, const char *what)
{
    world_tell(change->world, "node %td at %lld %s issuer %zu",
               change->request->node - change->world->nodes, (long long)change->view.now, what,
               change->request->issuer);
}

static struct key_times first_key(const struct change *change)
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

void change_create(struct world *world, const struct change_request *request)
{
    struct issuer *stored = &world->store.issuers[request->issuer];
    struct change change = { 0 };

    if (stored->exists)
        return;
    *stored = (struct issuer){ .exists = true };
    if (!begin(&change, world, request) || request->kill == KILL_BEFORE_COMMIT) {
        *stored = (struct issuer){ 0 };
        return;
    }
    tell(&change, "creates");
    change.rows.max_lifetime = request->lifetime;
    add_key(&change, first_key(&change));
    world->gap_until[request->issuer] = change.rows.keys[0].times.sign_time;
    for (size_t i = 0; i < LIFECYCLE_STANDBYS && !breaks(world, RULE_STANDBYS); i++)
        add_key(&change, lifecycle_standby(change.view.now));
    use_up(&change);
    commit(&change);
}

/* A planner that does not see the promotion plans another. */
static void hide_promotion(struct change *change)
{
    for (size_t i = 0; i < change->rows.count; i++)
        if (lifecycle_state(&change->rows.keys[i].times, change->view.now) == KEY_STANDBY
            && change->rows.keys[i].times.sign_time != LIFECYCLE_NEVER)
            change->rows.keys[i].times.sign_time = LIFECYCLE_NEVER - 1;
}

static void show_promotion(struct change *change)
{
    const struct issuer *stored = &change->world->store.issuers[change->request->issuer];

    for (size_t i = 0; i < stored->count; i++)
        if (change->rows.keys[i].times.sign_time == LIFECYCLE_NEVER - 1)
            change->rows.keys[i].times.sign_time = stored->keys[i].times.sign_time;
}

static void rotate(struct change *change)
{
    const size_t expected = change->request->key;
    struct lifecycle_plan plan;

    tell(change, "rotates");
    lifecycle_plan_rotation(&change->view, expected < change->view.count ? expected : PLAN_NONE,
                            &plan);
    carry_out(change, &plan);
}

/* Two plans at once: the second call does not see the first one's. */
static void rotate_again(struct change *change)
{
    struct lifecycle_view second = change->view;
    struct planned_key keys[KEYS_MAX];
    struct lifecycle_plan plan;
    size_t shown = 0;

    for (size_t i = 0; i < change->view.count; i++)
        if (change->rows.keys[i].times.sign_time != LIFECYCLE_NEVER - 1)
            keys[shown++] = change->rows.keys[i];
    second.keys = keys;
    second.count = shown;
    lifecycle_plan_rotation(&second, PLAN_NONE, &plan);
    for (size_t i = 0, at = 0; i < change->view.count; i++)
        if (change->rows.keys[i].times.sign_time != LIFECYCLE_NEVER - 1)
            change->rows.keys[i] = keys[at++];
    plan.incoming = PLAN_NONE;
    show_promotion(change);
    carry_out(change, &plan);
}

void change_rotate(struct world *world, const struct change_request *request)
{
    struct change change = { 0 };

    if (!begin(&change, world, request))
        return;
    if (!breaks(world, RULE_ONE_PLAN)) {
        rotate(&change);
        return;
    }
    tell(&change, "rotates");
    hide_promotion(&change);
    rotate_again(&change);
}

void change_tick(struct world *world, const struct change_request *request)
{
    struct change change = { 0 };

    if (world->rotation_period == 0 || !begin(&change, world, request))
        return;
    if (lifecycle_rotation_due(&change.view, world->rotation_period) <= change.view.now)
        rotate(&change);
}

static void excuse(struct change *change, const struct lifecycle_plan *plan)
{
    const struct world *world = change->world;
    const int64_t published = plan->incoming < change->view.count
                                  ? change->rows.keys[plan->incoming].times.publish_time
                                  : change->view.now;

    if (change->request->emergency.accept_misses && plan->incoming != PLAN_NONE
        && !plan->already_planned)
        change->world->facts[change->request->issuer][plan->incoming].excused_until =
            published + world->policy.publish_lead + world->skew;
}

static size_t find_promoted(const struct change *change)
{
    for (size_t i = 0; i < change->view.count; i++)
        if (lifecycle_state(&change->rows.keys[i].times, change->view.now) == KEY_STANDBY
            && change->rows.keys[i].times.sign_time != LIFECYCLE_NEVER)
            return i;
    return PLAN_NONE;
}

static void distort_emergency(struct change *change, size_t promoted, struct lifecycle_plan *plan)
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

void change_emergency(struct world *world, const struct change_request *request)
{
    const size_t expected = request->key;
    struct asap_error err = { 0 };
    struct lifecycle_plan plan;
    struct change change = { 0 };
    size_t promoted = PLAN_NONE;

    if (!begin(&change, world, request))
        return;
    tell(&change, "declares an emergency of");
    promoted = find_promoted(&change);
    if (lifecycle_plan_emergency(&change.view, expected < change.view.count ? expected : PLAN_NONE,
                                 &request->emergency, &plan, &err)
        != ASAP_OK)
        return;
    distort_emergency(&change, promoted, &plan);
    declare_gap(&change, &plan);
    carry_out(&change, &plan);
    excuse(&change, &plan);
}

static void keep_promotion(struct change *change, size_t promoted)
{
    const struct issuer *stored = &change->world->store.issuers[change->request->issuer];

    if (promoted != change->request->key)
        return;
    for (size_t i = 0; i < change->view.count; i++)
        if (i != promoted)
            change->rows.keys[i] = stored->keys[i];
}

void change_revoke(struct world *world, const struct change_request *request)
{
    struct lifecycle_plan plan;
    struct change change = { 0 };
    size_t promoted = PLAN_NONE;
    enum key_state state = KEY_REVOKED;

    if (!begin(&change, world, request) || request->key >= change.view.count)
        return;
    tell(&change, "revokes a key of");
    promoted = find_promoted(&change);
    state = lifecycle_state(&change.rows.keys[request->key].times, change.view.now);
    lifecycle_plan_revocation(&change.view, request->key, &plan);
    if (breaks(world, RULE_REVOKED_PROMOTION))
        keep_promotion(&change, promoted);
    if (state == KEY_ACTIVE || !change.had_signer)
        declare_gap(&change, &plan);
    carry_out(&change, &plan);
}

void change_algorithm(struct world *world, const struct change_request *request)
{
    struct asap_error err = { 0 };
    struct lifecycle_plan plan = { 0 };
    struct change change = { 0 };
    enum asap_code code = ASAP_OK;

    if (!begin(&change, world, request))
        return;
    tell(&change, "changes the algorithm of");
    code = lifecycle_plan_algorithm(&change.view, &plan, &err);
    if (code == ASAP_OK) {
        carry_out(&change, &plan);
        return;
    }
    if (!breaks(world, RULE_ALGORITHM))
        return;
    change.rows.keys[find_promoted(&change)].times.unpublish_time = change.view.now;
    change.rows.keys[find_promoted(&change)].changed = true;
    carry_out(&change, &plan);
}

static void lower_lifetimes(struct change *change)
{
    for (size_t i = 0; i < change->view.count; i++)
        if (change->rows.keys[i].max_lifetime > change->rows.max_lifetime) {
            change->rows.keys[i].max_lifetime = change->rows.max_lifetime;
            change->rows.keys[i].changed = true;
        }
}

void change_lifetime(struct world *world, const struct change_request *request)
{
    struct change change = { 0 };

    if (!begin(&change, world, request))
        return;
    tell(&change, "changes the longest lifetime of");
    change.rows.max_lifetime = request->lifetime;
    world_tell(world, "    to %lld s", (long long)request->lifetime);
    if (!breaks(world, RULE_LIFETIME_RISES))
        lifecycle_plan_lifetime(&change.view, request->lifetime);
    if (breaks(world, RULE_LIFETIME_STAYS))
        lower_lifetimes(&change);
    commit(&change);
}
