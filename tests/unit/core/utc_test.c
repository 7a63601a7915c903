/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "utc.h"

static const struct {
    int64_t time;
    const char *text;
    int weekday;
} moments[] = {
    { 0, "1970-01-01T00:00:00Z", 4 },          { -1, "1969-12-31T23:59:59Z", 3 },
    { 1795439700, "2026-11-23T13:15:00Z", 1 }, { 951782400, "2000-02-29T00:00:00Z", 2 },
    { 951868799, "2000-02-29T23:59:59Z", 2 },  { 951868800, "2000-03-01T00:00:00Z", 3 },
    { 4107542400, "2100-03-01T00:00:00Z", 1 }, { 4107542399, "2100-02-28T23:59:59Z", 0 },
    { 1709164800, "2024-02-29T00:00:00Z", 4 }, { INT64_C(4294967296), "2106-02-07T06:28:16Z", 0 },
    { UTC_MIN, "0001-01-01T00:00:00Z", 1 },    { UTC_MAX, "9999-12-31T23:59:59Z", 5 },
};

START_TEST(knows_the_calendar)
{
    char text[UTC_TEXT_SIZE] = "";
    const struct utc utc = utc_from_time(moments[_i].time);

    utc_format(moments[_i].time, text);
    ck_assert_str_eq(text, moments[_i].text);
    ck_assert_int_eq(utc.weekday, moments[_i].weekday);
    ck_assert_int_eq(utc_to_time(&utc), moments[_i].time);
}
END_TEST

START_TEST(comes_back_from_any_day_to_the_same_second)
{
    const int64_t step = 86399 * 29;

    for (int64_t time = UTC_MIN; time <= UTC_MAX; time += step) {
        const struct utc utc = utc_from_time(time);

        ck_assert_int_eq(utc_to_time(&utc), time);
        ck_assert(utc.month >= 1 && utc.month <= 12 && utc.day >= 1 && utc.day <= 31);
    }
}
END_TEST

static const struct {
    int64_t time;
    const char *text;
} clamped[] = {
    { UTC_MAX + 1, "9999-12-31T23:59:59Z" },
    { INT64_MAX, "9999-12-31T23:59:59Z" },
    { UTC_MIN - 1, "0001-01-01T00:00:00Z" },
    { INT64_MIN, "0001-01-01T00:00:00Z" },
};

START_TEST(clamps_to_years_of_four_digits)
{
    char text[UTC_TEXT_SIZE] = "";

    utc_format(clamped[_i].time, text);
    ck_assert_str_eq(text, clamped[_i].text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("utc");
    TCase *tests = tcase_create("utc");

    tcase_add_loop_test(tests, knows_the_calendar, 0, COUNT(moments));
    tcase_add_test(tests, comes_back_from_any_day_to_the_same_second);
    tcase_add_loop_test(tests, clamps_to_years_of_four_digits, 0, COUNT(clamped));
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
