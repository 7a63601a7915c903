/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle.h"

#include <string.h>

#include "check_main.h"

#define NEVER LIFECYCLE_NEVER

static const struct lifecycle_policy policy = {
    .max_age = 300,
    .stale = 300,
    .jwks_max_age = 300,
    .clock_skew = 30,
    .verifier_leeway = 60,
    .max_token_lifetime = 3600,
    .replica_lag = 0,
    .publish_lead = 900,
};

/* publish 10, sign 20, sign_until 30, unpublish 40 */
static const struct {
    int64_t now, revoke_time;
    enum key_state state;
    int64_t next;
} lives[] = {
    { 9, NEVER, KEY_SCHEDULED, 10 }, { 10, NEVER, KEY_STANDBY, 20 },
    { 19, NEVER, KEY_STANDBY, 20 },  { 20, NEVER, KEY_ACTIVE, 30 },
    { 29, NEVER, KEY_ACTIVE, 30 },   { 30, NEVER, KEY_RETIRING, 40 },
    { 39, NEVER, KEY_RETIRING, 40 }, { 40, NEVER, KEY_RETIRED, NEVER },
    { 25, 25, KEY_REVOKED, NEVER },  { 24, 25, KEY_ACTIVE, 25 },
    { 9, 5, KEY_REVOKED, NEVER },    { 50, 45, KEY_REVOKED, NEVER },
};

START_TEST(the_state_follows_from_the_times_and_the_clock)
{
    const struct key_times times = { 10, 20, 30, 40, lives[_i].revoke_time };
    const enum key_state state = lifecycle_state(&times, lives[_i].now);

    ck_assert_str_eq(lifecycle_state_name(state), lifecycle_state_name(lives[_i].state));
    ck_assert_int_eq(lifecycle_next_transition(&times, lives[_i].now), lives[_i].next);
    ck_assert_int_eq(lifecycle_is_published(&times, lives[_i].now),
                     state != KEY_SCHEDULED && state != KEY_RETIRED && state != KEY_REVOKED);
}
END_TEST

static const struct {
    int64_t left; /* until unpublish_time */
    int64_t max_age, stale;
} cached[] = {
    { NEVER, 300, 300 }, { 10000, 300, 300 }, { 630, 300, 300 }, { 629, 300, 299 },
    { 330, 300, 0 },     { 329, 299, 0 },     { 30, 0, 0 },      { 1, 0, 0 },
};

START_TEST(no_cache_lifetime_reaches_the_end_of_publication)
{
    const int64_t now = 1000;
    const int64_t end = cached[_i].left == NEVER ? NEVER : now + cached[_i].left;
    const struct cache_lifetime lifetime =
        lifecycle_cache_lifetime(policy.max_age, &policy, end, now);

    ck_assert_int_eq(lifetime.max_age, cached[_i].max_age);
    ck_assert_int_eq(lifetime.stale, cached[_i].stale);
}
END_TEST

static const struct {
    const char *field;
    struct lifecycle_policy policy;
} contradictions[] = {
    { "", { 300, 300, 300, 30, 60, 3600, 0, 900 } },
    { "", { 3, 3, 3, 1, 1, 60, 0, 21 } },
    { "publish_lead", { 3, 3, 3, 1, 1, 60, 0, 20 } },
    { "", { 300, 300, 300, 30, 60, 3600, 0, 630 } },
    { "publish_lead", { 300, 300, 300, 30, 60, 3600, 0, 629 } },
    { "publish_lead", { 300, 300, 300, 30, 60, 3600, 60, 689 } },
    { "max_token_lifetime", { 300, 300, 300, 30, 60, 3601, 0, 900 } },
    { "max_token_lifetime", { 300, 300, 300, 30, 60, 0, 0, 900 } },
    { "max_age", { -1, 300, 300, 30, 60, 3600, 0, 900 } },
    { "clock_skew", { 300, 300, 300, -1, 60, 3600, 0, 900 } },
};

START_TEST(a_policy_that_could_break_a_token_is_refused_by_name)
{
    struct asap_error err = { 0 };
    const enum asap_code code = lifecycle_check_policy(&contradictions[_i].policy, &err);

    ck_assert_str_eq(err.field, contradictions[_i].field);
    ck_assert_int_eq(code, contradictions[_i].field[0] == '\0' ? ASAP_OK : ASAP_INVALID_ARGUMENT);
}
END_TEST

/* A moment, and which answer is right at it. */
static const struct {
    int64_t latest, now;
    bool is_ahead; /* the clock may be acted on */
    int64_t then, behind;
} clocks[] = {
    { 1000, 1000, true, 1000, 0 },
    { 1000, 1001, true, 1001, 0 },
    { 1000, 970, true, 1000, 30 },
    { 1000, 969, false, 969, 31 },
};

START_TEST(a_clock_that_went_back_by_more_than_the_skew_is_not_acted_on)
{
    int64_t now = clocks[_i].now;
    int64_t behind = -1;

    ck_assert_int_eq(lifecycle_advance(&policy, clocks[_i].latest, &now, &behind),
                     clocks[_i].is_ahead);
    ck_assert_int_eq(now, clocks[_i].then);
    ck_assert_int_eq(behind, clocks[_i].behind);
}
END_TEST

static const struct {
    int64_t period;
    enum asap_code code;
} periods[] = {
    { 0, ASAP_OK },
    { 1, ASAP_INVALID_ARGUMENT },
    { -1800, ASAP_INVALID_ARGUMENT },
    { 1799, ASAP_INVALID_ARGUMENT },
    { 1800, ASAP_OK },
    { INT64_C(3650) * 86400, ASAP_OK },
    { INT64_C(3650) * 86400 + 1, ASAP_INVALID_ARGUMENT },
    { INT64_MAX, ASAP_INVALID_ARGUMENT },
};

START_TEST(a_rotation_period_leaves_time_for_two_leads)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(lifecycle_check_rotation_period(&policy, periods[_i].period, &err),
                     periods[_i].code);
    if (periods[_i].code != ASAP_OK)
        ck_assert_str_eq(err.field, "rotation_period");
    if (periods[_i].period == 1799)
        ck_assert_ptr_nonnull(strstr(err.message, "2 * publish_lead = 1800 s"));
}
END_TEST

START_TEST(caches_trust_a_key_for_the_longest_age_of_any_answer_with_it)
{
    struct lifecycle_policy longer = policy;

    ck_assert_int_eq(lifecycle_trusted_until(&policy, 5000), 5660);
    longer.jwks_max_age = 400;
    longer.replica_lag = 60;
    ck_assert_int_eq(lifecycle_trusted_until(&longer, 5000), 5820);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle");
    TCase *pure = tcase_create("functions");

    tcase_add_loop_test(pure, the_state_follows_from_the_times_and_the_clock, 0, COUNT(lives));
    tcase_add_loop_test(pure, no_cache_lifetime_reaches_the_end_of_publication, 0, COUNT(cached));
    tcase_add_loop_test(pure, a_policy_that_could_break_a_token_is_refused_by_name, 0,
                        COUNT(contradictions));
    tcase_add_loop_test(pure, a_clock_that_went_back_by_more_than_the_skew_is_not_acted_on, 0,
                        COUNT(clocks));
    tcase_add_loop_test(pure, a_rotation_period_leaves_time_for_two_leads, 0, COUNT(periods));
    tcase_add_test(pure, caches_trust_a_key_for_the_longest_age_of_any_answer_with_it);
    suite_add_tcase(suite, pure);
    return check_main(suite);
}
