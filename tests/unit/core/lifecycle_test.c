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

/* An issuer as it is `age` seconds after its creation: one active key and two standbys. */
struct issuer {
    struct planned_key keys[8];
    struct lifecycle_view view;
};

static void init_issuer(struct issuer *issuer, int64_t age)
{
    const int64_t created = 100000;

    *issuer = (struct issuer){ 0 };
    issuer->view = (struct lifecycle_view){ issuer->keys, 3, &policy, created + age };
    issuer->keys[0].times = lifecycle_first_key(&policy, created);
    issuer->keys[1].times = lifecycle_standby(created);
    issuer->keys[2].times = lifecycle_standby(created);
    for (size_t i = 0; i < 3; i++)
        issuer->keys[i].max_lifetime = 3600;
}

/* Adds what a plan asks for, as its caller does. */
static void add_standbys(struct issuer *issuer, const struct lifecycle_plan *plan)
{
    for (size_t i = 0; i < plan->new_standbys; i++) {
        issuer->keys[issuer->view.count].times = lifecycle_standby(issuer->view.now);
        issuer->keys[issuer->view.count++].max_lifetime = 3600;
    }
}

static struct lifecycle_plan rotate(struct issuer *issuer, size_t expected)
{
    struct lifecycle_plan plan;
    struct asap_error err = { 0 };

    ck_assert_succeeds(lifecycle_plan_rotation(&issuer->view, expected, &plan, &err));
    add_standbys(issuer, &plan);
    return plan;
}

static struct lifecycle_plan revoke(struct issuer *issuer, size_t index)
{
    struct lifecycle_plan plan;
    struct asap_error err = { 0 };

    ck_assert_succeeds(lifecycle_plan_revocation(&issuer->view, index, &plan, &err));
    add_standbys(issuer, &plan);
    return plan;
}

START_TEST(a_rotation_waits_until_the_standby_was_published_for_the_lead)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    plan = rotate(&issuer, PLAN_NONE);
    ck_assert_uint_eq(plan.outgoing, 0);
    ck_assert_uint_eq(plan.incoming, 1);
    ck_assert_int_eq(plan.sign_time, 100900);
    ck_assert_uint_eq(plan.new_standbys, 1);
    ck_assert_int_eq(issuer.keys[0].times.sign_until, 100900);
    ck_assert_int_eq(issuer.keys[0].times.unpublish_time, 100900 + 3600 + 60 + 2 * 30);
    ck_assert_int_eq(issuer.keys[1].times.sign_time, 100900);
    ck_assert(issuer.keys[0].changed && issuer.keys[1].changed && !issuer.keys[2].changed);
}
END_TEST

START_TEST(a_rotation_of_an_old_issuer_is_instant)
{
    struct issuer issuer;

    init_issuer(&issuer, 5000);
    ck_assert_int_eq(rotate(&issuer, PLAN_NONE).sign_time, issuer.view.now);
    ck_assert_int_eq(lifecycle_state(&issuer.keys[0].times, issuer.view.now), KEY_RETIRING);
    ck_assert_int_eq(lifecycle_state(&issuer.keys[1].times, issuer.view.now), KEY_ACTIVE);
}
END_TEST

START_TEST(a_second_rotation_reports_the_plan_that_stands)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    (void)rotate(&issuer, PLAN_NONE);
    plan = rotate(&issuer, PLAN_NONE);
    ck_assert(plan.already_planned);
    ck_assert_uint_eq(plan.outgoing, 0);
    ck_assert_uint_eq(plan.incoming, 1);
    ck_assert_int_eq(plan.sign_time, 100900);
    ck_assert_uint_eq(issuer.view.count, 4);
}
END_TEST

START_TEST(a_rotation_of_a_key_that_is_not_active_changes_nothing)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 5000);
    (void)rotate(&issuer, 0);
    plan = rotate(&issuer, 0);
    ck_assert(plan.already_planned);
    ck_assert_uint_eq(plan.incoming, 1);
    ck_assert_uint_eq(issuer.view.count, 4);
}
END_TEST

START_TEST(a_rotation_without_a_standby_is_refused)
{
    struct issuer issuer;
    struct lifecycle_plan plan;
    struct asap_error err = { 0 };

    init_issuer(&issuer, 5000);
    issuer.view.count = 1;
    ck_assert_int_eq(lifecycle_plan_rotation(&issuer.view, PLAN_NONE, &plan, &err),
                     ASAP_FAILED_PRECONDITION);
    issuer.view.count = 0;
    ck_assert_int_eq(lifecycle_plan_rotation(&issuer.view, PLAN_NONE, &plan, &err),
                     ASAP_FAILED_PRECONDITION);
}
END_TEST

