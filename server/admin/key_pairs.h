/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEY_PAIRS_H
#define ASAPD_KEY_PAIRS_H

#include "admin.h"
#include "pem.h"

/* Key pairs for the keys that a change may add. Generating RSA keys takes long;
 * the transaction that all writers wait for should not. */

/* A successor and the standbys: no plan asks for more. */
enum { NEW_KEYS_MOST = 1 + LIFECYCLE_STANDBYS };

struct key_pairs {
    EVP_PKEY *keys[NEW_KEYS_MOST];
};

static inline void key_pairs_scope_exit(struct key_pairs *pairs)
{
    for (size_t i = 0; i < NEW_KEYS_MOST; i++)
        EVP_PKEY_free(pairs->keys[i]);
}

/* Makes `count` of them. ASAP_INVALID_ARGUMENT, field algorithm: there is none of this name. */
ASAP_MUST_CHECK enum asap_code key_pairs_generate(const char *algorithm,
                                                  size_t count,
                                                  struct key_pairs *out,
                                                  struct asap_error *err);

/* Makes `count` as the issuer's managed keys are, none for an external issuer. Opens and ends a
 * transaction of its own. ASAP_NOT_FOUND: no such issuer. */
ASAP_MUST_CHECK enum asap_code key_pairs_prepare(const struct admin *admin,
                                                 const char *issuer,
                                                 size_t count,
                                                 struct key_pairs *out,
                                                 struct asap_error *err);

#endif
