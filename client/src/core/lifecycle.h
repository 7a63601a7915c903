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

/* The Go library remembers a miss for 20 seconds, whatever our headers say. */
enum { LIFECYCLE_LONGEST_MISS = 20 };

/* The inequalities that make rotation safe. ASAP_INVALID_ARGUMENT names the setting and the
 * inequality that it breaks. */
ASAP_MUST_CHECK enum asap_code lifecycle_check_policy(const struct lifecycle_policy *policy,
                                                      struct asap_error *err);

/* How often an issuer's keys may be rotated by themselves: never (0), or so seldom that the standby
 * which the rotation before added is published for the lead by then. ASAP_INVALID_ARGUMENT, field
 * rotation_period, names the inequality. */
ASAP_MUST_CHECK enum asap_code lifecycle_check_rotation_period(
    const struct lifecycle_policy *policy, int64_t period, struct asap_error *err);

/* The time at which to act, when the clock says *now and `latest` was recorded before: the later of
 * the two. False, and the lag in *behind, when the clock went back by more than the skew. */
bool lifecycle_advance(const struct lifecycle_policy *policy,
                       int64_t latest,
                       int64_t *now,
                       int64_t *behind);

enum key_state lifecycle_state(const struct key_times *times, int64_t now);
const char *lifecycle_state_name(enum key_state state); /* "active" */
bool lifecycle_is_published(const struct key_times *times, int64_t now);

/* When the state changes next if nobody intervenes; LIFECYCLE_NEVER if it does not. */
int64_t lifecycle_next_transition(const struct key_times *times, int64_t now);

/* Until when no key signs, other than of a new issuer or of an owner who skips the wait, that was
 * published after a set of all keys was read, `age` seconds before `now`; LIFECYCLE_NEVER if the
 * age is 0: none was. */
int64_t lifecycle_end_of_set(const struct lifecycle_policy *policy, int64_t now, int64_t age);

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

/* Until when caches that honour our headers may trust a key that is withdrawn at `time`. Some count
 * from the Date of an answer by a clock of their own, which may be behind ours. */
int64_t lifecycle_trusted_until(const struct lifecycle_policy *policy, int64_t time);

/* When a key that signs its last token at `sign_until`, before somebody rotates in the same second,
 * can be withdrawn: the second after the last of that token, which may live for `max_lifetime`, was
 * minted by a clock that may be ahead, and is checked with leeway by one that may be behind. */
int64_t lifecycle_end_of_tokens(const struct lifecycle_policy *policy,
                                int64_t sign_until,
                                int64_t max_lifetime);

#endif
