/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_MINT_H
#define ASAPD_MINT_H

#include <stdbool.h>
#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"
#include "callers.h"
#include "claims.h"
#include "keyring.h"
#include "limit.h"
#include "method.h"
#include "signing_keys.h"

/* Mints a token: authorises, finds the key that signs, signs. What it returns
 * must not leave before it is recorded under the generations that it names. */
struct mint {
    struct keyring *keyring;
    struct callers *callers;
    struct signing_keys *keys;
    struct limiter *grants; /* how often by which grant */
    const struct lifecycle_policy *policy;
    const char *own_audience; /* this service's */
    int64_t (*monotonic_ms)(void);
};

enum { MINT_AUDIENCES_MAX = CLAIMS_MAX_AUDIENCES, MINT_TOKEN_MAX = 8192 };

struct mint_request {
    const struct rpc_caller *caller;
    const char *issuer;
    const char *const *audiences; /* ended by NULL */
    int64_t lifetime;             /* seconds */
    const char *subject;          /* "": the issuer */
    const char *additional;       /* a JSON object of further claims, or NULL */
    const char *const *claims;    /* the names of its members, ended by NULL; or NULL */
    int64_t now;                  /* the wall clock */
    bool validate_only;           /* everything but the signature */
    bool may_block;               /* see rpc_call */
    bool is_repeated;             /* see rpc_call; the grant's rate was taken before */
};

struct minted {
    struct buffer token; /* of MINT_TOKEN_MAX; empty with validate_only */
    char key_id[KID_MAX + 1];
    char jti[CLAIMS_JTI_SIZE];
    int64_t expire_time;
    int64_t refresh_time; /* after 80 % of its life */
    int64_t generation;   /* of the keys and of the grants by which it was made */
    int64_t access_generation;
    bool wants_worker; /* nothing was done: call again where it may block */
    bool has_issuer;   /* there is an issuer of that name */
    int64_t retry_ms;  /* with a failure: when it is worth trying again; 0: unknown */
};

static inline void minted_scope_exit(struct minted *minted)
{
    buffer_clear(&minted->token);
}

/* Completes *out, which the caller clears also after a failure. Any thread.
 * ASAP_INVALID_ARGUMENT: err->field is the request's field. ASAP_PERMISSION_DENIED with
 * ASAP_REASON_NO_GRANT, ..._GRANT_...: says nothing of an issuer on which the caller has no grant.
 * ASAP_NOT_FOUND: no such issuer. ASAP_FAILED_PRECONDITION: ASAP_REASON_ISSUER_EXTERNAL,
 * ..._CLOCK_WENT_BACK. ASAP_UNAVAILABLE, ASAP_REASON_NO_SIGNING_KEY: an emergency gap, until
 * retry_ms from now. ASAP_RESOURCE_EXHAUSTED, ASAP_REASON_RATE_LIMIT: the grant's limit. */
ASAP_MUST_CHECK enum asap_code mint_token(const struct mint *mint,
                                          const struct mint_request *request,
                                          struct minted *out,
                                          struct asap_error *err);

/* Whether signing with this algorithm is too long for a thread that has others waiting. */
bool mint_takes_long(const struct algorithm *algorithm);

#endif
