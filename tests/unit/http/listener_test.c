/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "scratch.h"

enum { LONG_PATH = 8 * 1024, TOO_LONG = 20 * 1024 };

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static char answer[ANSWER_SIZE];

static void assert_contains(const char *text)
{
    ck_assert_msg(strstr(answer, text) != NULL, "no %s in %s", text, answer);
}

static const struct {
    const char *request, *seen;
} received[] = {
    { GET("/"), "[GET / - 0:]" },
    { GET("/a/b?c=d&e=+%20"), "[GET /a/b c=d&e=+%20 0:]" },
    { GET("/a?"), "[GET /a  0:]" },
    { GET("/a?b?c"), "[GET /a b?c 0:]" },
    { GET("/a%00b"), "[GET /a%00b - 0:]" },
    { GET("/a%2Fb%2e%2E"), "[GET /a%2Fb%2e%2E - 0:]" },
    { GET("//a//b/../c"), "[GET //a//b/../c - 0:]" },
    { GET("/\xc3\xbc"), "[GET /\xc3\xbc - 0:]" },
    { GET("/a+b"), "[GET /a+b - 0:]" },
    { "GET /old HTTP/1.0\r\nHost: a\r\n\r\n", "[GET /old - 0:]" },
    { "PURGE /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "[OTHER /a - 0:]" },
    { "get /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "[OTHER /a - 0:]" },
    { "POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 16\r\n\r\n"
      "0123456789abcdef",
      "[POST /body - 16:0123456789abcdef]" },
    { "POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
      "[POST /body - 0:]" },
};

START_TEST(hands_the_request_over_as_it_was_sent)
{
    (void)raw_ask(fixture.address, received[_i].request, answer, sizeof answer);
    assert_contains("HTTP/1.1 200 OK\r\n");
    assert_contains(received[_i].seen);
}
END_TEST

/* Asks with this many zeros between two texts. */
static void ask_at_length(const char *before, int length, const char *after)
{
    static char request[ANSWER_SIZE];

    (void)snprintf(request, sizeof request, "%s%0*d%s", before, length, 0, after);
    (void)raw_ask(fixture.address, request, answer, sizeof answer);
}

START_TEST(hands_over_a_path_of_8_kilobytes)
{
    ask_at_length("GET /", LONG_PATH, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_contains("HTTP/1.1 200 OK\r\n");
    ck_assert_uint_gt(strlen(answer), LONG_PATH);
}
END_TEST

START_TEST(refuses_a_header_block_over_its_memory)
{
    ask_at_length("GET / HTTP/1.1\r\nHost: a\r\nX: ", TOO_LONG, "\r\n\r\n");
    ck_assert_ptr_null(strstr(answer, "200 OK"));
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
}
END_TEST

START_TEST(answers_with_date_type_and_length)
{
    (void)raw_ask(fixture.address, GET("/"), answer, sizeof answer);
    assert_contains("\r\nDate: ");
    assert_contains("\r\nContent-Type: text/plain\r\n");
    assert_contains("\r\nContent-Length: 12\r\n");
    assert_contains("\r\nConnection: close\r\n");
}
END_TEST

START_TEST(answers_head_with_the_length_and_no_body)
{
    (void)raw_ask(fixture.address, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                  answer, sizeof answer);
    assert_contains("HTTP/1.1 200 OK\r\n");
    assert_contains("\r\nContent-Length: 13\r\n"); /* of "[HEAD / - 0:]" */
    ck_assert_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}
END_TEST

START_TEST(answers_304_without_body)
{
    (void)raw_ask(fixture.address, GET("/unchanged"), answer, sizeof answer);
    assert_contains("HTTP/1.1 304 Not Modified\r\n");
    assert_contains("\r\nETag: \"1\"\r\n");
    ck_assert_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}
END_TEST

START_TEST(answers_404_where_no_route_leads)
{
    (void)raw_ask(fixture.address, GET("/unknown"), answer, sizeof answer);
    assert_contains("HTTP/1.1 404 Not Found\r\n");
    assert_contains("\"code\":\"not_found\"");
}
END_TEST

START_TEST(answers_500_for_a_handler_that_says_nothing)
{
    (void)raw_ask(fixture.address, GET("/nothing"), answer, sizeof answer);
    assert_contains("HTTP/1.1 500 ");
    assert_contains("\"code\":\"internal\"");
}
END_TEST

START_TEST(keeps_the_connection_for_the_next_request)
{
    const int fd = raw_connect(fixture.address);

    for (int i = 0; i < 3; i++) {
        ck_assert(raw_send_text(fd, "GET /again HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert(raw_read_response(fd, answer, sizeof answer));
        assert_contains("[GET /again - 0:]");
    }
    ck_assert(raw_send_text(fd, "POST /body?q HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    assert_contains("[POST /body q 2:ab]");
    ck_assert(raw_send_text(fd, "GET /body HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    assert_contains("[GET /body - 0:]");
    (void)close(fd);
}
END_TEST

START_TEST(asks_for_a_body_that_it_will_take)
{
    const int fd = raw_connect(fixture.address);

    ck_assert(raw_send_text(fd, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                                "Connection: close\r\nExpect: 100-continue\r\n\r\n"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    assert_contains("HTTP/1.1 100 Continue\r\n");
    ck_assert(raw_send_text(fd, "abc"));
    (void)raw_read_all(fd, answer, sizeof answer);
    assert_contains("[POST /body - 3:abc]");
    (void)close(fd);
}
END_TEST

static const struct {
    const char *request, *status;
    unsigned served;
} over_limit[] = {
    { "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n", "HTTP/1.1 413 ", 0 },
    { "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n", "HTTP/1.1 413 ", 0 },
    { "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n"
      "Expect: 100-continue\r\n\r\n",
      "HTTP/1.1 413 ", 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\n\r\n"
      "GET /smug HTTP/1.1\r\nHost: a\r\n\r\n..",
      "HTTP/1.1 200 ", 1 },
    { "POST /unknown HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n", "HTTP/1.1 404 ", 0 },
};

START_TEST(leaves_a_body_that_it_does_not_take_unread)
{
    (void)raw_ask(fixture.address, over_limit[_i].request, answer, sizeof answer);
    ck_assert_ptr_eq(strstr(answer, over_limit[_i].status), answer);
    assert_contains("\r\nConnection: close\r\n");
    ck_assert_ptr_null(strstr(answer + 1, "HTTP/1.1"));
    ck_assert_uint_eq(atomic_load(&fixture.served), over_limit[_i].served);
    ck_assert_uint_eq(atomic_load(&fixture.smuggled), 0);
}
END_TEST

/* Of a client that has more to say, once the response and its end have come. */
static int refuse_long_body(void)
{
    static const char body[64 * 1024];
    const int fd = raw_connect(fixture.address);

    ck_assert(
        raw_send_text(fd, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n"));
    (void)raw_send(fd, body, sizeof body);
    (void)raw_read_all(fd, answer, sizeof answer);
    ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 413 "), answer);
    return fd;
}

START_TEST(lets_a_client_go_on_whose_body_it_refused)
{
    static const char body[16 * 1024];
    const int fd = refuse_long_body();

    for (int i = 0; i < 4; i++)
        ck_assert(raw_send(fd, body, sizeof body));
    (void)close(fd);
}
END_TEST

START_TEST(forgets_a_client_that_goes_with_its_body_refused)
{
    struct http_listener_options options = fixture_options("http://127.0.0.1:0");

    http_listener_free(fixture.listener);
    options.limits.connections_per_address = 1;
    fixture_start(&options);
    (void)close(refuse_long_body());
    do
        (void)raw_ask(fixture.address, GET("/"), answer, sizeof answer);
    while (answer[0] == '\0');
    assert_contains("HTTP/1.1 200 ");
}
END_TEST

START_TEST(stops_while_a_client_sends_on_whose_body_it_refused)
{
    const int fd = refuse_long_body();

    http_listener_free(fixture.listener);
    fixture.listener = NULL;
    (void)close(fd);
}
END_TEST

START_TEST(tells_the_address_of_a_peer)
{
    (void)raw_ask(fixture.address, GET("/peer"), answer, sizeof answer);
    assert_contains("[0 0 127.0.0.1 a]");
}
END_TEST

START_TEST(names_what_keeps_a_listener_from_starting)
{
    static const struct {
        const char *address, *field, *message;
        enum asap_code code;
    } failing[] = {
        { "http://nowhere:1", "address", "is not an IP address", ASAP_INVALID_ARGUMENT },
        { "https://127.0.0.1:0", "certificate_file", "needs a certificate", ASAP_INVALID_ARGUMENT },
        { NULL, "address", "is in use", ASAP_UNAVAILABLE },
    };
    struct http_listener *listener = NULL;
    struct asap_error err = { 0 };

    for (size_t i = 0; i < (size_t)COUNT(failing); i++) {
        const struct http_listener_options options =
            fixture_options(failing[i].address == NULL ? fixture.address : failing[i].address);

        ck_assert_int_eq(http_listener_start(&options, &listener, &err), failing[i].code);
        ck_assert_ptr_null(listener);
        ck_assert_str_eq(err.field, failing[i].field);
        ck_assert_msg(strstr(err.message, failing[i].message) != NULL, "%s", err.message);
    }
}
END_TEST

START_TEST(reloads_nothing_without_tls)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(http_listener_reload(fixture.listener, &err));
}
END_TEST

START_TEST(knows_the_user_behind_a_unix_socket)
{
    struct scratch scratch;
    char address[128];
    char expected[64];
    struct http_listener_options options;

    fixture_prepare();
    scratch_make(&scratch);
    (void)snprintf(address, sizeof address, "unix:%s/socket", scratch.path);
    options = fixture_options(address);
    options.threads = 1;
    options.limits.connections_per_address = 1; /* which does not count here */
    fixture_start(&options);
    ck_assert_str_eq(fixture.address, address);
    (void)snprintf(expected, sizeof expected, "[1 %u uid:%u a]", (unsigned)getuid(),
                   (unsigned)getuid());
    for (int i = 0; i < 3; i++) {
        const int idle = raw_connect(address);

        (void)raw_ask(address, GET("/peer"), answer, sizeof answer);
        assert_contains(expected);
        (void)raw_ask(address,
                      "POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                      "Content-Length: 3\r\n\r\nabc",
                      answer, sizeof answer);
        assert_contains("[POST /body - 3:abc]");
        (void)close(idle);
    }
    fixture_leave();
    scratch_remove(&scratch);
}
END_TEST

START_TEST(serves_ipv6_and_ipv4_on_one_address)
{
    struct http_listener_options options;

    fixture_prepare();
    options = fixture_options("http://[::]:0");
    fixture_start(&options);
    (void)raw_ask(fixture.address, GET("/peer"), answer, sizeof answer);
    assert_contains("[0 0 127.0.0.1 a]");
    fixture_leave();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listener");
    TCase *running = tcase_create("running");
    TCase *other = tcase_create("other addresses");

    suite_add_tcase(suite, running);
    tcase_set_timeout(running, 120);
    tcase_add_checked_fixture(running, fixture_enter, fixture_leave);
    tcase_add_loop_test(running, hands_the_request_over_as_it_was_sent, 0, COUNT(received));
    tcase_add_test(running, hands_over_a_path_of_8_kilobytes);
    tcase_add_test(running, refuses_a_header_block_over_its_memory);
    tcase_add_test(running, answers_with_date_type_and_length);
    tcase_add_test(running, answers_head_with_the_length_and_no_body);
    tcase_add_test(running, answers_304_without_body);
    tcase_add_test(running, answers_404_where_no_route_leads);
    tcase_add_test(running, answers_500_for_a_handler_that_says_nothing);
    tcase_add_test(running, keeps_the_connection_for_the_next_request);
    tcase_add_test(running, asks_for_a_body_that_it_will_take);
    tcase_add_loop_test(running, leaves_a_body_that_it_does_not_take_unread, 0, COUNT(over_limit));
    tcase_add_test(running, lets_a_client_go_on_whose_body_it_refused);
    tcase_add_test(running, forgets_a_client_that_goes_with_its_body_refused);
    tcase_add_test(running, stops_while_a_client_sends_on_whose_body_it_refused);
    tcase_add_test(running, tells_the_address_of_a_peer);
    tcase_add_test(running, names_what_keeps_a_listener_from_starting);
    tcase_add_test(running, reloads_nothing_without_tls);
    suite_add_tcase(suite, other);
    tcase_add_test(other, knows_the_user_behind_a_unix_socket);
    tcase_add_test(other, serves_ipv6_and_ipv4_on_one_address);
    return check_main(suite);
}
