/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_NETWORK_H
#define ASAPD_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

/* IP addresses, and the networks of a list such as trusted_proxies. */

enum { IP_SIZE = 16, IP_TEXT = 46, NETWORKS_MAX = 256 };

/* An IPv6 address; an IPv4 one is mapped into them. */
struct ip {
    unsigned char bytes[IP_SIZE];
};

/* False when the text is no address. */
bool ip_read(const char *text, struct ip *out);

/* From the four bytes of an IPv4 address. */
void ip_from_ipv4(const void *address, struct ip *out);

/* As one writes it, an IPv4 one in its own form, into `out` of at least IP_TEXT bytes. */
void ip_write(const struct ip *ip, char *out, size_t size);

bool ip_is_ipv4(const struct ip *ip);
bool ip_is_loopback(const struct ip *ip);

struct network {
    struct ip first;
    unsigned bits; /* that all of its addresses share: 1 to 128 */
};

struct networks {
    struct network items[NETWORKS_MAX];
    size_t count;
    bool has_unix; /* whoever connects to a unix socket */
};

/* Reads "10.0.0.7,10.1.0.0/16,2001:db8::/32,unix"; "" has nobody. False for anything else, such as
 * a network that has bits set behind its prefix, or one that has every address. */
bool networks_read(const char *text, struct networks *out);

bool networks_contain(const struct networks *networks, const struct ip *ip);

#endif
