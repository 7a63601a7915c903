/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_RETRIEVER_H
#define ASAP_SRC_RETRIEVER_H

#include <openssl/evp.h>

#include <asap/retriever.h>

#include "kid.h"
#include "scoped.h"

/* What every retriever is to a verifier. A kind of retriever embeds this as
 * its first member. */

/* On ASAP_OK *out holds a reference of the caller's (EVP_PKEY_free), to a key that passed
 * pem_check_policy(). ASAP_UNAUTHENTICATED with ASAP_REASON_KEY_NOT_FOUND or
 * ASAP_REASON_KEY_REFUSED: the token cannot be good. ASAP_UNAVAILABLE with
 * ASAP_REASON_KEY_UNAVAILABLE: the source failed, and nothing is known. ASAP_UNAVAILABLE with
 * ASAP_REASON_OVERLOADED: too many unknown key ids are asked for, and the source was not asked. */
typedef enum asap_code (*retriever_find)(struct asap_retriever *retriever,
                                         const struct kid *kid,
                                         EVP_PKEY **out,
                                         struct asap_error *err);

struct asap_retriever {
    retriever_find find; /* may wait for the network */

    /* The same for event loops, which must not wait: from what is held already. ASAP_OK with *out
     * NULL: only find() can say, on a thread that may wait. Where keys go stale, one that soon will
     * is renewed in the background. */
    retriever_find find_cached;

    /* A key that an earlier find() fetched and that is still fresh, else ASAP_OK with *out NULL;
     * renews nothing. */
    retriever_find peek;

    void (*free)(struct asap_retriever *retriever);
};

/* The peek of those that fetch nothing. */
enum asap_code retriever_peek_nothing(struct asap_retriever *retriever,
                                      const struct kid *kid,
                                      EVP_PKEY **out,
                                      struct asap_error *err);

DEFINE_SCOPED(asap_retriever, struct asap_retriever *, asap_retriever_free)

#endif
