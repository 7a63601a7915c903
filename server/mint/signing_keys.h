/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SIGNING_KEYS_H
#define ASAPD_SIGNING_KEYS_H

#include <asap/error.h>

#include "keyring.h"
#include "pem.h"
#include "store.h"
#include "vault.h"

/* Private keys that were opened to sign with, so that a token costs its
 * signature and not the opening of a sealed record. Bounded: the key that was
 * longest unused makes room. Any thread. */
struct signing_keys;

/* Borrows store and vault. `most` keys are open at once. */
ASAP_MUST_CHECK enum asap_code signing_keys_new(struct store *store,
                                                const struct vault *vault,
                                                size_t most,
                                                struct signing_keys **out,
                                                struct asap_error *err);
void signing_keys_free(struct signing_keys *keys); /* NULL is fine; closes all */

/* The private half of `key` if it is open: a reference that the caller frees with
 * EVP_PKEY_free(). NULL otherwise. Never blocks for long. */
EVP_PKEY *signing_keys_find(struct signing_keys *keys, const struct published_key *key);

/* The same, and opens it when it is not: reads the store. ASAP_UNAVAILABLE, too, when its private
 * half was destroyed since the keys were read. ASAP_DATA_LOSS: it does not open, or is not the half
 * of what is published. */
ASAP_MUST_CHECK enum asap_code signing_keys_open(struct signing_keys *keys,
                                                 const struct published_key *key,
                                                 EVP_PKEY **out,
                                                 struct asap_error *err);

/* Closes those that do not sign at `now` by this snapshot. */
void signing_keys_retain(struct signing_keys *keys, const struct snapshot *snapshot, int64_t now);

#endif
