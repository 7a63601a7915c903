/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_CACHE_H
#define ASAP_SRC_CACHE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "cache_control.h"
#include "kid.h"
#include "scoped.h"

/* Public keys by key id, parsed once, and which key ids have no key. Bounded:
 * the least recently used goes first, and what is missing goes before any
 * key, so that made-up key ids displace nothing of worth. No locks, no clock:
 * the caller holds a lock of its own, and `now` is seconds of a clock that
 * never steps, so that a wall clock set back keeps no key alive. */
struct cache;

struct cache_limits {
    size_t entries; /* keys and misses, at least 1 */
    size_t bytes;   /* of memory, as estimated by cache_key_bytes(); 0: as the entries allow */
};

/* When a response arrived. The wall clock is compared with what the origin says, once. */
struct cache_moment {
    int64_t now;
    int64_t wall; /* seconds since 1970 */
};

enum {
    CACHE_AHEAD_PERCENT = 80,    /* of its lifetime, and a key is due for renewal ... */
    CACHE_AHEAD_SECONDS = 10,    /* ... unless its lifetime is shorter than this */
    CACHE_MISS_SECONDS_MAX = 20, /* a key may be published any time */
    CACHE_RETRY_SECONDS = 5,
    CACHE_ETAG_SIZE = 128,
    CACHE_LAST_MODIFIED_SIZE = 64
};

/* What revalidates a response (RFC 9110 section 8.8), as it was received; "" for none. */
struct cache_validators {
    char etag[CACHE_ETAG_SIZE];
    char last_modified[CACHE_LAST_MODIFIED_SIZE];
};

enum cache_state {
    CACHE_UNKNOWN,
    CACHE_MISSING, /* there is no such key */
    CACHE_FRESH,
    CACHE_FRESH_DUE,         /* fresh, but not for long: to be renewed while it is used */
    CACHE_STALE,             /* to be revalidated first */
    CACHE_STALE_REVALIDATING /* stale, but good enough while somebody revalidates it */
};

/* ASAP_INTERNAL: out of memory. */
ASAP_MUST_CHECK enum asap_code cache_new(struct cache_limits limits,
                                         struct cache **out,
                                         struct asap_error *err);

/* When fresh or stale, *out is a reference of the caller's (EVP_PKEY_free); otherwise NULL. */
enum cache_state
cache_find(struct cache *cache, const struct kid *kid, int64_t now, EVP_PKEY **out);

/* The origin failed: the key, a reference of the caller's, if it may be used in spite of that, or
 * NULL. It is then left alone for CACHE_RETRY_SECONDS, and counts as fresh so long, but not beyond
 * what the origin allowed, so that an origin which hangs does not delay every token. A key that may
 * not is not used while somebody revalidates it, either. */
EVP_PKEY *cache_find_for_error(struct cache *cache, const struct kid *kid, int64_t now);

/* What the key was last received with; both "" when nothing is known. */
struct cache_validators cache_validators_of(const struct cache *cache, const struct kid *kid);

/* Keeps a reference of its own to a key received at `moment`, or drops what was held if it may not
 * be stored. Without memory it is not kept, which costs another fetch. */
void cache_put(struct cache *cache,
               const struct kid *kid,
               EVP_PKEY *key,
               const struct cache_headers *headers,
               const struct cache_validators *validators,
               struct cache_moment moment);

/* A 304 at `moment`: the key, if it is still held, is fresh again. */
void cache_freshen(struct cache *cache,
                   const struct kid *kid,
                   const struct cache_headers *headers,
                   struct cache_moment moment);

/* There is no such key: drops it and remembers that for CACHE_MISS_SECONDS_MAX, or as long as a
 * smaller max-age says. A no-store does not undo that: it would let forged tokens fetch at will. */
void cache_put_missing(struct cache *cache,
                       const struct kid *kid,
                       const struct cache_headers *headers,
                       int64_t now);

void cache_drop(struct cache *cache, const struct kid *kid);

size_t cache_length(const struct cache *cache);

/* What is held costs that much memory; never more than the limit. */
size_t cache_bytes(const struct cache *cache);

/* What one key (NULL: a miss) costs. OpenSSL does not say; this is measured, and generous. */
size_t cache_key_bytes(const EVP_PKEY *key);

void cache_free(struct cache *cache); /* NULL is fine */

DEFINE_SCOPED(cache, struct cache *, cache_free)

#endif
