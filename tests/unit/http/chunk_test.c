/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* Bodies in chunks, on a route that takes them and on one that does not. */

#define HEAD "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define SMUG "GET /smug HTTP/1.1\r\nHost: a\r\n\r\n"

static char answer[ANSWER_SIZE];

static const struct {
    const char *request, *expected;
} bodies[] = {
    { HEAD "0\r\n\r\n", "[POST /chunks - 0:]" },
    { HEAD "3\r\nabc\r\n0\r\n\r\n", "[POST /chunks - 3:abc]" },
    { HEAD "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", "[POST /chunks - 4:abcd]" },
    { HEAD "A;a=b\r\n0123456789\r\n6\r\nabcdef\r\n0\r\n\r\n",
      "[POST /chunks - 16:0123456789abcdef]" },
    { HEAD "1\r\na\r\n0\r\nHost: b\r\nX: y\r\n\r\n", "[POST /chunks - 1:a]" },
    { "POST /chunks HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n"
      "1\r\na\r\n0\r\n\r\n",
      "[POST /chunks - 1:a]" },
};

START_TEST(takes_a_body_in_chunks_and_ends_the_connection)
{
    const int fd = raw_connect(fixture.address);

    (void)raw_send_text(fd, bodies[_i].request);
    (void)raw_send_text(fd, SMUG);
    (void)raw_read_all(fd, answer, sizeof answer);
    (void)close(fd);
    ck_assert_msg(strstr(answer, bodies[_i].expected) != NULL, "%s", answer);
    ck_assert_ptr_nonnull(strstr(answer, "\r\nConnection: close\r\n"));
    ck_assert_uint_eq(atomic_load(&fixture.served), 1);
    ck_assert_uint_eq(atomic_load(&fixture.smuggled), 0);
}
END_TEST

static const char *const too_long[] = {
    HEAD "11\r\n0123456789abcdefg\r\n0\r\n\r\n",
    HEAD "10\r\n0123456789abcdef\r\n1\r\ng\r\n0\r\n\r\n",
    HEAD "10\r\n0123456789abcdef\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n",
};

START_TEST(refuses_a_body_that_is_too_long_in_all_its_chunks)
{
    (void)raw_ask(fixture.address, too_long[_i], answer, sizeof answer);
    ck_assert_msg(strstr(answer, "HTTP/1.1 413 ") == answer, "%s", answer);
    ck_assert_ptr_nonnull(strstr(answer, "resource_exhausted"));
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
}
END_TEST

static const char *const dropped[] = {
    HEAD "10\r\n0123456789abcdef\r\n11\r\n0123456789abcdefg\r\n0\r\n\r\n" SMUG,
    "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUG,
    "POST /unknown HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUG,
    "POST /chunks HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUG,
    "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    "Content-Length: 5\r\n\r\n0\r\n\r\n" SMUG,
    "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUG,
    "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" SMUG,
    "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n" SMUG,
};

START_TEST(drops_chunks_that_are_not_taken_or_have_two_meanings)
{
    (void)raw_ask(fixture.address, dropped[_i], answer, sizeof answer);
    ck_assert_msg(answer[0] == '\0', "%s", answer);
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
}
END_TEST

static const char *const malformed[] = {
    HEAD "x\r\nabc\r\n0\r\n\r\n" SMUG,
    HEAD "-1\r\nabc\r\n0\r\n\r\n" SMUG,
    HEAD "3\r\nabcd\r\n0\r\n\r\n" SMUG,
    HEAD "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n" SMUG,
};

START_TEST(never_serves_malformed_chunks_and_what_follows_them)
{
    (void)raw_ask(fixture.address, malformed[_i], answer, sizeof answer);
    ck_assert_msg(strstr(answer, "HTTP/1.1 200") == NULL, "%s", answer);
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("chunk");
    TCase *tests = tcase_create("chunks");

    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, fixture_enter, fixture_leave);
    tcase_add_loop_test(tests, takes_a_body_in_chunks_and_ends_the_connection, 0, COUNT(bodies));
    tcase_add_loop_test(tests, refuses_a_body_that_is_too_long_in_all_its_chunks, 0,
                        COUNT(too_long));
    tcase_add_loop_test(tests, drops_chunks_that_are_not_taken_or_have_two_meanings, 0,
                        COUNT(dropped));
    tcase_add_loop_test(tests, never_serves_malformed_chunks_and_what_follows_them, 0,
                        COUNT(malformed));
    return check_main(suite);
}
