/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_LIFECYCLE_PLAN_H
#define ASAP_CORE_LIFECYCLE_PLAN_H

#include "lifecycle.h"

/* What is to become of an issuer's managed keys: plans as pure functions of the
 * keys, the policy and the time. At every moment of one clock at most one key
 * signs, and exactly one unless an emergency opened a gap. */

/* One managed key of an issuer, as the planner sees it. */
struct planned_key {
    struct key_times times;
    int64_t max_lifetime; /* the longest that a token signed with it may live; never falls */
    bool changed;         /* set by the planner */
};

/* All managed keys of an issuer at one moment, oldest first. */
struct lifecycle_view {
    struct planned_key *keys;
    size_t count;
    const struct lifecycle_policy *policy;
    int64_t now;
};

/* An issuer has this many standbys beside its active key, so that neither a rotation nor an
 * emergency leaves a gap. */
enum { LIFECYCLE_STANDBYS = 2 };

/* What a plan asks of the caller: write back the keys marked `changed`, destroy the private half of
 * those that are retired or revoked by it, and add new ones. */
struct lifecycle_plan {
    bool already_planned; /* nothing was changed: the plan that stands is reported */
    size_t outgoing;      /* index of the key that stops signing, or PLAN_NONE */
    size_t incoming;      /* index of the key that signs from `sign_time` on, or PLAN_NONE; that of
                             the first new key is view->count */
    int64_t sign_time;    /* of `incoming` */
    size_t new_keys;      /* to be added, with the times of lifecycle_new_key() */
};
#define PLAN_NONE SIZE_MAX

/* The times of an issuer's first key, and of a new standby. */
struct key_times lifecycle_first_key(const struct lifecycle_policy *policy, int64_t now);
struct key_times lifecycle_standby(int64_t now);

/* The times of the plan's new key number `index`, from 0 on. */
struct key_times lifecycle_new_key(const struct lifecycle_view *view,
                                   const struct lifecycle_plan *plan,
                                   size_t index);

/* Planned rotation. `expected` is the index of the key that the caller takes for active, or
 * PLAN_NONE for whichever is; when another is active or a promotion is already planned, the plan
 * that stands is reported. Without a standby a new key takes over once it was published for the
 * lead. */
void lifecycle_plan_rotation(const struct lifecycle_view *view,
                             size_t expected,
                             struct lifecycle_plan *out);

/* When a rotation by a period is due next, counted from when the last key began to sign: `now` if
 * that was missed; while a promotion is planned, counted from that one. LIFECYCLE_NEVER for a
 * period of 0. */
int64_t lifecycle_rotation_due(const struct lifecycle_view *view, int64_t period);

/* The same, key by key: the first signature of a key that signs or is planned to, -1 for any other,
 * and the answer from the latest of an issuer's. */
int64_t lifecycle_first_signature(const struct key_times *times, int64_t now);
int64_t lifecycle_due_after(int64_t first_signature, int64_t period, int64_t now);

struct lifecycle_emergency {
    bool accept_misses;     /* the successor signs now, even where caches may not know it */
    bool store_compromised; /* revoke every other key that the store has the private half of */
};

/* Revokes the active key now; whatever promotion was planned is dropped, and the oldest standby
 * takes over as soon as it was published for the lead. While no key signs, it only does what the
 * options ask for beyond the plan that stands. With `expected`, an emergency that was declared
 * before is reported; ASAP_FAILED_PRECONDITION: that key does not sign, yet is trusted. */
ASAP_MUST_CHECK enum asap_code lifecycle_plan_emergency(const struct lifecycle_view *view,
                                                        size_t expected,
                                                        const struct lifecycle_emergency *emergency,
                                                        struct lifecycle_plan *out,
                                                        struct asap_error *err);

/* Revokes the key `revoked` at once and repairs what it leaves: a standby is replaced, a planned
 * promotion of it is planned anew, and the active key's place is taken as in an emergency. */
void lifecycle_plan_revocation(const struct lifecycle_view *view,
                               size_t revoked,
                               struct lifecycle_plan *out);

/* Replaces the standbys by new keys, which are to be of another algorithm.
 * ASAP_FAILED_PRECONDITION: a promotion is planned. */
ASAP_MUST_CHECK enum asap_code lifecycle_plan_algorithm(const struct lifecycle_view *view,
                                                        struct lifecycle_plan *out,
                                                        struct asap_error *err);

/* Lets tokens live for `max_lifetime` from now on: keys that can still sign are served as much
 * longer. A shorter one changes nothing, since tokens that were signed before live on. */
void lifecycle_plan_lifetime(const struct lifecycle_view *view, int64_t max_lifetime);

/* The end of an external key, whose owner signs with it until `sign_until`, which may be past: it
 * is served until the last token has expired. LIFECYCLE_NEVER is `now`, unless it ended before. */
void lifecycle_plan_retirement(const struct lifecycle_view *view,
                               struct planned_key *key,
                               int64_t sign_until);

/* Revokes all keys. How many of them were published. */
size_t lifecycle_plan_deletion(const struct lifecycle_view *view);

/* Which key signs a token of this lifetime, or when one will. Fill in the first three members and
 * the two that say so, and show it each managed key of the issuer. */
struct lifecycle_signer {
    const struct lifecycle_policy *policy;
    int64_t now;
    int64_t lifetime;  /* of the token */
    size_t key;        /* PLAN_NONE at first; the index of the key that signs now */
    bool is_withdrawn; /* that key is withdrawn before such a token ends: do not sign with it */
    int64_t next_time; /* LIFECYCLE_NEVER at first; when another key signs, if none does or may */
};
void lifecycle_consider_signer(struct lifecycle_signer *signer,
                               size_t index,
                               const struct key_times *times);
struct lifecycle_signer lifecycle_find_signer(const struct lifecycle_view *view, int64_t lifetime);

#endif
