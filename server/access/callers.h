/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CALLERS_H
#define ASAPD_CALLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "store_access.h"

/* Callers, credentials and grants in memory: an immutable set that requests
 * hold while they use it, and that a reload replaces. Deciding who may do what
 * never touches the database. */
struct callers;
struct caller_set;

ASAP_MUST_CHECK enum asap_code callers_new(struct callers **out, struct asap_error *err);
void callers_free(struct callers *callers); /* NULL is fine; nobody may hold a set any more */

/* Builds a new set from the store and swaps it in; on failure the old one stays, and the reason is
 * kept for callers_problem(). Any thread. */
ASAP_MUST_CHECK enum asap_code callers_reload(struct callers *callers,
                                              struct store *store,
                                              struct asap_error *err);

/* Reloads if the store's access generation is not the set's, or the last reload failed. */
ASAP_MUST_CHECK enum asap_code callers_refresh(struct callers *callers,
                                               struct store *store,
                                               struct asap_error *err);

/* Whether the set is the store's, as far as it is known. `out` says why it is not; else "". */
bool callers_problem(struct callers *callers, char *out, size_t size);

/* The current set, held until released; NULL when none could ever be built. Any thread. */
const struct caller_set *callers_acquire(struct callers *callers);
void callers_release(struct callers *callers, const struct caller_set *set);

int64_t caller_set_generation(const struct caller_set *set);

struct known_grant {
    const char *grant_id;
    enum verb verb;
    const char *issuer;           /* "" for VERB_ADMIN */
    const char *const *audiences; /* each list ends with NULL */
    const char *const *subjects;
    const char *const *claims;
    int64_t max_lifetime;      /* seconds; 0: the issuer's */
    int64_t tokens_per_minute; /* 0: the server's limit */
};

struct known_caller {
    const char *name;
    bool is_enabled;
    bool is_deleted;
    const struct known_grant *grants; /* by verb, then issuer */
    size_t grant_count;
};

struct known_credential {
    const char *credential_id;
    enum credential_kind kind;
    const char *name;
    const char *digest; /* of an API key, hexadecimal SHA-256; else "" */
    int64_t expire_time;
    int64_t revoke_time;
    const struct known_caller *caller;
};

/* NULL when there is none. Deleted callers are found. */
const struct known_caller *caller_set_find(const struct caller_set *set, const char *name);

/* Of several with this kind and name, all but the newest are revoked: the newest. */
const struct known_credential *caller_set_find_credential(const struct caller_set *set,
                                                          enum credential_kind kind,
                                                          const char *name);

/* The grants of this verb and issuer: *count of them from the returned one on. */
const struct known_grant *known_caller_grants(const struct known_caller *caller,
                                              enum verb verb,
                                              const char *issuer,
                                              size_t *count);

#endif
