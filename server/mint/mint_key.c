/* SPDX-License-Identifier: Apache-2.0 */
#include "mint_key.h"

#include <string.h>

#include "fail.h"
#include "lifecycle_plan.h"
#include "utc.h"

enum { MS_PER_SECOND = 1000 };

static struct lifecycle_signer find_signer(const struct mint_key_wish *wish,
                                           struct published_keys keys,
                                           int64_t now)
{
    struct lifecycle_signer signer = { .policy = wish->policy,
                                       .now = now,
                                       .lifetime = wish->lifetime,
                                       .key = PLAN_NONE,
                                       .next_time = LIFECYCLE_NEVER };

    for (size_t i = 0; i < keys.count; i++) {
        const struct published_key *key = published_keys_at(keys, i);

        if (key->is_managed)
            lifecycle_consider_signer(&signer, i, &key->times);
    }
    return signer;
}

static enum asap_code check_clock(const struct mint_key_wish *wish,
                                  int64_t *now,
                                  struct asap_error *err)
{
    const int64_t latest = snapshot_time(wish->snapshot, wish->now);
    int64_t behind = 0;

    *now = wish->now;
    if (lifecycle_advance(wish->policy, latest, now, &behind))
        return ASAP_OK;
    return fail_reason(err, ASAP_FAILED_PRECONDITION, ASAP_REASON_CLOCK_WENT_BACK,
                       "the server's clock went back: it is %lld s behind the latest change (its"
                       " operator must set it right)",
                       (long long)behind);
}

static enum asap_code
check_copy(const struct mint_key_wish *wish, int64_t now, int64_t *retry_ms, struct asap_error *err)
{
    struct asap_error cause = { 0 };
    int64_t sign_time = 0;
    const enum asap_code code = snapshot_may_sign(wish->snapshot, now, &sign_time, &cause);

    if (code == ASAP_OK)
        return ASAP_OK;
    if (code == ASAP_UNAVAILABLE)
        *retry_ms = (sign_time - now) * MS_PER_SECOND;
    return fail_reason(err, code, ASAP_REASON_NO_SIGNING_KEY, "%s", cause.message);
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

static enum asap_code fail_withdrawn(const struct mint_key_wish *wish,
                                     int64_t until,
                                     int64_t *retry_ms,
                                     struct asap_error *err)
{
    *retry_ms = until == LIFECYCLE_NEVER ? 0 : (until - wish->now) * MS_PER_SECOND;
    return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_NO_SIGNING_KEY,
                       "the key that signs is withdrawn before such a token would end (ask for a"
                       " shorter one, or wait for the next key)");
}

enum asap_code mint_key_find(const struct mint_key_wish *wish,
                             const struct published_key **out,
                             int64_t *retry_ms,
                             struct asap_error *err)
{
    const struct published_keys keys =
        snapshot_issuer_keys(wish->snapshot, wish->issuer, strlen(wish->issuer));
    const struct published_key *key = NULL;
    struct lifecycle_signer signer;
    int64_t now = 0;

    *out = NULL;
    *retry_ms = 0;
    TRY(check_clock(wish, &now, err));
    TRY(check_copy(wish, now, retry_ms, err));
    signer = find_signer(wish, keys, now);
    if (signer.key == PLAN_NONE)
        return fail_gap(wish, signer.next_time, retry_ms, err);
    key = published_keys_at(keys, signer.key);
    if (key->pem == NULL || key->algorithm == NULL)
        return fail(err, ASAP_UNAVAILABLE,
                    "the key that signs is damaged in the database (its operator must restore it)");
    if (signer.is_withdrawn)
        return fail_withdrawn(wish, signer.next_time, retry_ms, err);
    *out = key;
    return ASAP_OK;
}
