/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle_plan.h"

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

/* An issuer as it is `age` seconds after its creation: one active key and two standbys. */
struct issuer {
    struct planned_key keys[16];
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
static void add_keys(struct issuer *issuer, const struct lifecycle_plan *plan)
{
    const struct lifecycle_view planned = issuer->view;

    for (size_t i = 0; i < plan->new_keys; i++) {
        ck_assert_uint_lt(issuer->view.count, COUNT(issuer->keys));
        issuer->keys[issuer->view.count] =
            (struct planned_key){ .times = lifecycle_new_key(&planned, plan, i),
                                  .max_lifetime = 3600 };
        issuer->view.count++;
    }
}

static struct lifecycle_plan rotate(struct issuer *issuer, size_t expected)
{
    struct lifecycle_plan plan;

    lifecycle_plan_rotation(&issuer->view, expected, &plan);
    add_keys(issuer, &plan);
    return plan;
}

static struct lifecycle_plan revoke(struct issuer *issuer, size_t index)
{
    struct lifecycle_plan plan;

    lifecycle_plan_revocation(&issuer->view, index, &plan);
    add_keys(issuer, &plan);
    return plan;
}

static struct lifecycle_plan declare_emergency(struct issuer *issuer,
                                               size_t expected,
                                               struct lifecycle_emergency emergency)
{
    struct lifecycle_plan plan;
    struct asap_error err = { 0 };

    ck_assert_succeeds(lifecycle_plan_emergency(&issuer->view, expected, &emergency, &plan, &err));
    add_keys(issuer, &plan);
    return plan;
}

static enum key_state state_of(const struct issuer *issuer, size_t index)
{
    return lifecycle_state(&issuer->keys[index].times, issuer->view.now);
}

START_TEST(a_first_key_signs_once_every_replica_serves_it_and_no_miss_is_remembered)
{
    struct lifecycle_policy lagging = policy;

    ck_assert_int_eq(lifecycle_first_key(&policy, 5000).sign_time, 5000);
    lagging.replica_lag = 60;
    ck_assert_int_eq(lifecycle_first_key(&lagging, 5000).sign_time, 5000 + 60 + 20 + 30);
}
END_TEST

START_TEST(a_rotation_waits_until_the_standby_was_published_for_the_lead)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    plan = rotate(&issuer, PLAN_NONE);
    ck_assert_uint_eq(plan.outgoing, 0);
    ck_assert_uint_eq(plan.incoming, 1);
    ck_assert_int_eq(plan.sign_time, 100900);
    ck_assert_uint_eq(plan.new_keys, 1);
    ck_assert_int_eq(issuer.keys[0].times.sign_until, 100900);
    ck_assert_int_eq(issuer.keys[0].times.unpublish_time, 100900 + 3600 + 60 + 2 * 30 + 1);
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

START_TEST(a_rotation_without_a_standby_promotes_a_new_key_after_the_lead)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 5000);
    issuer.view.count = 1;
    plan = rotate(&issuer, PLAN_NONE);
    ck_assert_uint_eq(plan.incoming, 1);
    ck_assert_uint_eq(plan.new_keys, 3);
    ck_assert_int_eq(issuer.keys[1].times.sign_time, issuer.view.now + 900);
    ck_assert_int_eq(issuer.keys[2].times.sign_time, NEVER);
    ck_assert_int_eq(issuer.keys[0].times.sign_until, issuer.view.now + 900);
}
END_TEST

START_TEST(a_rotation_without_any_key_makes_one_that_signs_after_the_lead)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 5000);
    issuer.view.count = 0;
    plan = rotate(&issuer, PLAN_NONE);
    ck_assert_uint_eq(plan.outgoing, PLAN_NONE);
    ck_assert_uint_eq(plan.incoming, 0);
    ck_assert_uint_eq(plan.new_keys, 3);
    ck_assert_int_eq(issuer.keys[0].times.sign_time, issuer.view.now + 900);
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
    ck_assert_uint_eq(plan.new_keys, 1);
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
    ck_assert_uint_eq(plan.new_keys, 0);
}
END_TEST

