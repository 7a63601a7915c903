/* SPDX-License-Identifier: Apache-2.0 */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE /* struct ucred */

#include "peer.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { PREFIX = 8 };

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

/* False for another family. */
static bool read_name(const struct sockaddr *name, struct ip *out)
{
    struct sockaddr_in v4 = { 0 };
    struct sockaddr_in6 v6 = { 0 };

    if (name->sa_family == AF_INET) {
        memcpy(&v4, name, sizeof v4);
        ip_from_ipv4(&v4.sin_addr, out);
    }
    if (name->sa_family == AF_INET6) {
        memcpy(&v6, name, sizeof v6);
        memcpy(out->bytes, &v6.sin6_addr, sizeof v6.sin6_addr);
    }
    return name->sa_family == AF_INET || name->sa_family == AF_INET6;
}

static void describe_ip(const struct ip *ip, struct http_peer *peer, struct connection_key *key)
{
    ip_write(ip, peer->address, sizeof peer->address);
    peer->is_loopback = ip_is_loopback(ip);
    memcpy(key->bytes, ip->bytes, ip_is_ipv4(ip) ? sizeof ip->bytes : PREFIX);
}

void peer_describe(int fd,
                   const struct sockaddr *name,
                   const struct networks *proxies,
                   struct http_peer *peer,
                   struct connection_key *key)
{
    struct ip ip;

    *peer = (struct http_peer){ .address = "unknown" };
    *key = (struct connection_key){ { 0 } };
    if (name->sa_family == AF_UNIX) {
        describe_local(fd, peer);
        peer->is_proxy = proxies != NULL && proxies->has_unix;
    }
    if (read_name(name, &ip)) {
        describe_ip(&ip, peer, key);
        peer->is_proxy = proxies != NULL && networks_contain(proxies, &ip);
    }
}
