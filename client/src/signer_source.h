/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_SIGNER_SOURCE_H
#define ASAP_SRC_SIGNER_SOURCE_H

#include <openssl/evp.h>

#include <asap/signer.h>

#include "algorithm.h"
#include "context_pool.h"
#include "kid.h"
#include "scoped.h"
#include "signer_reuse.h"

/* The kinds of signers behind one interface, and where those that have a key
 * have it from. */

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

/* What signs: with a key of its own, or by asking whoever has one. A kind of signer embeds this as
 * its first member. */
struct asap_signer {
    /* As asap_signer_sign() says; *token is NULL at first. */
    enum asap_code (*sign)(struct asap_signer *signer,
                           const struct asap_token_request *request,
                           char **token,
                           struct asap_error *err);
    void (*free)(struct asap_signer *signer);
};

DEFINE_SCOPED(asap_signer, struct asap_signer *, asap_signer_free)

enum { SIGNER_DEFAULT_LIFETIME = 60 };

/* The issuer's grammar is that of a key id without its name. ASAP_INVALID_ARGUMENT, "issuer". */
ASAP_MUST_CHECK enum asap_code signer_check_issuer(const char *issuer, struct asap_error *err);

/* A signer that has a private key. The kinds of it embed it as their first member. */
struct key_signer {
    struct asap_signer base;
    /* On ASAP_OK *out is the key that signs now; clear it with signing_key_clear(). */
    enum asap_code (*current)(struct key_signer *signer,
                              struct signing_key *out,
                              struct asap_error *err);
    const struct algorithm *algorithm; /* NULL: what fits the key */
    struct asap_clock clock;
    struct asap_passphrase passphrase;
    const char **audiences;        /* of requests that name none; NULL: they have to */
    struct context_pool *contexts; /* of the key that signs */
    struct signer_reuse *reuse;    /* NULL: each token is signed anew */
    char issuer[KID_MAX + 1];
};

/* The part that every kind of it has but for `base.free` and `current`, of a zeroed one. Clear it
 * with key_signer_clear() even when it fails. ASAP_INVALID_ARGUMENT: one of the options is wrong.
 */
ASAP_MUST_CHECK enum asap_code key_signer_init(struct key_signer *signer,
                                               const struct kid *kid,
                                               const struct asap_signer_options *options,
                                               struct asap_error *err);

void key_signer_clear(struct key_signer *signer);

/* A signer for one key. Takes over `key`, which is NULL afterwards, unless it fails. */
ASAP_MUST_CHECK enum asap_code signer_from_key(const struct kid *kid,
                                               EVP_PKEY **key,
                                               const struct asap_signer_options *options,
                                               struct asap_signer **out,
                                               struct asap_error *err);

/* Those of the options, which may be NULL. */
static inline const struct asap_passphrase *passphrase_of(const struct asap_signer_options *options)
{
    return options != NULL ? &options->passphrase : NULL;
}

#endif
