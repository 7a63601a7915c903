/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CLAIMS_H
#define ASAP_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The claims of a token that a verifier accepted. Immutable: any number of
 * threads may read one. Returned strings are borrowed from it. */
struct asap_claims;

ASAP_API const char *asap_claims_issuer(const struct asap_claims *claims);
/* The issuer itself when the token names no subject. */
ASAP_API const char *asap_claims_subject(const struct asap_claims *claims);
ASAP_API const char *asap_claims_key_id(const struct asap_claims *claims);
ASAP_API const char *asap_claims_jti(const struct asap_claims *claims);

ASAP_API size_t asap_claims_audience_count(const struct asap_claims *claims);
/* NULL when `index` is past the last. */
ASAP_API const char *asap_claims_audience(const struct asap_claims *claims, size_t index);

/* Seconds since 1970. */
ASAP_API int64_t asap_claims_issued_at(const struct asap_claims *claims);
ASAP_API int64_t asap_claims_not_before(const struct asap_claims *claims);
ASAP_API int64_t asap_claims_expires_at(const struct asap_claims *claims);

/* Any claim by its name, such as those that an application adds. ASAP_NOT_FOUND with
 * ASAP_REASON_CLAIM_MISSING: the token has none of this name. ASAP_INVALID_ARGUMENT with
 * ASAP_REASON_CLAIM_TYPE: it is of another type. Neither means that the token is bad: err->field is
 * the name, and *out is NULL, 0 or false. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_claims_get_string(const struct asap_claims *claims,
                                                               const char *name,
                                                               const char **out,
                                                               struct asap_error *err);
/* 1.0 and 1e3 are no integers, and one that does not fit 64 bits is in no token. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_claims_get_integer(const struct asap_claims *claims,
                                                                const char *name,
                                                                int64_t *out,
                                                                struct asap_error *err);
ASAP_API ASAP_MUST_CHECK enum asap_code asap_claims_get_bool(const struct asap_claims *claims,
                                                             const char *name,
                                                             bool *out,
                                                             struct asap_error *err);
/* Of any type, as one line of JSON, which the caller frees with free(). */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_claims_get_json(const struct asap_claims *claims,
                                                             const char *name,
                                                             char **out,
                                                             struct asap_error *err);

/* The claim set as one line of JSON, which the caller frees with free(); NULL without memory. */
ASAP_API char *asap_claims_json(const struct asap_claims *claims);

ASAP_API void asap_claims_free(struct asap_claims *claims); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
