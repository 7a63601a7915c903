/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ATTEMPT_H
#define ASAPD_ATTEMPT_H

#include <asap/verifier.h>

#include "authenticate.h"

/* One request on its way to a caller: what the kinds of proof share. */
struct attempt {
    struct asap_verifier *verifier;
    uint32_t daemon_uid;
    const struct evidence *evidence;
    const struct caller_set *set; /* NULL: not known yet */
    int64_t now;
    struct rpc_caller *out;
};

/* *out is NULL when there is none. ASAP_UNAVAILABLE: not known yet. */
ASAP_MUST_CHECK enum asap_code attempt_find(const struct attempt *attempt,
                                            enum credential_kind kind,
                                            const char *name,
                                            const struct known_credential **out,
                                            struct asap_error *err);

/* Whether it is there, not revoked and not expired. */
bool attempt_stands(const struct attempt *attempt, const struct known_credential *credential);

/* What is the same for all proofs once the credential is found: fills attempt->out, or refuses what
 * is revoked or expired, or whose caller is not let in. `proof` says what was shown. */
ASAP_MUST_CHECK enum asap_code attempt_admit(const struct attempt *attempt,
                                             enum rpc_proof kind,
                                             const struct known_credential *credential,
                                             const char *proof,
                                             struct asap_error *err);

/* By the Authorization header, which is there. */
ASAP_MUST_CHECK enum asap_code attempt_by_header(const struct attempt *attempt,
                                                 struct asap_error *err);

#endif
