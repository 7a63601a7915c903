/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_VERIFIER_H
#define ASAP_SIMULATION_VERIFIER_H

#include "world.h"

/* How the libraries in use cache keys. */
struct habit {
    const char *name;
    bool uses_sets;                  /* of keys, instead of single ones */
    bool is_fixed;                   /* headers say nothing to it */
    bool is_ours;                    /* the product's own code reads the headers */
    bool by_date;                    /* counts from the server's Date, by the verifier's clock */
    bool uses_stale;                 /* while revalidating */
    int64_t miss;                    /* a 404 is remembered so long */
    int64_t bare_fresh, bare_usable; /* without headers; all there is for a fixed one */
};

enum { HABIT_COUNT = 7 };
const struct habit *habit_at(size_t index);

/* A token with this key is shown to the verifier, which asks that source if it must. */
void verifier_look(struct world *world,
                   struct verifier *verifier,
                   size_t issuer,
                   size_t key,
                   size_t source,
                   bool source_fails);

/* Whether a token with this key would fail now, without anybody being asked. */
bool verifier_lacks(const struct world *world,
                    const struct verifier *verifier,
                    size_t issuer,
                    size_t key);

/* Until when it may take the key for good; 0 for not at all. Bare entries do not count: nobody told
 * that cache how long. */
int64_t verifier_trusts_until(const struct verifier *verifier, size_t issuer, size_t key);

#endif
