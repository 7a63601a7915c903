/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ADMIN_H
#define ASAPD_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/clock.h>
#include <asap/error.h>

#include "audit.h"
#include "callers.h"
#include "keyring.h"
#include "lifecycle_plan.h"
#include "replay.h"
#include "store.h"
#include "vault.h"

/* What administrators do to keys (to issuers, see manage_issuers.h; to callers,
 * see manage_callers.h). Each operation is one change, and a change is one
 * transaction: the operation begins it, once it has made what takes long, and
 * change_finish() ends it, so that the caller can turn the result into an
 * answer before anything is final.
 *
 * ASAP_FAILED_PRECONDITION "the clock went back": the wall clock lies behind the
 * latest recorded time by more than the skew; the same for a backup that nobody has accepted.
 * ASAP_ABORTED with replay->found:
 * the call was carried out before, and its answer is in *replay; otherwise the
 * callers and grants are of another generation than the change is permitted by. */
struct admin {
    struct store *store;
    const struct vault *vault;
    struct keyring *keyring;
    struct callers *callers;
    struct audit *audit;
    const struct lifecycle_policy *policy;
    struct asap_clock clock; /* what a change begins by; zeroed: by the time that it is given */
};

/* What a change is to, and hence what is loaded anew once it is made. */
enum change_scope { CHANGE_KEYS, CHANGE_ACCESS, CHANGE_BOTH };

struct change {
    const struct admin *admin;
    enum change_scope scope;
    int64_t now; /* the wall clock in seconds; once begun, that of the beginning, or what the store
                    has recorded if later */
    int64_t access_generation; /* the callers and grants by which it is permitted; 0: whichever */
    bool validate_only;        /* check and answer everything, keep nothing */
    struct replay *replay;     /* NULL: the call names no request */
    bool is_unchanged;         /* the operation found that everything stands as asked for */
    struct audit_row *event;   /* what the audit log is to say of it; the operation completes it.
                                  NULL: nothing is recorded */
    struct txn txn;
};

/* Records the event and commits; when it returns, the keyring or the callers are as the change has
 * made them. With validate_only undoes everything. ASAP_UNAVAILABLE: the audit log or the database
 * cannot be written, and nothing is changed, unless the message says otherwise. After the commit,
 * that or ASAP_INTERNAL: the change is durable but not served yet; the message says so. */
ASAP_MUST_CHECK enum asap_code change_finish(struct change *change, struct asap_error *err);

/* Rolls back what was not finished. */
static inline void change_scope_exit(struct change *change)
{
    txn_rollback(&change->txn);
}

/* Looks whether a call that names its request was carried out before: then replay->found, and the
 * keyring or the callers are as it made them. Begin nothing in that case. */
ASAP_MUST_CHECK enum asap_code change_find_earlier(struct change *change, struct asap_error *err);

/* The issuer that a key id names. ASAP_INVALID_ARGUMENT, field key_id: it is no key id. */
ASAP_MUST_CHECK enum asap_code key_id_find_issuer(const char *kid,
                                                  char out[KID_MAX + 1],
                                                  struct asap_error *err);

struct publication {
    const char *issuer;
    const char *name;       /* the key id's last segment; "" generates one */
    const char *public_key; /* PEM */
    const char *algorithm;  /* "" takes what fits the key */
    int64_t unpublish_time; /* LIFECYCLE_NEVER: until it is retired or revoked */
};
/* Publishes an external key. ASAP_INVALID_ARGUMENT names the field; ASAP_NOT_FOUND: no such issuer;
 * ASAP_ALREADY_EXISTS: the key id or the key itself was used before. */
ASAP_MUST_CHECK enum asap_code keys_publish(struct change *change,
                                            const struct publication *publication,
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

struct emergency {
    struct lifecycle_emergency options;
    const char *reason;
};

struct rotation {
    const char *issuer;
    const char *expected_kid;          /* the key taken for active; "" for whichever is */
    const struct emergency *emergency; /* NULL: a planned rotation */
};
/* Plans the promotion of the oldest standby, and in an emergency revokes the active key, see
 * lifecycle_plan.h. ASAP_FAILED_PRECONDITION: an external issuer. */
ASAP_MUST_CHECK enum asap_code keys_rotate(struct change *change,
                                           const struct rotation *rotation,
                                           struct key_plan *out,
                                           struct asap_error *err);

struct retirement {
    const char *kid;
    int64_t sign_until; /* when its owner stops signing with it; LIFECYCLE_NEVER: now */
};
/* Plans the end of an external key. A key that has ended already is left as it is.
 * ASAP_FAILED_PRECONDITION: a managed key. */
ASAP_MUST_CHECK enum asap_code keys_retire(struct change *change,
                                           const struct retirement *retirement,
                                           struct key_row *out,
                                           struct asap_error *err);

struct revocation {
    const char *kid;
    const char *reason;
    bool force; /* also if no other key of the issuer is published then */
};
/* Revokes a key, destroys its private half, and replaces it in its part. Revoking a revoked key
 * changes nothing. ASAP_FAILED_PRECONDITION: it is the only published key of its issuer. */
ASAP_MUST_CHECK enum asap_code keys_revoke(struct change *change,
                                           const struct revocation *revocation,
                                           struct key_plan *out,
                                           struct asap_error *err);

#endif
