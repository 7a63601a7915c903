/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle_plan.h"

#include "claims.h"
#include "fail.h"

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct key_times lifecycle_standby(int64_t now)
{
    return (struct key_times){
        .publish_time = now,
        .sign_time = LIFECYCLE_NEVER,
        .sign_until = LIFECYCLE_NEVER,
        .unpublish_time = LIFECYCLE_NEVER,
        .revoke_time = LIFECYCLE_NEVER,
    };
}

/* Nobody can have asked for its random name before it is published. Where others have to hear of
 * it, whoever reads the name at one of them may make a verifier ask another one too early. */
struct key_times lifecycle_first_key(const struct lifecycle_policy *policy, int64_t now)
{
    struct key_times times = lifecycle_standby(now);

    times.sign_time = now;
    if (policy->replica_lag > 0)
        times.sign_time += policy->replica_lag + LIFECYCLE_LONGEST_MISS + policy->clock_skew;
    return times;
}

struct key_times lifecycle_new_key(const struct lifecycle_view *view,
                                   const struct lifecycle_plan *plan,
                                   size_t index)
{
    struct key_times times = lifecycle_standby(view->now);

    if (index == 0 && plan->incoming == view->count)
        times.sign_time = plan->sign_time;
    return times;
}

static enum key_state state_of(const struct lifecycle_view *view, size_t index)
{
    return lifecycle_state(&view->keys[index].times, view->now);
}

static size_t find_active(const struct lifecycle_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (state_of(view, i) == KEY_ACTIVE)
            return i;
    return PLAN_NONE;
}

/* A standby whose first signature has a date. */
static size_t find_promoted(const struct lifecycle_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (state_of(view, i) == KEY_STANDBY && view->keys[i].times.sign_time != LIFECYCLE_NEVER)
            return i;
    return PLAN_NONE;
}

static bool is_free_standby(const struct lifecycle_view *view, size_t index)
{
    const struct key_times *times = &view->keys[index].times;

    return state_of(view, index) == KEY_STANDBY && times->sign_time == LIFECYCLE_NEVER
           && times->unpublish_time == LIFECYCLE_NEVER;
}

static size_t find_oldest_standby(const struct lifecycle_view *view)
{
    size_t oldest = PLAN_NONE;

    for (size_t i = 0; i < view->count; i++)
        if (is_free_standby(view, i)
            && (oldest == PLAN_NONE
                || view->keys[i].times.publish_time < view->keys[oldest].times.publish_time))
            oldest = i;
    return oldest;
}

static struct lifecycle_plan empty_plan(void)
{
    return (struct lifecycle_plan){ .outgoing = PLAN_NONE,
                                    .incoming = PLAN_NONE,
                                    .sign_time = LIFECYCLE_NEVER };
}

/* Fills up the standbys; a new key that signs is none of them. */
static void add_missing_keys(const struct lifecycle_view *view, struct lifecycle_plan *out)
{
    size_t standbys = 0;

    for (size_t i = 0; i < view->count; i++)
        standbys += is_free_standby(view, i) ? 1 : 0;
    out->new_keys = standbys < LIFECYCLE_STANDBYS ? LIFECYCLE_STANDBYS - standbys : 0;
    out->new_keys += out->incoming == view->count ? 1 : 0;
}

/* Gives the oldest standby, or a new key where there is none, a date for its first signature: the
 * lead after its publication, or now if misses are accepted. */
static void promote(const struct lifecycle_view *view,
                    bool accept_misses,
                    struct lifecycle_plan *out)
{
    const int64_t lead = accept_misses ? 0 : view->policy->publish_lead;
    struct planned_key *standby = NULL;

    out->incoming = find_oldest_standby(view);
    if (out->incoming == PLAN_NONE) {
        out->incoming = view->count;
        out->sign_time = view->now + lead;
        return;
    }
    standby = &view->keys[out->incoming];
    out->sign_time = greatest(view->now, standby->times.publish_time + lead);
    standby->times.sign_time = out->sign_time;
    standby->changed = true;
}

static void drop_promotion(const struct lifecycle_view *view, size_t promoted)
{
    if (promoted == PLAN_NONE)
        return;
    view->keys[promoted].times.sign_time = LIFECYCLE_NEVER;
    view->keys[promoted].changed = true;
}

/* Not before the last token has expired. Nor before caches let go of what nodes and mirrors told
 * them that did not know of this plan, and nodes and mirrors know of another one, which may be made
 * while the key signs and keep it for longer. */
