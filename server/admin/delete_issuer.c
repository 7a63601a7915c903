/* SPDX-License-Identifier: Apache-2.0 */
#include "fail.h"
#include "manage_issuers.h"
#include "plan.h"
#include "store_access.h"

/* The row stays, so that the name is never used again; grants for it are of no use any more. */
static enum asap_code bury(struct change *change,
                           const struct issuer_row *issuer,
                           struct asap_error *err)
{
    struct issuer_row row = *issuer;

    row.delete_time = change->now;
    TRY(store_update_issuer(&change->txn, &row, err));
    return store_delete_grants_for(&change->txn, row.name, err);
}

enum asap_code keys_delete_issuer(struct change *change,
                                  const struct issuer_deletion *deletion,
                                  struct issuer_row *out,
                                  size_t *published,
                                  struct asap_error *err)
{
    const struct lifecycle_plan nothing = { .outgoing = PLAN_NONE, .incoming = PLAN_NONE };
    SCOPED(key_pairs) struct key_pairs none = { { NULL } };
    SCOPED(issuer_keys) struct issuer_keys keys = { 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    struct lifecycle_view view;

    TRY(change_begin(change, err));
    TRY(issuer_keys_load(change, deletion->issuer, KEYS_ALL, &keys, err));
    *out = keys.issuer;
    change_note_key(change, deletion->issuer, "");
    view = plan_view(change, &keys);
    *published = lifecycle_plan_deletion(&view);
    if (*published > 0 && !deletion->force)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "%zu keys of %.150s are published, which tokens alive may need (asapctl issuer"
                    " delete --force)",
                    *published, deletion->issuer);
    change_note(change, "%zu published keys were revoked", *published);
    plan_give_reason(change, &keys, "the issuer was deleted");
    TRY(bury(change, &keys.issuer, err));
    return plan_apply(change, &keys, &nothing, &none, &plan, err);
}
