/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle.h"

#include "claims.h"
#include "fail.h"

/* The Go library remembers a miss for 20 seconds, whatever our headers say. */
enum { LONGEST_FOREIGN_MISS = 20 };

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct range {
    const char *setting;
    int64_t value, least, greatest;
};

static enum asap_code check_range(const struct range *range, struct asap_error *err)
{
    if (range->value >= range->least && range->value <= range->greatest)
        return ASAP_OK;
    return fail_field(err, range->setting, "%s is %lld s; it must be from %lld to %lld s",
                      range->setting, (long long)range->value, (long long)range->least,
                      (long long)range->greatest);
}

enum { DAY = 86400 };

enum asap_code lifecycle_check_policy(const struct lifecycle_policy *policy, struct asap_error *err)
{
    const struct range ranges[] = {
        { "max_age", policy->max_age, 0, DAY },
        { "stale", policy->stale, 0, DAY },
        { "jwks_max_age", policy->jwks_max_age, 0, DAY },
        { "clock_skew", policy->clock_skew, 0, 3600 },
        { "verifier_leeway", policy->verifier_leeway, 0, 3600 },
        { "max_token_lifetime", policy->max_token_lifetime, 1, CLAIMS_MAX_LIFETIME },
        { "replica_lag", policy->replica_lag, 0, DAY },
        { "publish_lead", policy->publish_lead, 0, INT64_C(30) * DAY },
    };
    const int64_t longest_miss =
        greatest(LONGEST_FOREIGN_MISS, policy->jwks_max_age + policy->stale);
    const int64_t lead = longest_miss + policy->replica_lag + policy->clock_skew;

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        TRY(check_range(&ranges[i], err));
    if (policy->publish_lead < lead)
        return fail_field(
            err, "publish_lead",
            "publish_lead is %lld s; it must be at least max(%d, jwks_max_age + stale)"
            " + replica_lag + clock_skew = %lld s, or a verifier may not know a key"
            " that signs",
            (long long)policy->publish_lead, LONGEST_FOREIGN_MISS, (long long)lead);
    return ASAP_OK;
}

enum key_state lifecycle_state(const struct key_times *times, int64_t now)
{
    if (times->revoke_time <= now)
        return KEY_REVOKED;
    if (times->unpublish_time <= now)
        return KEY_RETIRED;
    if (now < times->publish_time)
        return KEY_SCHEDULED;
    if (times->sign_until <= now)
        return KEY_RETIRING;
    return times->sign_time <= now ? KEY_ACTIVE : KEY_STANDBY;
}

const char *lifecycle_state_name(enum key_state state)
{
    static const char *const names[] = {
        [KEY_SCHEDULED] = "scheduled", [KEY_STANDBY] = "standby", [KEY_ACTIVE] = "active",
        [KEY_RETIRING] = "retiring",   [KEY_RETIRED] = "retired", [KEY_REVOKED] = "revoked",
    };

    return names[state];
}

bool lifecycle_is_published(const struct key_times *times, int64_t now)
{
    return times->publish_time <= now && now < times->unpublish_time && now < times->revoke_time;
}

static int64_t earlier_after(int64_t now, int64_t candidate, int64_t best)
{
    return candidate > now ? least(candidate, best) : best;
}

int64_t lifecycle_next_transition(const struct key_times *times, int64_t now)
{
    const enum key_state state = lifecycle_state(times, now);
    int64_t next = LIFECYCLE_NEVER;

    if (state == KEY_REVOKED)
        return LIFECYCLE_NEVER;
    next = earlier_after(now, times->revoke_time, next);
    if (state == KEY_RETIRED)
        return next;
    next = earlier_after(now, times->publish_time, next);
    next = earlier_after(now, times->sign_time, next);
    next = earlier_after(now, times->sign_until, next);
    return earlier_after(now, times->unpublish_time, next);
}

