/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_CONTEXT_POOL_H
#define ASAP_SRC_CONTEXT_POOL_H

#include "signature.h"

/* Keys that were made ready before, kept for the next token. Any thread. The pool never decides
 * which key is used: whoever takes a context brings the key. */
struct context_pool;

ASAP_MUST_CHECK enum asap_code context_pool_new(enum signature_use use,
                                                struct context_pool **out,
                                                struct asap_error *err);
void context_pool_free(struct context_pool *pool); /* NULL is fine; nobody may use it any more */

DEFINE_SCOPED(context_pool, struct context_pool *, context_pool_free)

/* One for this key and algorithm, which is the caller's until it is given back (or freed). Of a
 * pool that makes signatures it lets go of every other key that nobody uses, so that no private key
 * outlives its successor's first token. As signature_context_new() otherwise. */
ASAP_MUST_CHECK enum asap_code context_pool_take(struct context_pool *pool,
                                                 const struct algorithm *algorithm,
                                                 EVP_PKEY *key,
                                                 struct signature_context **out,
                                                 struct asap_error *err);

/* Gives one back, which is NULL afterwards. Few are kept: the one longest unused makes room. */
void context_pool_give(struct context_pool *pool, struct signature_context **context);

#endif
