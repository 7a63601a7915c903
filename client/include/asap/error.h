/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_ERROR_H
#define ASAP_ERROR_H

#include <asap/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One taxonomy for the library, the RPC surface and the exit codes.
 * The values are the canonical RPC codes; do not renumber. */
enum asap_code {
    ASAP_OK = 0,
    ASAP_CANCELED = 1,
    ASAP_UNKNOWN = 2,
    ASAP_INVALID_ARGUMENT = 3,
    ASAP_DEADLINE_EXCEEDED = 4,
    ASAP_NOT_FOUND = 5,
    ASAP_ALREADY_EXISTS = 6,
    ASAP_PERMISSION_DENIED = 7,
    ASAP_RESOURCE_EXHAUSTED = 8,
    ASAP_FAILED_PRECONDITION = 9,
    ASAP_ABORTED = 10,
    ASAP_OUT_OF_RANGE = 11,
    ASAP_UNIMPLEMENTED = 12,
    ASAP_INTERNAL = 13,
    ASAP_UNAVAILABLE = 14,
    ASAP_DATA_LOSS = 15,
    ASAP_UNAUTHENTICATED = 16
};

/* Which rule a failure broke, for programs; the message is for people. */
enum asap_reason {
    ASAP_REASON_NONE = 0,
    ASAP_REASON_TOKEN_SIZE,       /* shorter or longer than any token */
    ASAP_REASON_TOKEN_FORM,       /* not three non-empty parts (RFC 7515 section 7.1) */
    ASAP_REASON_BASE64URL,        /* padding, a stray character or stray bits */
    ASAP_REASON_JSON,             /* not one strict JSON object within the limits */
    ASAP_REASON_HEADER,           /* a header member that is refused: crit, jwk, jku, x5u ... */
    ASAP_REASON_TYPE,             /* typ is not JWT */
    ASAP_REASON_ALGORITHM,        /* alg is missing, unknown or not permitted */
    ASAP_REASON_KID_GRAMMAR,      /* kid is missing or is no issuer/name */
    ASAP_REASON_KID_OWNER,        /* kid belongs to another issuer than iss */
    ASAP_REASON_CLAIM_MISSING,    /* a mandatory claim is absent */
    ASAP_REASON_CLAIM_TYPE,       /* a claim has another type or range than RFC 7519 gives it */
    ASAP_REASON_LIFETIME,         /* exp is not after iat, or too long after it */
    ASAP_REASON_EXPIRED,          /* now is after exp */
    ASAP_REASON_NOT_YET_VALID,    /* now is before nbf */
    ASAP_REASON_ISSUED_IN_FUTURE, /* now is before iat */
    ASAP_REASON_AUDIENCE,         /* no audience of the token is ours */
    ASAP_REASON_ISSUER,           /* the issuer is not on the allow-list */
    ASAP_REASON_SUBJECT,          /* sub differs from iss and that is not allowed */
    ASAP_REASON_REPLAYED,         /* this jti was seen before */
    ASAP_REASON_REPLAY_CACHE_FULL,
    ASAP_REASON_REPLAY_UNAVAILABLE, /* the shared store of used tokens gives no answer */
    ASAP_REASON_KEY_NOT_FOUND,      /* the repository has no such key */
    ASAP_REASON_KEY_UNAVAILABLE,    /* the repository could not be asked; the token may be good */
    ASAP_REASON_KEY_NOT_CACHED,     /* to be fetched first, by somebody who may wait */
    ASAP_REASON_KEY_REFUSED,        /* the key is malformed, weak or of an unsupported kind */
    ASAP_REASON_KEY_ALGORITHM,      /* alg does not fit the key */
    ASAP_REASON_SIGNATURE,          /* the signature is not by this key */

    /* Why asapd refuses a caller. */
    ASAP_REASON_NO_PROOF,           /* the caller did not say who it is */
    ASAP_REASON_TWO_PROOFS,         /* it said so in two ways */
    ASAP_REASON_PROOF_MALFORMED,    /* the Authorization header is none of ours */
    ASAP_REASON_CREDENTIAL_UNKNOWN, /* nobody is known by what was shown */
    ASAP_REASON_CREDENTIAL_EXPIRED,
    ASAP_REASON_CREDENTIAL_REVOKED,
    ASAP_REASON_CERTIFICATE, /* the client certificate proves nothing */
    ASAP_REASON_CALLER_DISABLED,
    ASAP_REASON_CALLER_DELETED,
    ASAP_REASON_NO_GRANT,       /* no grant of this verb for this issuer */
    ASAP_REASON_GRANT_AUDIENCE, /* the grant is not for this audience */
    ASAP_REASON_GRANT_LIFETIME, /* the grant is not for so long a lifetime */
    ASAP_REASON_GRANT_SUBJECT,  /* the grant is not for this subject */
    ASAP_REASON_GRANT_CLAIM,    /* the grant is not for this additional claim */
    ASAP_REASON_NOT_ADMIN,      /* the method is for administrators */
    ASAP_REASON_RATE_LIMIT,     /* too many calls */

    /* Why asapd does not mint. */
    ASAP_REASON_ISSUER_EXTERNAL,   /* asapd holds no key of this issuer */
    ASAP_REASON_NO_SIGNING_KEY,    /* no key signs now: an emergency gap */
    ASAP_REASON_CLOCK_WENT_BACK,   /* the server's clock lies behind what it has recorded */
    ASAP_REASON_AUDIT_UNAVAILABLE, /* the audit log cannot be written */
    ASAP_REASON_OVERLOADED,        /* too much is waiting */
    ASAP_REASON_COUNT
};

/* Owned by the caller, usually on its stack. Valid only after a failure.
 * The message is one line for people and never holds a token or a key. */
struct asap_error {
    enum asap_code code;
    enum asap_reason reason;
    char field[64]; /* the claim, header member, request field or setting concerned, or "" */
    char message[256];
};

/* "not_found" for ASAP_NOT_FOUND; never NULL. */
ASAP_API const char *asap_code_name(enum asap_code code);

/* "KEY_NOT_FOUND" for ASAP_REASON_KEY_NOT_FOUND, "" for none; never NULL. */
ASAP_API const char *asap_reason_name(enum asap_reason reason);

#ifdef __cplusplus
}
#endif

#endif
