/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_FORWARDED_H
#define ASAPD_FORWARDED_H

#include "network.h"

/* Where a request comes from that proxies have passed on, by X-Forwarded-For. Each proxy writes
 * behind what it was sent whom it was sent it by, so that the last address which is no proxy's is
 * the client's: what stands before it, the client may have written.
 *
 * Forwarded (RFC 7239) has no say: proxies pass on as it came the header that they do not write,
 * and so whoever believes in both believes the client. */
struct forwarded {
    const struct networks *proxies;
    struct ip client;
    bool is_known;
};

/* Takes one header, of several in their order; begin with a zeroed one that has `proxies`. */
void forwarded_take(struct forwarded *forwarded, const char *value);

#endif
