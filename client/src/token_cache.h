/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_TOKEN_CACHE_H
#define ASAP_SRC_TOKEN_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"
#include "scoped.h"

/* Tokens by what was asked for. Bounded: the least recently used goes first.
 * Searched one after the other, as there are few. No locks, no clock: the
 * caller holds a lock of its own, and `now` is seconds since 1970. */
struct token_cache;

struct token_times {
    int64_t asked;   /* when it was asked for; its age counts from there */
    int64_t refresh; /* from here on another one is to be asked for */
    int64_t until;   /* from here on it is not used any more */
};

enum token_state {
    TOKEN_NONE,
    TOKEN_FRESH,
    TOKEN_OLD /* good enough while, or as long as, there is no other */
};

/* `entries` is the most it holds, at least 1. ASAP_INTERNAL: out of memory. */
ASAP_MUST_CHECK enum asap_code token_cache_new(size_t entries,
                                               struct token_cache **out,
                                               struct asap_error *err);

/* The key is compared in full. *out is borrowed until the cache changes; NULL for none. */
enum token_state token_cache_find(struct token_cache *cache,
                                  const struct buffer *key,
                                  int64_t now,
                                  const char **out);

/* Keeps copies, in place of what was held. Without memory nothing is kept, which costs another
 * mint. */
void token_cache_put(struct token_cache *cache,
                     const struct buffer *key,
                     const char *token,
                     const struct token_times *times);

/* What is held, if anything, counts as fresh until `time`, but not beyond its end. */
void token_cache_postpone(struct token_cache *cache, const struct buffer *key, int64_t time);

void token_cache_drop(struct token_cache *cache, const struct buffer *key);

void token_cache_free(struct token_cache *cache); /* NULL is fine */

DEFINE_SCOPED(token_cache, struct token_cache *, token_cache_free)

#endif
