/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "fake_host.h"
#include "http_server.h"

#define PEM_TYPE "Content-Type: application/x-pem-file\r\n"
#define PLAN                                                                                       \
    "{\"outgoing\":{\"keyId\":\"a/out\",\"publicKey\":\"old\\n\"},"                                \
    "\"incoming\":{\"keyId\":\"a/in\",\"state\":\"KEY_STATE_STANDBY\","                            \
    "\"signTime\":\"2026-11-23T13:30:00Z\",\"publicKey\":\"in\\n\"},"                              \
    "\"standbys\":[{\"keyId\":\"a/s1\",\"publicKey\":\"one\\n\"},"                                 \
    "{\"keyId\":\"a/s2\",\"publicKey\":\"two\\n\"}]}"

static struct http_server *server;
static struct http_server *other;

static void start(void)
{
    fake_reset();
    fake.answers[0] = PLAN;
    server = http_server_start(NULL);
    other = http_server_start(NULL);
}

static void stop(void)
{
    http_server_stop(server);
    http_server_stop(other);
}

static void serve(struct http_server *mirror, const char *key)
{
    http_server_reply(mirror, "200 OK", PEM_TYPE, key);
}

static void miss(struct http_server *mirror)
{
    http_server_reply(mirror, "404 Not Found", "", "");
}

static int rotate(const char *options)
{
    char line[FAKE_LINE_MAX] = "";

    (void)snprintf(line, sizeof line, "key rotate a --mirror %s/base/ %s", http_server_url(server),
                   options);
    return fake_line(line);
}

static int rotate_with_both(void)
{
    char line[FAKE_LINE_MAX] = "";

    (void)snprintf(line, sizeof line, "--mirror %s --timeout 10s", http_server_url(other));
    return rotate(line);
}

START_TEST(a_mirror_that_has_the_incoming_key_and_every_standby_will_do)
{
    serve(server, "in\n");
    serve(server, "one\n");
    serve(server, "two\n");
    ck_assert_msg(rotate("") == 0, "%s", fake.err);
    ck_assert_uint_eq(http_server_requests(server), 3);
    ck_assert_int_eq(strncmp(http_server_last_request(server), "GET /base/a/s2 ", 15), 0);
    ck_assert_int_eq(fake.now, NOW);
    assert_contains(fake.out, "rotation planned:\n");
    assert_contains(fake.err, "every mirror serves the new keys\n");
}
END_TEST

START_TEST(a_mirror_that_lags_is_asked_again_for_what_it_lacks)
{
    serve(server, "in\n");
    miss(server);
    http_server_reply(server, "503 Service Unavailable", "", "");
    miss(server);
    serve(server, "two\n");
    serve(server, "one\n");
    ck_assert_msg(rotate("") == 0, "%s", fake.err);
    ck_assert_uint_eq(http_server_requests(server), 6);
    ck_assert_int_eq(fake.now, NOW + 10);
}
END_TEST

START_TEST(what_a_mirror_lacks_is_told_when_the_time_is_up)
{
    serve(server, "in\n");
    serve(server, "one\n");
    miss(server);
    ck_assert_int_eq(rotate("--wait"), 1);
    ck_assert_int_eq(fake.now, NOW + 600);
    ck_assert_uint_eq(fake.calls, 1);
    assert_contains(fake.err, "/base lacks a/s2: ");
    assert_contains(fake.err, "answered 404");
    assert_lacks(fake.err, "lacks a/s1");
    assert_contains(fake.err,
                    "\nasapctl: cannot rotate a: mirrors lack keys (are they being copied?)"
                    "; the rotation goes on: a/in signs from 2026-11-2");
}
END_TEST

static const struct {
    const char *key;
    const char *why;
} impostors[] = {
    { "in", "serves something else" },
    { "in\n\n", "serves something else" },
    { "iN\n", "serves something else" },
    { "", "serves something else" },
};

START_TEST(a_key_must_be_the_same_to_the_byte)
{
    serve(server, impostors[_i].key);
    ck_assert_int_eq(rotate("--timeout 1m"), 1);
    ck_assert_int_eq(fake.now, NOW + 60);
    assert_contains(fake.err, "lacks a/in: ");
    assert_contains(fake.err, impostors[_i].why);
}
END_TEST

START_TEST(every_mirror_must_have_them)
{
    serve(server, "in\n");
    serve(server, "one\n");
    serve(server, "two\n");
    miss(other);
    ck_assert_int_eq(rotate_with_both(), 1);
    assert_contains(fake.err, http_server_url(other));
    assert_contains(fake.err, " lacks a/in: ");
    assert_contains(fake.err, " lacks a/s1: ");
    assert_contains(fake.err, " lacks a/s2: ");
    assert_lacks(fake.err, "/base");
    ck_assert_uint_eq(http_server_requests(server), 3);
}
END_TEST

START_TEST(an_interrupted_wait_says_what_still_happens)
{
    miss(server);
    fake.interrupt_at = NOW + 3;
    ck_assert_int_eq(rotate(""), 1);
    assert_contains(fake.err, " lacks a/in: ");
    assert_contains(fake.err, "interrupted while waiting; the rotation goes on: a/in signs from");
}
END_TEST

START_TEST(a_ca_file_that_cannot_be_read_is_told_before_anything_changes)
{
    ck_assert_int_eq(rotate("--cacert /no/such/file"), 1);
    assert_contains(fake.err, "/no/such/file");
    ck_assert_uint_eq(fake.calls, 0);
    ck_assert_uint_eq(http_server_requests(server), 0);
}
END_TEST

START_TEST(after_the_mirrors_the_wait_goes_on)
{
    serve(server, "in\n");
    serve(server, "one\n");
    serve(server, "two\n");
    fake.answers[1] = "{\"keyId\":\"a/in\",\"state\":\"KEY_STATE_ACTIVE\"}";
    ck_assert_msg(rotate("--wait") == 0, "%s", fake.err);
    assert_contains(fake.err, "every mirror serves the new keys\nwaiting until a/in signs");
    ck_assert_uint_eq(fake.calls, 2);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl key rotate --mirror");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, a_mirror_that_has_the_incoming_key_and_every_standby_will_do);
    tcase_add_test(tests, a_mirror_that_lags_is_asked_again_for_what_it_lacks);
    tcase_add_test(tests, what_a_mirror_lacks_is_told_when_the_time_is_up);
    tcase_add_loop_test(tests, a_key_must_be_the_same_to_the_byte, 0, COUNT(impostors));
    tcase_add_test(tests, every_mirror_must_have_them);
    tcase_add_test(tests, an_interrupted_wait_says_what_still_happens);
    tcase_add_test(tests, a_ca_file_that_cannot_be_read_is_told_before_anything_changes);
    tcase_add_test(tests, after_the_mirrors_the_wait_goes_on);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
