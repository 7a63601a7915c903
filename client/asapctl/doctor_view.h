/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_DOCTOR_VIEW_H
#define ASAPCTL_DOCTOR_VIEW_H

#include <stddef.h>

#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_admin.pb-c.h"
#include "asap/v1/server.pb-c.h"
#include "ctl.h"
#include "probe.h"

/* Which keys verifiers must be able to fetch: by the server, or, without one,
 * by the key sets that the first repository publishes. */

struct doctor_issuer {
    const char *name;
    const Asap__V1__Issuer *issuer;   /* NULL: more than its name is not known */
    Asap__V1__ListKeysResponse *keys; /* never NULL; of a key set, they are all active */
};

struct doctor_view {
    Asap__V1__Status *status; /* NULL: no server answered */
    struct asap_error why;    /* why not; code 0: none was asked, since nobody said where it is */
    Asap__V1__ListIssuersResponse *list;
    struct doctor_issuer *issuers; /* those of --issuer, or all */
    size_t count;
};

/* How long caches may use a key, in seconds: by the server's settings, or their defaults. */
struct doctor_timing {
    int64_t max_age, stale, jwks_max_age, clock_skew, replica_lag;
};
struct doctor_timing doctor_timing_of(const struct doctor_view *view);

/* Whether verifiers have to find it. */
bool doctor_is_published(const Asap__V1__Key *key);

/* Asks the server. A server that does not answer is no failure, but told in the view.
 * ASAP_NOT_FOUND: it has no issuer of that name. The caller clears *out in any case. */
ASAP_MUST_CHECK enum asap_code doctor_view_ask(const struct ctl *ctl,
                                               struct doctor_view *out,
                                               struct asap_error *err);

/* Where no server answered: fills in the issuers of --issuer from their key sets. One whose set
 * cannot be read has no keys. */
ASAP_MUST_CHECK enum asap_code doctor_view_discover(const struct ctl *ctl,
                                                    struct prober *prober,
                                                    struct doctor_view *view,
                                                    struct asap_error *err);

void doctor_view_clear(struct doctor_view *view);

static inline void doctor_view_scope_exit(struct doctor_view *view)
{
    doctor_view_clear(view);
}

/* URL of the key set of `issuer`. */
enum { DOCTOR_URL_SIZE = 1536 };
void doctor_key_set_url(const char *base_url, const char *issuer, char out[static DOCTOR_URL_SIZE]);

#endif
