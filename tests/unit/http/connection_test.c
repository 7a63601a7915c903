/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"

enum {
    NO_SOCKET = -1,
    LONG_ENOUGH_MS = 600000,
    MANY = 1024,     /* addresses: as many as there are buckets */
    CHAIN_MOST = 24, /* in one bucket: chance alone does not bring so many together */
};

static struct registry *registry;

static void set_up(void)
{
    const struct http_limits limits = { .connections_per_address = 1,
                                        .header_ms = LONG_ENOUGH_MS,
                                        .request_ms = LONG_ENOUGH_MS,
                                        .idle_ms = LONG_ENOUGH_MS };
    struct asap_error err = { 0 };

    ck_assert_succeeds(registry_new(&limits, NULL, &registry, &err));
}

static void tear_down(void)
{
    registry_free(registry);
    registry = NULL;
}

/* From an address as it is written, whose family is what inet_pton() takes it for. */
static struct connection *open_from(const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    struct connection *connection = NULL;

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        connection = connection_open(registry, NO_SOCKET, (const struct sockaddr *)&v4);
    } else {
        ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
        connection = connection_open(registry, NO_SOCKET, (const struct sockaddr *)&v6);
    }
    ck_assert_ptr_nonnull(connection);
    return connection;
}

static const struct {
    const char *first, *second;
    bool share;
} pairs[] = {
    { "192.0.2.1", "192.0.2.1", true },
    { "192.0.2.1", "192.0.2.2", false },
    { "192.0.2.1", "192.0.3.1", false },
    { "192.0.2.1", "192.1.2.1", false },
    { "192.0.2.1", "193.0.2.1", false },
    { "::ffff:192.0.2.1", "::ffff:192.0.2.1", true },
    { "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
    { "::ffff:192.0.2.1", "::ffff:193.0.2.1", false },
    { "192.0.2.1", "::ffff:192.0.2.1", true },
    { "192.0.2.1", "::ffff:192.0.2.2", false },
    { "192.0.2.1", "::192.0.2.1", false },
    { "2001:db8::1", "2001:db8::ffff:0:0:1", true },
    { "2001:db8::1", "2001:db8:0:1::1", false },
    { "127.0.0.1", "::1", false },
};

START_TEST(only_those_of_one_address_share_its_limit)
{
    struct connection *first = open_from(pairs[_i].first);
    struct connection *second = open_from(pairs[_i].second);

    ck_assert(first->is_admitted);
    ck_assert_msg(second->is_admitted != pairs[_i].share, "%s and %s", pairs[_i].first,
                  pairs[_i].second);
    connection_close(second);
    connection_close(first);
}
END_TEST

/* Addresses that differ in two of their bytes. */
static const struct {
    const char *prefix;
    int high, low;
} networks[] = {
    { "", 2, 3 },        { "", 1, 3 },        { "", 1, 2 },        { "", 0, 1 },
    { "::ffff:", 2, 3 }, { "::ffff:", 1, 3 }, { "::ffff:", 1, 2 }, { "::ffff:", 0, 1 },
};

static struct connection *open_from_number(int network, unsigned number)
{
    unsigned bytes[] = { 10, 0, 0, 1 };
    char text[64] = "";

    bytes[networks[network].high] = number / 256;
    bytes[networks[network].low] = number % 256;
    (void)snprintf(text, sizeof text, "%s%u.%u.%u.%u", networks[network].prefix, bytes[0], bytes[1],
                   bytes[2], bytes[3]);
    return open_from(text);
}

/* How many follow in the same bucket. */
static int count_behind(const struct connection *connection)
{
    int count = 0;

    for (; connection->next != NULL; connection = connection->next)
        count++;
    return count;
}

/* To admit one, the whole bucket is walked. */
START_TEST(those_of_many_addresses_are_spread_over_the_buckets)
{
    static struct connection *connections[MANY];
    int longest = 0;

    for (unsigned i = 0; i < MANY; i++) {
        connections[i] = open_from_number(_i, i);
        ck_assert_msg(connections[i]->is_admitted, "address number %u", i);
    }
    for (unsigned i = 0; i < MANY; i++)
        if (count_behind(connections[i]) > longest)
            longest = count_behind(connections[i]);
    ck_assert_msg(longest < CHAIN_MOST, "%d in one bucket", longest + 1);
    for (unsigned i = 0; i < MANY; i++)
        connection_close(connections[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("connections");
    TCase *cases = tcase_create("shares");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, only_those_of_one_address_share_its_limit, 0, COUNT(pairs));
    tcase_add_loop_test(cases, those_of_many_addresses_are_spread_over_the_buckets, 0,
                        COUNT(networks));
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
