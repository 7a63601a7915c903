/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_LIFECYCLE_H
#define ASAP_CORE_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

/* The life of a key as pure functions of its times, the policy and the clock.
 * A state is never stored. All times are seconds since 1970. */

#define LIFECYCLE_NEVER INT64_MAX

enum key_state {
    KEY_SCHEDULED, /* not published yet */
    KEY_STANDBY,   /* published, not signing: caches, mirrors and replicas learn of it */
    KEY_ACTIVE,    /* published, signs */
    KEY_RETIRING,  /* published for tokens still alive */
    KEY_RETIRED,   /* not published; its private key is destroyed from here on */
    KEY_REVOKED    /* not published, by decree */
};

/* Each may be LIFECYCLE_NEVER. */
struct key_times {
    int64_t publish_time;
    int64_t sign_time;
    int64_t sign_until;
    int64_t unpublish_time;
    int64_t revoke_time; /* wins over all */
};

struct lifecycle_policy {
    int64_t max_age;         /* seconds a cache may hold a key ... */
    int64_t stale;           /* ... and may serve it beyond that, while revalidating or on error */
    int64_t jwks_max_age;    /* the same for a key set */
    int64_t clock_skew;      /* clocks of this system differ by at most this */
    int64_t verifier_leeway; /* verifiers accept a token this long after its exp */
    int64_t max_token_lifetime;
    int64_t replica_lag;  /* until a published key is served everywhere */
    int64_t publish_lead; /* from publication to first signature */
};

/* The inequalities that make rotation safe. ASAP_INVALID_ARGUMENT names the setting and the
 * inequality that it breaks. */
ASAP_MUST_CHECK enum asap_code lifecycle_check_policy(const struct lifecycle_policy *policy,
                                                      struct asap_error *err);

enum key_state lifecycle_state(const struct key_times *times, int64_t now);
const char *lifecycle_state_name(enum key_state state); /* "active" */
bool lifecycle_is_published(const struct key_times *times, int64_t now);

/* When the state changes next if nobody intervenes; LIFECYCLE_NEVER if it does not. */
int64_t lifecycle_next_transition(const struct key_times *times, int64_t now);

/* How long a response with this key may be cached: cut so that no cache lifetime reaches
 * `unpublish_time` on a clock that is off by the skew. */
struct cache_lifetime {
    int64_t max_age;
    int64_t stale; /* 0: the stale directives are left out */
};
struct cache_lifetime lifecycle_cache_lifetime(int64_t max_age,
                                               const struct lifecycle_policy *policy,
                                               int64_t unpublish_time,
                                               int64_t now);

/* One managed key of an issuer, as the planner sees it. */
struct planned_key {
    struct key_times times;
    int64_t max_lifetime; /* the longest that a token signed with it may live */
    bool changed;         /* set by the planner */
};

/* An issuer has this many standbys beside its active key, so that neither a rotation nor an
 * emergency leaves a gap. */
enum { LIFECYCLE_STANDBYS = 2 };

/* What a plan asks of the caller: write back the keys marked `changed`, and add new ones. */
struct lifecycle_plan {
    bool already_planned; /* nothing was changed: the plan that stands is reported */
    size_t outgoing;      /* index of the key that stops signing, or PLAN_NONE */
    size_t incoming;      /* index of the key that signs from `sign_time` on, or PLAN_NONE */
    int64_t sign_time;    /* of `incoming` */
    size_t new_standbys;  /* keys to add, with publish_time = now */
};
#define PLAN_NONE SIZE_MAX

/* The times of an issuer's first key, and of a new standby. */
struct key_times lifecycle_first_key(const struct lifecycle_policy *policy, int64_t now);
struct key_times lifecycle_standby(int64_t now);

/* All managed keys of an issuer at one moment, oldest first. */
struct lifecycle_view {
    struct planned_key *keys;
    size_t count;
    const struct lifecycle_policy *policy;
    int64_t now;
};

/* Planned rotation. `expected` is the index of the key that the caller takes for active, or
 * PLAN_NONE for whichever is; when another is active or a promotion is already planned, the plan
 * that stands is reported. ASAP_FAILED_PRECONDITION: the issuer has no active key or no standby. */
ASAP_MUST_CHECK enum asap_code lifecycle_plan_rotation(const struct lifecycle_view *view,
                                                       size_t expected,
                                                       struct lifecycle_plan *out,
                                                       struct asap_error *err);

/* Revokes the key `revoked` at once and repairs what it leaves: a standby is replaced, a planned
 * promotion of it is planned anew, and the active key's place is taken by the oldest standby as
 * soon as that one has been published for the lead. */
ASAP_MUST_CHECK enum asap_code lifecycle_plan_revocation(const struct lifecycle_view *view,
                                                         size_t revoked,
                                                         struct lifecycle_plan *out,
                                                         struct asap_error *err);

#endif
