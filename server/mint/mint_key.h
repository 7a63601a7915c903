/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_MINT_KEY_H
#define ASAPD_MINT_KEY_H

#include "keyring.h"

/* Which key signs a token, by the lifecycle alone. */

struct mint_key_wish {
    const struct snapshot *snapshot;
    const struct lifecycle_policy *policy;
    const char *issuer;
    int64_t now;      /* the wall clock, seconds */
    int64_t lifetime; /* of the token, seconds */
};

/* The issuer's active managed key, borrowed from the snapshot, if the token ends before the key is
 * withdrawn. ASAP_UNAVAILABLE, ASAP_REASON_NO_SIGNING_KEY: none signs now; *retry_ms says when one
 * will, if that is known. The same for a restored backup, and ASAP_FAILED_PRECONDITION until it is
 * accepted, see snapshot_may_sign(). ASAP_UNAVAILABLE: the key is damaged.
 * ASAP_FAILED_PRECONDITION, ASAP_REASON_CLOCK_WENT_BACK: the clock lies behind the latest change by
 * more than the skew. */
ASAP_MUST_CHECK enum asap_code mint_key_find(const struct mint_key_wish *wish,
                                             const struct published_key **out,
                                             int64_t *retry_ms,
                                             struct asap_error *err);

#endif
