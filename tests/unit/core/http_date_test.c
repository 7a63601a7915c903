/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "http_date.h"

static const struct {
    const char *text;
    int64_t time;
} dates[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "Wed Nov 16 08:49:37 1994", 784975777 },
    { "Mon, 23 Nov 2026 13:15:00 GMT", 1795439700 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Thursday, 01-Jan-70 00:00:00 GMT", 0 },
    { "Monday, 23-Nov-26 13:15:00 GMT", 1795439700 },
    { "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
    { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
    { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
};

START_TEST(reads_the_three_forms)
{
    int64_t time = -1;

    ck_assert_msg(http_date_parse(dates[_i].text, &time), "refused %s", dates[_i].text);
    ck_assert_int_eq(time, dates[_i].time);
}
END_TEST

static const char *const refused[] = {
    "",
    "0",
    "-1",
    "1795439700",
    "2026-11-23T13:15:00Z",
    "Mon, 23 Nov 2026 13:15:00",
    "Mon, 23 Nov 2026 13:15:00 UTC",
    "Mon, 23 Nov 2026 13:15:00 +0000",
    "Mon, 23 Nov 2026 13:15:00 GMT ",
    " Mon, 23 Nov 2026 13:15:00 GMT",
    "Mon,  23 Nov 2026 13:15:00 GMT",
    "mon, 23 nov 2026 13:15:00 gmt",
    "Day, 23 Nov 2026 13:15:00 GMT",
    "Mon, 23 Mai 2026 13:15:00 GMT",
    "Mon, 3 Nov 2026 13:15:00 GMT",
    "Mon, 00 Nov 2026 13:15:00 GMT",
    "Mon, 31 Nov 2026 13:15:00 GMT",
    "Sun, 29 Feb 2026 13:15:00 GMT",
    "Mon, 23 Nov 2026 24:00:00 GMT",
    "Mon, 23 Nov 2026 13:60:00 GMT",
    "Mon, 23 Nov 2026 13:15:61 GMT",
    "Mon, 23 Nov 26 13:15:00 GMT",
    "Mon, 23 Nov 0000 13:15:00 GMT",
    "Monday, 23-Nov-2026 13:15:00 GMT",
    "Mon, 23-Nov-26 13:15:00 GMT",
    "Sun Nov 6 08:49:37 1994",
    "Sun Nov  6 08:49:37 1994 GMT",
    "Mon, -3 Nov 2026 13:15:00 GMT",
    "Fri, 31 Dec 9999 23:59:60 GMT",
};

START_TEST(refuses_all_else)
{
    int64_t time = 0;

    ck_assert_msg(!http_date_parse(refused[_i], &time), "accepted %s", refused[_i]);
}
END_TEST

START_TEST(writes_the_form_that_all_read)
{
    char text[HTTP_DATE_SIZE] = "";

    http_date_format(784111777, text);
    ck_assert_str_eq(text, "Sun, 06 Nov 1994 08:49:37 GMT");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_date");
    TCase *tests = tcase_create("http_date");

    tcase_add_loop_test(tests, reads_the_three_forms, 0, COUNT(dates));
    tcase_add_loop_test(tests, refuses_all_else, 0, COUNT(refused));
    tcase_add_test(tests, writes_the_form_that_all_read);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