START_TEST(a_revoked_standby_is_replaced)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    plan = revoke(&issuer, 2);
    ck_assert_uint_eq(plan.incoming, PLAN_NONE);
    ck_assert_uint_eq(plan.new_keys, 1);
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
    ck_assert_uint_eq(plan.new_keys, 1);
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

static const struct {
    const char *why;
    int64_t age, period;
    bool is_planned;
    int64_t due; /* after the creation */
} dues[] = {
    { "never", 5000, 0, false, NEVER },
    { "counted from the first signature", 5000, 86400, false, 86400 },
    { "the last second", 86399, 86400, false, 86400 },
    { "now", 86400, 86400, false, 86400 },
    { "missed, hence now", 90000, 86400, false, 90000 },
    { "not while a promotion is planned", 100, 1800, true, 900 + 1800 },
};

START_TEST(a_rotation_is_due_a_period_after_the_first_signature)
{
    struct issuer issuer;
    int64_t due = 0;

    init_issuer(&issuer, dues[_i].age);
    if (dues[_i].is_planned)
        (void)rotate(&issuer, PLAN_NONE);
    due = lifecycle_rotation_due(&issuer.view, dues[_i].period);
    ck_assert_msg(due == (dues[_i].due == NEVER ? NEVER : 100000 + dues[_i].due), "%s: %lld",
                  dues[_i].why, (long long)due);
}
END_TEST

START_TEST(no_rotation_is_due_while_no_key_signs)
{
    struct issuer issuer;

    init_issuer(&issuer, 5000);
    issuer.view.count = 0;
    ck_assert_int_eq(lifecycle_rotation_due(&issuer.view, 1800), NEVER);
}
END_TEST

static const struct {
    const char *why;
    int64_t age;
    struct lifecycle_emergency emergency;
    size_t incoming, new_keys;
    int64_t wait; /* until the successor signs */
} emergencies[] = {
    { "an old standby signs at once", 5000, { false, false }, 1, 1, 0 },
    { "a young one waits for its lead", 100, { false, false }, 1, 1, 800 },
    { "unless misses are accepted", 100, { true, false }, 1, 1, 0 },
    { "a store that was read makes all keys new", 5000, { false, true }, 3, 3, 900 },
    { "and signs at once if misses are accepted", 5000, { true, true }, 3, 3, 0 },
};

START_TEST(an_emergency_revokes_the_active_key_now)
{
    struct issuer issuer;
    struct lifecycle_plan plan;
    const bool is_all = emergencies[_i].emergency.store_compromised;

    init_issuer(&issuer, emergencies[_i].age);
    plan = declare_emergency(&issuer, 0, emergencies[_i].emergency);
    ck_assert_uint_eq(plan.outgoing, 0);
    ck_assert_uint_eq(plan.incoming, emergencies[_i].incoming);
    ck_assert_uint_eq(plan.new_keys, emergencies[_i].new_keys);
    ck_assert_int_eq(plan.sign_time, issuer.view.now + emergencies[_i].wait);
    ck_assert_int_eq(issuer.keys[plan.incoming].times.sign_time, plan.sign_time);
    ck_assert_int_eq(state_of(&issuer, 0), KEY_REVOKED);
    for (size_t i = 1; i < 3; i++)
        ck_assert_int_eq(state_of(&issuer, i) == KEY_REVOKED, is_all);
}
END_TEST

START_TEST(a_store_that_was_read_takes_retiring_keys_with_it)
{
    struct issuer issuer;

    init_issuer(&issuer, 5000);
    (void)rotate(&issuer, PLAN_NONE);
    issuer.view.now += 10;
    (void)declare_emergency(&issuer, 1, (struct lifecycle_emergency){ false, false });
    ck_assert_int_eq(state_of(&issuer, 0), KEY_RETIRING);
    (void)declare_emergency(&issuer, PLAN_NONE, (struct lifecycle_emergency){ false, true });
    ck_assert_int_eq(state_of(&issuer, 0), KEY_REVOKED);
}
END_TEST

