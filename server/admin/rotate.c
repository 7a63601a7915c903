/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fail.h"
#include "plan.h"

static enum asap_code check_managed(const struct issuer_row *issuer, struct asap_error *err)
{
    if (issuer->managed)
        return ASAP_OK;
    return fail(err, ASAP_FAILED_PRECONDITION,
                "%.100s is an external issuer: its owner rotates by publishing a new key"
                " (asapctl key generate), and by revoking the old one in an emergency (asapctl key"
                " revoke)",
                issuer->name);
}

static enum asap_code
find_expected(const struct issuer_keys *keys, const char *kid, size_t *out, struct asap_error *err)
{
    *out = PLAN_NONE;
    if (kid[0] == '\0')
        return ASAP_OK;
    *out = issuer_keys_find(keys, kid);
    if (*out == PLAN_NONE)
        return fail_field(err, "expected_key_id", "%.160s is no managed key of this issuer", kid);
    return ASAP_OK;
}

static enum asap_code plan_emergency(struct change *change,
                                     const struct rotation *rotation,
                                     struct issuer_keys *keys,
                                     size_t expected,
                                     struct lifecycle_plan *out,
                                     struct asap_error *err)
{
    const struct emergency *emergency = rotation->emergency;
    const struct lifecycle_view view = plan_view(change, keys);

    TRY(lifecycle_plan_emergency(&view, expected, &emergency->options, out, err));
    plan_give_reason(change, keys, emergency->reason);
    change_note(
        change, "emergency%s%s: %s", emergency->options.accept_misses ? ", misses accepted" : "",
        emergency->options.store_compromised ? ", store compromised" : "", emergency->reason);
    return ASAP_OK;
}

static enum asap_code plan_rotation(struct change *change,
                                    const struct rotation *rotation,
                                    struct issuer_keys *keys,
                                    struct lifecycle_plan *out,
                                    struct asap_error *err)
{
    const struct lifecycle_view view = plan_view(change, keys);
    size_t expected = PLAN_NONE;

    TRY(check_managed(&keys->issuer, err));
    TRY(find_expected(keys, rotation->expected_kid, &expected, err));
    if (rotation->emergency != NULL)
        return plan_emergency(change, rotation, keys, expected, out, err);
    lifecycle_plan_rotation(&view, expected, out);
    return ASAP_OK;
}

static size_t count_new_keys(const struct rotation *rotation)
{
    const bool all = rotation->emergency != NULL && rotation->emergency->options.store_compromised;

    return all ? NEW_KEYS_MOST : 1;
}

/* An emergency is about the key that is revoked, a rotation about the one that takes over. */
static void note_rotation(struct change *change,
                          const struct rotation *rotation,
                          const struct key_plan *plan)
{
    const bool is_revoked = rotation->emergency != NULL && plan->outgoing != PLAN_NONE;
    const size_t subject = is_revoked ? plan->outgoing : plan->incoming;

    change_note_key(change, rotation->issuer, subject == PLAN_NONE ? "" : plan->keys[subject].kid);
}

enum asap_code keys_rotate(struct change *change,
                           const struct rotation *rotation,
                           struct key_plan *out,
                           struct asap_error *err)
{
    SCOPED(key_pairs) struct key_pairs pairs = { { NULL } };
    SCOPED(issuer_keys) struct issuer_keys issuer_keys = { 0 };
    struct lifecycle_plan plan;

    *out = (struct key_plan){ 0 };
    if (rotation->emergency != NULL)
        TRY(plan_check_reason(rotation->emergency->reason, "emergency.reason", err));
    TRY(key_pairs_prepare(change->admin, rotation->issuer, count_new_keys(rotation), &pairs, err));
    TRY(change_begin(change, err));
    TRY(issuer_keys_load(change, rotation->issuer, KEYS_MANAGED, &issuer_keys, err));
    TRY(plan_rotation(change, rotation, &issuer_keys, &plan, err));
    change->is_unchanged = plan.already_planned;
    TRY(plan_apply(change, &issuer_keys, &plan, &pairs, out, err));
    note_rotation(change, rotation, out);
    return ASAP_OK;
}
