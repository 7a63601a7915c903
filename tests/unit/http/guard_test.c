/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <string.h>

#include "check_main.h"

enum { HEADERS_MOST = 3 };

#define CHUNKED UINT64_MAX

struct header {
    const char *name, *value;
};

static bool accepts(const struct header *headers, uint64_t *body_length)
{
    struct guard guard = { 0 };

    for (size_t i = 0; i < HEADERS_MOST && headers[i].name != NULL; i++)
        guard_header(&guard, headers[i].name, strlen(headers[i].name), headers[i].value,
                     strlen(headers[i].value));
    *body_length = guard.is_chunked ? CHUNKED : guard.content_length;
    return guard_accepts_headers(&guard);
}

static const struct {
    struct header headers[HEADERS_MOST];
    uint64_t body_length;
} accepted[] = {
    { { { "Host", "a" } }, 0 },
    { { { "hOST", "a" }, { "X-!#$%&'*+.^_`|~09", "tab\tand \xc3\xbc" } }, 0 },
    { { { "Host", "" }, { "Content-Length", "0" } }, 0 },
    { { { "Host", "a" }, { "Content-Length", "1048576" } }, 1048576 },
    { { { "Host", "a" }, { "Content-Length", "000000000000000003" } }, 3 },
    { { { "Host", "a" }, { "Content-Type", "b" }, { "Authorization", "c" } }, 0 },
    { { { "Host", "a" }, { "Transfer-Encoding", "chunked" } }, CHUNKED },
    { { { "Host", "a" }, { "transfer-encoding", "Chunked" } }, CHUNKED },
    { { { "Host", "a" }, { "Accept", "b" }, { "Accept", "c" } }, 0 },
};

START_TEST(accepts_headers_with_one_meaning)
{
    uint64_t body_length = 0;

    ck_assert(accepts(accepted[_i].headers, &body_length));
    ck_assert(body_length == accepted[_i].body_length);
}
END_TEST

static const struct {
    const char *why;
    struct header headers[HEADERS_MOST];
} refused[] = {
    { "no host", { { "Accept", "b" } } },
    { "two hosts", { { "Host", "a" }, { "Host", "a" } } },
    { "two lengths", { { "Host", "a" }, { "Content-Length", "3" }, { "content-length", "4" } } },
    { "the same length twice",
      { { "Host", "a" }, { "Content-Length", "3" }, { "Content-Length", "3" } } },
    { "a list of lengths", { { "Host", "a" }, { "Content-Length", "3, 3" } } },
    { "a sign", { { "Host", "a" }, { "Content-Length", "+3" } } },
    { "a negative length", { { "Host", "a" }, { "Content-Length", "-3" } } },
    { "a hexadecimal length", { { "Host", "a" }, { "Content-Length", "0x3" } } },
    { "an empty length", { { "Host", "a" }, { "Content-Length", "" } } },
    { "a length beyond 64 bits",
      { { "Host", "a" }, { "Content-Length", "18446744073709551617" } } },
    { "an empty encoding", { { "Host", "a" }, { "Transfer-Encoding", "" } } },
    { "no encoding", { { "Host", "a" }, { "Transfer-Encoding", "identity" } } },
    { "a list of encodings", { { "Host", "a" }, { "Transfer-Encoding", "gzip, chunked" } } },
    { "chunks with a parameter", { { "Host", "a" }, { "Transfer-Encoding", "chunked;a=b" } } },
    { "chunks twice",
      { { "Host", "a" }, { "Transfer-Encoding", "chunked" }, { "Transfer-Encoding", "chunked" } } },
    { "chunks beside a length",
      { { "Host", "a" }, { "Transfer-Encoding", "chunked" }, { "Content-Length", "3" } } },
    { "a length beside chunks",
      { { "Host", "a" }, { "Content-Length", "0" }, { "Transfer-Encoding", "chunked" } } },
    { "an unknown encoding", { { "Host", "a" }, { "transfer-encoding", "xchunked" } } },
    { "a space before the colon", { { "Host", "a" }, { "Content-Length ", "3" } } },
    { "a name that is no token", { { "Host", "a" }, { "X(Y)", "3" } } },
    { "a name beyond ASCII", { { "Host", "a" }, { "X\xc3\xbc", "3" } } },
    { "no name", { { "Host", "a" }, { "", "3" } } },
    { "a carriage return", { { "Host", "a" }, { "X", "3\rY: 4" } } },
    { "a control byte", { { "Host", "a" }, { "X", "\x01" } } },
    { "a delete byte", { { "Host", "a" }, { "X", "\x7f" } } },
    { "two content types", { { "Host", "a" }, { "Content-Type", "b" }, { "Content-Type", "b" } } },
    { "two credentials", { { "Host", "a" }, { "Authorization", "b" }, { "authorization", "c" } } },
};

