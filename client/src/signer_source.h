/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_SIGNER_SOURCE_H
#define ASAP_SRC_SIGNER_SOURCE_H

#include <openssl/evp.h>

#include <asap/signer.h>

#include "algorithm.h"
#include "kid.h"
#include "scoped.h"

/* Where a signer has its key from. A kind of signer embeds struct asap_signer
 * as its first member. */

/* A private key ready to sign with. */
struct signing_key {
    EVP_PKEY *key;
    const struct algorithm *algorithm;
    char key_id[KID_MAX + 1];
};

/* Takes over `key`, which is NULL afterwards, unless it fails. `algorithm` is what the options ask
 * for; NULL: what fits the key. ASAP_INVALID_ARGUMENT, ASAP_REASON_KEY_ALGORITHM: it does not fit
 * the key. */
ASAP_MUST_CHECK enum asap_code signing_key_init(struct signing_key *out,
                                                const struct kid *kid,
                                                EVP_PKEY **key,
                                                const struct algorithm *algorithm,
                                                struct asap_error *err);

/* A reference of its own to the same key. */
ASAP_MUST_CHECK enum asap_code signing_key_copy(struct signing_key *out,
                                                const struct signing_key *from,
                                                struct asap_error *err);

void signing_key_clear(struct signing_key *key); /* a zeroed one is fine */

static inline void signing_key_scope_exit(struct signing_key *key)
{
    signing_key_clear(key);
}

struct asap_signer {
    /* On ASAP_OK *out is the key that signs now; clear it with signing_key_clear(). */
    enum asap_code (*current)(struct asap_signer *signer,
                              struct signing_key *out,
                              struct asap_error *err);
    void (*free)(struct asap_signer *signer);
    const struct algorithm *algorithm; /* NULL: what fits the key */
    struct asap_clock clock;
    char issuer[KID_MAX + 1];
};

DEFINE_SCOPED(asap_signer, struct asap_signer *, asap_signer_free)

/* The part that every kind of signer has. ASAP_INVALID_ARGUMENT: there is no such algorithm. */
ASAP_MUST_CHECK enum asap_code signer_init(struct asap_signer *signer,
                                           const struct kid *kid,
                                           const struct asap_signer_options *options,
                                           struct asap_error *err);

#endif
