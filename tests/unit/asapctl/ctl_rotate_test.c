/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "fake_host.h"

#define PLAN                                                                                       \
    "{\"outgoing\":{\"keyId\":\"a/out\",\"signUntil\":\"2026-11-23T13:30:00Z\","                   \
    "\"unpublishTime\":\"2026-11-23T15:15:00Z\"},"                                                 \
    "\"incoming\":{\"keyId\":\"a/in\",\"state\":\"KEY_STATE_STANDBY\","                            \
    "\"signTime\":\"2026-11-23T13:30:00Z\"}}"
#define STANDBY                                                                                    \
    "{\"keyId\":\"a/in\",\"state\":\"KEY_STATE_STANDBY\",\"signTime\":\"2026-11-23T13:30:00Z\"}"
#define ACTIVE "{\"keyId\":\"a/in\",\"state\":\"KEY_STATE_ACTIVE\"}"

enum { LEAD = 900 };

/* Waiting */

static void fill(size_t from, const char *answer)
{
    for (size_t i = from; i < FAKE_ANSWERS_MAX; i++)
        fake.answers[i] = answer;
}

START_TEST(a_wait_ends_when_the_server_says_that_the_key_signs)
{
    fake_reset();
    fake.answers[0] = PLAN;
    for (size_t i = 1; i < 16; i++)
        fake.answers[i] = i < 15 ? STANDBY : ACTIVE;
    ck_assert_msg(fake_line("key rotate a --wait") == 0, "%s", fake.err);
    ck_assert_int_eq(fake.now, NOW + LEAD);
    ck_assert_str_eq(fake.path, "/asap.v1.KeyAdmin/GetKey");
    ck_assert_str_eq(fake.request, "{\"keyId\":\"a/in\"}");
    assert_contains(fake.out, "rotation planned:\n");
    assert_contains(fake.err, "waiting until a/in signs: 2026-11-2");
    assert_contains(fake.err, "a/in signs now\n");
    assert_lacks(fake.err, "\r");
}
END_TEST

START_TEST(a_server_whose_clock_is_behind_is_waited_for)
{
    fake_reset();
    fake.now = NOW + LEAD;
    fake.answers[0] = PLAN;
    fake.answers[1] = fake.answers[2] = STANDBY;
    fake.answers[3] = ACTIVE;
    ck_assert_msg(fake_line("key rotate a --wait") == 0, "%s", fake.err);
    ck_assert_uint_eq(fake.calls, 4);
    ck_assert_int_eq(fake.now, NOW + LEAD + 6);
}
END_TEST

START_TEST(a_clock_that_is_set_back_here_does_not_prolong_the_wait)
{
    fake_reset();
    fill(1, STANDBY);
    fake.answers[0] = PLAN;
    fake.answers[15] = ACTIVE;
    fake.set_back_at = NOW + 30;
    ck_assert_msg(fake_line("key rotate a --wait") == 0, "%s", fake.err);
    ck_assert_int_le(fake.now, NOW + LEAD - 86400);
}
END_TEST

START_TEST(a_server_whose_clock_is_ahead_is_noticed)
{
    fake_reset();
    fake.answers[0] = PLAN;
    fake.answers[1] = ACTIVE;
    ck_assert_msg(fake_line("key rotate a --wait") == 0, "%s", fake.err);
    ck_assert_int_le(fake.now, NOW + 60);
}
END_TEST

START_TEST(a_key_that_signs_already_is_not_waited_for)
{
    fake_reset();
    fake.answers[0] = "{\"alreadyPlanned\":true,\"incoming\":" ACTIVE "}";
    ck_assert_int_eq(fake_line("key rotate a --wait"), 0);
    ck_assert_uint_eq(fake.calls, 1);
    ck_assert_int_eq(fake.now, NOW);
}
END_TEST

static const struct {
    const char *answer;
    const char *message;
} unplanned[] = {
    { "{\"keyId\":\"a/in\",\"state\":\"KEY_STATE_REVOKED\"}",
      "a/in was to sign, but is revoked (" },
    { "{\"keyId\":\"a/in\",\"state\":\"KEY_STATE_STANDBY\"}",
      "a/in is no longer planned to sign (" },
    { "!the store is broken", "the store is broken" },
};

START_TEST(a_plan_that_is_given_up_is_told)
{
    fake_reset();
    fake.answers[0] = PLAN;
    fake.answers[1] = unplanned[_i].answer;
    ck_assert_int_eq(fake_line("key rotate a --wait"), 1);
    assert_contains(fake.err, "asapctl: cannot rotate a: ");
    assert_contains(fake.err, unplanned[_i].message);
    ck_assert_uint_eq(fake.calls, 2);
}
END_TEST