START_TEST(an_emergency_drops_a_planned_promotion)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    (void)rotate(&issuer, PLAN_NONE);
    issuer.keys[2].times.publish_time -= 500; /* is the oldest by now */
    plan = declare_emergency(&issuer, 0, (struct lifecycle_emergency){ false, false });
    ck_assert_uint_eq(plan.incoming, 2);
    ck_assert_int_eq(issuer.keys[1].times.sign_time, NEVER);
    ck_assert_int_eq(issuer.keys[2].times.sign_time, 100400);
    ck_assert_uint_eq(plan.new_keys, 0);
}
END_TEST

START_TEST(an_emergency_declared_twice_changes_nothing)
{
    static const size_t expected[] = { 0, PLAN_NONE };
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    (void)declare_emergency(&issuer, 0, (struct lifecycle_emergency){ false, false });
    issuer.view.now += 10;
    for (size_t i = 0; i < COUNT(expected); i++) {
        plan =
            declare_emergency(&issuer, expected[i], (struct lifecycle_emergency){ false, false });
        ck_assert(plan.already_planned);
        ck_assert_uint_eq(plan.incoming, 1);
        ck_assert_int_eq(plan.sign_time, 100900);
        ck_assert_uint_eq(issuer.view.count, 4);
    }
}
END_TEST

START_TEST(a_store_that_was_read_is_left_behind_in_a_gap_too)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    (void)declare_emergency(&issuer, 0, (struct lifecycle_emergency){ false, false });
    issuer.view.now += 10;
    plan = declare_emergency(&issuer, PLAN_NONE, (struct lifecycle_emergency){ false, true });
    ck_assert_uint_eq(plan.incoming, 4);
    ck_assert_int_eq(plan.sign_time, issuer.view.now + 900);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(state_of(&issuer, i), KEY_REVOKED);
}
END_TEST

START_TEST(an_open_gap_is_closed_when_misses_are_accepted)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    (void)declare_emergency(&issuer, 0, (struct lifecycle_emergency){ false, false });
    issuer.view.now += 10;
    plan = declare_emergency(&issuer, PLAN_NONE, (struct lifecycle_emergency){ true, false });
    ck_assert_uint_eq(plan.outgoing, PLAN_NONE);
    ck_assert_uint_eq(plan.incoming, 1);
    ck_assert_int_eq(plan.sign_time, issuer.view.now);
    ck_assert_int_eq(state_of(&issuer, 1), KEY_ACTIVE);
    ck_assert_uint_eq(plan.new_keys, 0);
}
END_TEST

START_TEST(an_emergency_at_a_key_that_is_trusted_but_not_active_is_refused)
{
    struct issuer issuer;
    struct lifecycle_plan plan;
    struct asap_error err = { 0 };

    init_issuer(&issuer, 5000);
    (void)rotate(&issuer, PLAN_NONE);
    ck_assert_int_eq(lifecycle_plan_emergency(&issuer.view, 0,
                                              &(struct lifecycle_emergency){ false, false }, &plan,
                                              &err),
                     ASAP_FAILED_PRECONDITION);
    ck_assert_ptr_nonnull(strstr(err.message, "retiring"));
    ck_assert_int_eq(state_of(&issuer, 1), KEY_ACTIVE);
}
END_TEST

START_TEST(a_revoked_last_standby_leaves_the_active_key_signing)
{
    struct issuer issuer;
    struct lifecycle_plan plan;

    init_issuer(&issuer, 100);
    issuer.view.count = 2;
    lifecycle_plan_rotation(&issuer.view, PLAN_NONE, &plan);
    plan = revoke(&issuer, 1);
    ck_assert_uint_eq(plan.incoming, 2);
    ck_assert_uint_eq(plan.new_keys, 3);
    ck_assert_int_eq(issuer.keys[0].times.sign_until, issuer.view.now + 900);
}
END_TEST

