/* SPDX-License-Identifier: Apache-2.0 */
#include "cache_control.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"

/* Sun, 06 Nov 1994 08:49:37 GMT, the moment at which every response here arrives. */
#define NOW INT64_C(784111777)
#define AT_NOW "Sun, 06 Nov 1994 08:49:37 GMT"
#define IN_100_SECONDS "Sun, 06 Nov 1994 08:51:17 GMT"
#define BEFORE_60_SECONDS "Sun, 06 Nov 1994 08:48:37 GMT"
#define IN_2000_DAYS "Wed, 28 Apr 2000 08:49:37 GMT"

enum { LINES_MAX = 4 };

struct line {
    const char *name, *value;
};

static struct cache_times times_of(const struct line *lines)
{
    struct cache_headers headers = { .control = { .given = false } };

    for (size_t i = 0; i < LINES_MAX && lines[i].name != NULL; i++)
        cache_headers_add(&headers, lines[i].name, lines[i].value);
    return cache_headers_times(&headers, NOW);
}

/* How many seconds from now a response is fresh. */
static const struct {
    const char *why;
    struct line lines[LINES_MAX];
    int64_t fresh;
} lifetimes[] = {
    /* The nine shapes that key repositories and the caches before them send. */
    { "nothing", { { NULL, NULL } }, 300 },
    { "max-age", { { "Cache-Control", "max-age=100" } }, 100 },
    { "max-age among others",
      { { "Cache-Control", "public, max-age=100, stale-while-revalidate=50" } },
      100 },
    { "no number", { { "Cache-Control", "max-age=soon" } }, 0 },
    { "no-store", { { "Cache-Control", "no-store" } }, 0 },
    { "Expires", { { "Expires", IN_100_SECONDS }, { "Date", AT_NOW } }, 100 },
    { "Expires in the past", { { "Expires", BEFORE_60_SECONDS } }, 0 },
    { "Expires that is no date", { { "Expires", "0" } }, 0 },
    { "max-age before Expires",
      { { "Expires", IN_100_SECONDS }, { "Cache-Control", "max-age=7" } },
      7 },
    /* Spelling */
    { "capitals", { { "cache-CONTROL", "Max-Age=100" } }, 100 },
    { "quoted", { { "Cache-Control", "max-age=\"100\"" } }, 100 },
    { "blanks and empty elements", { { "Cache-Control", " , ,\tmax-age=100 ,," } }, 100 },
    { "two lines", { { "Cache-Control", "public" }, { "Cache-Control", "max-age=100" } }, 100 },
    { "a comma in quotes", { { "Cache-Control", "private=\"a, max-age=1\", max-age=100" } }, 100 },
    { "an escaped quote", { { "Cache-Control", "x=\"\\\", max-age=1\", max-age=100" } }, 100 },
    { "a quote without end", { { "Cache-Control", "max-age=100, x=\"" } }, 100 },
    { "a longer name", { { "Cache-Control", "max-ages=5, xmax-age=5" } }, 300 },
    { "for shared caches", { { "Cache-Control", "s-maxage=5, max-age=100" } }, 100 },
    { "empty", { { "Cache-Control", "" } }, 300 },
    /* Bounds */
    { "zero", { { "Cache-Control", "max-age=0" } }, 0 },
    { "a day", { { "Cache-Control", "max-age=86400" } }, 86400 },
    { "over a day", { { "Cache-Control", "max-age=86401" } }, 86400 },
    { "over 64 bits", { { "Cache-Control", "max-age=99999999999999999999999" } }, 86400 },
    { "years", { { "Expires", IN_2000_DAYS } }, 86400 },
    /* Whatever is malformed or contradicts is stale sooner. */
    { "negative", { { "Cache-Control", "max-age=-1" } }, 0 },
    { "signed", { { "Cache-Control", "max-age=+5" } }, 0 },
    { "a fraction", { { "Cache-Control", "max-age=1.5" } }, 0 },
    { "no value", { { "Cache-Control", "max-age" } }, 0 },
    { "an empty value", { { "Cache-Control", "max-age=" } }, 0 },
    { "two values", { { "Cache-Control", "max-age=5 6" } }, 0 },
    { "one quote", { { "Cache-Control", "max-age=\"" } }, 0 },
    { "the smaller of two", { { "Cache-Control", "max-age=100, max-age=7, max-age=50" } }, 7 },
    { "no-cache", { { "Cache-Control", "no-cache, max-age=100" } }, 0 },
    { "no-cache for a field", { { "Cache-Control", "no-cache=\"Set-Cookie\", max-age=9" } }, 0 },
    /* Age */
    { "an age", { { "Cache-Control", "max-age=100" }, { "Age", "40" } }, 60 },
    { "an age over it", { { "Cache-Control", "max-age=100" }, { "Age", "140" } }, -40 },
    { "no age", { { "Cache-Control", "max-age=100" }, { "Age", "old" } }, 100 },
    { "the greater age",
      { { "Cache-Control", "max-age=100" }, { "Age", "40" }, { "Age", "5" } },
      60 },
    { "the age of its Date",
      { { "Cache-Control", "max-age=100" }, { "Date", BEFORE_60_SECONDS } },
      40 },
    { "a Date to come", { { "Cache-Control", "max-age=100" }, { "Date", IN_100_SECONDS } }, 100 },
    { "no Date", { { "Cache-Control", "max-age=100" }, { "Date", "today" } }, 100 },
    { "Expires counts from Date",
      { { "Expires", IN_100_SECONDS }, { "Date", BEFORE_60_SECONDS } },
      100 },
};

