/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "fake_host.h"
#include "scratch.h"

#define LIST "/asap.v1.AuditLog/ListEvents"

static const struct {
    const char *line;
    const char *path;
    const char *request;
} requests[] = {
    { "audit list", LIST, "{\"pageSize\":1000}" },
    { "audit list --caller ci --issuer a/b", LIST,
      "{\"pageSize\":1000,\"caller\":\"ci\",\"issuer\":\"a/b\"}" },
    { "audit list --since 1h --until 2026-11-23T13:00:00Z", LIST,
      "{\"pageSize\":1000,\"startTime\":\"2026-11-23T12:15:00Z\","
      "\"endTime\":\"2026-11-23T13:00:00Z\"}" },
    { "audit verify", "/asap.v1.AuditLog/VerifyChain", "{}" },
    { "audit verify --head 7:abc", "/asap.v1.AuditLog/VerifyChain", "{\"head\":\"7:abc\"}" },
};

START_TEST(a_command_becomes_its_request)
{
    fake_reset();
    fake.answers[0] = "{\"intact\":true}";
    ck_assert_msg(fake_line(requests[_i].line) == 0, "%s", fake.err);
    ck_assert_str_eq(fake.path, requests[_i].path);
    ck_assert_str_eq(fake.request, requests[_i].request);
    ck_assert_str_eq(fake.ids[0], "");
}
END_TEST

START_TEST(a_head_comes_from_a_file)
{
    struct scratch folder;
    char path[256] = "";
    char line[FAKE_LINE_MAX] = "";

    scratch_make(&folder);
    fake_reset();
    fake_write(scratch_file(&folder, "head", path, sizeof path), "7:abc\n");
    (void)snprintf(line, sizeof line, "audit verify --head @%s", path);
    fake.answers[0] = "{\"intact\":true}";
    ck_assert_msg(fake_line(line) == 0, "%s", fake.err);
    ck_assert_str_eq(fake.request, "{\"head\":\"7:abc\"}");
    scratch_remove(&folder);
}
END_TEST

static const struct {
    const char *line;
    const char *message;
} wrong[] = {
    { "audit list --since yesterday", "yesterday is no time (write 90d, 12h, 10m or 2026-" },
    { "audit list --follow --until 1h", "--follow goes on until it is interrupted" },
    { "audit lst", "did you mean audit list?" },
    { "audit list --folow", "did you mean --follow?" },
    { "audit verify --head=", "--head is empty" },
};

START_TEST(wrong_usage_is_told_and_reaches_no_server)
{
    fake_reset();
    ck_assert_int_eq(fake_line(wrong[_i].line), 2);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, wrong[_i].message);
}
END_TEST

#define MINTED                                                                                     \
    "{\"sequence\":\"41\",\"createTime\":\"2026-11-23T13:00:00Z\",\"caller\":\"ci\","              \
    "\"proofKind\":\"PROOF_KIND_API_KEY\",\"proof\":\"c1\","                                       \
    "\"method\":\"asap.v1.TokenService/MintToken\",\"result\":\"ok\",\"issuer\":\"a/b\","          \
    "\"keyId\":\"a/b/k\",\"tokenId\":\"xyz\"}"
#define DENIED                                                                                     \
    "{\"sequence\":\"42\",\"createTime\":\"2026-11-23T13:00:01Z\",\"caller\":\"asapd\","           \
    "\"method\":\"Rotate\",\"result\":\"permission_denied\",\"message\":\"no\\u001bgrant\"}"

START_TEST(events_are_listed_in_columns)
{
    fake_reset();
    fake.answers[0] = "{\"events\":[" MINTED "],\"nextPageToken\":\"1\"}";
    fake.answers[1] = "{\"events\":[" DENIED "]}";
    ck_assert_int_eq(fake_line("audit list"), 0);
    ck_assert_str_eq(fake.out,
                     "SEQ  TIME                       CALLER  PROOF       METHOD                  "
                     "RESULT             ISSUER  DETAIL\n"
                     "41   2026-11-23 13:00:00 +0000  ci      api-key c1  TokenService/MintToken  "
                     "ok                 a/b     kid a/b/k, jti xyz\n"
                     "42   2026-11-23 13:00:01 +0000  asapd   -           Rotate                  "
                     "permission_denied  -       no?grant\n");
}
END_TEST

