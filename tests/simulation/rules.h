/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_RULES_H
#define ASAP_SIMULATION_RULES_H

#include <stddef.h>

/* The rules that the invariant rests on. The simulation can leave any one of them out, and then
 * must find a schedule that breaks the invariant: a rule that nothing proves is no rule. */
enum rule {
    RULE_NONE, /* all rules hold */
    RULE_LEAD,
    RULE_LEAD_CACHES,
    RULE_LEAD_STALE,
    RULE_LEAD_MISSES,
    RULE_LEAD_LAG,
    RULE_LEAD_SKEW,
    RULE_STANDBYS,
    RULE_END,
    RULE_END_LIFETIME,
    RULE_END_LEEWAY,
    RULE_END_SKEW,
    RULE_END_CACHES,
    RULE_END_LAG,
    RULE_LEEWAY,
    RULE_SKEW,
    RULE_SKEW_TWICE,
    RULE_GENERATION,
    RULE_CACHE_CUT,
    RULE_LIFETIME_STAYS,
    RULE_LIFETIME_RISES,
    RULE_LIFETIME_LIMIT,
    RULE_ONE_PLAN,
    RULE_FIRST_LAG,
    RULE_FIRST_SKEW,
    RULE_FIRST_MISSES,
    RULE_CLOCK_BACK,
    RULE_LATEST_TIME,
    RULE_SNAPSHOT_TIME,
    RULE_EMERGENCY_LEAD,
    RULE_EMERGENCY_DROPS,
    RULE_REVOKED_PROMOTION,
    RULE_MINT_END,
    RULE_ALGORITHM,
    RULE_ATOMIC,
    RULE_TRUST_SKEW,
    RULE_POLICY_ORDER,
    RULE_DATE,
    RULE_COUNT
};

struct rule_row {
    const char *name;   /* on the command line */
    const char *breach; /* what is done instead */
};

const struct rule_row *rule_row(enum rule rule);
/* RULE_COUNT: there is none of this name. */
enum rule rule_find(const char *name);

#endif