static void end_signing(const struct lifecycle_view *view,
                        struct planned_key *key,
                        int64_t sign_until)
{
    const struct lifecycle_policy *policy = view->policy;
    const int64_t tokens = lifecycle_end_of_tokens(policy, sign_until, key->max_lifetime);
    const int64_t caches = lifecycle_trusted_until(policy, sign_until);

    key->times.sign_until = sign_until;
    key->times.unpublish_time = greatest(tokens, caches);
    key->changed = true;
}

static void revoke(struct planned_key *key, int64_t now)
{
    key->times.revoke_time = now;
    key->changed = true;
}

static void report_standing_plan(const struct lifecycle_view *view, struct lifecycle_plan *out)
{
    const size_t active = find_active(view);
    const size_t promoted = find_promoted(view);

    out->already_planned = true;
    out->outgoing = promoted == PLAN_NONE ? PLAN_NONE : active;
    out->incoming = promoted == PLAN_NONE ? active : promoted;
    if (out->incoming != PLAN_NONE)
        out->sign_time = view->keys[out->incoming].times.sign_time;
}

/* The active key, if there is one, signs until its successor does. */
static void hand_over(const struct lifecycle_view *view, size_t active, struct lifecycle_plan *out)
{
    promote(view, false, out);
    if (active != PLAN_NONE)
        end_signing(view, &view->keys[active], out->sign_time);
    out->outgoing = active;
    add_missing_keys(view, out);
}

void lifecycle_plan_rotation(const struct lifecycle_view *view,
                             size_t expected,
                             struct lifecycle_plan *out)
{
    const size_t active = find_active(view);

    *out = empty_plan();
    if (find_promoted(view) != PLAN_NONE || (expected != PLAN_NONE && expected != active))
        report_standing_plan(view, out);
    else
        hand_over(view, active, out);
}

int64_t lifecycle_first_signature(const struct key_times *times, int64_t now)
{
    const enum key_state state = lifecycle_state(times, now);
    const bool is_promoted = state == KEY_STANDBY && times->sign_time != LIFECYCLE_NEVER;

    return state == KEY_ACTIVE || is_promoted ? times->sign_time : -1;
}

int64_t lifecycle_due_after(int64_t first_signature, int64_t period, int64_t now)
{
    if (period == 0 || first_signature < 0)
        return LIFECYCLE_NEVER;
    return greatest(now, first_signature + period);
}

int64_t lifecycle_rotation_due(const struct lifecycle_view *view, int64_t period)
{
    int64_t last = -1;

    for (size_t i = 0; i < view->count; i++)
        last = greatest(last, lifecycle_first_signature(&view->keys[i].times, view->now));
    return lifecycle_due_after(last, period, view->now);
}

/* Whoever has read the store can sign with every key whose private half is there. */
static void revoke_stored(const struct lifecycle_view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        const enum key_state state = state_of(view, i);

        if (state != KEY_RETIRED && state != KEY_REVOKED)
            revoke(&view->keys[i], view->now);
    }
}

/* What was declared before is not declared again; a key that is not active but trusted is no case
 * for a rotation. */
static enum asap_code check_expected(const struct lifecycle_view *view,
                                     size_t expected,
                                     struct lifecycle_plan *out,
                                     struct asap_error *err)
{
    const enum key_state state = state_of(view, expected);

    if (state != KEY_RETIRED && state != KEY_REVOKED)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the expected key is not the active one, but it is trusted: it is %s (revoke"
                    " it: asapctl key revoke)",
                    lifecycle_state_name(state));
    report_standing_plan(view, out);
    return ASAP_OK;
}

/* A gap is open already, and nothing shortens it. */
static bool stands(const struct lifecycle_view *view, const struct lifecycle_emergency *emergency)
{
    return find_active(view) == PLAN_NONE && find_promoted(view) != PLAN_NONE
           && !emergency->accept_misses && !emergency->store_compromised;
}

enum asap_code lifecycle_plan_emergency(const struct lifecycle_view *view,
                                        size_t expected,
                                        const struct lifecycle_emergency *emergency,
                                        struct lifecycle_plan *out,
                                        struct asap_error *err)
{
    const size_t active = find_active(view);

    *out = empty_plan();
    if (expected != PLAN_NONE && expected != active)
        return check_expected(view, expected, out, err);
    if (stands(view, emergency)) {
        report_standing_plan(view, out);
        return ASAP_OK;
    }
    if (active != PLAN_NONE)
        revoke(&view->keys[active], view->now);
    if (emergency->store_compromised)
        revoke_stored(view);
    drop_promotion(view, find_promoted(view));
    promote(view, emergency->accept_misses, out);
    out->outgoing = active;
    add_missing_keys(view, out);
    return ASAP_OK;
}

