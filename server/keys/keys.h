/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEYS_H
#define ASAPD_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "keyring.h"
#include "lifecycle.h"
#include "store.h"
#include "vault.h"

/* What administrators do to issuers and keys. Each operation is one
 * transaction; when it returns, the keyring serves the result. With
 * `validate_only` everything is checked and answered, and nothing is kept.
 *
 * `now` is the wall clock in seconds. ASAP_FAILED_PRECONDITION "the clock went
 * back" when it lies behind the latest recorded time by more than the skew. */
struct keys {
    struct store *store;
    const struct vault *vault;
    struct keyring *keyring;
    const struct lifecycle_policy *policy;
};

/* Adds the issuer in *row (name, managed, algorithm, max_lifetime are set by the caller) and, if it
 * is managed, its first key and the standbys. Completes *row.
 * ASAP_ALREADY_EXISTS: it exists, existed, or is a path prefix of another issuer or the other way
 * round: libraries take a key id that begins with the issuer for proof of ownership. */
ASAP_MUST_CHECK enum asap_code keys_create_issuer(const struct keys *keys,
                                                  struct issuer_row *row,
                                                  bool validate_only,
                                                  int64_t now,
                                                  struct asap_error *err);

struct publication {
    const char *issuer;
    const char *name;       /* the key id's last segment; "" generates one */
    const char *public_key; /* PEM */
    const char *algorithm;  /* "" takes what fits the key */
};
/* Publishes an external key. ASAP_INVALID_ARGUMENT names the field; ASAP_NOT_FOUND: no such issuer;
 * ASAP_ALREADY_EXISTS: the key id or the key itself was used before. */
ASAP_MUST_CHECK enum asap_code keys_publish(const struct keys *keys,
                                            const struct publication *publication,
                                            bool validate_only,
                                            int64_t now,
                                            struct key_row *out,
                                            struct asap_error *err);

/* An issuer's keys after a change, and the part that some of them play in it. */
struct key_plan {
    struct key_row *keys; /* oldest first; freed by key_plan_clear() */
    size_t count;
    bool already_planned;
    size_t outgoing, incoming; /* indices, or PLAN_NONE */
    size_t subject;            /* the key that was revoked, or PLAN_NONE */
};
void key_plan_clear(struct key_plan *plan);

static inline void key_plan_scope_exit(struct key_plan *plan)
{
    key_plan_clear(plan);
}

struct rotation {
    const char *issuer;
    const char *expected_kid; /* the key taken for active; "" for whichever is */
};
/* Plans the promotion of the oldest standby. ASAP_FAILED_PRECONDITION: an external issuer. */
ASAP_MUST_CHECK enum asap_code keys_rotate(const struct keys *keys,
                                           const struct rotation *rotation,
                                           bool validate_only,
                                           int64_t now,
                                           struct key_plan *out,
                                           struct asap_error *err);

struct revocation {
    const char *kid;
    const char *reason;
};
/* Revokes a key, destroys its private half, and replaces it in its part. Revoking a revoked key
 * changes nothing. */
ASAP_MUST_CHECK enum asap_code keys_revoke(const struct keys *keys,
                                           const struct revocation *revocation,
                                           bool validate_only,
                                           int64_t now,
                                           struct key_plan *out,
                                           struct asap_error *err);

#endif
