/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "change.h"
#include "fail.h"
#include "issuer_rules.h"
#include "key_pairs.h"
#include "manage_issuers.h"

static enum asap_code refuse_related(struct txn *txn, const char *name, struct asap_error *err)
{
    struct issuer_row related;
    const enum asap_code code = store_find_related_issuer(txn, name, &related, err);

    if (code == ASAP_NOT_FOUND)
        return ASAP_OK;
    if (code != ASAP_OK)
        return code;
    if (strcmp(related.name, name) != 0)
        return fail(err, ASAP_ALREADY_EXISTS,
                    "%s and the issuer %s are path prefixes of one another, so one could speak"
                    " for the other (choose another name)",
                    name, related.name);
    return fail(err, ASAP_ALREADY_EXISTS,
                related.delete_time == LIFECYCLE_NEVER
                    ? "the issuer %s exists"
                    : "the issuer %s was deleted, and a name is never used again",
                name);
}

static enum asap_code add_first_keys(struct change *change,
                                     const struct issuer_row *issuer,
                                     struct key_pairs *pairs,
                                     struct asap_error *err)
{
    struct key_row rows[NEW_KEYS_MOST];

    for (size_t i = 0; i < NEW_KEYS_MOST; i++) {
        const struct new_key key = { .issuer = issuer,
                                     .times = i == 0 ? lifecycle_first_key(change->admin->policy,
                                                                           change->now)
                                                     : lifecycle_standby(change->now),
                                     .pair = &pairs->keys[i] };

        TRY(change_add_managed_key(change, &key, rows, i, &rows[i], err));
    }
    return ASAP_OK;
}

enum asap_code keys_create_issuer(struct change *change,
                                  struct issuer_row *row,
                                  struct asap_error *err)
{
    SCOPED(key_pairs) struct key_pairs pairs = { { NULL } };

    TRY(issuer_check_registrable(row->name, "name", err));
    TRY(issuer_check_rotation_period(change->admin, row, err));
    if (row->managed)
        TRY(key_pairs_generate(row->algorithm, NEW_KEYS_MOST, &pairs, err));
    TRY(change_begin(change, err));
    TRY(refuse_related(&change->txn, row->name, err));
    change_note_key(change, row->name, "");
    row->create_time = change->now;
    row->delete_time = LIFECYCLE_NEVER;
    TRY(store_add_issuer(&change->txn, row, err));
    return row->managed ? add_first_keys(change, row, &pairs, err) : ASAP_OK;
}
