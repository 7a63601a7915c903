/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <arpa/inet.h>

#include "forwarded.h"
#include "peer.h"
#include "scratch.h"

/* Where a request comes from that a proxy brings, and whose word counts. */

enum { TEXT_SIZE = 1024 };

static struct networks proxies;
static char answer[ANSWER_SIZE];

static void set_up(void)
{
    ck_assert(networks_read("10.0.0.0/8,2001:db8:1::/48", &proxies));
}

/* Headers of one request, separated by "|"; the client, or "?". */
static const struct {
    const char *headers, *client;
} chains[] = {
    { "192.0.2.1", "192.0.2.1" },
    { " \t192.0.2.1\t ", "192.0.2.1" },
    { "2001:db8::1", "2001:db8::1" },
    { "2001:DB8:0:0::1", "2001:db8::1" },
    { "::ffff:192.0.2.1", "192.0.2.1" },
    { "192.0.2.1:4711", "192.0.2.1" },
    { "[2001:db8::1]", "2001:db8::1" },
    { "[2001:db8::1]:4711", "2001:db8::1" },
    /* The last that is no proxy's. */
    { "198.51.100.1, 192.0.2.1", "192.0.2.1" },
    { "192.0.2.1, 10.0.0.1", "192.0.2.1" },
    { "198.51.100.1,192.0.2.1,10.0.0.1,2001:db8:1::7,10.0.0.2", "192.0.2.1" },
    { "10.9.9.9, 192.0.2.1, 10.0.0.1", "192.0.2.1" },
    /* All are proxies: the first of them is the client. */
    { "10.0.0.1", "10.0.0.1" },
    { "10.0.0.1, 10.0.0.2", "10.0.0.1" },
    /* Several headers are one list. */
    { "198.51.100.1|192.0.2.1", "192.0.2.1" },
    { "192.0.2.1|10.0.0.1", "192.0.2.1" },
    { "192.0.2.1, 10.0.0.3|10.0.0.1, 10.0.0.2", "192.0.2.1" },
    /* Nothing counts before what cannot be read. */
    { "192.0.2.1, unknown", "?" },
    { "192.0.2.1, unknown, 10.0.0.1", "10.0.0.1" },
    { "192.0.2.1, _hidden, 10.0.0.1, 10.0.0.2", "10.0.0.1" },
    { "unknown, 192.0.2.1", "192.0.2.1" },
    { "192.0.2.1,", "?" },
    { "192.0.2.1|", "?" },
    { "", "?" },
    { "unix:", "?" },
    { "192.0.2.1;x", "?" },
    { "192.0.2.1 198.51.100.1", "?" },
    { "\"192.0.2.1\"", "?" },
    { "for=192.0.2.1", "?" },
    { "192.0.2.1:", "?" },
    { "192.0.2.1:x", "?" },
    { "[192.0.2.1]", "?" },
    { "[2001:db8::1", "?" },
    { "[2001:db8::1]x", "?" },
    { "[2001:db8::1]:", "?" },
    { "fe80::1%eth0", "?" },
    { "0300.0.0.1", "?" },
    { "192.0.2.1\xc2\xa0", "?" },
    { "0000000000000000000000000000000000000000000000000000000000000000000192.0.2.1", "?" },
};

START_TEST(the_client_is_the_last_that_is_no_proxy)
{
    struct forwarded forwarded = { .proxies = &proxies };
    char headers[TEXT_SIZE];
    char client[IP_TEXT] = "?";
    char *rest = headers;

    (void)snprintf(headers, sizeof headers, "%s", chains[_i].headers);
    while (rest != NULL) {
        char *header = rest;

        rest = strchr(rest, '|');
        if (rest != NULL)
            *rest++ = '\0';
        forwarded_take(&forwarded, header);
    }
    if (forwarded.is_known)
        ip_write(&forwarded.client, client, sizeof client);
    ck_assert_msg(strcmp(client, chains[_i].client) == 0, "%s: %s, not %s", chains[_i].headers,
                  client, chains[_i].client);
}
END_TEST

static const struct {
    const char *address;
    bool is_loopback, is_proxy;
} peers[] = {
    { "127.0.0.1", true, false },
    { "127.8.8.8", true, false },
    { "10.1.2.3", false, true },
    { "192.0.2.1", false, false },
    { "::1", true, false },
    { "::ffff:127.0.0.1", true, false },
    { "::ffff:10.1.2.3", false, true },
    { "2001:db8:1::1", false, true },
    { "2001:db8:2::1", false, false },
};

