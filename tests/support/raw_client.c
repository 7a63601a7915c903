/* SPDX-License-Identifier: Apache-2.0 */
#include "raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 30 };

static void require(bool is_fine, const char *what)
{
    if (is_fine)
        return;
    perror(what);
    abort();
}

static int connect_unix(const char *path)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    require(fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0, path);
    return fd;
}

static int connect_port(const char *address)
{
    const char *port = strrchr(address, ':') + 1;
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((in_port_t)strtoul(port, NULL, 10)) };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    require(fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0, address);
    return fd;
}

int raw_connect(const char *address)
{
    static const char local[] = "unix:";
    const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
    const int fd = strncmp(address, local, strlen(local)) == 0
                       ? connect_unix(address + strlen(local))
                       : connect_port(address);

    require(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0, "timeout");
    return fd;
}

bool raw_send(int fd, const void *bytes, size_t length)
{
    return send(fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

bool raw_send_text(int fd, const char *text)
{
    return raw_send(fd, text, strlen(text));
}

/* 0 at the end, which a reset is as well. */
static size_t read_some(int fd, char *out, size_t size)
{
    const ssize_t length = recv(fd, out, size, 0);

    return length < 0 ? 0 : (size_t)length;
}

size_t raw_read_all(int fd, char *out, size_t size)
{
    size_t total = 0;
    size_t length = 0;

    do {
        length = read_some(fd, out + total, size - 1 - total);
        total += length;
    } while (length > 0);
    out[total] = '\0';
    return total;
}

static bool is_complete(const char *text)
{
    static const char field[] = "Content-Length: ";
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, field);

    if (end == NULL)
        return false;
    if (length == NULL || length > end)
        return true;
    return strlen(end + 4) >= strtoul(length + strlen(field), NULL, 10);
}

bool raw_read_response(int fd, char *out, size_t size)
{
    size_t total = 0;
    size_t length = 0;

    out[0] = '\0';
    while (!is_complete(out)) {
        length = read_some(fd, out + total, size - 1 - total);
        if (length == 0)
            return false;
        total += length;
        out[total] = '\0';
    }
    return true;
}

size_t raw_ask(const char *address, const char *text, char *out, size_t size)
{
    const int fd = raw_connect(address);
    size_t length = 0;

    (void)raw_send_text(fd, text);
    length = raw_read_all(fd, out, size);
    (void)close(fd);
    return length;
}
