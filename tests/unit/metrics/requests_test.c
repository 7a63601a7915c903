/* SPDX-License-Identifier: Apache-2.0 */
#include "requests.h"

#include <string.h>

#include "check_main.h"

static struct requests *requests;
static struct buffer text;

static void enter(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(requests_new(&requests, &err));
    text = (struct buffer){ .limit = 1024 * 1024 };
}

static void leave(void)
{
    buffer_clear(&text);
    requests_free(requests);
}

static const char *written(void)
{
    buffer_clear(&text);
    text.limit = 1024 * 1024;
    requests_write(requests, &text);
    ck_assert(!text.failed);
    return text.bytes;
}

static void assert_line(const char *line)
{
    ck_assert_msg(strstr(written(), line) != NULL, "no %s in %s", line, text.bytes);
}

static const struct {
    int64_t microseconds;
    const char *within, *beyond; /* the bucket it is in, and the one below that it is not in */
} durations[] = {
    { 0, "le=\"0.0001\"} 1\n", NULL },
    { -5, "le=\"0.0001\"} 1\n", NULL },
    { 100, "le=\"0.0001\"} 1\n", NULL },
    { 101, "le=\"0.00025\"} 1\n", "le=\"0.0001\"} 0\n" },
    { 1000000, "le=\"1\"} 1\n", "le=\"0.5\"} 0\n" },
    { 10000000, "le=\"10\"} 1\n", "le=\"2.5\"} 0\n" },
    { 10000001, "le=\"+Inf\"} 1\n", "le=\"10\"} 0\n" },
};

START_TEST(a_request_is_in_the_bucket_of_its_duration_and_in_all_above)
{
    route_count(requests_route(requests, "key"), 200, durations[_i].microseconds);
    assert_line(durations[_i].within);
    assert_line("le=\"+Inf\"} 1\n");
    if (durations[_i].beyond != NULL)
        assert_line(durations[_i].beyond);
}
END_TEST

START_TEST(durations_add_up_in_seconds)
{
    struct route_stats *route = requests_route(requests, "key");

    route_count(route, 200, 1500000);
    route_count(route, 200, 30);
    assert_line("\nasap_http_request_duration_seconds_sum{route=\"key\",code=\"200\"} 1.500030\n");
    assert_line("\nasap_http_request_duration_seconds_count{route=\"key\",code=\"200\"} 2\n");
    assert_line("\nasap_http_requests_total{route=\"key\",code=\"200\"} 2\n");
}
END_TEST

START_TEST(routes_and_statuses_are_counted_apart)
{
    route_count(requests_route(requests, "key"), 200, 1);
    route_count(requests_route(requests, "key"), 404, 1);
    route_count(requests_route(requests, "jwks"), 404, 1);
    route_count(requests_route(requests, "jwks"), 404, 1);
    assert_line("\nasap_http_requests_total{route=\"key\",code=\"200\"} 1\n");
    assert_line("\nasap_http_requests_total{route=\"key\",code=\"404\"} 1\n");
    assert_line("\nasap_http_requests_total{route=\"jwks\",code=\"404\"} 2\n");
    ck_assert_ptr_null(strstr(written(), "{route=\"jwks\",code=\"200\""));
}
END_TEST

START_TEST(a_status_that_nobody_foresaw_is_another)
{
    route_count(requests_route(requests, "key"), 418, 1);
    assert_line("\nasap_http_requests_total{route=\"key\",code=\"other\"} 1\n");
}
END_TEST

START_TEST(a_route_is_found_again_and_none_counts_nothing)
{
    struct route_stats *route = requests_route(requests, "key");

    ck_assert_ptr_eq(requests_route(requests, "key"), route);
    ck_assert_str_eq(route_name(route), "key");
    ck_assert_str_eq(route_name(NULL), "");
    route_count(NULL, 200, 1);
    ck_assert_ptr_null(strchr(written(), '{'));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("requests");
    TCase *tests = tcase_create("requests");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_loop_test(tests, a_request_is_in_the_bucket_of_its_duration_and_in_all_above, 0,
                        COUNT(durations));
    tcase_add_test(tests, durations_add_up_in_seconds);
    tcase_add_test(tests, routes_and_statuses_are_counted_apart);
    tcase_add_test(tests, a_status_that_nobody_foresaw_is_another);
    tcase_add_test(tests, a_route_is_found_again_and_none_counts_nothing);
    return check_main(suite);
}