START_TEST(a_peer_is_of_this_machine_or_a_proxy_by_its_address)
{
    const char *text = peers[_i].address;
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    const bool is_ipv4 = inet_pton(AF_INET, text, &v4.sin_addr) == 1;
    struct http_peer peer;
    struct connection_key key;

    ck_assert(is_ipv4 || inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
    peer_describe(-1, is_ipv4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, &proxies, &peer,
                  &key);
    ck_assert_msg(peer.is_loopback == peers[_i].is_loopback, "%s", text);
    ck_assert_msg(peer.is_proxy == peers[_i].is_proxy, "%s", text);
}
END_TEST

static void start(const char *address, const char *trusted, bool is_guarded)
{
    struct http_listener_options options;

    ck_assert(networks_read(trusted, &proxies));
    fixture_prepare();
    options = fixture_options(address);
    options.proxies = &proxies;
    options.is_guarded = is_guarded;
    options.limits.connections_per_address = 1;
    fixture_start(&options);
}

static void ask_peer(const char *headers)
{
    char request[TEXT_SIZE];

    (void)snprintf(request, sizeof request,
                   "GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", headers);
    (void)raw_ask(fixture.address, request, answer, sizeof answer);
}

static void assert_answered(const char *text)
{
    ck_assert_msg(strstr(answer, text) != NULL, "no %s in %s", text, answer);
}

START_TEST(a_proxy_says_where_a_request_comes_from)
{
    start("http://127.0.0.1:0", "127.0.0.1", false);
    ask_peer("X-Forwarded-For: 198.51.100.1\r\nAccept: */*\r\nx-forwarded-for: 192.0.2.1\r\n");
    assert_answered("[0 0 192.0.2.1 a]");
    ask_peer("");
    assert_answered("[0 0 127.0.0.1 a]");
    ask_peer("Forwarded: for=192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\n");
    assert_answered("[0 0 127.0.0.1 a]");
    fixture_leave();
}
END_TEST

START_TEST(others_say_so_in_vain)
{
    start("http://127.0.0.1:0", "127.0.0.2,unix", false);
    ask_peer("X-Forwarded-For: 192.0.2.1\r\n");
    assert_answered("[0 0 127.0.0.1 a]");
    fixture_leave();
}
END_TEST

START_TEST(each_request_of_a_connection_has_its_own_client)
{
    int fd = -1;

    start("http://127.0.0.1:0", "127.0.0.1", false);
    fd = raw_connect(fixture.address);
    ck_assert(
        raw_send_text(fd, "GET /peer HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    assert_answered("[0 0 192.0.2.1 a]");
    ck_assert(raw_send_text(fd, "GET /peer HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    assert_answered("[0 0 127.0.0.1 a]");
    (void)close(fd);
    fixture_leave();
}
END_TEST

START_TEST(a_proxy_has_as_many_connections_as_its_clients_need)
{
    enum { CONNECTIONS = 5 };
    int held[CONNECTIONS];

    start("http://127.0.0.1:0", "127.0.0.1", false);
    for (int i = 0; i < CONNECTIONS; i++) {
        held[i] = raw_connect(fixture.address);
        ck_assert(raw_send_text(held[i], "GET /peer HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert(raw_read_response(held[i], answer, sizeof answer));
    }
    for (int i = 0; i < CONNECTIONS; i++)
        (void)close(held[i]);
    fixture_leave();
}
END_TEST

/* An administrator, if it counted. */
START_TEST(the_user_id_of_a_proxy_is_nobodys)
{
    struct scratch scratch;
    char address[TEXT_SIZE];
    char expected[TEXT_SIZE];

    scratch_make(&scratch);
    (void)snprintf(address, sizeof address, "unix:%s/proxied.sock", scratch.path);
    start(address, "unix", true);
    ask_peer("X-Forwarded-For: 192.0.2.1\r\n");
    (void)snprintf(expected, sizeof expected, "[0 %u 192.0.2.1 a]", (unsigned)getuid());
    assert_answered(expected);
    ask_peer("");
    (void)snprintf(expected, sizeof expected, "[0 %u uid:%u a]", (unsigned)getuid(),
                   (unsigned)getuid());
    assert_answered(expected);
    fixture_leave();
    scratch_remove(&scratch);
}
END_TEST

START_TEST(a_guarded_listener_without_tls_serves_its_machine)
{
    start("http://127.0.0.1:0", "192.0.2.1", true);
    ask_peer("");
    assert_answered("HTTP/1.1 200 ");
    fixture_leave();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forwarded");
    TCase *tests = tcase_create("chains");
    TCase *listeners = tcase_create("listeners");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, the_client_is_the_last_that_is_no_proxy, 0, COUNT(chains));
    tcase_add_loop_test(tests, a_peer_is_of_this_machine_or_a_proxy_by_its_address, 0,
                        COUNT(peers));
    suite_add_tcase(suite, tests);
    tcase_add_test(listeners, a_proxy_says_where_a_request_comes_from);
    tcase_add_test(listeners, others_say_so_in_vain);
    tcase_add_test(listeners, each_request_of_a_connection_has_its_own_client);
    tcase_add_test(listeners, a_proxy_has_as_many_connections_as_its_clients_need);
    tcase_add_test(listeners, the_user_id_of_a_proxy_is_nobodys);
    tcase_add_test(listeners, a_guarded_listener_without_tls_serves_its_machine);
    suite_add_tcase(suite, listeners);
    return check_main(suite);
}
