/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_REPLAY_H
#define ASAP_SRC_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "scoped.h"

/* Remembers which tokens were used, by issuer and jti, until they expire. It
 * is bounded and forgets nothing that is alive: when full, it refuses. Any
 * number of threads may use one. */
struct replay;

enum { REPLAY_ENTRIES_MAX = 10 * 1000 * 1000 };

/* `entries` is from 1 to REPLAY_ENTRIES_MAX. ASAP_INTERNAL: out of memory. */
ASAP_MUST_CHECK enum asap_code replay_new(size_t entries,
                                          struct replay **out,
                                          struct asap_error *err);

struct replay_token {
    const char *issuer;
    const char *jti;
    int64_t expires_at; /* the last second at which it is remembered */
};

/* Takes note of a token on its first use. ASAP_UNAUTHENTICATED, ASAP_REASON_REPLAYED: it was used
 * before. ASAP_UNAVAILABLE, ASAP_REASON_REPLAY_CACHE_FULL: nobody can tell. */
ASAP_MUST_CHECK enum asap_code replay_remember(struct replay *replay,
                                               const struct replay_token *token,
                                               int64_t now,
                                               struct asap_error *err);

void replay_free(struct replay *replay); /* NULL is fine */

DEFINE_SCOPED(replay, struct replay *, replay_free)

#endif