void lifecycle_plan_revocation(const struct lifecycle_view *view,
                               size_t revoked,
                               struct lifecycle_plan *out)
{
    const size_t active = find_active(view);
    const size_t promoted = find_promoted(view);

    *out = empty_plan();
    if (state_of(view, revoked) == KEY_REVOKED) {
        out->already_planned = true;
        return;
    }
    revoke(&view->keys[revoked], view->now);
    if (revoked == active) {
        drop_promotion(view, promoted);
        promote(view, false, out);
    } else if (revoked == promoted && active != PLAN_NONE) {
        hand_over(view, active, out); /* to another one, until which the active key goes on */
    } else if (revoked == promoted) {
        promote(view, false, out);
    }
    add_missing_keys(view, out);
}

enum asap_code lifecycle_plan_algorithm(const struct lifecycle_view *view,
                                        struct lifecycle_plan *out,
                                        struct asap_error *err)
{
    *out = empty_plan();
    if (find_promoted(view) != PLAN_NONE)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the algorithm cannot change while a rotation is planned (wait until the next"
                    " key signs)");
    for (size_t i = 0; i < view->count; i++)
        if (is_free_standby(view, i)) {
            view->keys[i].times.unpublish_time = view->now;
            view->keys[i].changed = true;
        }
    add_missing_keys(view, out);
    return ASAP_OK;
}

static bool can_sign(enum key_state state)
{
    return state == KEY_SCHEDULED || state == KEY_STANDBY || state == KEY_ACTIVE;
}

void lifecycle_plan_lifetime(const struct lifecycle_view *view, int64_t max_lifetime)
{
    for (size_t i = 0; i < view->count; i++) {
        struct planned_key *key = &view->keys[i];

        if (!can_sign(state_of(view, i)) || key->max_lifetime >= max_lifetime)
            continue;
        key->max_lifetime = max_lifetime;
        key->changed = true;
        if (key->times.sign_until != LIFECYCLE_NEVER)
            end_signing(view, key, key->times.sign_until);
    }
}

void lifecycle_plan_retirement(const struct lifecycle_view *view,
                               struct planned_key *key,
                               int64_t sign_until)
{
    const enum key_state state = lifecycle_state(&key->times, view->now);

    if (state == KEY_RETIRED || state == KEY_REVOKED
        || (state == KEY_RETIRING && sign_until == LIFECYCLE_NEVER))
        return;
    if (sign_until == LIFECYCLE_NEVER)
        sign_until = view->now;
    if (sign_until == key->times.sign_until)
        return;
    /* Nobody but the protocol limits the tokens of a key whose private half is elsewhere. */
    key->max_lifetime = greatest(key->max_lifetime, CLAIMS_MAX_LIFETIME);
    key->times.sign_until = sign_until;
    key->times.unpublish_time =
        greatest(view->now, lifecycle_end_of_tokens(view->policy, sign_until, key->max_lifetime));
    key->changed = true;
}

size_t lifecycle_plan_deletion(const struct lifecycle_view *view)
{
    size_t published = 0;

    for (size_t i = 0; i < view->count; i++)
        published += lifecycle_is_published(&view->keys[i].times, view->now) ? 1 : 0;
    revoke_stored(view);
    return published;
}

/* The last moment at which somebody may still verify the token. */
static int64_t last_use(const struct lifecycle_signer *signer)
{
    return lifecycle_end_of_tokens(signer->policy, signer->now, signer->lifetime);
}

void lifecycle_consider_signer(struct lifecycle_signer *signer,
                               size_t index,
                               const struct key_times *times)
{
    const enum key_state state = lifecycle_state(times, signer->now);

    if (state == KEY_ACTIVE) {
        signer->key = index;
        signer->is_withdrawn = last_use(signer) > times->unpublish_time;
    }
    if (can_sign(state) && times->sign_time > signer->now && times->sign_time < signer->next_time)
        signer->next_time = times->sign_time;
}

struct lifecycle_signer lifecycle_find_signer(const struct lifecycle_view *view, int64_t lifetime)
{
    struct lifecycle_signer signer = { .policy = view->policy,
                                       .now = view->now,
                                       .lifetime = lifetime,
                                       .key = PLAN_NONE,
                                       .next_time = LIFECYCLE_NEVER };

    for (size_t i = 0; i < view->count; i++)
        lifecycle_consider_signer(&signer, i, &view->keys[i].times);
    return signer;
}
