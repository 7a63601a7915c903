/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "check_main.h"
#include "time_text.h"

#define NOW INT64_C(1795439700) /* 2026-11-23 13:15:00 UTC */

static const struct {
    int64_t distance;
    const char *phrase;
} phrases[] = {
    { 0, "now" },        { 1, "in 1s" },      { 119, "in 119s" },   { 120, "in 2m" },
    { 840, "in 14m" },   { 7199, "in 119m" }, { 7200, "in 2h" },    { 169200, "in 47h" },
    { 172800, "in 2d" }, { -1, "1s ago" },    { -10800, "3h ago" }, { -7776000, "90d ago" },
};

START_TEST(a_phrase_has_one_unit)
{
    char text[TIME_TEXT_SIZE] = "";

    time_phrase(NOW + phrases[_i].distance, NOW, text);
    ck_assert_str_eq(text, phrases[_i].phrase);
}
END_TEST

START_TEST(a_full_time_is_local_and_names_the_zone)
{
    const time_t now = (time_t)NOW;
    struct tm local = { 0 };
    char expected[TIME_TEXT_SIZE] = "";
    char text[TIME_TEXT_SIZE] = "";

    ck_assert_ptr_nonnull(localtime_r(&now, &local));
    ck_assert_uint_gt(strftime(expected, sizeof expected, "%Y-%m-%d %T %z (in 14m)", &local), 0);
    time_full(NOW, NOW - 840, text);
    ck_assert_str_eq(text, expected);
}
END_TEST

START_TEST(a_time_beyond_the_calendar_is_still_text)
{
    char text[TIME_TEXT_SIZE] = "";

    time_full(INT64_MAX / 2, NOW, text);
    ck_assert_uint_gt(strlen(text), 0);
    time_phrase(INT64_MIN, NOW, text);
    ck_assert_str_eq(text, "106751991167300d ago");
    time_phrase(INT64_MAX, NOW, text);
    ck_assert_str_eq(text, "in 106751991146520d");
}
END_TEST

static const struct {
    const char *text;
    int64_t seconds;
    const char *shown;
} durations[] = {
    { "600", 600, "10m" },  { "600s", 600, "10m" }, { "10m", 600, "10m" },    { "1h", 3600, "1h" },
    { "2d", 172800, "2d" }, { "90", 90, "90s" },    { "5400s", 5400, "90m" }, { "1", 1, "1s" },
};

START_TEST(a_length_of_time_is_read_and_shown_exactly)
{
    struct asap_error err = { 0 };
    char text[TIME_TEXT_SIZE] = "";
    int64_t seconds = 0;

    ck_assert_succeeds(time_read_duration(durations[_i].text, &seconds, &err));
    ck_assert_int_eq(seconds, durations[_i].seconds);
    time_duration(seconds, text);
    ck_assert_str_eq(text, durations[_i].shown);
}
END_TEST

static const char *const refused[] = { "",     "0",  "0m",   "m",   "-1",         "+1",
                                       "1.5h", "1w", "10mm", "1 m", "1000000000", " 5" };

START_TEST(what_is_no_length_of_time_is_refused)
{
    struct asap_error err = { 0 };
    int64_t seconds = 0;

    ck_assert_msg(time_read_duration(refused[_i], &seconds, &err) == ASAP_INVALID_ARGUMENT,
                  "accepted \"%s\"", refused[_i]);
    ck_assert_int_eq(seconds, 0);
}
END_TEST

static const struct {
    const char *text;
    enum time_direction direction;
    int64_t seconds;
    int32_t nanos;
} moments[] = {
    { "90", TIME_AHEAD, 1000090, 0 },
    { "2d", TIME_AHEAD, 1172800, 0 },
    { "1h", TIME_BACK, 996400, 0 },
    { "1970-01-01T00:01:00Z", TIME_BACK, 60, 0 },
    { "1970-01-01T01:00:00.25+01:00", TIME_AHEAD, 0, 250000000 },
};

START_TEST(a_moment_is_a_length_of_time_from_now_or_a_date)
{
    Google__Protobuf__Timestamp moment = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    struct asap_error err = { 0 };

    ck_assert_succeeds(
        time_read_moment(moments[_i].text, 1000000, moments[_i].direction, &moment, &err));
    ck_assert_int_eq(moment.seconds, moments[_i].seconds);
    ck_assert_int_eq(moment.nanos, moments[_i].nanos);
}
END_TEST

static const char *const no_moments[] = {
    "", "0", "now", "2026-11-23", "2026-11-23 13:15:00Z", "999999999d"
};

START_TEST(what_is_no_moment_is_refused)
{
    Google__Protobuf__Timestamp moment = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    struct asap_error err = { 0 };

    ck_assert_msg(time_read_moment(no_moments[_i], 0, TIME_AHEAD, &moment, &err)
                      == ASAP_INVALID_ARGUMENT,
                  "accepted \"%s\"", no_moments[_i]);
    ck_assert_int_eq(moment.seconds, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl time");
    TCase *tests = tcase_create("all");

    tcase_add_loop_test(tests, a_phrase_has_one_unit, 0, COUNT(phrases));
    tcase_add_test(tests, a_full_time_is_local_and_names_the_zone);
    tcase_add_test(tests, a_time_beyond_the_calendar_is_still_text);
    tcase_add_loop_test(tests, a_length_of_time_is_read_and_shown_exactly, 0, COUNT(durations));
    tcase_add_loop_test(tests, what_is_no_length_of_time_is_refused, 0, COUNT(refused));
    tcase_add_loop_test(tests, a_moment_is_a_length_of_time_from_now_or_a_date, 0, COUNT(moments));
    tcase_add_loop_test(tests, what_is_no_moment_is_refused, 0, COUNT(no_moments));
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
