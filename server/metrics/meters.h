/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_METERS_H
#define ASAPD_METERS_H

#include "denials.h"
#include "fetches.h"
#include "outcomes.h"
#include "requests.h"

/* All that a daemon counts. */
struct meters {
    struct requests *requests;
    struct outcome_table *mints; /* by issuer */
    struct fetches *fetches;
    struct denials denials;
};

enum { MINT_ISSUERS_MAX = 4096 };

/* *out is cleared with meters_clear(), also after a failure. */
ASAP_MUST_CHECK enum asap_code meters_init(const struct log *log,
                                           struct meters *out,
                                           struct asap_error *err);
void meters_clear(struct meters *meters);

/* asap_http_..., asap_mints_total, asap_denials_total and asap_retiring_key_... */
void meters_write(const struct meters *meters, int64_t now, struct buffer *out);

#endif