struct cache_lifetime lifecycle_cache_lifetime(int64_t max_age,
                                               const struct lifecycle_policy *policy,
                                               int64_t unpublish_time,
                                               int64_t now)
{
    struct cache_lifetime lifetime = { max_age, policy->stale };
    int64_t left = 0;

    if (unpublish_time == LIFECYCLE_NEVER)
        return lifetime;
    left = greatest(0, unpublish_time - now - policy->clock_skew);
    lifetime.max_age = least(lifetime.max_age, left);
    lifetime.stale = least(lifetime.stale, left - lifetime.max_age);
    return lifetime;
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

struct key_times lifecycle_first_key(const struct lifecycle_policy *policy, int64_t now)
{
    struct key_times times = lifecycle_standby(now);

    /* No verifier asked for it before, since its name is random: only replicas need time. */
    times.sign_time = now + policy->replica_lag;
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

static size_t missing_standbys(const struct lifecycle_view *view)
{
    size_t standbys = 0;

    for (size_t i = 0; i < view->count; i++)
        standbys += is_free_standby(view, i) ? 1 : 0;
    return standbys < LIFECYCLE_STANDBYS ? LIFECYCLE_STANDBYS - standbys : 0;
}

/* Gives the oldest standby a date for its first signature: the lead after its publication. */
static void promote_oldest_standby(const struct lifecycle_view *view, struct lifecycle_plan *out)
{
    struct planned_key *standby = NULL;

    out->incoming = find_oldest_standby(view);
    if (out->incoming == PLAN_NONE)
        return;
    standby = &view->keys[out->incoming];
    standby->times.sign_time =
        greatest(view->now, standby->times.publish_time + view->policy->publish_lead);
    standby->changed = true;
    out->sign_time = standby->times.sign_time;
}

/* The last token of `key` is minted at `sign_until` at the latest, on a clock that may be ahead,
 * and is checked with leeway on a clock that may be behind. */
static void end_signing(const struct lifecycle_view *view,
                        struct planned_key *key,
                        int64_t sign_until)
{
    key->times.sign_until = sign_until;
    key->times.unpublish_time = sign_until + key->max_lifetime + view->policy->verifier_leeway
                                + 2 * view->policy->clock_skew;
    key->changed = true;
}

static void go_on_signing(struct planned_key *key)
{
    key->times.sign_until = LIFECYCLE_NEVER;
    key->times.unpublish_time = LIFECYCLE_NEVER;
    key->changed = true;
}

static void report_standing_plan(const struct lifecycle_view *view,
                                 size_t active,
                                 size_t promoted,
                                 struct lifecycle_plan *out)
{
    out->already_planned = true;
    out->outgoing = promoted == PLAN_NONE ? PLAN_NONE : active;
    out->incoming = promoted == PLAN_NONE ? active : promoted;
    if (out->incoming != PLAN_NONE)
        out->sign_time = view->keys[out->incoming].times.sign_time;
}

/* Hands over from `active` to the oldest standby. */
static enum asap_code hand_over(const struct lifecycle_view *view,
                                size_t active,
                                struct lifecycle_plan *out,
                                struct asap_error *err)
{
    promote_oldest_standby(view, out);
    if (out->incoming == PLAN_NONE)
        return fail(err, ASAP_FAILED_PRECONDITION, "the issuer has no standby key to rotate to");
    end_signing(view, &view->keys[active], out->sign_time);
    out->outgoing = active;
    return ASAP_OK;
}

static struct lifecycle_plan empty_plan(void)
{
    return (struct lifecycle_plan){ .outgoing = PLAN_NONE,
                                    .incoming = PLAN_NONE,
                                    .sign_time = LIFECYCLE_NEVER };
}

enum asap_code lifecycle_plan_rotation(const struct lifecycle_view *view,
                                       size_t expected,
                                       struct lifecycle_plan *out,
                                       struct asap_error *err)
{
    const size_t active = find_active(view);
    const size_t promoted = find_promoted(view);

    *out = empty_plan();
    if (promoted != PLAN_NONE || (expected != PLAN_NONE && expected != active)) {
        report_standing_plan(view, active, promoted, out);
        return ASAP_OK;
    }
    if (active == PLAN_NONE)
        return fail(err, ASAP_FAILED_PRECONDITION, "the issuer has no active key to rotate");
    TRY(hand_over(view, active, out, err));
    out->new_standbys = missing_standbys(view);
    return ASAP_OK;
}

static void revoke(struct planned_key *key, int64_t now)
{
    key->times.revoke_time = now;
    key->changed = true;
}

/* The active key is gone: whatever promotion was planned is dropped and the oldest standby takes
 * over as soon as every verifier can know it. */
static void replace_active(const struct lifecycle_view *view,
                           size_t promoted,
                           struct lifecycle_plan *out)
{
    if (promoted != PLAN_NONE) {
        view->keys[promoted].times.sign_time = LIFECYCLE_NEVER;
        view->keys[promoted].changed = true;
    }
    promote_oldest_standby(view, out);
}

enum asap_code lifecycle_plan_revocation(const struct lifecycle_view *view,
                                         size_t revoked,
                                         struct lifecycle_plan *out,
                                         struct asap_error *err)
{
    const enum key_state state = state_of(view, revoked);
    const size_t active = find_active(view);
    const size_t promoted = find_promoted(view);

    *out = empty_plan();
    if (state == KEY_REVOKED) {
        out->already_planned = true;
        return ASAP_OK;
    }
    revoke(&view->keys[revoked], view->now);
    if (revoked == active) {
        replace_active(view, promoted, out);
    } else if (revoked == promoted && active != PLAN_NONE) {
        go_on_signing(&view->keys[active]);
        TRY(hand_over(view, active, out, err));
    } else if (revoked == promoted) {
        promote_oldest_standby(view, out);
    }
    out->new_standbys = missing_standbys(view);
    return ASAP_OK;
}
