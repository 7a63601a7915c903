/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_RETRIEVER_JWK_H
#define ASAP_SRC_RETRIEVER_JWK_H

#include <jansson.h>
#include <openssl/evp.h>
#include <stdbool.h>

#include <asap/error.h>

/* One public key in JSON (RFC 7517, RFC 7518 section 6, RFC 8037) to a key. */

/* Whether it says that it verifies signatures, or does not say what it is for. */
bool jwk_is_for_signatures(const json_t *jwk);

/* Members that the type does not know are passed over, as RFC 7517 section 4 asks for. The caller
 * owns *out and checks it against the policy.
 * ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_REFUSED: the message says what is wrong. */
ASAP_MUST_CHECK enum asap_code jwk_read(const json_t *jwk, EVP_PKEY **out, struct asap_error *err);

#endif
