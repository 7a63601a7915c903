/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_ISSUER_LIST_H
#define ASAPCTL_ISSUER_LIST_H

#include <stdio.h>

#include "asap/v1/issuer_admin.pb-c.h"
#include "ctl.h"

/* What the commands on issuers share. */

/* How long tokens of the issuer may live: "10m", "-" when that is not said. */
static inline void issuer_write_lifetime(const Asap__V1__Issuer *issuer,
                                         char out[static TIME_TEXT_SIZE])
{
    if (issuer->max_token_lifetime == NULL)
        (void)snprintf(out, TIME_TEXT_SIZE, "-");
    else
        time_duration(issuer->max_token_lifetime->seconds, out);
}

/* Asks for all issuers, by name; the caller frees *out as after ctl_ask(). */
ASAP_MUST_CHECK enum asap_code issuer_list_ask(const struct ctl *ctl,
                                               Asap__V1__ListIssuersResponse **out,
                                               struct asap_error *err);

static inline void issuer_list_free(Asap__V1__ListIssuersResponse *list)
{
    asap__v1__list_issuers_response__free_unpacked(list, NULL);
}

DEFINE_SCOPED(issuer_list, Asap__V1__ListIssuersResponse *, issuer_list_free)

#endif
