/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "address.h"
#include "fail.h"

enum { SOCKET_MODE = 0600, REASON_SIZE = 96, NONE = -1 };

static enum asap_code refuse_address(const char *text, int number, struct asap_error *err)
{
    static const struct {
        int number;
        const char *what;
    } known[] = {
        { EADDRINUSE, "is in use: stop the other program or choose another address" },
        { EADDRNOTAVAIL, "is no address of this machine: \"ip address\" lists those it has" },
        { EACCES, "is not permitted: choose a port over 1023, or a directory that can be written" },
        { EPERM, "is not permitted: see what the sandbox forbids" },
        { ENOENT, "has no directory: create it first" },
        { ENOTDIR, "has no directory: a part of its path is a file" },
        { EEXIST, "exists and is no socket: move it away or choose another path" },
        { EAFNOSUPPORT, "is of a kind that this machine lacks: choose an IPv4 address" },
        { EMFILE, "cannot be opened: raise the limit on open files" },
    };
    char reason[REASON_SIZE] = "";

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].number == number) {
            (void)fail_field(err, "address", "%s %s", text, known[i].what);
            return fail_as(err, ASAP_UNAVAILABLE);
        }
    if (strerror_r(number, reason, sizeof reason) != 0)
        (void)snprintf(reason, sizeof reason, "error %d", number);
    (void)fail_field(err, "address", "cannot listen on %s: %s", text, reason);
    return fail_as(err, ASAP_UNAVAILABLE);
}

static bool set_flags(int fd)
{
    const int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0
           && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static bool set_options(int fd, sa_family_t family)
{
    const int on = 1;
    const int off = 0;

    if (family == AF_UNIX) /* Linux takes the mode of the file from here, so it is never open */
        return fchmod(fd, SOCKET_MODE) == 0;
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0)
        return false;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
}

static bool prepare(int fd, const struct address *address)
{
    return set_flags(fd) && set_options(fd, address->socket.ss_family)
           && bind(fd, (const struct sockaddr *)&address->socket, address->length) == 0;
}

/* A socket that is bound; NONE with errno set. */
static int open_bound(const struct address *address)
{
    const int fd = socket(address->socket.ss_family, SOCK_STREAM, 0);
    int number = 0;

    if (fd < 0 || prepare(fd, address))
        return fd;
    number = errno;
    (void)close(fd);
    errno = number;
    return NONE;
}

/* Nobody can connect before it listens, so what the file opens to is settled by then. */
static bool set_mode(const struct address *address, unsigned mode)
{
    const struct sockaddr_un *name = (const struct sockaddr_un *)&address->socket;

    return mode == 0 || !address->is_unix || chmod(name->sun_path, (mode_t)mode) == 0;
}

/* Whether a server answers behind a socket file; errno says EEXIST when it is no socket. */
static bool is_stale(const struct address *address)
{
    const struct sockaddr_un *name = (const struct sockaddr_un *)&address->socket;
    struct stat status = { 0 };
    bool is_refused = false;
    int fd = NONE;

    if (lstat(name->sun_path, &status) == 0 && !S_ISSOCK(status.st_mode)) {
        errno = EEXIST;
        return false;
    }
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return false;
    is_refused = set_flags(fd)
                 && connect(fd, (const struct sockaddr *)&address->socket, address->length) != 0
                 && errno == ECONNREFUSED;
    (void)close(fd);
    errno = EADDRINUSE;
    return is_refused;
}

static int open_unix(const struct address *address)
{
    const struct sockaddr_un *name = (const struct sockaddr_un *)&address->socket;
    int fd = open_bound(address);

    if (fd >= 0 || errno != EADDRINUSE || !is_stale(address) || unlink(name->sun_path) != 0)
        return fd;
    return open_bound(address);
}

static int open_any_ipv4(const struct address *address)
{
    const struct sockaddr_in6 *wanted = (const struct sockaddr_in6 *)&address->socket;
    struct address fallback = { .length = sizeof(struct sockaddr_in) };
    struct sockaddr_in *name = (struct sockaddr_in *)&fallback.socket;

    name->sin_family = AF_INET;
    name->sin_port = wanted->sin6_port;
    return open_bound(&fallback);
}

static bool is_any_ipv6(const struct address *address)
{
    const struct sockaddr_in6 *name = (const struct sockaddr_in6 *)&address->socket;

    return name->sin6_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&name->sin6_addr);
}

static int open_inet(const struct address *address)
{
    const int fd = open_bound(address);

    if (fd < 0 && is_any_ipv6(address) && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        return open_any_ipv4(address);
    return fd;
}

static void describe_inet(const struct address *address, struct bound *bound)
{
    struct sockaddr_storage name = { 0 };
    socklen_t length = sizeof name;
    char host[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&name;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&name;
    const char *scheme = address->is_tls ? "https" : "http";

    (void)getsockname(bound->fd, (struct sockaddr *)&name, &length);
    if (name.ss_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        (void)snprintf(bound->text, sizeof bound->text, "%s://[%s]:%u", scheme, host,
                       (unsigned)ntohs(v6->sin6_port));
    } else {
        (void)inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        (void)snprintf(bound->text, sizeof bound->text, "%s://%s:%u", scheme, host,
                       (unsigned)ntohs(v4->sin_port));
    }
}

static void describe_unix(const struct address *address, struct bound *bound)
{
    const struct sockaddr_un *name = (const struct sockaddr_un *)&address->socket;
    struct stat status = { 0 };

    (void)snprintf(bound->text, sizeof bound->text, "%s", address->text);
    bound->is_unix = lstat(name->sun_path, &status) == 0;
    bound->device = status.st_dev;
    bound->inode = status.st_ino;
}

enum asap_code address_listen(const struct address *address,
                              unsigned mode,
                              struct bound *out,
                              struct asap_error *err)
{
    *out = (struct bound){ .fd = address->is_unix ? open_unix(address) : open_inet(address) };
    if (out->fd < 0)
        return refuse_address(address->text, errno, err);
    if (address->is_unix)
        describe_unix(address, out);
    else
        describe_inet(address, out);
    if (set_mode(address, mode) && listen(out->fd, SOMAXCONN) == 0)
        return ASAP_OK;
    (void)refuse_address(address->text, errno, err);
    address_close(out);
    return ASAP_UNAVAILABLE;
}

void address_stop(struct bound *bound)
{
    const char *path = bound->text + strlen("unix:");
    struct stat status = { 0 };

    if (bound->fd < 0)
        return;
    (void)shutdown(bound->fd, SHUT_RDWR);
    if (bound->is_unix && lstat(path, &status) == 0 && status.st_dev == bound->device
        && status.st_ino == bound->inode)
        (void)unlink(path);
    bound->is_unix = false;
}

void address_close(struct bound *bound)
{
    if (bound->fd < 0)
        return;
    address_stop(bound);
    (void)close(bound->fd);
    bound->fd = NONE;
}
