/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "fake_host.h"

#define ISSUER(name, kind, more) "{\"name\":\"" name "\",\"kind\":\"ISSUER_KIND_" kind "\"" more "}"
#define KEY(kid, kind, state, more)                                                                \
    "{\"keyId\":\"" kid "\",\"kind\":\"KEY_KIND_" kind "\",\"state\":\"KEY_STATE_" state "\"" more \
    "}"
#define PERIOD ",\"rotationPeriod\":\"7200s\""
#define SINCE(time) ",\"signTime\":\"2026-11-23T" time "Z\""

START_TEST(the_status_shows_every_problem)
{
    fake_reset();
    fake.answers[0] = "{\"version\":\"0.1.0\",\"generation\":\"7\",\"publishedKeyCount\":\"3\","
                      "\"problems\":[\"disk full\",\"clock went back\"]}";
    fake.answers[1] = fake.answers[2] = fake.answers[3] = "{}";
    ck_assert_int_eq(fake_line("status"), 0);
    ck_assert(fake_has_line("published keys ", "3", "\n"));
    ck_assert(fake_has_line("problem ", "disk full", "\n"));
    ck_assert(fake_has_line("problem ", "clock went back", "\n"));
    ck_assert_int_eq(fake_line("status"), 0);
    ck_assert(fake_has_line("problems ", "none", "\n"));
    ck_assert_str_eq(fake.log, "GetStatus {}\nListIssuers {\"pageSize\":1000}\n"
                               "GetStatus {}\nListIssuers {\"pageSize\":1000}\n");
}
END_TEST

static const struct {
    const char *answer;
    const char *text;
} clocks[] = {
    { "{\"currentTime\":\"2026-11-23T13:15:00Z\"}", "none\n" },
    { "{\"currentTime\":\"2026-11-23T13:15:01Z\"}", "none\n" },
    { "{\"currentTime\":\"2026-11-23T13:15:30Z\"}", "30s ahead of this machine's\n" },
    { "{\"currentTime\":\"2026-11-23T13:05:00Z\"}", "10m behind this machine's\n" },
};

START_TEST(the_difference_of_clocks_is_told)
{
    fake_reset();
    fake.answers[0] = clocks[_i].answer;
    fake.answers[1] = "{}";
    ck_assert_int_eq(fake_line("status"), 0);
    ck_assert_msg(fake_has_line("difference ", clocks[_i].text, "\n"), "%s", fake.out);
}
END_TEST

START_TEST(each_issuer_has_a_line)
{
    fake_reset();
    fake.answers[0] = "{}";
    fake.answers[1] = "{\"issuers\":[" ISSUER("a/b", "MANAGED", PERIOD) "," ISSUER(
        "ext", "EXTERNAL", "") "," ISSUER("none", "EXTERNAL", "") "]}";
    fake.answers[2] = "{\"keys\":[" KEY(
        "a/b/1.pem", "MANAGED", "RETIRING",
        ",\"unpublishTime\":\"2026-11-23T14:15:00Z\","
        "\"nextTransitionTime\":\"2026-11-23T14:15:00Z\"") "," KEY("a/b/2.pem", "MANAGED", "ACTIVE",
                                                                   SINCE(
                                                                       "12:45:00") ",\"signUntil\":"
                                                                                   "\"2026-11-"
                                                                                   "23T13:29:00Z\","
                                                                                   "\"nextTransitio"
                                                                                   "nTime\":\"2026-"
                                                                                   "11-23T13:29:"
                                                                                   "00Z\"") "," KEY("a/b/3.pem",
                                                                                                    "MANAGED",
                                                                                                    "STANDBY",
                                                                                                    "") "," KEY("a/b/4.pem",
                                                                                                                "MANAGED",
                                                                                                                "STANDBY",
                                                                                                                "") "]}";
    fake.answers[3] = "{\"keys\":[" KEY("ext/old", "EXTERNAL", "ACTIVE", SINCE("10:15:00")) "," KEY(
        "ext/new", "EXTERNAL", "ACTIVE", SINCE("11:15:00")) "]}";
    fake.answers[4] = "{}";
    ck_assert_msg(fake_line("status") == 0, "%s", fake.err);
    assert_contains(
        fake.out,
        "\n\n"
        "ISSUER  KIND      ACTIVE KEY   AGE      STANDBYS  NEXT             NEXT ROTATION\n"
        "a/b     managed   2.pem        30m ago  2         retiring in 14m  planned, in 14m\n"
        "ext     external  new, 1 more  2h ago   0         -                -\n"
        "none    external  -            -        0         -                -\n");
    assert_lacks(fake.out, "warning");
}
END_TEST

