/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "doctor_check.h"
#include "fake_host.h"

/* What no real deployment shows on demand; tests/integration/doctor_test.py has the rest. */

#define DOCTOR "doctor --repository http://127.0.0.1:1 --server unix:x"
#define MANAGED "{\"issuers\":[{\"name\":\"a/b\",\"kind\":\"ISSUER_KIND_MANAGED\"}]}"
#define ACTIVE                                                                                     \
    "{\"keyId\":\"a/b/1.pem\",\"kind\":\"KEY_KIND_MANAGED\",\"state\":\"KEY_STATE_ACTIVE\"}"
#define STANDBY                                                                                    \
    "{\"keyId\":\"a/b/2.pem\",\"kind\":\"KEY_KIND_MANAGED\",\"state\":\"KEY_STATE_STANDBY\"}"

static const struct {
    const char *why;
    const char *answers[3];
    const char *result;
    const char *check;
    const char *seen;
} servers[] = {
    { "a problem of the server",
      { "{\"problems\":[\"disk full\"]}", "{}" },
      "FAILED",
      "server",
      "disk full (start asapd, or mend what its log" },
    { "no problem", { "{\"version\":\"9.9\"}", "{}" }, "ok", "server", "asapd 9.9, 0 keys" },
    { "no issuers", { "{}", "{}" }, "ok", "issuers", "none yet" },
    { "who may not ask", { "?who are you" }, "FAILED", "server", "who are you" },
    { "no standby",
      { "{}", MANAGED, "{\"keys\":[" ACTIVE "]}" },
      "warning",
      "standbys",
      "no key stands by for a/b" },
    { "a standby",
      { "{}", MANAGED, "{\"keys\":[" ACTIVE "," STANDBY "]}" },
      "ok",
      "standbys",
      "1 issuer" },
    { "no key that signs",
      { "{}", MANAGED, "{\"keys\":[" STANDBY "]}" },
      "FAILED",
      "active",
      "no key of a/b signs" },
    { "no repository", { "{}", "{}" }, "FAILED", "connect", "127.0.0.1 port 1" },
};

START_TEST(what_the_server_says_of_itself_is_judged)
{
    fake_reset();
    for (size_t i = 0; i < 3; i++)
        fake.answers[i] = servers[_i].answers[i];
    ck_assert_int_eq(fake_line(DOCTOR), 1); /* nothing listens on that port */
    ck_assert_msg(fake_has_line(servers[_i].result, servers[_i].check, servers[_i].seen), "%s: %s",
                  servers[_i].why, fake.out);
}
END_TEST

static bool is_up(void)
{
    return false;
}

START_TEST(a_server_that_is_down_is_only_told_where_one_was_named)
{
    fake_reset();
    fake.on_call = is_up;
    ck_assert_int_eq(fake_line(DOCTOR), 1);
    ck_assert(fake_has_line("FAILED", "server", "the server is down"));
    ck_assert_int_eq(fake_line("doctor --repository http://127.0.0.1:1"), 1);
    assert_lacks(fake.out, "the server is down");
    ck_assert(fake_has_line("warning", "issuers", "no key was looked for"));
}
END_TEST

START_TEST(json_has_the_same_lines)
{
    fake_reset();
    fake.answers[0] = "{\"problems\":[\"a\\nb \xc3\xa9\"]}";
    fake.answers[1] = "{}";
    ck_assert_int_eq(fake_line(DOCTOR " --output json"), 1);
    assert_contains(fake.out, "{\"result\":\"FAILED\",\"check\":\"server\",\"where\":\"unix:x\","
                              "\"seen\":\"a?b ??\",\"advice\":\"");
    assert_contains(fake.out, "\"failed\":2,\"warnings\":0}\n");
}
END_TEST

/* The judges of answers */

static struct doctor_view view;
static struct probe probes[3];
static Asap__V1__Key key;

static struct doctor_subject some_subject(void)
{
    view = (struct doctor_view){ .count = 0 };
    for (size_t i = 0; i < 3; i++)
        probes[i] = (struct probe){ .status = 200 };
    asap__v1__key__init(&key);
    return (struct doctor_subject){ .view = &view,
                                    .now = NOW,
                                    .base_url = "https://keys.example.com",
                                    .key = &key,
                                    .miss = &probes[0],
                                    .miss_again = &probes[1],
                                    .answer = &probes[2] };
}

static const struct {
    const char *why;
    const char *name;
    const char *value; /* of the second answer */
    bool is_from_cache;
} answers[] = {
    { "an age", "Age", "1", true },
    { "no age", "Age", "0", false },
    { "nothing", "Server", "x", false },
};

START_TEST(an_answer_of_a_cache_is_known_by_its_age)
{
    struct probe first = { .status = 404 };
    struct probe second = { .status = 404 };

    cache_headers_add(&second.headers, answers[_i].name, answers[_i].value);
    ck_assert_msg(doctor_is_from_cache(&first, &second) == answers[_i].is_from_cache, "%s",
                  answers[_i].why);
}
END_TEST

