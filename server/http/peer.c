/* SPDX-License-Identifier: Apache-2.0 */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE /* struct ucred */

#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { PREFIX = 8, MAPPED_AT = 12 };

static const unsigned char mapped[MAPPED_AT] = { [10] = 0xff, [11] = 0xff };

static void describe_local(int fd, struct http_peer *peer)
{
    struct ucred credentials = { .uid = (uid_t)-1 };
    socklen_t length = sizeof credentials;

    /* Only for AF_UNIX: on a TCP socket this succeeds with a uid that means nothing. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return;
    peer->is_local = true;
    peer->uid = credentials.uid;
    (void)snprintf(peer->address, sizeof peer->address, "uid:%u", (unsigned)credentials.uid);
}

static void describe_ipv4(const void *address, struct http_peer *peer, struct connection_key *key)
{
    (void)inet_ntop(AF_INET, address, peer->address, sizeof peer->address);
    memcpy(key->bytes, mapped, sizeof mapped);
    memcpy(key->bytes + MAPPED_AT, address, sizeof(struct in_addr));
}

static void describe_ipv6(const struct in6_addr *address,
                          struct http_peer *peer,
                          struct connection_key *key)
{
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        describe_ipv4(address->s6_addr + MAPPED_AT, peer, key);
        return;
    }
    (void)inet_ntop(AF_INET6, address, peer->address, sizeof peer->address);
    memcpy(key->bytes, address->s6_addr, PREFIX);
}

void peer_describe(int fd,
                   const struct sockaddr *name,
                   struct http_peer *peer,
                   struct connection_key *key)
{
    struct sockaddr_in v4 = { 0 };
    struct sockaddr_in6 v6 = { 0 };

    *peer = (struct http_peer){ .address = "unknown" };
    *key = (struct connection_key){ { 0 } };
    if (name->sa_family == AF_UNIX)
        describe_local(fd, peer);
    if (name->sa_family == AF_INET) {
        memcpy(&v4, name, sizeof v4);
        describe_ipv4(&v4.sin_addr, peer, key);
    }
    if (name->sa_family == AF_INET6) {
        memcpy(&v6, name, sizeof v6);
        describe_ipv6(&v6.sin6_addr, peer, key);
    }
}