static const struct {
    const char *why;
    const char *issuer;
    const char *keys;
    const char *warning; /* NULL: none */
} warnings[] = {
    { "overdue", ISSUER("a", "MANAGED", PERIOD), KEY("a/k", "MANAGED", "ACTIVE", SINCE("10:15:00")),
      "warning: a: its rotation was due 60m ago (asapctl key rotate a)\n" },
    { "due later", ISSUER("a", "MANAGED", PERIOD),
      KEY("a/k", "MANAGED", "ACTIVE", SINCE("11:15:01")), NULL },
    { "gap", ISSUER("a", "MANAGED", ""),
      KEY("a/k",
          "MANAGED",
          "STANDBY",
          SINCE("13:20:00") ",\"nextTransitionTime\":\"2026-11-23T13:20:00Z\""),
      "warning: a: no managed key signs, so nothing is minted (next: active in 5m)\n" },
    { "ends", ISSUER("a", "EXTERNAL", ""),
      KEY("a/k", "EXTERNAL", "ACTIVE", ",\"unpublishTime\":\"2026-11-30T13:15:00Z\""),
      "warning: a/k ends in 7d (asapctl key generate a makes the next one)\n" },
    { "ends later", ISSUER("a", "EXTERNAL", ""),
      KEY("a/k", "EXTERNAL", "ACTIVE", ",\"unpublishTime\":\"2026-11-30T13:15:01Z\""), NULL },
    { "retires alone", ISSUER("a", "EXTERNAL", ""),
      KEY("a/k", "EXTERNAL", "RETIRING", ",\"unpublishTime\":\"2026-11-23T14:15:00Z\""),
      "warning: a/k ends in 60m" },
    { "is succeeded", ISSUER("a", "EXTERNAL", ""),
      KEY("a/k", "EXTERNAL", "RETIRING", ",\"unpublishTime\":\"2026-11-23T14:15:00Z\"") "," KEY(
          "a/l", "EXTERNAL", "ACTIVE", ""),
      NULL },
    { "managed keys end by themselves", ISSUER("a", "MANAGED", ""),
      KEY("a/k", "MANAGED", "ACTIVE", ",\"unpublishTime\":\"2026-11-23T14:15:00Z\""), NULL },
};

START_TEST(what_needs_a_hand_is_a_warning)
{
    char issuers[1024] = "";
    char keys[1024] = "";

    fake_reset();
    (void)snprintf(issuers, sizeof issuers, "{\"issuers\":[%s]}", warnings[_i].issuer);
    (void)snprintf(keys, sizeof keys, "{\"keys\":[%s]}", warnings[_i].keys);
    fake.answers[0] = "{}";
    fake.answers[1] = issuers;
    fake.answers[2] = keys;
    ck_assert_msg(fake_line("status") == 0, "%s", fake.err);
    if (warnings[_i].warning == NULL)
        assert_lacks(fake.out, "warning");
    else
        assert_contains(fake.out, warnings[_i].warning);
}
END_TEST

START_TEST(json_is_the_status_of_the_server_and_nothing_else)
{
    fake_reset();
    fake.answers[0] = "{\"version\":\"0.1.0\"}";
    ck_assert_int_eq(fake_line("status --output json"), 0);
    ck_assert_str_eq(fake.out, "{\"version\":\"0.1.0\"}\n");
    ck_assert_uint_eq(fake.calls, 1);
}
END_TEST

static const struct {
    const char *line;
    int64_t period;
} watches[] = {
    { "status --watch", 5 },
    { "status --watch 20", 20 },
    { "status --watch=1m", 60 },
    { "status --watch --server unix:x", 5 },
};

START_TEST(a_watch_goes_on_until_it_is_interrupted)
{
    fake_reset();
    for (size_t i = 0; i < 6; i++)
        fake.answers[i] = "{}";
    fake.interrupt_at = NOW + 3 * watches[_i].period;
    ck_assert_msg(fake_line(watches[_i].line) == 0, "%s", fake.err);
    ck_assert_uint_eq(fake.calls, 6);
    ck_assert_int_eq(fake.now, NOW + 2 * watches[_i].period);
    assert_lacks(fake.out, "\033");
}
END_TEST

START_TEST(only_a_screen_is_cleared)
{
    fake_reset();
    fake.screen = true;
    for (size_t i = 0; i < 4; i++)
        fake.answers[i] = "{}";
    fake.interrupt_at = NOW + 5;
    ck_assert_int_eq(fake_line("status --watch"), 0);
    ck_assert_int_eq(strncmp(fake.out, "\033[H\033[2Jserver ", 14), 0);
    ck_assert_int_eq(fake_line("status"), 0);
    assert_lacks(fake.out, "\033");
}
END_TEST

START_TEST(a_watch_outlives_a_server_that_fails)
{
    fake_reset();
    fake.answers[0] = "!out of order";
    fake.answers[1] = "{\"version\":\"9\"}";
    fake.answers[2] = "{}";
    fake.interrupt_at = NOW + 10;
    ck_assert_int_eq(fake_line("status --watch"), 0);
    ck_assert_str_eq(fake.err, "asapctl: cannot tell the status: out of order\n");
    ck_assert(fake_has_line("version ", "9", "\n"));
}
END_TEST

START_TEST(a_watch_in_json_is_a_status_a_line)
{
    fake_reset();
    fake.answers[0] = fake.answers[1] = "{\"version\":\"9\"}";
    fake.interrupt_at = NOW + 10;
    ck_assert_int_eq(fake_line("status --watch --output json"), 0);
    ck_assert_str_eq(fake.out, "{\"version\":\"9\"}\n{\"version\":\"9\"}\n");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl status");
    TCase *tests = tcase_create("all");

    tcase_add_test(tests, the_status_shows_every_problem);
    tcase_add_loop_test(tests, the_difference_of_clocks_is_told, 0, COUNT(clocks));
    tcase_add_test(tests, each_issuer_has_a_line);
    tcase_add_loop_test(tests, what_needs_a_hand_is_a_warning, 0, COUNT(warnings));
    tcase_add_test(tests, json_is_the_status_of_the_server_and_nothing_else);
    tcase_add_loop_test(tests, a_watch_goes_on_until_it_is_interrupted, 0, COUNT(watches));
    tcase_add_test(tests, only_a_screen_is_cleared);
    tcase_add_test(tests, a_watch_outlives_a_server_that_fails);
    tcase_add_test(tests, a_watch_in_json_is_a_status_a_line);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
