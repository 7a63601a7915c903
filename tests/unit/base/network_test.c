/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"

/* Addresses and lists of networks. */

static struct networks networks;
static struct ip ip;

static const struct {
    const char *text, *written;
    bool is_ipv4, is_loopback;
} addresses[] = {
    { "192.0.2.1", "192.0.2.1", true, false },
    { "::ffff:192.0.2.1", "192.0.2.1", true, false },
    { "::FFFF:7f00:1", "127.0.0.1", true, true },
    { "127.255.0.9", "127.255.0.9", true, true },
    { "2001:DB8::1", "2001:db8::1", false, false },
    { "::1", "::1", false, true },
    { "::", "::", false, false },
    { "1::7f00:1", "1::7f00:1", false, false },
};

START_TEST(reads_and_writes_an_address)
{
    char text[IP_TEXT];

    ck_assert(ip_read(addresses[_i].text, &ip));
    ip_write(&ip, text, sizeof text);
    ck_assert_str_eq(text, addresses[_i].written);
    ck_assert_int_eq(ip_is_ipv4(&ip), addresses[_i].is_ipv4);
    ck_assert_int_eq(ip_is_loopback(&ip), addresses[_i].is_loopback);
}
END_TEST

static const char *const no_addresses[] = { "",      "192.0.2",   "192.0.2.1 ", "0300.0.0.1",
                                            "host",  "fe80::1%1", "[::1]",      "192.0.2.1:80",
                                            "1:2:3", "::1/128" };

START_TEST(refuses_what_is_no_address)
{
    ck_assert_msg(!ip_read(no_addresses[_i], &ip), "%s", no_addresses[_i]);
}
END_TEST

#define LIST "10.0.0.7,192.0.2.128/25,172.16.0.0/12,2001:db8::/33,::ffff:198.51.100.0/120,fd00::1"

static const struct {
    const char *address;
    bool is_in;
} members[] = {
    { "10.0.0.7", true },         { "10.0.0.6", false },    { "::ffff:10.0.0.7", true },
    { "192.0.2.128", true },      { "192.0.2.255", true },  { "192.0.2.127", false },
    { "172.31.255.255", true },   { "172.32.0.0", false },  { "2001:db8:7fff::", true },
    { "2001:db8:8000::", false }, { "198.51.100.9", true }, { "198.51.101.9", false },
    { "fd00::1", true },          { "fd00::2", false },     { "::", false },
};

START_TEST(knows_what_its_networks_contain)
{
    ck_assert(networks_read(LIST, &networks));
    ck_assert_uint_eq(networks.count, 6);
    ck_assert(!networks.has_unix);
    ck_assert(ip_read(members[_i].address, &ip));
    ck_assert_msg(networks_contain(&networks, &ip) == members[_i].is_in, "%s", members[_i].address);
}
END_TEST

START_TEST(an_ipv6_network_has_an_ipv4_address_only_if_it_says_so)
{
    ck_assert(networks_read("8000::/1,0.0.0.0/1", &networks));
    ck_assert(ip_read("200.0.0.1", &ip));
    ck_assert(!networks_contain(&networks, &ip));
    ck_assert(ip_read("100.0.0.1", &ip));
    ck_assert(networks_contain(&networks, &ip));
}
END_TEST

START_TEST(takes_unix_beside_networks_or_alone_and_nothing_for_nobody)
{
    ck_assert(networks_read("10.0.0.7,unix", &networks));
    ck_assert(networks.has_unix && networks.count == 1);
    ck_assert(networks_read("unix", &networks));
    ck_assert(networks.has_unix && networks.count == 0);
    ck_assert(networks_read("", &networks));
    ck_assert(!networks.has_unix && networks.count == 0);
}
END_TEST

static const char *const refused[] = {
    ",",
    "10.0.0.7,",
    ",10.0.0.7",
    "10.0.0.7,,unix",
    "10.0.0.7, 10.0.0.8",
    "10.0.0.7 10.0.0.8",
    "proxy.example.org",
    "UNIX",
    "unix:/run/x",
    "10.0.0.7:80",
    "[::1]",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "10.0.0.0/-8",
    "10.0.0.0/255.0.0.0",
    "2001:db8::/129",
    "0.0.0.0/0",
    "::/0",
    "10.0.0.1/8",
    "192.0.2.128/24",
    "2001:db8::1/127",
    "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:00000",
};

START_TEST(refuses_what_is_no_list_of_networks)
{
    ck_assert_msg(!networks_read(refused[_i], &networks), "%s", refused[_i]);
}
END_TEST

START_TEST(takes_as_many_as_it_has_room_for)
{
    static char text[(NETWORKS_MAX + 1) * sizeof "10.0.0.0"];

    for (size_t i = 0; i <= NETWORKS_MAX; i++) {
        ck_assert(networks_read(text, &networks));
        ck_assert_uint_eq(networks.count, i);
        (void)strncat(text, i == 0 ? "10.0.0.0" : ",10.0.0.0", sizeof text - strlen(text) - 1);
    }
    ck_assert(!networks_read(text, &networks));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("network");
    TCase *tests = tcase_create("network");

    tcase_add_loop_test(tests, reads_and_writes_an_address, 0, COUNT(addresses));
    tcase_add_loop_test(tests, refuses_what_is_no_address, 0, COUNT(no_addresses));
    tcase_add_loop_test(tests, knows_what_its_networks_contain, 0, COUNT(members));
    tcase_add_test(tests, an_ipv6_network_has_an_ipv4_address_only_if_it_says_so);
    tcase_add_test(tests, takes_unix_beside_networks_or_alone_and_nothing_for_nobody);
    tcase_add_loop_test(tests, refuses_what_is_no_list_of_networks, 0, COUNT(refused));
    tcase_add_test(tests, takes_as_many_as_it_has_room_for);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
