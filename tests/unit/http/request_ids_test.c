/* SPDX-License-Identifier: Apache-2.0 */
#include "request_ids.h"

#include <string.h>
#include <strings.h>

#include "fixture.h"

/* By which ids requests go, alone and through a real listener. */

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define TRACEPARENT "traceparent: 00-" TRACE "-" PARENT "-01\r\n"
#define GET "GET /usual HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"

static struct trace seen;
static char answer[ANSWER_SIZE];

static void look(void *context, const struct http_request *request, struct http_response *response)
{
    seen = *request->trace;
    if (strcmp(request->path, "/fails") == 0)
        http_set_error(response, ASAP_NOT_FOUND, "no");
    else
        echo(context, request, response);
}

static void enter(void)
{
    struct http_listener_options options;

    fixture_prepare();
    fixture.routes[6].bare_errors = true;
    fixture.routes[7].handler = look;
    options = fixture_options("http://127.0.0.1:0");
    fixture_start(&options);
}

static void ask(const char *headers)
{
    SCOPED(buffer) struct buffer request = BUFFER(ANSWER_SIZE);

    buffer_printf(&request, GET "%s\r\n", headers);
    (void)raw_ask(fixture.address, request.bytes, answer, sizeof answer);
    ck_assert_ptr_nonnull(strstr(answer, " 200 "));
}

static void assert_answered_with(const char *id)
{
    SCOPED(buffer) struct buffer header = BUFFER(1024);

    buffer_printf(&header, "\r\nX-Request-Id: %s\r\n", id);
    ck_assert_msg(strstr(answer, header.bytes) != NULL, "no %s in %s", id, answer);
}

START_TEST(the_clients_ids_go_through_and_come_back)
{
    ask("X-Request-ID: build-17\r\n" TRACEPARENT);
    ck_assert_str_eq(seen.request_id, "build-17");
    ck_assert_str_eq(seen.trace_id, TRACE);
    ck_assert_str_eq(seen.parent_id, PARENT);
    assert_answered_with("build-17");
}
END_TEST

static const char *const replaced[] = {
    "",
    "X-Request-Id:\r\n",
    "X-Request-Id: a b\r\n",
    "X-Request-Id: a\"b\r\n",
    "X-Request-Id: caf\xc3\xa9\r\n",
    "X-Request-Id: a\r\nX-Request-Id: b\r\n",
    "X-Request-Idx: a\r\n",
    TRACEPARENT TRACEPARENT,
    "traceparent: 00-" TRACE "-" PARENT "\r\n",
};

START_TEST(what_a_client_sends_wrongly_is_replaced)
{
    ask(replaced[_i]);
    ck_assert_uint_eq(strspn(seen.request_id, "0123456789abcdef"), REQUEST_IDS_PREFIX);
    ck_assert_int_eq(seen.request_id[REQUEST_IDS_PREFIX], '-');
    ck_assert_str_eq(seen.trace_id, "");
    assert_answered_with(seen.request_id);
}
END_TEST

START_TEST(a_connections_next_request_has_ids_of_its_own)
{
    const int fd = raw_connect(fixture.address);
    struct trace first;

    ck_assert(raw_send_text(
        fd, "GET /usual HTTP/1.1\r\nHost: a\r\nX-Request-Id: one\r\n" TRACEPARENT "\r\n"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    first = seen;
    ck_assert(raw_send_text(fd, "GET /usual HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    (void)close(fd);
    ck_assert_str_eq(first.request_id, "one");
    ck_assert_str_ne(seen.request_id, "one");
    ck_assert_str_eq(seen.trace_id, "");
    assert_answered_with(seen.request_id);
}
END_TEST

START_TEST(an_error_says_which_request_it_was)
{
    (void)raw_ask(fixture.address,
                  "GET /fails HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: r1\r\n\r\n",
                  answer, sizeof answer);
    assert_answered_with("r1");
    ck_assert_ptr_nonnull(
        strstr(answer, "{\"code\":\"not_found\",\"message\":\"no\",\"request_id\":\"r1\"}\n"));
    (void)raw_ask(fixture.address,
                  "POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: r2\r\n"
                  "Content-Length: 17\r\n\r\n",
                  answer, sizeof answer);
    ck_assert_ptr_nonnull(strstr(answer, " 413 "));
    ck_assert_ptr_nonnull(strstr(answer, "\"request_id\":\"r2\""));
}
END_TEST

START_TEST(an_error_is_bare_where_its_route_says_so_and_the_header_has_the_id)
{
    (void)raw_ask(fixture.address,
                  "POST /chunks HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: r3\r\n"
                  "Content-Length: 17\r\n\r\n",
                  answer, sizeof answer);
    ck_assert_ptr_nonnull(strstr(answer, " 413 "));
    assert_answered_with("r3");
    ck_assert_ptr_nonnull(
        strstr(answer, "{\"code\":\"resource_exhausted\",\"message\":\"the body is too long\"}\n"));
}
END_TEST

START_TEST(ids_of_ones_own_are_unique)
{
    static struct request_ids one, other;
    const struct request_marks none = { .parent = { .count = 0 } };
    struct trace first = { .request_id = "" };
    struct trace next = { .request_id = "" };

    request_ids_init(&one);
    request_ids_init(&other);
    ck_assert_str_ne(one.prefix, other.prefix);
    for (int i = 0; i < 300; i++) {
        next = first;
        request_ids_read(&one, &none, &first);
        ck_assert_str_ne(first.request_id, next.request_id);
    }
    ck_assert_str_eq(first.request_id + REQUEST_IDS_PREFIX, "-12b");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request_ids");
    TCase *tests = tcase_create("request_ids");

    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, enter, fixture_leave);
    tcase_add_test(tests, the_clients_ids_go_through_and_come_back);
    tcase_add_loop_test(tests, what_a_client_sends_wrongly_is_replaced, 0, COUNT(replaced));
    tcase_add_test(tests, a_connections_next_request_has_ids_of_its_own);
    tcase_add_test(tests, an_error_says_which_request_it_was);
    tcase_add_test(tests, an_error_is_bare_where_its_route_says_so_and_the_header_has_the_id);
    tcase_add_test(tests, ids_of_ones_own_are_unique);
    return check_main(suite);
}
