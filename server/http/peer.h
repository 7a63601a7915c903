/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_PEER_H
#define ASAPD_PEER_H

#include <sys/socket.h>

#include "connection.h"
#include "network.h"

/* Who is at the other end of a socket, and whose share its connection counts towards. A peer of
 * unknown family is nobody's: not local, address "unknown". `proxies` may be NULL. */
void peer_describe(int fd,
                   const struct sockaddr *name,
                   const struct networks *proxies,
                   struct http_peer *peer,
                   struct connection_key *key);

#endif
