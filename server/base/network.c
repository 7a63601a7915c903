/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { BYTE_BITS = 8, IPV4_BITS = 32, IPV6_BITS = 128, MAPPED_AT = 12, ITEM_SIZE = 64 };
enum { LOOPBACK_IPV4 = 127 };

static const unsigned char mapped[MAPPED_AT] = { [10] = 0xff, [11] = 0xff };

bool ip_is_ipv4(const struct ip *ip)
{
    return memcmp(ip->bytes, mapped, sizeof mapped) == 0;
}

bool ip_is_loopback(const struct ip *ip)
{
    static const struct ip loopback = { .bytes = { [IP_SIZE - 1] = 1 } };

    if (ip_is_ipv4(ip))
        return ip->bytes[MAPPED_AT] == LOOPBACK_IPV4;
    return memcmp(ip, &loopback, sizeof loopback) == 0;
}

void ip_from_ipv4(const void *address, struct ip *out)
{
    memcpy(out->bytes, mapped, sizeof mapped);
    memcpy(out->bytes + MAPPED_AT, address, IP_SIZE - MAPPED_AT);
}

bool ip_read(const char *text, struct ip *out)
{
    struct in_addr address;

    if (inet_pton(AF_INET, text, &address) != 1)
        return inet_pton(AF_INET6, text, out->bytes) == 1;
    ip_from_ipv4(&address, out);
    return true;
}

void ip_write(const struct ip *ip, char *out, size_t size)
{
    const bool is_ipv4 = ip_is_ipv4(ip);

    (void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6, ip->bytes + (is_ipv4 ? MAPPED_AT : 0), out,
                    (socklen_t)size);
}

/* Whether the first `bits` of both are the same. */
static bool is_shared(const struct ip *a, const struct ip *b, unsigned bits)
{
    const size_t whole = bits / BYTE_BITS;
    const unsigned rest = bits % BYTE_BITS;
    const unsigned char mask = (unsigned char)(0xff00U >> rest);

    return memcmp(a->bytes, b->bytes, whole) == 0
           && (rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) & mask) == 0);
}

static bool is_clear_behind(const struct ip *ip, unsigned bits)
{
    for (unsigned i = bits; i < IPV6_BITS; i++)
        if ((ip->bytes[i / BYTE_BITS] >> (BYTE_BITS - 1 - i % BYTE_BITS) & 1) != 0)
            return false;
    return true;
}

static bool read_bits(const char *text, unsigned most, unsigned *out)
{
    const size_t digits = strspn(text, "0123456789");

    *out = 0;
    if (digits == 0 || digits > 3 || text[digits] != '\0' || text[0] == '0')
        return false;
    for (size_t i = 0; i < digits; i++)
        *out = *out * 10 + (unsigned)(text[i] - '0');
    return *out <= most;
}

/* Cuts `text` at its slash. */
static bool read_network(char *text, struct network *out)
{
    char *slash = strchr(text, '/');
    unsigned most = IPV6_BITS;

    if (slash != NULL)
        *slash++ = '\0';
    if (!ip_read(text, &out->first))
        return false;
    out->bits = IPV6_BITS;
    if (slash == NULL)
        return true;
    most = strchr(text, ':') == NULL ? IPV4_BITS : IPV6_BITS;
    if (!read_bits(slash, most, &out->bits))
        return false;
    out->bits += IPV6_BITS - most;
    return is_clear_behind(&out->first, out->bits);
}

static bool read_item(const char *text, size_t length, struct networks *out)
{
    char item[ITEM_SIZE];

    if (length >= sizeof item)
        return false;
    memcpy(item, text, length);
    item[length] = '\0';
    if (strcmp(item, "unix") == 0) {
        out->has_unix = true;
        return true;
    }
    return out->count < NETWORKS_MAX && read_network(item, &out->items[out->count++]);
}

bool networks_read(const char *text, struct networks *out)
{
    size_t length = strcspn(text, ",");

    memset(out, 0, sizeof *out);
    if (text[0] == '\0')
        return true;
    while (read_item(text, length, out)) {
        if (text[length] == '\0')
            return true;
        text += length + 1;
        length = strcspn(text, ",");
    }
    return false;
}

bool networks_contain(const struct networks *networks, const struct ip *ip)
{
    for (size_t i = 0; i < networks->count; i++)
        if (is_shared(&networks->items[i].first, ip, networks->items[i].bits))
            return true;
    return false;
}