START_TEST(an_answer_of_a_cache_is_known_by_its_words_or_its_request)
{
    struct probe first = { .request_id = "one" };
    struct probe second = { .request_id = "two", .cache_state = "MISS" };

    ck_assert(!doctor_is_from_cache(&first, &second));
    (void)snprintf(second.cache_state, sizeof second.cache_state, "Hit from cloud, HIT");
    ck_assert(doctor_is_from_cache(&first, &second));
    second.cache_state[0] = '\0';
    (void)snprintf(second.request_id, sizeof second.request_id, "one");
    ck_assert(doctor_is_from_cache(&first, &second));
    first.request_id[0] = second.request_id[0] = '\0';
    ck_assert(!doctor_is_from_cache(&first, &second));
}
END_TEST

START_TEST(a_repository_without_dates_is_told)
{
    const struct doctor_subject subject = some_subject();
    char seen[DOCTOR_TEXT_SIZE] = "";

    ck_assert_int_eq(doctor_clock(&subject, seen), DOCTOR_ILL);
    assert_contains(seen, "no Date");
    cache_headers_add(&probes[1].headers, "Date", "Mon, 23 Nov 2026 13:15:20 GMT");
    ck_assert_int_eq(doctor_clock(&subject, seen), DOCTOR_WELL);
}
END_TEST

/* The clock of both is a year behind, which is not the cache's fault. */
START_TEST(a_key_is_as_old_as_its_date_is_before_that_of_a_new_answer)
{
    const struct doctor_subject subject = some_subject();
    char seen[DOCTOR_TEXT_SIZE] = "";

    cache_headers_add(&probes[0].headers, "Date", "Sun, 23 Nov 2025 13:15:00 GMT");
    cache_headers_add(&probes[2].headers, "Date", "Sun, 23 Nov 2025 13:10:00 GMT");
    cache_headers_add(&probes[2].headers, "Cache-Control", "max-age=300");
    ck_assert_int_eq(doctor_age(&subject, seen), DOCTOR_WELL);
    cache_headers_add(&probes[0].headers, "Date", "Sun, 23 Nov 2025 13:15:00 GMT");
    probes[2].headers.date.seconds -= 1;
    ck_assert_int_eq(doctor_age(&subject, seen), DOCTOR_ILL);
    assert_contains(seen, "is 301 s old, of at most 300 s");
    cache_headers_add(&probes[2].headers, "Cache-Control", "stale-while-revalidate=60");
    ck_assert_int_eq(doctor_age(&subject, seen), DOCTOR_WELL);
}
END_TEST

static const struct {
    const char *type;
    bool is_pem;
} types[] = {
    { "application/x-pem-file", true },
    { "APPLICATION/X-PEM-FILE; charset=x", true },
    { "application/x-pem-file ;q=1", true },
    { "application/x-pem-files", false },
    { "text/html", false },
    { "", false },
};

START_TEST(a_type_is_compared_without_its_parameters)
{
    struct probe answer = { .status = 200 };

    (void)snprintf(answer.type, sizeof answer.type, "%s", types[_i].type);
    ck_assert_msg(doctor_is_type(&answer, "application/x-pem-file") == types[_i].is_pem, "%s",
                  types[_i].type);
}
END_TEST

START_TEST(a_key_that_a_mirror_cannot_have_yet_is_not_missed)
{
    const struct doctor_subject subject = some_subject();
    Asap__V1__Status status;
    Asap__V1__Timing timing = ASAP__V1__TIMING__INIT;
    Google__Protobuf__Duration lag = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Protobuf__Timestamp published = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    char seen[DOCTOR_TEXT_SIZE] = "";

    asap__v1__status__init(&status);
    probes[2].status = 404;
    lag.seconds = 600;
    timing.replica_lag = &lag;
    status.timing = &timing;
    view.status = &status;
    key.publish_time = &published;
    published.seconds = NOW - 599;
    ck_assert_int_eq(doctor_served(&subject, seen), DOCTOR_NOTHING);
    published.seconds = NOW - 600;
    ck_assert_int_eq(doctor_served(&subject, seen), DOCTOR_ILL);
}
END_TEST

START_TEST(every_check_has_a_name_of_its_own_and_an_advice)
{
    for (size_t i = 0; doctor_check_at(i) != NULL; i++) {
        ck_assert(doctor_check_at(i)->judge != NULL);
        ck_assert(strlen(doctor_check_at(i)->advice) > 10);
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(doctor_check_at(i)->name, doctor_check_at(k)->name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl_doctor");
    TCase *cases = tcase_create("all");

    tcase_add_loop_test(cases, what_the_server_says_of_itself_is_judged, 0, COUNT(servers));
    tcase_add_test(cases, a_server_that_is_down_is_only_told_where_one_was_named);
    tcase_add_test(cases, json_has_the_same_lines);
    tcase_add_loop_test(cases, an_answer_of_a_cache_is_known_by_its_age, 0, COUNT(answers));
    tcase_add_test(cases, an_answer_of_a_cache_is_known_by_its_words_or_its_request);
    tcase_add_test(cases, a_repository_without_dates_is_told);
    tcase_add_test(cases, a_key_is_as_old_as_its_date_is_before_that_of_a_new_answer);
    tcase_add_loop_test(cases, a_type_is_compared_without_its_parameters, 0, COUNT(types));
    tcase_add_test(cases, a_key_that_a_mirror_cannot_have_yet_is_not_missed);
    tcase_add_test(cases, every_check_has_a_name_of_its_own_and_an_advice);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