START_TEST(a_response_is_fresh_as_long_as_its_header_says)
{
    struct cache_times times = times_of(lifetimes[_i].lines);

    ck_assert_msg(times.stale - NOW == lifetimes[_i].fresh, "%s: %lld", lifetimes[_i].why,
                  (long long)(times.stale - NOW));
}
END_TEST

/* How many seconds from now a response may be used beyond its freshness. */
static const struct {
    const char *control;
    int64_t while_revalidate, if_error;
    bool may_store;
} windows[] = {
    { "max-age=10", 10, 10, true },
    { "max-age=10, stale-if-error=30", 10, 40, true },
    { "max-age=10, stale-while-revalidate=20, stale-if-error=30", 30, 40, true },
    { "max-age=10, stale-if-error=never", 10, 10, true },
    { "max-age=10, stale-if-error", 10, 10, true },
    { "max-age=10, stale-if-error=999999999999", 10, 86410, true },
    { "max-age=10, must-revalidate, stale-while-revalidate=20, stale-if-error=30", 10, 10, true },
    { "max-age=10, no-cache, stale-while-revalidate=20, stale-if-error=30", 0, 0, true },
    { "max-age=10, no-store, stale-while-revalidate=20, stale-if-error=30", 0, 0, false },
};

START_TEST(a_stale_response_may_be_used_as_its_header_allows)
{
    const struct line lines[LINES_MAX] = { { "Cache-Control", windows[_i].control } };
    struct cache_times times = times_of(lines);

    ck_assert_int_eq(times.stale_while_revalidate - NOW, windows[_i].while_revalidate);
    ck_assert_int_eq(times.stale_if_error - NOW, windows[_i].if_error);
    ck_assert_int_eq(times.may_store, windows[_i].may_store);
}
END_TEST

START_TEST(an_old_response_is_past_its_windows_too)
{
    const struct line lines[LINES_MAX] = {
        { "Cache-Control", "max-age=86400, stale-while-revalidate=86400, stale-if-error=86400" },
        { "Age", "864000" },
    };
    struct cache_times times = times_of(lines);

    ck_assert_int_le(times.stale_while_revalidate, NOW);
    ck_assert_int_le(times.stale_if_error, NOW);
}
END_TEST

START_TEST(a_304_replaces_what_it_names_and_no_more)
{
    struct cache_headers stored = { .control = { .given = false } };
    struct cache_headers silent = { .control = { .given = false } };
    struct cache_headers newer = { .control = { .given = false } };

    cache_headers_add(&stored, "Cache-Control", "max-age=10, stale-if-error=30");
    cache_headers_add(&stored, "Age", "4");
    cache_headers_update(&stored, &silent);
    ck_assert_int_eq(cache_headers_times(&stored, NOW).stale, NOW + 10);
    ck_assert_int_eq(cache_headers_times(&stored, NOW).stale_if_error, NOW + 40);
    cache_headers_add(&newer, "Cache-Control", "max-age=20");
    cache_headers_add(&newer, "Age", "5");
    cache_headers_update(&stored, &newer);
    ck_assert_int_eq(cache_headers_times(&stored, NOW).stale, NOW + 15);
    ck_assert_int_eq(cache_headers_times(&stored, NOW).stale_if_error, NOW + 15);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache_control");
    TCase *headers = tcase_create("headers");

    tcase_add_loop_test(headers, a_response_is_fresh_as_long_as_its_header_says, 0,
                        COUNT(lifetimes));
    tcase_add_loop_test(headers, a_stale_response_may_be_used_as_its_header_allows, 0,
                        COUNT(windows));
    tcase_add_test(headers, an_old_response_is_past_its_windows_too);
    tcase_add_test(headers, a_304_replaces_what_it_names_and_no_more);
    suite_add_tcase(suite, headers);
    return check_main(suite);
}
