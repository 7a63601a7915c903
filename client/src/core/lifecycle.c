/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle.h"

#include "claims.h"
#include "fail.h"

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

enum { DAY = 86400, LONGEST_PERIOD = 3650 * DAY };

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
        greatest(LIFECYCLE_LONGEST_MISS, policy->jwks_max_age + policy->stale);
    const int64_t lead = longest_miss + policy->replica_lag + policy->clock_skew;

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        TRY(check_range(&ranges[i], err));
    if (policy->publish_lead < lead)
        return fail_field(
            err, "publish_lead",
            "publish_lead is %lld s; it must be at least max(%d, jwks_max_age + stale)"
            " + replica_lag + clock_skew = %lld s, or a verifier may not know a key"
            " that signs",
            (long long)policy->publish_lead, LIFECYCLE_LONGEST_MISS, (long long)lead);
    return ASAP_OK;
}

enum asap_code lifecycle_check_rotation_period(const struct lifecycle_policy *policy,
                                               int64_t period,
                                               struct asap_error *err)
{
    const int64_t shortest = 2 * policy->publish_lead;

    if (period == 0)
        return ASAP_OK;
    if (period < shortest)
        return fail_field(err, "rotation_period",
                          "rotation_period is %lld s; it must be at least 2 * publish_lead = %lld s"
                          " (0 s for never), or a standby may be too young to sign",
                          (long long)period, (long long)shortest);
    return check_range(&(struct range){ "rotation_period", period, shortest, LONGEST_PERIOD }, err);
}

bool lifecycle_advance(const struct lifecycle_policy *policy,
                       int64_t latest,
                       int64_t *now,
                       int64_t *behind)
{
    *behind = greatest(0, latest - *now);
    if (*behind > policy->clock_skew)
        return false;
    *now = greatest(*now, latest);
    return true;
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

int64_t lifecycle_end_of_set(const struct lifecycle_policy *policy, int64_t now, int64_t age)
{
    return age == 0 ? LIFECYCLE_NEVER : now - age + policy->publish_lead;
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

int64_t lifecycle_trusted_until(const struct lifecycle_policy *policy, int64_t time)
{
    return time + greatest(policy->max_age, policy->jwks_max_age) + policy->stale
           + policy->replica_lag + 2 * policy->clock_skew;
}

int64_t lifecycle_end_of_tokens(const struct lifecycle_policy *policy,
                                int64_t sign_until,
                                int64_t max_lifetime)
{
    return sign_until + max_lifetime + policy->verifier_leeway + 2 * policy->clock_skew + 1;
}
