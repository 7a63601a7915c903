/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_RETRIEVER_H
#define ASAP_SRC_RETRIEVER_H

#include <openssl/evp.h>

#include <asap/retriever.h>

#include "kid.h"

/* What every retriever is to a verifier. A kind of retriever embeds this as
 * its first member. */
struct asap_retriever {
    /* On ASAP_OK *out holds a reference of the caller's (EVP_PKEY_free), to a key that passed
     * pem_check_policy(). ASAP_UNAUTHENTICATED with ASAP_REASON_KEY_NOT_FOUND or
     * ASAP_REASON_KEY_REFUSED: the token cannot be good. ASAP_UNAVAILABLE with
     * ASAP_REASON_KEY_UNAVAILABLE: nothing is known. */
    enum asap_code (*find)(struct asap_retriever *retriever,
                           const struct kid *kid,
                           EVP_PKEY **out,
                           struct asap_error *err);
    void (*free)(struct asap_retriever *retriever);
};

#endif
