/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <sys/socket.h>

#include "fixture.h"

/* What only an attacker sends: requests that hide another one, and clients that never finish. */

#define SMUG "GET /smug HTTP/1.1\r\nHost: a\r\n\r\n"

static char answer[ANSWER_SIZE];

struct probe {
    const char *why, *bytes;
    size_t length;
};

/* The guard drops these without a word. */
#define BYTES(text) text, sizeof(text) - 1

static const struct probe dropped[] = {
    { "two lengths, first shorter", BYTES("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: "
                                          "0\r\nContent-Length: 33\r\n\r\n" SMUG) },
    { "the same length twice", BYTES("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: "
                                     "3\r\nContent-Length: 3\r\n\r\nabc" SMUG) },
    { "a length and chunks", BYTES("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: "
                                   "40\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   "0\r\n\r\n" SMUG) },
    { "chunks",
      BYTES("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUG) },
    { "chunks, then identity",
      BYTES("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" SMUG) },
    { "an unknown encoding",
      BYTES("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n" SMUG) },
    { "a space before the colon",
      BYTES("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length : 33\r\n\r\n" SMUG) },
    { "two hosts", BYTES("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" SMUG) },
    { "no host in 1.0", BYTES("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" SMUG) },
    { "another version", BYTES("GET / HTTP/1.2\r\nHost: a\r\n\r\n" SMUG) },
    { "an absolute target", BYTES("GET http://evil/smug HTTP/1.1\r\nHost: a\r\n\r\n" SMUG) },
    { "an asterisk", BYTES("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" SMUG) },
    { "a carriage return in a value",
      BYTES("GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n" SMUG) },
    { "a control byte in a value", BYTES("GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n" SMUG) },
    { "a name that is no token", BYTES("GET / HTTP/1.1\r\nHost: a\r\nX(Y): b\r\n\r\n" SMUG) },
    { "two content types",
      BYTES("GET / HTTP/1.1\r\nHost: a\r\nContent-Type: b\r\nContent-Type: c\r\n\r\n" SMUG) },
    { "two credentials",
      BYTES("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: b\r\nauthorization: c\r\n\r\n" SMUG) },
    { "a NUL in the path", BYTES("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n" SMUG) },
    { "a NUL in the query", BYTES("GET /a?\0b HTTP/1.1\r\nHost: a\r\n\r\n" SMUG) },
    { "a tab in the path", BYTES("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n" SMUG) },
};

/* libmicrohttpd answers these itself, and closes. */
static const struct probe answered[] = {
    { "no host", BYTES("GET / HTTP/1.1\r\nX: b\r\n\r\n" SMUG) },
    { "a length that is no number",
      BYTES("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3x\r\n\r\nabc" SMUG) },
    { "a signed length",
      BYTES("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc" SMUG) },
    { "a list of lengths",
      BYTES("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc" SMUG) },
    { "a length beyond 64 bits", BYTES("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: "
                                       "18446744073709551617\r\n\r\nabc" SMUG) },
    { "a space in the target", BYTES("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n" SMUG) },
    { "a NUL in a name", BYTES("GET / HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n" SMUG) },
    { "a version of the future", BYTES("GET / HTTP/2.0\r\nHost: a\r\n\r\n" SMUG) },
};

static void probe_with(const struct probe *probe)
{
    const int fd = raw_connect(fixture.address);

    (void)raw_send(fd, probe->bytes, probe->length);
    (void)raw_read_all(fd, answer, sizeof answer);
    (void)close(fd);
    ck_assert_msg(atomic_load(&fixture.smuggled) == 0, "served after %s: %s", probe->why, answer);
    ck_assert_msg(atomic_load(&fixture.served) == 0, "served %s: %s", probe->why, answer);
}

START_TEST(drops_a_connection_that_two_parsers_may_read_differently)
{
    probe_with(&dropped[_i]);
    ck_assert_msg(answer[0] == '\0', "answered %s: %s", dropped[_i].why, answer);
}
END_TEST

START_TEST(never_serves_what_follows_a_malformed_request)
{
    probe_with(&answered[_i]);
    ck_assert_msg(strstr(answer, "HTTP/1.1 200") == NULL, "%s: %s", answered[_i].why, answer);
}
END_TEST

START_TEST(serves_what_follows_a_sound_request)
{
    const int fd = raw_connect(fixture.address);

    ck_assert(raw_send_text(fd, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                                "GET /smug HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    (void)raw_read_all(fd, answer, sizeof answer);
    ck_assert_uint_eq(atomic_load(&fixture.served), 2);
    ck_assert_uint_eq(atomic_load(&fixture.smuggled), 1);
    (void)close(fd);
}
END_TEST

static void enter_impatient(void)
{
    struct http_listener_options options;

    fixture_prepare();
    options = fixture_options("http://127.0.0.1:0");
    options.limits.header_ms = 300;
    options.limits.request_ms = 300;
    options.limits.idle_ms = 100;
    fixture_start(&options);
}

/* Whether the other end is gone, after at most this long. */
static bool is_shut(int fd, int patience_ms)
{
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    char byte = '\0';

    return poll(&poller, 1, patience_ms) > 0 && recv(fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

static const struct {
    const char *why, *start, *drip;
} drippers[] = {
    { "says nothing", "", "" },
    { "drips its request line", "GET /", "a" },
    { "drips its headers", "GET / HTTP/1.1\r\nHost: a\r\nX: ", "b" },
    { "drips new headers", "GET / HTTP/1.1\r\nHost: a\r\n", "X: b\r\n" },
    { "drips its body", "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n", "" },
    { "drips bytes of its body", "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n",
      "c" },
};

START_TEST(cuts_a_client_that_never_finishes)
{
    enum { DRIPS = 600, DRIP_MS = 50 };
    const int fd = raw_connect(fixture.address);
    bool is_cut = false;

    ck_assert(raw_send_text(fd, drippers[_i].start));
    for (int i = 0; i < DRIPS && !is_cut; i++) {
        /* A body that is complete would be answered: its last bytes are kept back. */
        if (i < BODY_LIMIT - 2 || strcmp(drippers[_i].drip, "c") != 0)
            (void)raw_send_text(fd, drippers[_i].drip);
        is_cut = is_shut(fd, DRIP_MS);
    }
    ck_assert_msg(is_cut, "still connected though it %s", drippers[_i].why);
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
    (void)close(fd);
    (void)raw_ask(fixture.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", answer,
                  sizeof answer);
    ck_assert_ptr_nonnull(strstr(answer, "200 OK"));
}
END_TEST

START_TEST(cuts_a_client_that_stays_idle_after_a_response)
{
    const int fd = raw_connect(fixture.address);

    ck_assert(raw_send_text(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    ck_assert_ptr_nonnull(strstr(answer, "200 OK"));
    ck_assert_uint_eq(raw_read_all(fd, answer, sizeof answer), 0);
    (void)close(fd);
}
END_TEST

START_TEST(waits_for_a_worker_longer_than_for_a_client)
{
    const int fd = raw_connect(fixture.address);
    struct pollfd poller = { .fd = fd, .events = POLLIN };

    ck_assert(raw_send_text(fd, "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    latch_await(&fixture.latch, 1);
    ck_assert_int_eq(poll(&poller, 1, 700), 0);
    latch_open(&fixture.latch);
    (void)raw_read_all(fd, answer, sizeof answer);
    ck_assert_ptr_nonnull(strstr(answer, "[GET /slow - 0:]"));
    (void)close(fd);
}
END_TEST

/* Asks until the server, too, has noticed that another connection is over. */
static void await_answer(void)
{
    enum { PAUSE_MS = 10 };

    answer[0] = '\0';
    while (strstr(answer, "200 OK") == NULL) {
        (void)poll(NULL, 0, PAUSE_MS);
        (void)raw_ask(fixture.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                      answer, sizeof answer);
    }
}

START_TEST(limits_the_connections_of_one_address)
{
    enum { SHARE = 3 };
    struct http_listener_options options;
    int held[SHARE];
    int extra = -1;

    fixture_prepare();
    options = fixture_options("http://[::]:0");
    options.limits.connections_per_address = SHARE;
    fixture_start(&options);
    for (int i = 0; i < SHARE; i++) {
        held[i] = raw_connect(fixture.address);
        ck_assert(raw_send_text(held[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert(raw_read_response(held[i], answer, sizeof answer));
    }
    extra = raw_connect(fixture.address);
    (void)raw_send_text(extra, SMUG);
    ck_assert_uint_eq(raw_read_all(extra, answer, sizeof answer), 0);
    ck_assert_uint_eq(atomic_load(&fixture.smuggled), 0);
    (void)close(extra);
    for (int i = 0; i < SHARE; i++)
        (void)close(held[i]);
    await_answer();
    fixture_leave();
}
END_TEST

/* The client learns nothing before it reads, but its share is free for the next one. */
START_TEST(cuts_a_client_that_does_not_read_its_response)
{
    struct http_listener_options options;
    size_t total = 0;
    size_t length = 0;
    int fd = -1;

    fixture_prepare();
    options = fixture_options("http://127.0.0.1:0");
    options.limits.connections_per_address = 1;
    options.limits.request_ms = 300;
    fixture_start(&options);
    fd = raw_connect(fixture.address);
    ck_assert(raw_send_text(fd, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n"));
    await_answer();
    do {
        length = raw_read_all(fd, answer, sizeof answer);
        total += length;
    } while (length > 0);
    ck_assert_uint_lt(total, BIG_BODY);
    (void)close(fd);
    fixture_leave();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile");
    TCase *probes = tcase_create("probes");
    TCase *drips = tcase_create("deadlines");
    TCase *shares = tcase_create("shares");

    suite_add_tcase(suite, probes);
    tcase_set_timeout(probes, 120);
    tcase_add_checked_fixture(probes, fixture_enter, fixture_leave);
    tcase_add_loop_test(probes, drops_a_connection_that_two_parsers_may_read_differently, 0,
                        COUNT(dropped));
    tcase_add_loop_test(probes, never_serves_what_follows_a_malformed_request, 0, COUNT(answered));
    tcase_add_test(probes, serves_what_follows_a_sound_request);
    suite_add_tcase(suite, drips);
    tcase_set_timeout(drips, 120);
    tcase_add_checked_fixture(drips, enter_impatient, fixture_leave);
    tcase_add_loop_test(drips, cuts_a_client_that_never_finishes, 0, COUNT(drippers));
    tcase_add_test(drips, cuts_a_client_that_stays_idle_after_a_response);
    tcase_add_test(drips, waits_for_a_worker_longer_than_for_a_client);
    suite_add_tcase(suite, shares);
    tcase_add_test(shares, limits_the_connections_of_one_address);
    tcase_add_test(shares, cuts_a_client_that_does_not_read_its_response);
    return check_main(suite);
}