START_TEST(a_revoked_active_key_is_followed_by_the_oldest_standby)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 5000);
    plan = revoke(&issuer, 0);
    ck_assert_uint_eq(plan.incoming, 1);
    ck_assert_int_eq(plan.sign_time, issuer.view.now);
    ck_assert_uint_eq(plan.new_standbys, 1);
    ck_assert_int_eq(lifecycle_state(&issuer.keys[0].times, issuer.view.now), KEY_REVOKED);
}
END_TEST

START_TEST(an_emergency_drops_a_planned_promotion_and_never_signs_before_the_lead)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    (void)rotate(&issuer, PLAN_NONE);
    plan = revoke(&issuer, 0);
    ck_assert_uint_eq(plan.incoming, 1);
    ck_assert_int_eq(plan.sign_time, 100900);
    ck_assert_uint_eq(plan.new_standbys, 0);
}
END_TEST

START_TEST(a_revoked_standby_is_replaced)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    plan = revoke(&issuer, 2);
    ck_assert_uint_eq(plan.incoming, PLAN_NONE);
    ck_assert_uint_eq(plan.new_standbys, 1);
    ck_assert_int_eq(lifecycle_state(&issuer.keys[0].times, issuer.view.now), KEY_ACTIVE);
}
END_TEST

START_TEST(a_revoked_promotion_is_planned_anew_and_the_active_key_goes_on)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    (void)rotate(&issuer, PLAN_NONE);
    issuer.view.now += 10;
    plan = revoke(&issuer, 1);
    ck_assert_uint_eq(plan.outgoing, 0);
    ck_assert_uint_eq(plan.incoming, 2);
    ck_assert_int_eq(issuer.keys[2].times.sign_time, 100900);
    ck_assert_int_eq(issuer.keys[0].times.sign_until, 100900);
    ck_assert_uint_eq(plan.new_standbys, 1);
}
END_TEST

START_TEST(revoking_twice_changes_nothing)
{
    struct issuer issuer;
    struct planned_key before;

    init_issuer(&issuer, 100);
    (void)revoke(&issuer, 0);
    before = issuer.keys[0];
    issuer.view.now += 10;
    ck_assert(revoke(&issuer, 0).already_planned);
    ck_assert_int_eq(before.times.revoke_time, issuer.keys[0].times.revoke_time);
}
END_TEST

static size_t count_signing(const struct issuer *issuer)
{
    size_t signing = 0;

    for (size_t i = 0; i < issuer->view.count; i++)
        signing += lifecycle_state(&issuer->keys[i].times, issuer->view.now) == KEY_ACTIVE ? 1 : 0;
    return signing;
}

START_TEST(at_each_second_of_a_rotation_exactly_one_key_signs)
{
    struct issuer issuer;

    init_issuer(&issuer, 100);
    (void)rotate(&issuer, PLAN_NONE);
    for (int second = 0; second < 2000; second++, issuer.view.now++)
        ck_assert_uint_eq(count_signing(&issuer), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle");
    TCase *pure = tcase_create("functions");
    TCase *plans = tcase_create("plans");

    tcase_add_loop_test(pure, the_state_follows_from_the_times_and_the_clock, 0, COUNT(lives));
    tcase_add_loop_test(pure, no_cache_lifetime_reaches_the_end_of_publication, 0, COUNT(cached));
    tcase_add_loop_test(pure, a_policy_that_could_break_a_token_is_refused_by_name, 0,
                        COUNT(contradictions));
    tcase_add_test(plans, a_rotation_waits_until_the_standby_was_published_for_the_lead);
    tcase_add_test(plans, a_rotation_of_an_old_issuer_is_instant);
    tcase_add_test(plans, a_second_rotation_reports_the_plan_that_stands);
    tcase_add_test(plans, a_rotation_of_a_key_that_is_not_active_changes_nothing);
    tcase_add_test(plans, a_rotation_without_a_standby_is_refused);
    tcase_add_test(plans, a_revoked_active_key_is_followed_by_the_oldest_standby);
    tcase_add_test(plans, an_emergency_drops_a_planned_promotion_and_never_signs_before_the_lead);
    tcase_add_test(plans, a_revoked_standby_is_replaced);
    tcase_add_test(plans, a_revoked_promotion_is_planned_anew_and_the_active_key_goes_on);
    tcase_add_test(plans, revoking_twice_changes_nothing);
    tcase_add_test(plans, at_each_second_of_a_rotation_exactly_one_key_signs);
    suite_add_tcase(suite, pure);
    suite_add_tcase(suite, plans);
    return check_main(suite);
}
