/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "fake_host.h"

#define MANAGED                                                                                    \
    "\"name\":\"a/b\",\"kind\":\"ISSUER_KIND_MANAGED\",\"algorithm\":\"RS256\","                   \
    "\"maxTokenLifetime\":\"3600s\""
#define ACTIVE(more)                                                                               \
    "{\"keys\":[{\"keyId\":\"a/b/k\",\"kind\":\"KEY_KIND_MANAGED\",\"state\":\"KEY_STATE_ACTIVE\"" \
    ",\"signTime\":\"2026-11-22T13:15:00Z\"" more "}]}"

static const struct {
    const char *period; /* of the issuer, or NULL: never */
    const char *keys;   /* NULL: they are not asked for */
    const char *every;
    const char *next;
} rotations[] = {
    { NULL, NULL, "-", "-" },
    { "0s", NULL, "-", "-" },
    { "172800s", ACTIVE(""), "2d", "in 24h" },
    { "86400s", ACTIVE(""), "1d", "overdue, now" },
    { "82800s", ACTIVE(""), "23h", "overdue, 60m ago" },
    { "86400s", ACTIVE(",\"signUntil\":\"2026-11-23T13:30:00Z\""), "1d", "planned, in 15m" },
    { "86400s", "{}", "1d", "-" },
    { "172800s",
      ACTIVE(
          "},{\"keyId\":\"a/b/x\",\"kind\":\"KEY_KIND_EXTERNAL\",\"state\":\"KEY_STATE_ACTIVE\""),
      "2d", "in 24h" },
};

START_TEST(an_issuer_shows_when_it_is_rotated_next)
{
    char issuer[512] = "";
    char list[600] = "";

    fake_reset();
    (void)snprintf(issuer, sizeof issuer, "{" MANAGED "%s%s%s}",
                   rotations[_i].period == NULL ? "" : ",\"rotationPeriod\":\"",
                   rotations[_i].period == NULL ? "" : rotations[_i].period,
                   rotations[_i].period == NULL ? "" : "\"");
    (void)snprintf(list, sizeof list, "{\"issuers\":[%s]}", issuer);
    fake.answers[0] = issuer;
    fake.answers[1] = rotations[_i].keys;
    ck_assert_msg(fake_line("issuer show a/b") == 0, "%s", fake.err);
    ck_assert(fake_has_line("rotated every ", rotations[_i].every, "\n"));
    ck_assert_msg(fake_has_line("next rotation ", rotations[_i].next, "\n"), "%s", fake.out);
    ck_assert_uint_eq(fake.calls, rotations[_i].keys == NULL ? 1 : 2);

    fake_reset();
    fake.answers[0] = list;
    fake.answers[1] = rotations[_i].keys;
    ck_assert_msg(fake_line("issuer list") == 0, "%s", fake.err);
    ck_assert_msg(fake_has_line("a/b ", rotations[_i].every, rotations[_i].next), "%s", fake.out);
}
END_TEST

START_TEST(a_list_in_json_asks_for_no_keys)
{
    fake_reset();
    fake.answers[0] = "{\"issuers\":[{" MANAGED ",\"rotationPeriod\":\"60s\"}]}";
    ck_assert_int_eq(fake_line("issuer list --output json"), 0);
    ck_assert_uint_eq(fake.calls, 1);
}
END_TEST

static const struct {
    const char *line;
    const char *answer;
    const char *out;
} changes[] = {
    { "issuer create a/b --rotation-period 30d", "{" MANAGED ",\"rotationPeriod\":\"2592000s\"}",
      "created issuer a/b (managed, RS256, tokens live at most 1h, rotated every 30d)\n" },
    { "issuer update a/b --rotation-period never", "{" MANAGED "}",
      "updated issuer a/b (managed, RS256, tokens live at most 1h)\n" },
    { "issuer update a/b --rotation-period 1h --dry-run",
      "{" MANAGED ",\"rotationPeriod\":\"3600s\"}",
      "dry run, nothing changed: updated issuer a/b (managed, RS256, tokens live at most 1h,"
      " rotated every 1h)\n" },
    { "issuer delete a/b", "{}",
      "deleted issuer a/b (neither its name nor those of its keys are ever used again)\n" },
};

START_TEST(a_change_says_what_it_made)
{
    fake_reset();
    fake.answers[0] = changes[_i].answer;
    ck_assert_msg(fake_line(changes[_i].line) == 0, "%s", fake.err);
    ck_assert_str_eq(fake.out, changes[_i].out);
}
END_TEST

START_TEST(a_deletion_tells_how_long_caches_trust)
{
    fake_reset();
    fake.answers[0] = "{\"trustedUntil\":\"2026-11-23T13:25:00Z\"}";
    ck_assert_int_eq(fake_line("issuer delete a/b --force"), 0);
    ck_assert(fake_has_line("caches may trust its keys until ", "2026", "(in 10m)\n"));
}
END_TEST

START_TEST(a_retirement_tells_how_long_the_key_is_published)
{
    fake_reset();
    fake.answers[0] = "{\"keyId\":\"a/b/k\",\"signUntil\":\"2026-11-23T14:15:00Z\","
                      "\"unpublishTime\":\"2026-11-23T15:15:00Z\"}";
    ck_assert_int_eq(fake_line("key retire a/b/k --sign-until 1h"), 0);
    ck_assert(fake_has_line("retired a/b/k", "", "\n"));
    ck_assert(fake_has_line("sign with it until ", "2026", "(in 60m)\n"));
    ck_assert(fake_has_line("it is published until ", "2026", "(in 2h)\n"));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl issuer");
    TCase *tests = tcase_create("all");

    tcase_add_loop_test(tests, an_issuer_shows_when_it_is_rotated_next, 0, COUNT(rotations));
    tcase_add_test(tests, a_list_in_json_asks_for_no_keys);
    tcase_add_loop_test(tests, a_change_says_what_it_made, 0, COUNT(changes));
    tcase_add_test(tests, a_deletion_tells_how_long_caches_trust);
    tcase_add_test(tests, a_retirement_tells_how_long_the_key_is_published);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
