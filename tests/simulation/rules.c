/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include <string.h>

static const struct rule_row rows[RULE_COUNT] = {
    [RULE_NONE] = { "none", "nothing" },
    [RULE_LEAD] = { "lead", "publish_lead is 0" },
    [RULE_LEAD_CACHES] = { "lead-caches", "the lead leaves jwks_max_age out" },
    [RULE_LEAD_STALE] = { "lead-stale", "the lead leaves stale out" },
    [RULE_LEAD_MISSES] = { "lead-misses", "the lead leaves out that a miss is remembered" },
    [RULE_LEAD_LAG] = { "lead-lag", "the lead leaves replica_lag out" },
    [RULE_LEAD_SKEW] = { "lead-skew", "the lead leaves clock_skew out" },
    [RULE_STANDBYS] = { "standbys", "no standby is ever added" },
    [RULE_END] = { "end", "unpublish_time is a second early" },
    [RULE_END_LIFETIME] = { "end-lifetime", "unpublish_time leaves the lifetime of tokens out" },
    [RULE_END_LEEWAY] = { "end-leeway", "unpublish_time leaves verifier_leeway out" },
    [RULE_END_SKEW] = { "end-skew", "unpublish_time leaves clock_skew out" },
    [RULE_END_CACHES] = { "end-caches", "unpublish_time leaves out what caches hold already" },
    [RULE_END_LAG] = { "end-lag", "unpublish_time leaves out that plans take time to be known" },
    [RULE_LEEWAY] = { "leeway", "neither plans nor mints know verifier_leeway" },
    [RULE_SKEW] = { "skew", "neither plans nor mints know clock_skew" },
    [RULE_SKEW_TWICE] = { "skew-twice", "plans and mints allow for clock_skew once" },
    [RULE_GENERATION] = { "generation", "a mint commits on an old snapshot" },
    [RULE_CACHE_CUT] = { "cache-cut", "cache lifetimes are not cut to unpublish_time" },
    [RULE_LIFETIME_STAYS] = { "lifetime-stays", "a key's max_lifetime falls with the issuer's" },
    [RULE_LIFETIME_RISES] = { "lifetime-rises", "a key's max_lifetime does not rise" },
    [RULE_LIFETIME_LIMIT] = { "lifetime-limit", "a mint may ask for any lifetime" },
    [RULE_ONE_PLAN] = { "one-plan", "a rotation is planned beside another" },
    [RULE_FIRST_LAG] = { "first-lag", "an issuer's first key signs at once" },
    [RULE_FIRST_SKEW] = { "first-skew", "an issuer's first key waits without clock_skew" },
    [RULE_FIRST_MISSES] = { "first-misses", "an issuer's first key waits for no miss to end" },
    [RULE_CLOCK_BACK] = { "clock-back", "changes are made by a clock that went back" },
    [RULE_LATEST_TIME] = { "latest-time", "changes are made at the clock's time, however late" },
    [RULE_SNAPSHOT_TIME] = { "snapshot-time", "snapshots are read by the bare clock" },
    [RULE_EMERGENCY_LEAD] = { "emergency-lead", "an emergency's successor signs at once" },
    [RULE_EMERGENCY_DROPS] = { "emergency-drops", "an emergency keeps the planned promotion" },
    [RULE_REVOKED_PROMOTION] = { "revoked-promotion", "a revoked standby stays promoted" },
    [RULE_MINT_END] = { "mint-end", "a mint does not look at unpublish_time" },
    [RULE_ALGORITHM] = { "algorithm", "the algorithm changes while a promotion is planned" },
    [RULE_ATOMIC] = { "atomic", "a kill leaves half of a change" },
    [RULE_TRUST_SKEW] = { "trust-skew", "the end of trust that is told leaves clock_skew out" },
    [RULE_POLICY_ORDER] = { "policy-order", "lead and cache lifetimes change at one moment" },
    [RULE_DATE] = { "date", "a change is dated three seconds before it commits" },
};

const struct rule_row *rule_row(enum rule rule)
{
    return &rows[rule];
}

enum rule rule_find(const char *name)
{
    enum rule rule = RULE_NONE;

    while (rule < RULE_COUNT && strcmp(rows[rule].name, name) != 0)
        rule++;
    return rule;
}
