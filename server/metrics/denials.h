/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_DENIALS_H
#define ASAPD_DENIALS_H

#include <asap/error.h>

#include "buffer.h"
#include "counter.h"

/* Who was not let in, by where it asked and which rule it broke. Zeroed at first. */

enum denial_surface { DENIAL_RPC, DENIAL_AUTH_ENDPOINT, DENIAL_SURFACES };

struct denials {
    struct counter by_reason[DENIAL_SURFACES][ASAP_REASON_COUNT];
};

/* Any thread; NULL counts nothing. */
void denials_count(struct denials *denials, enum denial_surface surface, enum asap_reason reason);

/* asap_denials_total, a line for each reason there was. */
void denials_write(const struct denials *denials, struct buffer *out);

#endif
