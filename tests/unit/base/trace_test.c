/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <string.h>

#include "check_main.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define GOOD "00-" TRACE "-" PARENT "-01"

static struct trace trace;

static void enter(void)
{
    trace = (struct trace){ .request_id = "" };
}

static bool take_parent(const char *text)
{
    return trace_take_parent(&trace, text, strlen(text));
}

static const char *const continued[] = {
    GOOD,
    "00-" TRACE "-" PARENT "-00",
    "00-" TRACE "-" PARENT "-ff",
    "01-" TRACE "-" PARENT "-01",
    "cc-" TRACE "-" PARENT "-01-what comes later",
    "01-" TRACE "-" PARENT "-01-",
};

START_TEST(the_callers_trace_goes_on)
{
    ck_assert_msg(take_parent(continued[_i]), "refused %s", continued[_i]);
    ck_assert_str_eq(trace.trace_id, TRACE);
    ck_assert_str_eq(trace.parent_id, PARENT);
}
END_TEST

static const struct {
    const char *why, *text;
} ignored[] = {
    { "nothing", "" },
    { "short", "00-" TRACE "-" PARENT "-0" },
    { "longer than its version", GOOD "-" },
    { "longer than its version", GOOD "0" },
    { "a later version that goes on without a dash", "01-" TRACE "-" PARENT "-01.x" },
    { "the version that is none", "ff-" TRACE "-" PARENT "-01" },
    { "upper case", "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01" },
    { "upper case in the parent", "00-" TRACE "-B7AD6B7169203331-01" },
    { "upper case in the flags", "00-" TRACE "-" PARENT "-0A" },
    { "no hexadecimal version", "0x-" TRACE "-" PARENT "-01" },
    { "no hexadecimal trace", "00-0af7651916cd43dd8448eb211c80319g-" PARENT "-01" },
    { "a trace of zeroes", "00-00000000000000000000000000000000-" PARENT "-01" },
    { "a parent of zeroes", "00-" TRACE "-0000000000000000-01" },
    { "another sign between", "00_" TRACE "-" PARENT "-01" },
    { "another sign between", "00-" TRACE "_" PARENT "-01" },
    { "another sign between", "00-" TRACE "-" PARENT "_01" },
    { "a space before", " " GOOD },
    { "two", GOOD "," GOOD },
};

START_TEST(what_is_no_trace_is_ignored)
{
    ck_assert_msg(!take_parent(ignored[_i].text), "took %s: %s", ignored[_i].why, ignored[_i].text);
    ck_assert_str_eq(trace.trace_id, "");
    ck_assert_str_eq(trace.parent_id, "");
}
END_TEST

static const struct {
    const char *text;
    bool is_taken;
} ids[] = {
    { "a", true },
    { "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true },
    { "Root=1-67891233-abcdef012345678912345678;Self=1", true },
    { "0AZaz9-_.~:/+=@;", true },
    { "", false },
    { "a b", false },
    { "a\"b", false },
    { "a]b", false },
    { "a\\b", false },
    { "a\nb", false },
    { "a,b", false },
    { "caf\xc3\xa9", false },
};

START_TEST(a_request_id_is_taken_if_it_can_stand_anywhere)
{
    ck_assert_msg(trace_take_request_id(&trace, ids[_i].text, strlen(ids[_i].text))
                      == ids[_i].is_taken,
                  "%s", ids[_i].text);
    ck_assert_str_eq(trace.request_id, ids[_i].is_taken ? ids[_i].text : "");
}
END_TEST

START_TEST(a_request_id_has_a_bound)
{
    char text[REQUEST_ID_MAX + 2];

    memset(text, 'a', sizeof text);
    ck_assert(!trace_take_request_id(&trace, text, REQUEST_ID_MAX + 1));
    ck_assert(trace_take_request_id(&trace, text, REQUEST_ID_MAX));
    ck_assert_uint_eq(strlen(trace.request_id), REQUEST_ID_MAX);
    ck_assert(!trace_take_request_id(&trace, "a\0b", 3));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trace");
    TCase *tests = tcase_create("trace");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, NULL);
    tcase_add_loop_test(tests, the_callers_trace_goes_on, 0, COUNT(continued));
    tcase_add_loop_test(tests, what_is_no_trace_is_ignored, 0, COUNT(ignored));
    tcase_add_loop_test(tests, a_request_id_is_taken_if_it_can_stand_anywhere, 0, COUNT(ids));
    tcase_add_test(tests, a_request_id_has_a_bound);
    return check_main(suite);
}
