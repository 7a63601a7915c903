/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CLAIMS_H
#define ASAP_CLAIMS_H

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

/* The claim set as one line of JSON, which the caller frees with free(); NULL without memory. */
ASAP_API char *asap_claims_json(const struct asap_claims *claims);

ASAP_API void asap_claims_free(struct asap_claims *claims); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
