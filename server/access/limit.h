/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_LIMIT_H
#define ASAPD_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

/* How often: a token bucket for each key, such as a caller's name or an
 * address, in bounded memory: the bucket that was longest unused makes room.
 * Any thread. */
struct limiter;

enum { LIMIT_KEY_SIZE = 160 }; /* of a longer key the beginning counts */

ASAP_MUST_CHECK enum asap_code limiter_new(size_t buckets,
                                           struct limiter **out,
                                           struct asap_error *err);
void limiter_free(struct limiter *limiter); /* NULL is fine */

/* A bucket holds as many as a minute brings and is full at first. */
struct limit_rate {
    int64_t per_minute; /* 0: no limit */
};

/* Takes one from the key's bucket at `now_ms` of the monotonic clock. False when it is empty: then
 * *retry_ms says in how many milliseconds there will be one. */
bool limiter_take(struct limiter *limiter,
                  const char *key,
                  struct limit_rate rate,
                  int64_t now_ms,
                  int64_t *retry_ms);

/* Whether there is one, taking none: failures are taken only once they are failures. */
bool limiter_has(struct limiter *limiter,
                 const char *key,
                 struct limit_rate rate,
                 int64_t now_ms,
                 int64_t *retry_ms);

#endif