START_TEST(no_events_are_said_to_be_none)
{
    fake_reset();
    fake.answers[0] = "{}";
    ck_assert_int_eq(fake_line("audit list"), 0);
    ck_assert_str_eq(fake.out, "no such events\n");
}
END_TEST

START_TEST(following_goes_on_after_the_last_event_until_interrupted)
{
    fake_reset();
    fake.answers[0] = "{\"events\":[" MINTED "],\"nextPageToken\":\"1\"}";
    fake.answers[1] = "{\"events\":[" DENIED "]}";
    fake.answers[2] = "{}";
    fake.interrupt_at = NOW + 3;
    ck_assert_int_eq(fake_line("audit list --follow --caller ci"), 0);
    ck_assert_uint_eq(fake.calls, 3);
    ck_assert_str_eq(fake.request,
                     "{\"pageSize\":1000,\"caller\":\"ci\",\"afterSequence\":\"42\"}");
    ck_assert_str_eq(
        fake.out,
        "SEQ     TIME                       CALLER      PROOF         METHOD                    "
        "RESULT  ISSUER        DETAIL\n"
        "41      2026-11-23 13:00:00 +0000  ci          api-key c1    TokenService/MintToken    "
        "ok      a/b           kid a/b/k, jti xyz\n"
        "42      2026-11-23 13:00:01 +0000  asapd       -             Rotate                    "
        "permission_denied  -             no?grant\n");
    ck_assert_str_eq(fake.err, "");
}
END_TEST

START_TEST(what_is_followed_in_json_is_one_event_a_line)
{
    fake_reset();
    fake.answers[0] = "{\"events\":[{\"sequence\":\"1\"},{\"sequence\":\"2\"}]}";
    fake.answers[1] = "{\"events\":[{\"sequence\":\"3\"}]}";
    fake.interrupt_at = NOW + 4;
    ck_assert_int_eq(fake_line("audit list --follow --output json"), 0);
    ck_assert_str_eq(fake.out,
                     "{\"sequence\":\"1\"}\n{\"sequence\":\"2\"}\n{\"sequence\":\"3\"}\n");
}
END_TEST

START_TEST(following_ends_with_what_fails)
{
    fake_reset();
    fake.answers[0] = "{}";
    fake.answers[1] = "!no";
    ck_assert_int_eq(fake_line("audit list --follow"), 1);
    ck_assert_str_eq(fake.err, "asapctl: cannot list the events: no\n");
}
END_TEST

static const struct {
    const char *line;
    const char *answer;
    int status;
    const char *text;
} verified[] = {
    { "audit verify", "{\"intact\":true,\"eventCount\":\"123\",\"head\":\"123:ab\"}", 0,
      "intact: 123 events\nhead: 123:ab\n" },
    { "audit verify",
      "{\"eventCount\":\"123\",\"brokenSequence\":\"17\",\"problem\":\"it was altered\"}", 1,
      "broken at event 17: it was altered\n" },
    { "audit verify", "{\"problem\":\"the head is of a longer record\"}", 1,
      "broken: the head is of a longer record\n" },
    { "audit verify --output json", "{\"brokenSequence\":\"17\"}", 1,
      "{\"brokenSequence\":\"17\"}\n" },
};

START_TEST(a_check_of_the_record_answers_with_the_exit_status)
{
    fake_reset();
    fake.answers[0] = verified[_i].answer;
    ck_assert_int_eq(fake_line(verified[_i].line), verified[_i].status);
    ck_assert_str_eq(fake.out, verified[_i].text);
    ck_assert_str_eq(fake.err, "");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl audit");
    TCase *tests = tcase_create("all");

    (void)setenv("TZ", "UTC", 1); /* NOLINT(concurrency-mt-unsafe): no other thread is there yet */
    tcase_add_loop_test(tests, a_command_becomes_its_request, 0, COUNT(requests));
    tcase_add_test(tests, a_head_comes_from_a_file);
    tcase_add_loop_test(tests, wrong_usage_is_told_and_reaches_no_server, 0, COUNT(wrong));
    tcase_add_test(tests, events_are_listed_in_columns);
    tcase_add_test(tests, no_events_are_said_to_be_none);
    tcase_add_test(tests, following_goes_on_after_the_last_event_until_interrupted);
    tcase_add_test(tests, what_is_followed_in_json_is_one_event_a_line);
    tcase_add_test(tests, following_ends_with_what_fails);
    tcase_add_loop_test(tests, a_check_of_the_record_answers_with_the_exit_status, 0,
                        COUNT(verified));
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
