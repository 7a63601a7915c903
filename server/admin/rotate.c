/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fail.h"
#include "plan.h"

/* The key that the rotation will add, made before the transaction that all writers wait for. */
static enum asap_code prepare_standby(const struct admin *admin,
                                      const char *issuer_name,
                                      EVP_PKEY **out,
                                      struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct issuer_row issuer;
    const struct algorithm *algorithm = NULL;

    TRY(txn_begin(&txn, admin->store, err));
    TRY(store_get_issuer(&txn, issuer_name, &issuer, err));
    txn_rollback(&txn);
    if (!issuer.managed)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "%s is an external issuer: its owner rotates by publishing a new key"
                    " (asapctl key generate)",
                    issuer_name);
    algorithm = algorithm_find(issuer.algorithm, strlen(issuer.algorithm));
    if (algorithm == NULL)
        return fail(err, ASAP_DATA_LOSS, "%s has no known algorithm", issuer_name);
    return vault_generate(algorithm, out, err);
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

enum asap_code keys_rotate(struct change *change,
                           const struct rotation *rotation,
                           struct key_plan *out,
                           struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *pair = NULL;
    SCOPED(issuer_keys) struct issuer_keys issuer_keys = { 0 };
    struct lifecycle_view view;
    struct lifecycle_plan plan;
    size_t expected = PLAN_NONE;

    *out = (struct key_plan){ 0 };
    TRY(prepare_standby(change->admin, rotation->issuer, &pair, err));
    TRY(change_begin(change, err));
    TRY(issuer_keys_load(change, rotation->issuer, &issuer_keys, err));
    TRY(find_expected(&issuer_keys, rotation->expected_kid, &expected, err));
    view = plan_view(change, &issuer_keys);
    lifecycle_plan_rotation(&view, expected, &plan);
    change->is_unchanged = plan.already_planned;
    TRY(plan_apply(change, &issuer_keys, &plan, &pair, out, err));
    change_note_key(change, rotation->issuer,
                    out->incoming == PLAN_NONE ? "" : out->keys[out->incoming].kid);
    return ASAP_OK;
}
