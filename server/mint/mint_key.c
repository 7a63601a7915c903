/* SPDX-License-Identifier: Apache-2.0 */
#include "mint_key.h"

#include <string.h>

#include "fail.h"
#include "utc.h"

enum { MS_PER_SECOND = 1000 };

/* What the issuer's keys are at this moment. */
struct standing {
    const struct published_key *active; /* NULL: none */
    int64_t next_sign_time; /* of the first standby with a date; LIFECYCLE_NEVER: none */
};

static struct standing look(const struct mint_key_wish *wish, int64_t now)
{
    const struct key_range range =
        snapshot_issuer_keys(wish->snapshot, wish->issuer, strlen(wish->issuer));
    struct standing standing = { NULL, LIFECYCLE_NEVER };

    for (size_t i = range.begin; i < range.end; i++) {
        const struct published_key *key = snapshot_at(wish->snapshot, i);
        const enum key_state state = lifecycle_state(&key->times, now);

        if (!key->is_managed)
            continue;
        if (state == KEY_ACTIVE)
            standing.active = key;
        if (state == KEY_STANDBY && key->times.sign_time < standing.next_sign_time)
            standing.next_sign_time = key->times.sign_time;
    }
    return standing;
}

static enum asap_code check_clock(const struct mint_key_wish *wish, struct asap_error *err)
{
    const int64_t behind = snapshot_time(wish->snapshot, wish->now) - wish->now;

    if (behind <= wish->policy->clock_skew)
        return ASAP_OK;
    return fail_reason(err, ASAP_FAILED_PRECONDITION, ASAP_REASON_CLOCK_WENT_BACK,
                       "the server's clock went back: it is %lld s behind the latest change (its"
                       " operator must set it right)",
                       (long long)behind);
}

static enum asap_code
fail_gap(const struct mint_key_wish *wish, int64_t until, int64_t *retry_ms, struct asap_error *err)
{
    char text[UTC_TEXT_SIZE] = "";

    if (until == LIFECYCLE_NEVER)
        return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_NO_SIGNING_KEY,
                           "no key of %.150s signs now, and none has a date", wish->issuer);
    utc_format(until, text);
    *retry_ms = (until - wish->now) * MS_PER_SECOND;
    return fail_reason(
        err, ASAP_UNAVAILABLE, ASAP_REASON_NO_SIGNING_KEY,
        "no key of %.120s signs until %s: verifiers learn of the next one until then", wish->issuer,
        text);
}

/* The last moment at which somebody may still verify the token. */
static int64_t last_use(const struct mint_key_wish *wish)
{
    const struct lifecycle_policy *policy = wish->policy;

    return wish->now + wish->lifetime + policy->verifier_leeway + 2 * policy->clock_skew;
}

static enum asap_code fail_withdrawn(const struct mint_key_wish *wish,
                                     const struct published_key *key,
                                     int64_t *retry_ms,
                                     struct asap_error *err)
{
    *retry_ms = key->times.sign_until == LIFECYCLE_NEVER
                    ? 0
                    : (key->times.sign_until - wish->now) * MS_PER_SECOND;
    return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_NO_SIGNING_KEY,
                       "the key that signs is withdrawn before such a token would end (ask for a"
                       " shorter one, or wait for the next key)");
}

enum asap_code mint_key_find(const struct mint_key_wish *wish,
                             const struct published_key **out,
                             int64_t *retry_ms,
                             struct asap_error *err)
{
    struct standing standing;

    *out = NULL;
    *retry_ms = 0;
    TRY(check_clock(wish, err));
    standing = look(wish, snapshot_time(wish->snapshot, wish->now));
    if (standing.active == NULL)
        return fail_gap(wish, standing.next_sign_time, retry_ms, err);
    if (standing.active->pem == NULL || standing.active->algorithm == NULL)
        return fail(err, ASAP_UNAVAILABLE,
                    "the key that signs is damaged in the database (its operator must restore it)");
    if (last_use(wish) > standing.active->times.unpublish_time)
        return fail_withdrawn(wish, standing.active, retry_ms, err);
    *out = standing.active;
    return ASAP_OK;
}