START_TEST(a_plan_without_a_key_is_not_waited_for)
{
    fake_reset();
    fake.answers[0] = "{}";
    ck_assert_int_eq(fake_line("key rotate a --wait"), 1);
    assert_contains(fake.err, "nothing to wait for");
}
END_TEST

START_TEST(a_plan_that_moves_is_followed)
{
    fake_reset();
    fake.answers[0] = PLAN;
    fake.answers[1] = "{\"keyId\":\"a/in\",\"state\":\"KEY_STATE_STANDBY\","
                      "\"signTime\":\"2026-11-23T13:16:30Z\"}";
    fake.answers[2] = ACTIVE;
    ck_assert_int_eq(fake_line("key rotate a --wait"), 0);
    ck_assert_int_eq(fake.now, NOW + 90);
}
END_TEST

START_TEST(an_interrupted_wait_says_what_still_happens)
{
    fake_reset();
    fake.answers[0] = PLAN;
    fake.interrupt_at = NOW + 30;
    ck_assert_int_eq(fake_line("key rotate a --wait"), 1);
    assert_contains(fake.out, "starts signing");
    assert_contains(fake.err,
                    "asapctl: cannot rotate a: interrupted while waiting; the rotation goes"
                    " on: a/in signs from 2026-11-2");
}
END_TEST

START_TEST(only_a_terminal_sees_how_long_it_still_takes)
{
    fake_reset();
    fake.progress = true;
    fake.answers[0] = PLAN;
    fake.answers[1] = ACTIVE;
    ck_assert_int_eq(fake_line("key rotate a --wait"), 0);
    assert_contains(fake.err, "\r 15m 00s left ");
    assert_contains(fake.err, "\r 14m 01s left ");
}
END_TEST

static bool rotates_only(void)
{
    return fake.calls == 1;
}

/* The fake refuses with ASAP_UNAVAILABLE then. */
START_TEST(a_server_that_is_away_is_forgiven_until_the_time_has_passed)
{
    fake_reset();
    fake.answers[0] = PLAN;
    fake.on_call = rotates_only;
    ck_assert_int_eq(fake_line("key rotate a --wait"), 1);
    ck_assert_int_ge(fake.now, NOW + LEAD + 60);
    ck_assert_int_le(fake.now, NOW + LEAD + 62);
    assert_contains(fake.err, "cannot rotate a: the server is down\n");
}
END_TEST

START_TEST(a_connection_that_breaks_meanwhile_is_forgiven)
{
    fake_reset();
    fake.answers[0] = PLAN;
    fake.answers[1] = "broken";
    fake.answers[2] = ACTIVE;
    ck_assert_msg(fake_line("key rotate a --wait") == 0, "%s", fake.err);
}
END_TEST

START_TEST(who_may_not_look_goes_by_the_clock)
{
    fake_reset();
    fill(1, "?you may not");
    fake.answers[0] = PLAN;
    ck_assert_msg(fake_line("key rotate a --wait") == 0, "%s", fake.err);
    ck_assert_int_eq(fake.now, NOW + LEAD);
}
END_TEST

START_TEST(json_is_the_plan_alone_while_it_waits)
{
    fake_reset();
    fake.answers[0] = PLAN;
    fake.answers[1] = ACTIVE;
    ck_assert_int_eq(fake_line("key rotate a --wait --output json"), 0);
    ck_assert_str_eq(fake.out, PLAN "\n");
}
END_TEST

/* Emergencies */

#define OUT_REVOKED                                                                                \
    "\"outgoing\":{\"keyId\":\"a/out\",\"revokeTime\":\"2026-11-23T13:15:00Z\","                   \
    "\"signUntil\":\"2026-11-23T13:30:00Z\"},"
#define GAP                                                                                        \
    "{" OUT_REVOKED "\"incoming\":" STANDBY ",\"standbys\":[{\"keyId\":\"a/next\","                \
    "\"publishTime\":\"2026-11-23T13:15:00Z\"}],\"trustedUntil\":\"2026-11-23T13:25:00Z\"}"

static const struct {
    const char *options;
    const char *request;
} emergencies[] = {
    { "--reason leaked", "{\"issuer\":\"a\",\"emergency\":{\"reason\":\"leaked\"}}" },
    { "--reason leaked --accept-misses --expected a/out",
      "{\"issuer\":\"a\",\"expectedKeyId\":\"a/out\","
      "\"emergency\":{\"reason\":\"leaked\",\"acceptMisses\":true}}" },
    { "--reason=x --store-compromised --dry-run",
      "{\"issuer\":\"a\",\"validateOnly\":true,"
      "\"emergency\":{\"reason\":\"x\",\"storeCompromised\":true}}" },
};

