/* SPDX-License-Identifier: Apache-2.0 */
#include "forwarded.h"

#include <string.h>

enum { HOP_SIZE = IP_TEXT + sizeof "[]:65535" };

#define DIGITS "0123456789"

static bool is_port(const char *text)
{
    return text[0] == ':' && text[1] != '\0' && text[1 + strspn(text + 1, DIGITS)] == '\0';
}

/* "[2001:db8::1]", perhaps with a port; cuts the text. */
static bool read_bracketed(char *text, struct ip *out)
{
    char *end = strchr(text, ']');

    if (end == NULL || (end[1] != '\0' && !is_port(end + 1)))
        return false;
    *end = '\0';
    return strchr(text, ':') != NULL && ip_read(text + 1, out);
}

/* The same, or an address as it is, or an IPv4 one with a port. */
static bool read_address(char *text, struct ip *out)
{
    char *colon = text + strcspn(text, ":");

    if (text[0] == '[')
        return read_bracketed(text, out);
    if (text + strcspn(text, ".") < colon && is_port(colon))
        *colon = '\0';
    return ip_read(text, out);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool read_hop(const char *text, size_t length, struct ip *out)
{
    char hop[HOP_SIZE];

    while (length > 0 && is_blank(text[length - 1]))
        length--;
    while (length > 0 && is_blank(*text)) {
        text++;
        length--;
    }
    if (length >= sizeof hop)
        return false;
    memcpy(hop, text, length);
    hop[length] = '\0';
    return read_address(hop, out);
}

/* What a proxy does not know, or does not say, ends the way back at that proxy. */
static void take_hop(struct forwarded *forwarded, const char *text, size_t length)
{
    struct ip ip;

    if (!read_hop(text, length, &ip)) {
        forwarded->is_known = false;
        return;
    }
    if (forwarded->is_known && networks_contain(forwarded->proxies, &ip))
        return;
    forwarded->client = ip;
    forwarded->is_known = true;
}

void forwarded_take(struct forwarded *forwarded, const char *value)
{
    size_t length = strcspn(value, ",");

    take_hop(forwarded, value, length);
    while (value[length] != '\0') {
        value += length + 1;
        length = strcspn(value, ",");
        take_hop(forwarded, value, length);
    }
}
