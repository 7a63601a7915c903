/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"

#include <asap/error.h>

#include "breach.h"
#include "transaction.h"

void change_create(struct world *world, const struct change_request *request)
{
    struct issuer *stored = &world->store.issuers[request->issuer];
    struct change change = { 0 };

    if (stored->exists)
        return;
    *stored = (struct issuer){ .exists = true };
    if (!transaction_begin(&change, world, request) || request->kill == KILL_BEFORE_COMMIT) {
        *stored = (struct issuer){ 0 };
        return;
    }
    transaction_tell(&change, "creates");
    change.rows.max_lifetime = request->lifetime;
    transaction_add_key(&change, breach_first_key(&change));
    world->gap_until[request->issuer] = change.rows.keys[0].times.sign_time;
    for (size_t i = 0; i < LIFECYCLE_STANDBYS && !breaks(world, RULE_STANDBYS); i++)
        transaction_add_key(&change, lifecycle_standby(change.view.now));
    transaction_use_up(&change);
    transaction_commit(&change);
}

static void rotate(struct change *change)
{
    const size_t expected = change->request->key;
    struct lifecycle_plan plan;

    transaction_tell(change, "rotates");
    if (breaks(change->world, RULE_ONE_PLAN))
        breach_plan_rotation(change, &plan);
    else
        lifecycle_plan_rotation(&change->view, expected < change->view.count ? expected : PLAN_NONE,
                                &plan);
    transaction_carry_out(change, &plan);
}

void change_rotate(struct world *world, const struct change_request *request)
{
    struct change change = { 0 };

    if (transaction_begin(&change, world, request))
        rotate(&change);
}

void change_tick(struct world *world, const struct change_request *request)
{
    struct change change = { 0 };

    if (world->rotation_period == 0 || !transaction_begin(&change, world, request))
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
        && !plan->already_planned && change->request->kill != KILL_BEFORE_COMMIT)
        change->world->facts[change->request->issuer][plan->incoming].excused_until =
            published + world->policy.publish_lead + world->skew;
}

void change_emergency(struct world *world, const struct change_request *request)
{
    const size_t expected = request->key;
    struct asap_error err = { 0 };
    struct lifecycle_plan plan;
    struct change change = { 0 };
    size_t promoted = PLAN_NONE;

    if (!transaction_begin(&change, world, request))
        return;
    transaction_tell(&change, "declares an emergency of");
    promoted = breach_find_promoted(&change);
    if (lifecycle_plan_emergency(&change.view, expected < change.view.count ? expected : PLAN_NONE,
                                 &request->emergency, &plan, &err)
        != ASAP_OK)
        return;
    breach_emergency(&change, promoted, &plan);
    transaction_declare_gap(&change, &plan);
    transaction_carry_out(&change, &plan);
    excuse(&change, &plan);
}

void change_revoke(struct world *world, const struct change_request *request)
{
    struct lifecycle_plan plan;
    struct change change = { 0 };
    size_t promoted = PLAN_NONE;
    enum key_state state = KEY_REVOKED;

    if (!transaction_begin(&change, world, request) || request->key >= change.view.count)
        return;
    transaction_tell(&change, "revokes a key of");
    promoted = breach_find_promoted(&change);
    state = lifecycle_state(&change.rows.keys[request->key].times, change.view.now);
    lifecycle_plan_revocation(&change.view, request->key, &plan);
    if (breaks(world, RULE_REVOKED_PROMOTION))
        breach_revocation(&change, promoted);
    if (state == KEY_ACTIVE || !change.had_signer)
        transaction_declare_gap(&change, &plan);
    transaction_carry_out(&change, &plan);
}

void change_algorithm(struct world *world, const struct change_request *request)
{
    struct asap_error err = { 0 };
    struct lifecycle_plan plan = { 0 };
    struct change change = { 0 };

    if (!transaction_begin(&change, world, request))
        return;
    transaction_tell(&change, "changes the algorithm of");
    if (lifecycle_plan_algorithm(&change.view, &plan, &err) == ASAP_OK
        || (breaks(world, RULE_ALGORITHM) && breach_algorithm(&change)))
        transaction_carry_out(&change, &plan);
}

void change_lifetime(struct world *world, const struct change_request *request)
{
    struct change change = { 0 };

    if (!transaction_begin(&change, world, request))
        return;
    transaction_tell(&change, "changes the longest lifetime of");
    change.rows.max_lifetime = request->lifetime;
    world_tell(world, "    to %lld s", (long long)request->lifetime);
    if (!breaks(world, RULE_LIFETIME_RISES))
        lifecycle_plan_lifetime(&change.view, request->lifetime);
    if (breaks(world, RULE_LIFETIME_STAYS))
        breach_lifetimes(&change);
    transaction_commit(&change);
}