START_TEST(an_emergency_becomes_its_request)
{
    char line[FAKE_LINE_MAX] = "";

    fake_reset();
    fake.answers[0] = GAP;
    (void)snprintf(line, sizeof line, "key rotate a --emergency %s", emergencies[_i].options);
    ck_assert_msg(fake_line(line) == 0, "%s", fake.err);
    ck_assert_str_eq(fake.request, emergencies[_i].request);
    ck_assert_uint_eq(fake.calls, 1);
}
END_TEST

START_TEST(an_emergency_tells_how_long_caches_trust_and_nothing_is_minted)
{
    fake_reset();
    fake.answers[0] = GAP;
    ck_assert_msg(fake_line("key rotate a --emergency --reason leaked") == 0, "%s", fake.err);
    assert_contains(fake.out, "emergency rotation:\n");
    ck_assert(fake_has_line("a/out ", "is revoked", "(now)\n"));
    ck_assert(fake_has_line("a/in ", "starts signing", "(in 15m)\n"));
    ck_assert(fake_has_line("a/next ", "stands by from", "(now)\n"));
    ck_assert(fake_has_line("caches may trust a/out until ", "2026", "(in 10m)\n"));
    ck_assert(fake_has_line("nothing is minted until ", "2026", "(in 15m)\n"));
    assert_lacks(fake.out, "stops signing");
    ck_assert_uint_eq(fake.calls, 1);
}
END_TEST

START_TEST(an_emergency_that_leaves_no_gap_says_so)
{
    fake_reset();
    fake.answers[0] = "{" OUT_REVOKED "\"incoming\":" ACTIVE "}";
    ck_assert_int_eq(fake_line("key rotate a --emergency --reason x --accept-misses"), 0);
    assert_contains(fake.out, "a/in signs at once\n");
    assert_lacks(fake.out, "nothing is minted");
}
END_TEST

START_TEST(an_emergency_in_json_is_one_response)
{
    fake_reset();
    fake.answers[0] = GAP;
    ck_assert_int_eq(fake_line("key rotate a --emergency --reason x --output json"), 0);
    ck_assert_uint_eq(fake.calls, 1);
    ck_assert_int_eq(strncmp(fake.out, "{\"outgoing\":{\"keyId\":\"a/out\"", 28), 0);
}
END_TEST

/* All that are due */

#define MANAGED(name, period)                                                                      \
    "{\"name\":\"" name "\",\"kind\":\"ISSUER_KIND_MANAGED\",\"rotationPeriod\":\"" period "\"}"
#define SIGNS(kid, since, more)                                                                    \
    "{\"keys\":[{\"keyId\":\"" kid "\",\"kind\":\"KEY_KIND_MANAGED\","                             \
    "\"state\":\"KEY_STATE_ACTIVE\",\"signTime\":\"" since "\"" more "}]}"

START_TEST(all_that_are_due_are_rotated_and_no_others)
{
    fake_reset();
    fake.answers[0] =
        "{\"issuers\":[" MANAGED("due", "3600s") "," MANAGED("early", "3601s") "," MANAGED(
            "planned", "60s") ",{\"name\":\"never\"}," MANAGED("silent", "60s") "]}";
    fake.answers[1] = SIGNS("due/k", "2026-11-23T12:15:00Z", "");
    fake.answers[2] = "{\"incoming\":{\"keyId\":\"due/in\","
                      "\"signTime\":\"2026-11-23T13:30:00Z\"}}";
    fake.answers[3] = SIGNS("early/k", "2026-11-23T12:15:00Z", "");
    fake.answers[4] =
        SIGNS("planned/k", "2026-11-23T12:15:00Z", ",\"signUntil\":\"2026-11-23T13:30:00Z\"");
    fake.answers[5] = "{}";
    ck_assert_msg(fake_line("key rotate --all-due") == 0, "%s", fake.err);
    ck_assert_uint_eq(fake.calls, 6);
    assert_contains(fake.log, "RotateKey {\"issuer\":\"due\",\"expectedKeyId\":\"due/k\"}\n");
    ck_assert_ptr_eq(strstr(strstr(fake.log, "RotateKey") + 1, "RotateKey"), NULL);
    ck_assert(fake_has_line("due: due/in signs from ", "2026", "(in 15m) on\n"));
    ck_assert_ptr_eq(strchr(fake.out, '\n'), fake.out + strlen(fake.out) - 1);
}
END_TEST

