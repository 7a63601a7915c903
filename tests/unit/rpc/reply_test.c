/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

#include <stdbool.h>
#include <string.h>

#include "check_main.h"
#include "codec_test.pb-c.h"

static struct rpc_reply reply;
static struct asap_error err;

static void start(void)
{
    reply = (struct rpc_reply){ 0 };
    err = (struct asap_error){ 0 };
}

static void stop(void)
{
    rpc_reply_clear(&reply);
}

static const struct {
    const char *name, *value;
    bool is_accepted;
} added[] = {
    { "X-A", "b", true },
    { "x-a", "", true },
    { "x-bin", "//4", true },
    { "Cache-Control", "max-age=60", true },
    { "Content-Language", "tab\tand \xc3\xbc", true },
    { "Connection-Id", "7", true },
    { "", "b", false },
    { "X A", "b", false },
    { "X:A", "b", false },
    { "X\xc3\xbc", "b", false },
    { "X-A", "b\r\nX-B: c", false },
    { "X-A", "b\n", false },
    { "X-A", "\x7f", false },
    { "Content-Type", "text/html", false },
    { "content-LENGTH", "3", false },
    { "Content-Encoding", "gzip", false },
    { "Transfer-Encoding", "chunked", false },
    { "Connection", "close", false },
    { "Date", "now", false },
    { "Connect-Protocol-Version", "2", false },
    { "Trailer-X", "b", false },
};

START_TEST(takes_headers_that_are_not_the_transports)
{
    const enum asap_code expected = added[_i].is_accepted ? ASAP_OK : ASAP_INTERNAL;

    ck_assert_int_eq(rpc_reply_header(&reply, added[_i].name, added[_i].value, &err), expected);
    ck_assert_int_eq(rpc_reply_trailer(&reply, added[_i].name, added[_i].value, &err), expected);
    ck_assert_uint_eq(reply.headers.count, added[_i].is_accepted ? 1 : 0);
    ck_assert_uint_eq(reply.trailers.count, added[_i].is_accepted ? 1 : 0);
    if (!added[_i].is_accepted)
        return;
    ck_assert_str_eq(reply.headers.items[0].name, added[_i].name);
    ck_assert_str_eq(reply.trailers.items[0].value, added[_i].value);
}
END_TEST

START_TEST(keeps_a_name_that_is_there_several_times_in_order)
{
    ck_assert_succeeds(rpc_reply_header(&reply, "X-A", "b", &err));
    ck_assert_succeeds(rpc_reply_header(&reply, "x-a", "c", &err));
    ck_assert_uint_eq(reply.headers.count, 2);
    ck_assert_str_eq(reply.headers.items[0].value, "b");
    ck_assert_str_eq(reply.headers.items[1].value, "c");
}
END_TEST

START_TEST(takes_so_many_headers_and_no_more)
{
    for (int i = 0; i < RPC_LINES_MAX; i++)
        ck_assert_succeeds(rpc_reply_header(&reply, "X-A", "b", &err));
    ck_assert_int_eq(rpc_reply_header(&reply, "X-A", "b", &err), ASAP_INTERNAL);
    ck_assert_succeeds(rpc_reply_trailer(&reply, "X-A", "b", &err));
}
END_TEST

START_TEST(takes_so_many_bytes_and_no_more)
{
    static char value[RPC_REPLY_MAX];

    memset(value, 'v', sizeof value - 2);
    ck_assert_succeeds(rpc_reply_header(&reply, "XX", value, &err));
    ck_assert_int_eq(rpc_reply_trailer(&reply, "X", "", &err), ASAP_INTERNAL);
    ck_assert_int_eq(rpc_reply_detail_bytes(&reply, "a.B", "c", 1, &err), ASAP_INTERNAL);
    ck_assert_succeeds(rpc_reply_detail_bytes(&reply, "a.B", "", 0, &err));
}
END_TEST

START_TEST(packs_a_detail_under_its_full_name)
{
    Asap__Test__Everything message;

    asap__test__everything__init(&message);
    message.int32_value = 1;
    ck_assert_succeeds(rpc_reply_detail(&reply, &message.base, &err));
    ck_assert_uint_eq(reply.detail_count, 1);
    ck_assert_str_eq(reply.details[0].type, "asap.test.Everything");
    ck_assert_uint_eq(reply.details[0].value.len, 2);
    ck_assert(memcmp(reply.details[0].value.data, "\x08\x01", 2) == 0);
}
END_TEST

static const struct {
    const char *url, *type;
} urls[] = {
    { "type.googleapis.com/google.rpc.ErrorInfo", "google.rpc.ErrorInfo" },
    { "example.com/a/b/c.D", "c.D" },
    { "/c.D", "c.D" },
    { "c.D", "c.D" },
};

START_TEST(takes_a_type_out_of_its_url)
{
    ck_assert_succeeds(rpc_reply_detail_bytes(&reply, urls[_i].url, "\0x", 2, &err));
    ck_assert_str_eq(reply.details[0].type, urls[_i].type);
    ck_assert(memcmp(reply.details[0].value.data, "\0x", 2) == 0);
}
END_TEST

START_TEST(takes_so_many_details_and_no_more)
{
    for (int i = 0; i < RPC_DETAILS_MAX; i++)
        ck_assert_succeeds(rpc_reply_detail_bytes(&reply, "a.B", NULL, 0, &err));
    ck_assert_int_eq(rpc_reply_detail_bytes(&reply, "a.B", NULL, 0, &err), ASAP_INTERNAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reply");
    TCase *tests = tcase_create("reply");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, takes_headers_that_are_not_the_transports, 0, COUNT(added));
    tcase_add_test(tests, keeps_a_name_that_is_there_several_times_in_order);
    tcase_add_test(tests, takes_so_many_headers_and_no_more);
    tcase_add_test(tests, takes_so_many_bytes_and_no_more);
    tcase_add_test(tests, packs_a_detail_under_its_full_name);
    tcase_add_loop_test(tests, takes_a_type_out_of_its_url, 0, COUNT(urls));
    tcase_add_test(tests, takes_so_many_details_and_no_more);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
