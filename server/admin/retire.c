/* SPDX-License-Identifier: Apache-2.0 */
#include "fail.h"
#include "plan.h"

static enum asap_code check_retirable(const struct key_row *row,
                                      const struct retirement *retirement,
                                      struct asap_error *err)
{
    if (row->managed)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "asapd itself signs with %.100s, and retires it when it rotates (asapctl key"
                    " rotate)",
                    retirement->kid);
    if (retirement->sign_until < row->times.publish_time)
        return fail_field(err, "sign_until", "the key was published only after that");
    return ASAP_OK;
}

enum asap_code keys_retire(struct change *change,
                           const struct retirement *retirement,
                           struct key_row *out,
                           struct asap_error *err)
{
    struct planned_key key = { .changed = false };
    struct lifecycle_view view;
    char issuer[KID_MAX + 1];

    TRY(key_id_find_issuer(retirement->kid, issuer, err));
    TRY(change_begin(change, err));
    TRY(store_get_key(&change->txn, retirement->kid, out, err));
    change_note_key(change, issuer, out->kid);
    TRY(check_retirable(out, retirement, err));
    key = (struct planned_key){ out->times, out->max_lifetime, false };
    view = (struct lifecycle_view){ &key, 1, change->admin->policy, change->now };
    lifecycle_plan_retirement(&view, &key, retirement->sign_until);
    change->is_unchanged = !key.changed;
    out->times = key.times;
    out->max_lifetime = key.max_lifetime;
    return key.changed ? store_update_key(&change->txn, out, err) : ASAP_OK;
}
