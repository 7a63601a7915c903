/* SPDX-License-Identifier: Apache-2.0 */
#include "denials.h"

#include <string.h>

#include "exposition.h"

#define TOTAL "asap_denials_total"

static const char *const surfaces[] = {
    [DENIAL_RPC] = "rpc", [DENIAL_AUTH_ENDPOINT] = "auth_endpoint"
};

void denials_count(struct denials *denials, enum denial_surface surface, enum asap_reason reason)
{
    const bool is_known = (unsigned)reason < ASAP_REASON_COUNT;

    if (denials != NULL)
        counter_add(&denials->by_reason[surface][is_known ? reason : ASAP_REASON_NONE], 1);
}

static const char *name_of(enum asap_reason reason)
{
    return reason == ASAP_REASON_NONE ? "UNSPECIFIED" : asap_reason_name(reason);
}

static void write_surface(const struct denials *denials,
                          enum denial_surface surface,
                          struct buffer *out)
{
    for (int i = 0; i < ASAP_REASON_COUNT; i++) {
        const uint64_t count = counter_read(&denials->by_reason[surface][i]);
        const char *reason = name_of((enum asap_reason)i);
        const struct metric_label labels[] = {
            metric_label("surface", surfaces[surface], strlen(surfaces[surface])),
            metric_label("reason", reason, strlen(reason)),
        };

        if (count > 0)
            exposition_sample(out, TOTAL, labels, 2, (int64_t)count);
    }
}

void denials_write(const struct denials *denials, struct buffer *out)
{
    exposition_begin(out, TOTAL, METRIC_COUNTER,
                     "Calls and tokens that were refused because of who asks, or how often.");
    write_surface(denials, DENIAL_RPC, out);
    write_surface(denials, DENIAL_AUTH_ENDPOINT, out);
}