START_TEST(a_change_of_algorithm_replaces_the_standbys_and_not_the_active_key)
{
    struct issuer issuer;
    struct lifecycle_plan plan;
    struct asap_error err = { 0 };

    init_issuer(&issuer, 5000);
    ck_assert_succeeds(lifecycle_plan_algorithm(&issuer.view, &plan, &err));
    add_keys(&issuer, &plan);
    ck_assert_uint_eq(plan.new_keys, 2);
    ck_assert_uint_eq(plan.incoming, PLAN_NONE);
    ck_assert_int_eq(state_of(&issuer, 0), KEY_ACTIVE);
    ck_assert_int_eq(state_of(&issuer, 1), KEY_RETIRED);
    ck_assert_int_eq(state_of(&issuer, 2), KEY_RETIRED);
    ck_assert(!issuer.keys[0].changed && issuer.keys[1].changed && issuer.keys[2].changed);
    plan = rotate(&issuer, 0);
    ck_assert_uint_eq(plan.incoming, 3);
    ck_assert_int_eq(plan.sign_time, issuer.view.now + 900);
}
END_TEST

START_TEST(the_algorithm_stays_while_a_promotion_is_planned)
{
    struct issuer issuer;
    struct lifecycle_plan plan;
    struct asap_error err = { 0 };

    init_issuer(&issuer, 100);
    (void)rotate(&issuer, PLAN_NONE);
    ck_assert_int_eq(lifecycle_plan_algorithm(&issuer.view, &plan, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_int_eq(state_of(&issuer, 2), KEY_STANDBY);
    issuer.view.now = 100900;
    ck_assert_succeeds(lifecycle_plan_algorithm(&issuer.view, &plan, &err));
}
END_TEST

START_TEST(a_longer_lifetime_reaches_the_keys_that_can_still_sign)
{
    struct issuer issuer;

    init_issuer(&issuer, 5000);
    for (size_t i = 0; i < 3; i++)
        issuer.keys[i].max_lifetime = 600;
    (void)rotate(&issuer, PLAN_NONE);
    issuer.view.now += 10;
    lifecycle_plan_lifetime(&issuer.view, 1200);
    ck_assert_int_eq(issuer.keys[0].max_lifetime, 600);
    ck_assert_int_eq(issuer.keys[1].max_lifetime, 1200);
    ck_assert_int_eq(issuer.keys[2].max_lifetime, 1200);
    ck_assert_int_eq(issuer.keys[0].times.unpublish_time, 105000 + 600 + 121);
}
END_TEST

START_TEST(a_longer_lifetime_moves_the_end_of_a_key_whose_successor_is_planned)
{
    struct issuer issuer;

    init_issuer(&issuer, 100);
    issuer.keys[0].max_lifetime = 600;
    (void)rotate(&issuer, PLAN_NONE);
    ck_assert_int_eq(issuer.keys[0].times.unpublish_time, 100900 + 600 + 121);
    lifecycle_plan_lifetime(&issuer.view, 3600);
    ck_assert_int_eq(issuer.keys[0].times.unpublish_time, 100900 + 3600 + 121);
    lifecycle_plan_lifetime(&issuer.view, 60);
    ck_assert_int_eq(issuer.keys[0].max_lifetime, 3600);
    ck_assert_int_eq(issuer.keys[0].times.unpublish_time, 100900 + 3600 + 121);
}
END_TEST

/* The verifier's clock takes `exp` itself, and ours is ahead of it by twice the skew. */
START_TEST(a_token_minted_in_the_second_of_a_rotation_is_served_to_its_end)
{
    struct issuer issuer;
    int64_t last = 0;

    init_issuer(&issuer, 5000);
    last = issuer.view.now + issuer.keys[0].max_lifetime + policy.verifier_leeway
           + 2 * policy.clock_skew;
    ck_assert(!lifecycle_find_signer(&issuer.view, 3600).is_withdrawn);
    (void)rotate(&issuer, PLAN_NONE);
    ck_assert(lifecycle_is_published(&issuer.keys[0].times, last));
    ck_assert(!lifecycle_is_published(&issuer.keys[0].times, last + 1));
}
END_TEST

/* Tokens of a minute end sooner than what nodes that lag by two told caches, or would without
 * knowing that the key goes on. */
START_TEST(a_key_of_short_tokens_is_served_while_caches_and_replicas_may_lag)
{
    struct lifecycle_policy lagging = policy;
    struct issuer issuer;

    lagging.replica_lag = 120;
    init_issuer(&issuer, 100);
    issuer.view.policy = &lagging;
    issuer.keys[0].max_lifetime = 60;
    (void)rotate(&issuer, PLAN_NONE);
    ck_assert_int_eq(issuer.keys[0].times.sign_until, 100900);
    ck_assert_int_eq(issuer.keys[0].times.unpublish_time, 100900 + 300 + 300 + 120 + 2 * 30);
    lifecycle_plan_lifetime(&issuer.view, 600);
    ck_assert_int_eq(issuer.keys[0].times.unpublish_time, 100900 + 300 + 300 + 120 + 2 * 30);
    lifecycle_plan_lifetime(&issuer.view, 3600);
    ck_assert_int_eq(issuer.keys[0].times.unpublish_time, 100900 + 3600 + 121);
}
END_TEST

/* An external key, published at 1000, looked at at 10000. */
static const struct {
    const char *why;
    int64_t sign_until, unpublish_time; /* as they are */
    int64_t wanted;
    int64_t then_until, then_unpublish;
} retirements[] = {
    { "now", NEVER, NEVER, NEVER, 10000, 10000 + 3721 },
    { "from a time on", NEVER, NEVER, 12000, 12000, 12000 + 3721 },
    { "since a time ago", NEVER, NEVER, 9000, 9000, 9000 + 3721 },
    { "all tokens have expired", NEVER, NEVER, 2000, 2000, 10000 },
    { "earlier than was planned", 20000, 23721, NEVER, 10000, 10000 + 3721 },
    { "as it was planned", 12000, 15721, 12000, 12000, 15721 },
    { "retiring already", 9000, 12721, NEVER, 9000, 12721 },
    { "retired already", 2000, 5721, 11000, 2000, 5721 },
};

START_TEST(an_external_key_is_served_until_its_last_token_has_expired)
{
    const struct lifecycle_view view = { NULL, 0, &policy, 10000 };
    struct planned_key key = { .times = { 1000, 1000, retirements[_i].sign_until,
                                          retirements[_i].unpublish_time, NEVER },
                               .max_lifetime = 60 };

    lifecycle_plan_retirement(&view, &key, retirements[_i].wanted);
    ck_assert_msg(key.times.sign_until == retirements[_i].then_until
                      && key.times.unpublish_time == retirements[_i].then_unpublish,
                  "%s: %lld, %lld", retirements[_i].why, (long long)key.times.sign_until,
                  (long long)key.times.unpublish_time);
    ck_assert_int_eq(key.changed, retirements[_i].sign_until != key.times.sign_until);
}
END_TEST

START_TEST(a_deletion_revokes_every_key_and_tells_how_many_were_published)
{
    struct issuer issuer;

    init_issuer(&issuer, 5000);
    issuer.keys[2].times.unpublish_time = issuer.view.now;
    ck_assert_uint_eq(lifecycle_plan_deletion(&issuer.view), 2);
    ck_assert_int_eq(state_of(&issuer, 0), KEY_REVOKED);
    ck_assert_int_eq(state_of(&issuer, 1), KEY_REVOKED);
    ck_assert(!issuer.keys[2].changed);
    ck_assert_uint_eq(lifecycle_plan_deletion(&issuer.view), 0);
}
END_TEST

/* A rotation planned at 100100 for 100900; the old key is then served until 104620. */
static const struct {
    int64_t now, lifetime;
    size_t key;
    bool is_withdrawn;
    int64_t next_time;
} signers[] = {
    { 100100, 3600, 0, false, 100900 }, { 100899, 3600, 0, false, 100900 },
    { 100899, 3601, 0, false, 100900 }, { 100899, 3602, 0, true, 100900 },
    { 100900, 3600, 1, false, NEVER },  { 99999, 60, PLAN_NONE, false, 100000 },
};

START_TEST(the_active_key_signs_what_ends_before_it_is_withdrawn)
{
    struct issuer issuer;
    struct lifecycle_signer signer;

    init_issuer(&issuer, 100);
    (void)rotate(&issuer, PLAN_NONE);
    issuer.view.now = signers[_i].now;
    if (signers[_i].next_time == 100000)
        issuer.keys[1].times.sign_time = NEVER;
    signer = lifecycle_find_signer(&issuer.view, signers[_i].lifetime);
    ck_assert_uint_eq(signer.key, signers[_i].key);
    ck_assert_int_eq(signer.is_withdrawn, signers[_i].is_withdrawn);
    ck_assert_int_eq(signer.next_time, signers[_i].next_time);
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
    Suite *suite = suite_create("lifecycle_plan");
    TCase *plans = tcase_create("plans");

    tcase_add_test(plans, a_first_key_signs_once_every_replica_serves_it_and_no_miss_is_remembered);
    tcase_add_test(plans, a_rotation_waits_until_the_standby_was_published_for_the_lead);
    tcase_add_test(plans, a_rotation_of_an_old_issuer_is_instant);
    tcase_add_test(plans, a_second_rotation_reports_the_plan_that_stands);
    tcase_add_test(plans, a_rotation_of_a_key_that_is_not_active_changes_nothing);
    tcase_add_test(plans, a_rotation_without_a_standby_promotes_a_new_key_after_the_lead);
    tcase_add_test(plans, a_rotation_without_any_key_makes_one_that_signs_after_the_lead);
    tcase_add_test(plans, a_revoked_active_key_is_followed_by_the_oldest_standby);
    tcase_add_test(plans, an_emergency_drops_a_planned_promotion_and_never_signs_before_the_lead);
    tcase_add_test(plans, a_revoked_standby_is_replaced);
    tcase_add_test(plans, a_revoked_promotion_is_planned_anew_and_the_active_key_goes_on);
    tcase_add_test(plans, revoking_twice_changes_nothing);
    tcase_add_loop_test(plans, a_rotation_is_due_a_period_after_the_first_signature, 0,
                        COUNT(dues));
    tcase_add_test(plans, no_rotation_is_due_while_no_key_signs);
    tcase_add_loop_test(plans, an_emergency_revokes_the_active_key_now, 0, COUNT(emergencies));
    tcase_add_test(plans, a_store_that_was_read_takes_retiring_keys_with_it);
    tcase_add_test(plans, an_emergency_drops_a_planned_promotion);
    tcase_add_test(plans, an_emergency_declared_twice_changes_nothing);
    tcase_add_test(plans, a_store_that_was_read_is_left_behind_in_a_gap_too);
    tcase_add_test(plans, an_open_gap_is_closed_when_misses_are_accepted);
    tcase_add_test(plans, an_emergency_at_a_key_that_is_trusted_but_not_active_is_refused);
    tcase_add_test(plans, a_revoked_last_standby_leaves_the_active_key_signing);
    tcase_add_test(plans, a_change_of_algorithm_replaces_the_standbys_and_not_the_active_key);
    tcase_add_test(plans, the_algorithm_stays_while_a_promotion_is_planned);
    tcase_add_test(plans, a_longer_lifetime_reaches_the_keys_that_can_still_sign);
    tcase_add_test(plans, a_longer_lifetime_moves_the_end_of_a_key_whose_successor_is_planned);
    tcase_add_test(plans, a_token_minted_in_the_second_of_a_rotation_is_served_to_its_end);
    tcase_add_test(plans, a_key_of_short_tokens_is_served_while_caches_and_replicas_may_lag);
    tcase_add_loop_test(plans, an_external_key_is_served_until_its_last_token_has_expired, 0,
                        COUNT(retirements));
    tcase_add_test(plans, a_deletion_revokes_every_key_and_tells_how_many_were_published);
    tcase_add_loop_test(plans, the_active_key_signs_what_ends_before_it_is_withdrawn, 0,
                        COUNT(signers));
    tcase_add_test(plans, at_each_second_of_a_rotation_exactly_one_key_signs);
    suite_add_tcase(suite, plans);
    return check_main(suite);
}
