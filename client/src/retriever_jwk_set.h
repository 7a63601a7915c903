/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_RETRIEVER_JWK_SET_H
#define ASAP_SRC_RETRIEVER_JWK_SET_H

#include <openssl/evp.h>
#include <stddef.h>

#include <asap/error.h>

#include "kid.h"
#include "scoped.h"

/* A JSON Web Key Set (RFC 7517 section 5) read strictly. Keys that are not for
 * signatures, of unknown types or without a key id are passed over; one that is
 * malformed or against the policy is remembered, to say why it is refused. No lock of its own. */
struct jwk_set;

/* ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_REFUSED: this is no key set. */
ASAP_MUST_CHECK enum asap_code
jwk_set_read(const char *text, size_t length, struct jwk_set **out, struct asap_error *err);

/* On ASAP_OK *out is a reference of the caller's. The policy, whose proofs take time, is applied to
 * a key when it is first asked for. ASAP_UNAUTHENTICATED: ASAP_REASON_KEY_NOT_FOUND, or
 * ASAP_REASON_KEY_REFUSED. */
ASAP_MUST_CHECK enum asap_code
jwk_set_find(struct jwk_set *set, const struct kid *kid, EVP_PKEY **out, struct asap_error *err);

void jwk_set_free(struct jwk_set *set); /* NULL is fine */

DEFINE_SCOPED(jwk_set, struct jwk_set *, jwk_set_free)

#endif
