/* SPDX-License-Identifier: Apache-2.0 */
#include "meters.h"

#include "exposition.h"
#include "fail.h"

#define MINTS "asap_mints_total"

enum asap_code meters_init(const struct log *log, struct meters *out, struct asap_error *err)
{
    TRY(requests_new(&out->requests, err));
    TRY(outcome_table_new(MINT_ISSUERS_MAX, &out->mints, err));
    return fetches_new(log, &out->fetches, err);
}

void meters_clear(struct meters *meters)
{
    requests_free(meters->requests);
    outcome_table_free(meters->mints);
    fetches_free(meters->fetches);
}

void meters_write(const struct meters *meters, int64_t now, struct buffer *out)
{
    requests_write(meters->requests, out);
    exposition_begin(
        out, MINTS, METRIC_COUNTER,
        "Calls for a token by issuer and how they ended; an aborted one was made again.");
    outcome_table_write(meters->mints, MINTS, "issuer", out);
    denials_write(&meters->denials, out);
    fetches_write(meters->fetches, now, out);
}
