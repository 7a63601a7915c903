/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_SIGNER_REUSE_H
#define ASAP_SRC_SIGNER_REUSE_H

#include <openssl/evp.h>

#include <asap/signer.h>

/* Tokens that are handed out more than once. Any number of threads. */
struct signer_reuse;

enum { SIGNER_REUSE_MAX = 90 }; /* percent of its life; the rest is for its way to the receiver */

/* `entries` is the most it holds; 0: 64. ASAP_INTERNAL: out of memory. */
ASAP_MUST_CHECK enum asap_code
signer_reuse_new(int percent, size_t entries, struct signer_reuse **out, struct asap_error *err);

/* The request says all, nothing goes without saying. On ASAP_OK *token is NULL when none is at
 * hand, else the caller's own copy. Tokens of another key than `key` are never found. */
ASAP_MUST_CHECK enum asap_code signer_reuse_find(struct signer_reuse *reuse,
                                                 const EVP_PKEY *key,
                                                 const struct asap_token_request *request,
                                                 int64_t now,
                                                 char **token,
                                                 struct asap_error *err);

/* Keeps a copy of what `key` signed at `now`. */
void signer_reuse_put(struct signer_reuse *reuse,
                      EVP_PKEY *key,
                      const struct asap_token_request *request,
                      int64_t now,
                      const char *token);

void signer_reuse_free(struct signer_reuse *reuse); /* NULL is fine */

#endif
