/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ADDRESS_H
#define ASAPD_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <asap/error.h>

/* Where a listener listens: from text to a socket. */

enum { ADDRESS_TEXT = 160 };

struct address {
    bool is_tls;
    bool is_unix;
    struct sockaddr_storage socket;
    socklen_t length;
    char text[ADDRESS_TEXT]; /* as it was written */
};

/* Reads "https://[::]:8443", "http://127.0.0.1:9464", "http://localhost:0" or "unix:PATH".
 * ASAP_INVALID_ARGUMENT, field "address", for anything else. */
ASAP_MUST_CHECK enum asap_code address_parse(const char *text,
                                             struct address *out,
                                             struct asap_error *err);

/* A socket that listens. */
struct bound {
    int fd; /* non-blocking */
    bool is_unix;
    char text[ADDRESS_TEXT]; /* with the port that the system chose */
    dev_t device;            /* of a unix socket's file, to know it again */
    ino_t inode;
};

/* Binds and listens. [::] takes IPv4 too, and is 0.0.0.0 where there is no IPv6. A unix socket has
 * this mode, or 0600 for 0, whatever the umask; one that a dead server left behind is replaced.
 * ASAP_UNAVAILABLE, field "address": in use, not permitted, or not an address of this machine. */
ASAP_MUST_CHECK enum asap_code address_listen(const struct address *address,
                                              unsigned mode,
                                              struct bound *out,
                                              struct asap_error *err);

/* Takes no more connections, and removes a unix socket's file unless another server has replaced
 * it. The descriptor stays, for whoever still waits on it. */
void address_stop(struct bound *bound);

/* The same, and closes the descriptor. */
void address_close(struct bound *bound);

#endif
