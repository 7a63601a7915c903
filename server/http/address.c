/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "fail.h"

enum { PORT_MAX = 65535, PORT_DIGITS_MAX = 5, HOST_SIZE = 64 };

static const char expected[] =
    "write https://[::]:8443, http://127.0.0.1:8080 or unix:/run/asapd/admin.sock";

static enum asap_code read_unix(const char *path, struct address *out, struct asap_error *err)
{
    struct sockaddr_un *name = (struct sockaddr_un *)&out->socket;

    if (path[0] == '\0')
        return fail_field(err, "address", "\"unix:\" has no path: %s", expected);
    if (strlen(path) >= sizeof name->sun_path)
        return fail_field(err, "address",
                          "the path of a unix socket has at most %zu bytes, this one has %zu: "
                          "choose a shorter directory",
                          sizeof name->sun_path - 1, strlen(path));
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, path, strlen(path) + 1);
    out->length = sizeof *name;
    return ASAP_OK;
}

static bool read_port(const char *text, in_port_t *out)
{
    const size_t digits = strspn(text, "0123456789");
    unsigned number = 0;

    if (digits == 0 || digits > PORT_DIGITS_MAX || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (unsigned)(text[i] - '0');
    *out = htons((in_port_t)number);
    return number <= PORT_MAX;
}

/* The host's text without brackets, and where the port begins; NULL if there is no such form. */
static const char *split_host(const char *authority, char host[HOST_SIZE])
{
    const bool is_bracketed = authority[0] == '[';
    const char *begin = authority + (is_bracketed ? 1 : 0);
    const char *end = strchr(begin, is_bracketed ? ']' : ':');
    const char *colon = end == NULL || !is_bracketed ? end : end + 1;

    if (end == NULL || *colon != ':' || end - begin >= HOST_SIZE)
        return NULL;
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    return colon + 1;
}

static bool read_ipv4(const char *host, in_port_t port, struct address *out)
{
    struct sockaddr_in *name = (struct sockaddr_in *)&out->socket;

    name->sin_family = AF_INET;
    name->sin_port = port;
    out->length = sizeof *name;
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    return inet_pton(AF_INET, host, &name->sin_addr) == 1;
}

static bool read_ipv6(const char *host, in_port_t port, struct address *out)
{
    struct sockaddr_in6 *name = (struct sockaddr_in6 *)&out->socket;

    name->sin6_family = AF_INET6;
    name->sin6_port = port;
    out->length = sizeof *name;
    return inet_pton(AF_INET6, host, &name->sin6_addr) == 1;
}

static enum asap_code read_inet(const char *authority, struct address *out, struct asap_error *err)
{
    char host[HOST_SIZE] = "";
    const char *port_text = split_host(authority, host);
    in_port_t port = 0;

    if (port_text == NULL)
        return fail_field(err, "address", "\"%.80s\" is not host:port: %s", authority, expected);
    if (!read_port(port_text, &port))
        return fail_field(err, "address", "\"%.20s\" is not a port: write a number from 0 to %d",
                          port_text, PORT_MAX);
    if (!(authority[0] == '[' ? read_ipv6 : read_ipv4)(host, port, out))
        return fail_field(err, "address",
                          "\"%.63s\" is not an IP address: write one of this machine, such as "
                          "127.0.0.1 or [::] for all",
                          host);
    return ASAP_OK;
}

enum asap_code address_parse(const char *text, struct address *out, struct asap_error *err)
{
    static const struct {
        const char *prefix;
        enum asap_code (*read)(const char *rest, struct address *out, struct asap_error *err);
        bool is_tls, is_unix;
    } schemes[] = {
        { "https://", read_inet, true, false },
        { "http://", read_inet, false, false },
        { "unix:", read_unix, false, true },
    };

    *out = (struct address){ 0 };
    (void)snprintf(out->text, sizeof out->text, "%s", text);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const size_t length = strlen(schemes[i].prefix);

        if (strncmp(text, schemes[i].prefix, length) != 0)
            continue;
        out->is_tls = schemes[i].is_tls;
        out->is_unix = schemes[i].is_unix;
        return schemes[i].read(text + length, out, err);
    }
    return fail_field(err, "address", "\"%.80s\" is not an address to listen on: %s", text,
                      expected);
}
