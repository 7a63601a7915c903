/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_CLAIMS_H
#define ASAP_CORE_CLAIMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/claims.h>
#include <asap/error.h>

#include "buffer.h"
#include "kid.h"
#include "scoped.h"

/* The claims of an ASAP token (RFC 7519 section 4), and the rules of ASAP as
 * pure functions of (claims, policy, now). */

/* The longest that a token may live, by the protocol. */
enum { CLAIMS_MAX_LIFETIME = 3600, CLAIMS_MAX_LEEWAY = 60, CLAIMS_MAX_AUDIENCES = 16 };

struct asap_claims {
    json_t *all; /* the whole object; the strings below point into it */
    const char *issuer;
    const char *subject; /* iss when the token has no sub */
    const char *jti;
    const char *audiences[CLAIMS_MAX_AUDIENCES];
    size_t audience_count;
    int64_t issued_at, not_before, expires_at; /* not_before is iat when the token has no nbf */
    char key_id[KID_MAX + 1];                  /* of the header; "" until the verifier sets it */
};

DEFINE_SCOPED(claims, struct asap_claims *, asap_claims_free)

/* Reads a claim set and checks presence, type and range of the registered claims. On ASAP_OK the
 * caller owns *out (asap_claims_free). ASAP_UNAUTHENTICATED and the rule broken otherwise. */
ASAP_MUST_CHECK enum asap_code
claims_parse(const char *text, size_t length, struct asap_claims **out, struct asap_error *err);

struct claims_policy {
    const char *const *audiences; /* NULL-terminated, at least one */
    const char *const *issuers;   /* NULL-terminated allow-list; NULL allows every issuer */
    const char *const *subjects;  /* NULL-terminated: subjects allowed beside the issuer itself */
    bool any_subject;             /* sub may be anything */
    int64_t leeway;               /* seconds, 0 to CLAIMS_MAX_LEEWAY */
    int64_t max_lifetime;         /* seconds, 1 to CLAIMS_MAX_LIFETIME */
};

/* Whether a token with these claims and this key id is acceptable at `now`, its signature aside.
 * The time window is inclusive: refused iff now > exp + leeway or now < nbf - leeway or
 * iat > now + leeway. A token whose nbf is before its iat or after its exp is refused at any time.
 * ASAP_UNAUTHENTICATED and the rule broken; ASAP_PERMISSION_DENIED with
 * ASAP_REASON_ISSUER for an issuer that is not on the allow-list. */
ASAP_MUST_CHECK enum asap_code claims_check(const struct asap_claims *claims,
                                            const struct kid *kid,
                                            const struct claims_policy *policy,
                                            int64_t now,
                                            struct asap_error *err);

/* What a signer puts into a token. */
struct claims_request {
    const char *issuer;
    const char *subject;          /* NULL: the issuer */
    const char *const *audiences; /* NULL-terminated, at least one; one is written as a string */
    int64_t lifetime;             /* seconds, 1 to CLAIMS_MAX_LIFETIME */
    const char *additional;       /* a JSON object of further claims, or NULL */
    const char *jti;              /* of claims_new_jti(); NULL: a new one */
};

/* 160 random bits as 27 characters of base64url and a NUL. */
enum { CLAIMS_JTI_SIZE = 28 };
ASAP_MUST_CHECK enum asap_code claims_new_jti(char out[CLAIMS_JTI_SIZE], struct asap_error *err);

/* Appends {"iss","sub","aud","iat","nbf","exp","jti",...}: integer times and nbf = iat. What is
 * written, claims_parse() reads. ASAP_INVALID_ARGUMENT: err->field is
 * issuer, subject, audiences, lifetime_seconds or additional_claims: no audience, a lifetime out of
 * range, text that is not UTF-8 or too long, or an additional claim that is one of these. */
ASAP_MUST_CHECK enum asap_code claims_write(const struct claims_request *request,
                                            int64_t now,
                                            struct buffer *out,
                                            struct asap_error *err);

#endif