START_TEST(one_that_fails_does_not_keep_the_others)
{
    fake_reset();
    fake.answers[0] =
        "{\"issuers\":[" MANAGED("a", "1s") "," MANAGED("b", "1s") "," MANAGED("c", "1s") "]}";
    fake.answers[1] = "!a is gone";
    fake.answers[2] = SIGNS("b/k", "2026-11-23T12:15:00Z", "");
    fake.answers[3] = "!b cannot be";
    fake.answers[4] = SIGNS("c/k", "2026-11-23T12:15:00Z", "");
    fake.answers[5] = PLAN;
    ck_assert_int_eq(fake_line("key rotate --all-due"), 1);
    ck_assert_str_eq(fake.err, "asapctl: cannot rotate a: a is gone\n"
                               "asapctl: cannot rotate b: b cannot be\n");
    ck_assert(fake_has_line("c: a/in signs from ", "", " on\n"));
}
END_TEST

START_TEST(nothing_due_is_no_failure)
{
    fake_reset();
    fake.answers[0] = fake.answers[1] = "{}";
    ck_assert_int_eq(fake_line("key rotate --all-due"), 0);
    ck_assert_str_eq(fake.out, "no rotation is due\n");
    ck_assert_int_eq(fake_line("key rotate --all-due --output json"), 0);
    ck_assert_str_eq(fake.out, "");
}
END_TEST

START_TEST(a_list_that_fails_is_told_without_an_issuer)
{
    fake_reset();
    fake.answers[0] = "!not you";
    ck_assert_int_eq(fake_line("key rotate --all-due"), 1);
    ck_assert_str_eq(fake.err, "asapctl: cannot rotate: not you\n");
}
END_TEST

START_TEST(all_due_in_json_is_a_plan_a_line)
{
    fake_reset();
    fake.answers[0] = "{\"issuers\":[" MANAGED("a", "1s") "," MANAGED("b", "1s") "]}";
    fake.answers[1] = fake.answers[3] = SIGNS("a/k", "2026-11-23T12:15:00Z", "");
    fake.answers[2] = fake.answers[4] = PLAN;
    ck_assert_int_eq(fake_line("key rotate --all-due --dry-run --output json"), 0);
    ck_assert_str_eq(fake.out, PLAN "\n" PLAN "\n");
    assert_contains(fake.request, "\"validateOnly\":true");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl key rotate");
    TCase *tests = tcase_create("all");

    tcase_add_test(tests, a_wait_ends_when_the_server_says_that_the_key_signs);
    tcase_add_test(tests, a_server_whose_clock_is_behind_is_waited_for);
    tcase_add_test(tests, a_clock_that_is_set_back_here_does_not_prolong_the_wait);
    tcase_add_test(tests, a_server_whose_clock_is_ahead_is_noticed);
    tcase_add_test(tests, a_key_that_signs_already_is_not_waited_for);
    tcase_add_loop_test(tests, a_plan_that_is_given_up_is_told, 0, COUNT(unplanned));
    tcase_add_test(tests, a_plan_without_a_key_is_not_waited_for);
    tcase_add_test(tests, a_plan_that_moves_is_followed);
    tcase_add_test(tests, an_interrupted_wait_says_what_still_happens);
    tcase_add_test(tests, only_a_terminal_sees_how_long_it_still_takes);
    tcase_add_test(tests, a_server_that_is_away_is_forgiven_until_the_time_has_passed);
    tcase_add_test(tests, a_connection_that_breaks_meanwhile_is_forgiven);
    tcase_add_test(tests, who_may_not_look_goes_by_the_clock);
    tcase_add_test(tests, json_is_the_plan_alone_while_it_waits);
    tcase_add_loop_test(tests, an_emergency_becomes_its_request, 0, COUNT(emergencies));
    tcase_add_test(tests, an_emergency_tells_how_long_caches_trust_and_nothing_is_minted);
    tcase_add_test(tests, an_emergency_that_leaves_no_gap_says_so);
    tcase_add_test(tests, an_emergency_in_json_is_one_response);
    tcase_add_test(tests, all_that_are_due_are_rotated_and_no_others);
    tcase_add_test(tests, one_that_fails_does_not_keep_the_others);
    tcase_add_test(tests, nothing_due_is_no_failure);
    tcase_add_test(tests, a_list_that_fails_is_told_without_an_issuer);
    tcase_add_test(tests, all_due_in_json_is_a_plan_a_line);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
