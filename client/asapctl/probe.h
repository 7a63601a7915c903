/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_PROBE_H
#define ASAPCTL_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"
#include "cache.h"
#include "cache_control.h"

/* What a server answers to a GET, whatever it is: nothing is judged here. */

enum { PROBE_BODY_MAX = 256 * 1024, PROBE_TEXT_SIZE = 160 };

enum probe_end {
    PROBE_ANSWERED,
    PROBE_NO_HOST, /* its name is not known */
    PROBE_NO_CONNECTION,
    PROBE_NO_TLS, /* that a verifier may trust */
    PROBE_BROKEN  /* off in the middle, too long, or no HTTP */
};

struct probe {
    enum probe_end end;
    char why[256]; /* unless it answered */
    long status;
    char address[64];
    char type[PROBE_TEXT_SIZE]; /* the headers of these names; "" for none */
    char encoding[PROBE_TEXT_SIZE];
    char location[PROBE_TEXT_SIZE];
    char request_id[PROBE_TEXT_SIZE];
    char cache_state[PROBE_TEXT_SIZE]; /* what a cache says of itself: "HIT", "MISS from ..." */
    struct cache_headers headers;
    struct cache_validators validators;
    struct buffer body;
    int64_t certificate_end; /* seconds since 1970; 0: none was shown with this answer */
};

#define PROBE                                                                                      \
    {                                                                                              \
        .body = BUFFER(PROBE_BODY_MAX)                                                             \
    }

/* Connections to one repository. Not for several threads at once. */
struct prober;

/* `ca_file` as with verifiers, NULL for the system's authorities. */
ASAP_MUST_CHECK enum asap_code
prober_new(const char *base_url, const char *ca_file, struct prober **out, struct asap_error *err);

/* Without a slash at its end. */
const char *prober_base_url(const struct prober *prober);

struct probe_wish {
    const char *url;                           /* of the same host */
    const struct cache_validators *validators; /* NULL: unconditional */
    bool gzip;                                 /* a compressed answer will do */
};

/* Fills *out, which probe_scope_exit() clears. Fails for lack of memory only. */
ASAP_MUST_CHECK enum asap_code probe_get(struct prober *prober,
                                         const struct probe_wish *wish,
                                         struct probe *out,
                                         struct asap_error *err);

void prober_free(struct prober *prober); /* NULL is fine */

DEFINE_SCOPED(prober, struct prober *, prober_free)

static inline void probe_scope_exit(struct probe *probe)
{
    buffer_clear(&probe->body);
}

#endif