START_TEST(refuses_headers_that_two_parsers_may_read_differently)
{
    uint64_t body_length = 0;

    ck_assert_msg(!accepts(refused[_i].headers, &body_length), "accepted %s", refused[_i].why);
}
END_TEST

START_TEST(refuses_a_nul_in_a_value)
{
    struct guard guard = { 0 };

    guard_header(&guard, "Host", 4, "a", 1);
    ck_assert(guard_accepts_headers(&guard));
    guard_header(&guard, "X", 1, "a\0b", 3);
    ck_assert(!guard_accepts_headers(&guard));
}
END_TEST

START_TEST(knows_a_target_that_is_a_path)
{
    static const char *const paths[] = { "/", "/a/b", "//", "/%00", "/\xc3\xbc" };
    static const char *const others[] = { "", "*", "a", "http://a/", "/a b", "/a\tb", "/\x7f" };

    for (size_t i = 0; i < (size_t)COUNT(paths); i++)
        ck_assert_msg(guard_accepts_path(paths[i], strlen(paths[i])), "refused %s", paths[i]);
    for (size_t i = 0; i < (size_t)COUNT(others); i++)
        ck_assert_msg(!guard_accepts_path(others[i], strlen(others[i])), "accepted %s", others[i]);
    ck_assert(guard_accepts_query("", 0));
    ck_assert(guard_accepts_query("a=%20&b=?", 9));
    ck_assert(!guard_accepts_query("a\x01", 2));
}
END_TEST

START_TEST(speaks_two_versions_of_http)
{
    static const char *const others[] = { "", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "http/1.1" };

    ck_assert(guard_accepts_version("HTTP/1.1"));
    ck_assert(guard_accepts_version("HTTP/1.0"));
    for (size_t i = 0; i < (size_t)COUNT(others); i++)
        ck_assert_msg(!guard_accepts_version(others[i]), "accepted %s", others[i]);
}
END_TEST

START_TEST(accepts_chunks_only_where_they_are_taken)
{
    const struct guard plain = { .content_length = 3 };
    const struct guard chunked = { .is_chunked = true };

    ck_assert(guard_accepts_chunks(&plain, "HTTP/1.0", false));
    ck_assert(guard_accepts_chunks(&chunked, "HTTP/1.1", true));
    ck_assert(!guard_accepts_chunks(&chunked, "HTTP/1.1", false));
    ck_assert(!guard_accepts_chunks(&chunked, "HTTP/1.0", true));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guard");
    TCase *tests = tcase_create("guard");

    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, accepts_headers_with_one_meaning, 0, COUNT(accepted));
    tcase_add_loop_test(tests, refuses_headers_that_two_parsers_may_read_differently, 0,
                        COUNT(refused));
    tcase_add_test(tests, refuses_a_nul_in_a_value);
    tcase_add_test(tests, knows_a_target_that_is_a_path);
    tcase_add_test(tests, speaks_two_versions_of_http);
    tcase_add_test(tests, accepts_chunks_only_where_they_are_taken);
    return check_main(suite);
}
