/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "fixture.h"
#include "requests.h"

/* What a listener counts, by a clock that the test moves. */

static struct requests *requests;
static struct route_stats *special;
static _Atomic int64_t now_us;
static char answer[ANSWER_SIZE];

static int64_t read_us(void)
{
    return atomic_load(&now_us);
}

/* Takes 30 ms, and knows better than its route what was asked. */
static void answer_specially(void *context,
                             const struct http_request *request,
                             struct http_response *response)
{
    (void)atomic_fetch_add(&now_us, 30000);
    response->stats = special;
    if (strcmp(request->path, "/body/refused") == 0)
        http_set_error(response, ASAP_PERMISSION_DENIED, "no");
    else
        echo(context, request, response);
}

static void enter(void)
{
    struct http_listener_options options;
    struct asap_error err = { 0 };

    fixture_prepare();
    ck_assert_succeeds(requests_new(&requests, &err));
    special = requests_route(requests, "special");
    for (struct http_route *route = fixture.routes; route->matches != NULL; route++)
        route->stats = requests_route(requests, route->matches == is_slow ? "slow" : "usual");
    fixture.routes[5].handler = answer_specially;
    options = fixture_options("http://127.0.0.1:0");
    options.monotonic_us = read_us;
    fixture_start(&options);
}

static void leave(void)
{
    fixture_leave();
    requests_free(requests);
}

static void ask(const char *request)
{
    (void)raw_ask(fixture.address, request, answer, sizeof answer);
}

static void assert_counted(const char *line)
{
    SCOPED(buffer) struct buffer text = BUFFER(1024 * 1024);

    requests_write(requests, &text);
    ck_assert_msg(strstr(text.bytes, line) != NULL, "no %s in %s", line, text.bytes);
}

#define END " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
#define TOTAL "\nasap_http_requests_total{route=\""
#define SUM "\nasap_http_request_duration_seconds_sum{route=\""

START_TEST(a_request_counts_for_its_route_and_status)
{
    ask("GET /usual" END "\r\n");
    assert_counted(TOTAL "usual\",code=\"200\"} 1\n");
    ask("GET /unchanged" END "\r\n");
    assert_counted(TOTAL "usual\",code=\"304\"} 1\n");
    ask("POST /body" END "Content-Length: 17\r\n\r\n");
    assert_counted(TOTAL "usual\",code=\"413\"} 1\n");
}
END_TEST

START_TEST(a_handler_may_know_better_even_when_it_fails)
{
    ask("GET /body" END "\r\n");
    assert_counted(TOTAL "special\",code=\"200\"} 1\n");
    assert_counted(SUM "special\",code=\"200\"} 0.030000\n");
    ask("GET /body/refused" END "\r\n");
    assert_counted(TOTAL "special\",code=\"403\"} 1\n");
}
END_TEST

START_TEST(the_next_request_of_a_connection_counts_anew)
{
    const int fd = raw_connect(fixture.address);

    ck_assert(raw_send_text(fd, "GET /body HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    ck_assert(raw_send_text(fd, "GET /usual HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    (void)close(fd);
    assert_counted(TOTAL "special\",code=\"200\"} 1\n");
    assert_counted(TOTAL "usual\",code=\"200\"} 1\n");
    assert_counted(SUM "usual\",code=\"200\"} 0.000000\n");
}
END_TEST

START_TEST(the_time_on_a_worker_counts)
{
    const int fd = raw_connect(fixture.address);

    ck_assert(raw_send_text(fd, "GET /slow" END "\r\n"));
    latch_await(&fixture.latch, 1);
    (void)atomic_fetch_add(&now_us, 2000000);
    latch_open(&fixture.latch);
    (void)raw_read_all(fd, answer, sizeof answer);
    (void)close(fd);
    assert_counted(SUM "slow\",code=\"200\"} 2.000000\n");
}
END_TEST

START_TEST(what_has_no_route_is_not_counted)
{
    ask("GET /unknown" END "\r\n");
    ck_assert_ptr_nonnull(strstr(answer, " 404 "));
    assert_counted("# TYPE asap_http_requests_total counter\n# HELP");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request_stats");
    TCase *tests = tcase_create("request_stats");

    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, a_request_counts_for_its_route_and_status);
    tcase_add_test(tests, a_handler_may_know_better_even_when_it_fails);
    tcase_add_test(tests, the_next_request_of_a_connection_counts_anew);
    tcase_add_test(tests, the_time_on_a_worker_counts);
    tcase_add_test(tests, what_has_no_route_is_not_counted);
    return check_main(suite);
}
