/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "plan.h"

static size_t find_row(const struct issuer_keys *keys, const char *kid)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->rows[i].kid, kid) == 0)
            return i;
    return PLAN_NONE;
}

/* An external key has no part in any plan. */
static enum asap_code revoke_external(struct change *change,
                                      struct key_row *row,
                                      struct lifecycle_plan *plan,
                                      struct asap_error *err)
{
    *plan = (struct lifecycle_plan){ .outgoing = PLAN_NONE, .incoming = PLAN_NONE };
    plan->already_planned = lifecycle_state(&row->times, change->now) == KEY_REVOKED;
    if (plan->already_planned)
        return ASAP_OK;
    row->times.revoke_time = change->now;
    return store_update_key(&change->txn, row, err);
}

static void revoke_managed(const struct change *change,
                           struct issuer_keys *keys,
                           size_t subject,
                           struct lifecycle_plan *plan)
{
    const struct lifecycle_view view = plan_view(change, keys);

    lifecycle_plan_revocation(&view, issuer_keys_find(keys, keys->rows[subject].kid), plan);
}

static enum asap_code revoke_row(struct change *change,
                                 struct issuer_keys *keys,
                                 size_t subject,
                                 const char *reason,
                                 struct lifecycle_plan *plan,
                                 struct asap_error *err)
{
    struct key_row *row = &keys->rows[subject];

    if (row->times.revoke_time == LIFECYCLE_NEVER)
        (void)snprintf(row->revoke_reason, sizeof row->revoke_reason, "%s", reason);
    if (!row->managed)
        return revoke_external(change, row, plan, err);
    revoke_managed(change, keys, subject, plan);
    return ASAP_OK;
}

static bool is_only_one(const struct change *change, const struct issuer_keys *keys, size_t subject)
{
    if (!lifecycle_is_published(&keys->rows[subject].times, change->now))
        return false;
    for (size_t i = 0; i < keys->count; i++)
        if (i != subject && lifecycle_is_published(&keys->rows[i].times, change->now))
            return false;
    return true;
}

static enum asap_code check_force(const struct change *change,
                                  const struct revocation *revocation,
                                  const struct issuer_keys *keys,
                                  size_t subject,
                                  struct asap_error *err)
{
    if (revocation->force || keys->rows[subject].managed || !is_only_one(change, keys, subject))
        return ASAP_OK;
    return fail(
        err, ASAP_FAILED_PRECONDITION,
        "no other key of %.150s is published, so nobody could verify its tokens until one is"
        " (asapctl key revoke --force)",
        keys->issuer.name);
}

enum asap_code keys_revoke(struct change *change,
                           const struct revocation *revocation,
                           struct key_plan *out,
                           struct asap_error *err)
{
    SCOPED(key_pairs) struct key_pairs pairs = { { NULL } };
    SCOPED(issuer_keys) struct issuer_keys issuer_keys = { 0 };
    struct lifecycle_plan plan;
    char issuer[KID_MAX + 1];
    size_t subject = PLAN_NONE;

    *out = (struct key_plan){ 0 };
    TRY(plan_check_reason(revocation->reason, "reason", err));
    TRY(key_id_find_issuer(revocation->kid, issuer, err));
    TRY(key_pairs_prepare(change->admin, issuer, 1, &pairs, err));
    TRY(change_begin(change, err));
    TRY(issuer_keys_load(change, issuer, KEYS_MANAGED, &issuer_keys, err));
    subject = find_row(&issuer_keys, revocation->kid);
    if (subject == PLAN_NONE)
        return fail(err, ASAP_NOT_FOUND, "there is no key %s", revocation->kid);
    change_note_key(change, issuer, revocation->kid);
    TRY(check_force(change, revocation, &issuer_keys, subject, err));
    TRY(revoke_row(change, &issuer_keys, subject, revocation->reason, &plan, err));
    change->is_unchanged = plan.already_planned;
    TRY(plan_apply(change, &issuer_keys, &plan, &pairs, out, err));
    out->subject = subject;
    return ASAP_OK;
}
