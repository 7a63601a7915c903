/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "issuer_rules.h"
#include "manage_issuers.h"
#include "plan.h"

static bool changes_algorithm(const struct issuer_update *update, const struct issuer_row *row)
{
    return update->algorithm[0] != '\0' && strcmp(update->algorithm, row->algorithm) != 0;
}

/* The new standbys, made before the transaction. Whether they are needed is found out again
 * within. */
static enum asap_code prepare_standbys(const struct admin *admin,
                                       const struct issuer_update *update,
                                       struct key_pairs *out,
                                       struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct issuer_row row;

    TRY(txn_begin_read(&txn, admin->store, err));
    TRY(store_get_issuer(&txn, update->name, &row, err));
    txn_rollback(&txn);
    if (!row.managed || !changes_algorithm(update, &row))
        return ASAP_OK;
    return key_pairs_generate(update->algorithm, LIFECYCLE_STANDBYS, out, err);
}

static enum asap_code change_algorithm(struct change *change,
                                       const struct issuer_update *update,
                                       struct issuer_keys *keys,
                                       struct lifecycle_plan *plan,
                                       struct asap_error *err)
{
    const struct lifecycle_view view = plan_view(change, keys);

    if (!keys->issuer.managed)
        return fail_field(err, "algorithm", "an external issuer has no algorithm of its own");
    TRY(lifecycle_plan_algorithm(&view, plan, err));
    (void)snprintf(keys->issuer.algorithm, sizeof keys->issuer.algorithm, "%s", update->algorithm);
    return ASAP_OK;
}

static void change_lifetime(const struct change *change,
                            const struct issuer_update *update,
                            struct issuer_keys *keys)
{
    const struct lifecycle_view view = plan_view(change, keys);

    if (update->max_lifetime == 0)
        return;
    keys->issuer.max_lifetime = update->max_lifetime;
    lifecycle_plan_lifetime(&view, update->max_lifetime);
}

static void describe(struct change *change,
                     const struct issuer_row *was,
                     const struct issuer_row *is)
{
    change_note(change,
                "algorithm %s, was %s; max_token_lifetime %lld s, was %lld s;"
                " rotation_period %lld s, was %lld s",
                is->managed ? is->algorithm : "none", was->managed ? was->algorithm : "none",
                (long long)is->max_lifetime, (long long)was->max_lifetime,
                (long long)is->rotation_period, (long long)was->rotation_period);
    change->is_unchanged = strcmp(was->algorithm, is->algorithm) == 0
                           && was->max_lifetime == is->max_lifetime
                           && was->rotation_period == is->rotation_period;
}

static enum asap_code apply(struct change *change,
                            const struct issuer_update *update,
                            struct issuer_keys *keys,
                            struct key_pairs *pairs,
                            struct asap_error *err)
{
    const struct issuer_row was = keys->issuer;
    struct lifecycle_plan plan = { .outgoing = PLAN_NONE, .incoming = PLAN_NONE };
    SCOPED(key_plan) struct key_plan planned = { 0 };

    change_lifetime(change, update, keys);
    if (update->has_rotation_period)
        keys->issuer.rotation_period = update->rotation_period;
    TRY(issuer_check_rotation_period(change->admin, &keys->issuer, err));
    if (changes_algorithm(update, &was))
        TRY(change_algorithm(change, update, keys, &plan, err));
    describe(change, &was, &keys->issuer);
    TRY(store_update_issuer(&change->txn, &keys->issuer, err));
    return plan_apply(change, keys, &plan, pairs, &planned, err);
}

enum asap_code keys_update_issuer(struct change *change,
                                  const struct issuer_update *update,
                                  struct issuer_row *out,
                                  struct asap_error *err)
{
    SCOPED(key_pairs) struct key_pairs pairs = { { NULL } };
    SCOPED(issuer_keys) struct issuer_keys keys = { 0 };

    TRY(prepare_standbys(change->admin, update, &pairs, err));
    TRY(change_begin(change, err));
    TRY(issuer_keys_load(change, update->name, KEYS_MANAGED, &keys, err));
    change_note_key(change, update->name, "");
    TRY(apply(change, update, &keys, &pairs, err));
    *out = keys.issuer;
    return ASAP_OK;
}
