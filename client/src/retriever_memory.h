/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_RETRIEVER_MEMORY_H
#define ASAP_SRC_RETRIEVER_MEMORY_H

#include <openssl/evp.h>
#include <stdbool.h>

#include <asap/error.h>

#include "cache.h"
#include "kid.h"
#include "scoped.h"

/* Parsed keys of sources that are asked each time, as to check a key takes
 * far longer than to verify with it. A key is held with a tag of what it was read from; under
 * another tag it is not found. Bounded; any number of threads. */
struct key_memory;

enum { KEY_TAG_SIZE = CACHE_ETAG_SIZE };

ASAP_MUST_CHECK enum asap_code key_memory_new(size_t entries,
                                              struct key_memory **out,
                                              struct asap_error *err);

/* A reference of the caller's, or NULL. */
EVP_PKEY *key_memory_find(struct key_memory *memory, const struct kid *kid, const char *tag);

/* Keeps a reference of its own, in place of what was there; `key` may be NULL to forget that. */
void key_memory_put(struct key_memory *memory,
                    const struct kid *kid,
                    const char *tag,
                    EVP_PKEY *key);

void key_memory_free(struct key_memory *memory); /* NULL is fine */

DEFINE_SCOPED(key_memory, struct key_memory *, key_memory_free)

#endif
