/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"

enum asap_code issuer_keys_load(struct change *change,
                                const char *issuer,
                                struct issuer_keys *out,
                                struct asap_error *err)
{
    SCOPED(issuer_keys) struct issuer_keys keys = { 0 };

    TRY(store_get_issuer(&change->txn, issuer, &keys.issuer, err));
    TRY(store_list_keys(&change->txn, keys.issuer.id, &keys.rows, &keys.count, err));
    keys.planned = calloc(keys.count + 1, sizeof *keys.planned);
    keys.row_of = calloc(keys.count + 1, sizeof *keys.row_of);
    if (keys.planned == NULL || keys.row_of == NULL)
        return fail_memory(err);
    for (size_t i = 0; i < keys.count; i++) {
        if (!keys.rows[i].managed)
            continue;
        keys.planned[keys.planned_count] =
            (struct planned_key){ keys.rows[i].times, keys.rows[i].max_lifetime, false };
        keys.row_of[keys.planned_count++] = i;
    }
    *out = keys;
    keys = (struct issuer_keys){ 0 };
    return ASAP_OK;
}

void issuer_keys_clear(struct issuer_keys *keys)
{
    free(keys->rows);
    free(keys->planned);
    free(keys->row_of);
    *keys = (struct issuer_keys){ 0 };
}

size_t issuer_keys_find(const struct issuer_keys *keys, const char *kid)
{
    for (size_t i = 0; i < keys->planned_count; i++)
        if (strcmp(keys->rows[keys->row_of[i]].kid, kid) == 0)
            return i;
    return PLAN_NONE;
}

struct lifecycle_view plan_view(const struct change *change, const struct issuer_keys *keys)
{
    return (struct lifecycle_view){ keys->planned, keys->planned_count, change->admin->policy,
                                    change->now };
}

static enum asap_code write_changed(struct change *change,
                                    struct issuer_keys *keys,
                                    struct asap_error *err)
{
    for (size_t i = 0; i < keys->planned_count; i++) {
        struct key_row *row = &keys->rows[keys->row_of[i]];

        if (!keys->planned[i].changed)
            continue;
        row->times = keys->planned[i].times;
        TRY(store_update_key(&change->txn, row, err));
    }
    return ASAP_OK;
}

static enum asap_code add_standby(struct change *change,
                                  struct issuer_keys *keys,
                                  EVP_PKEY **pair,
                                  struct asap_error *err)
{
    struct key_row *rows = realloc(keys->rows, (keys->count + 1) * sizeof *rows);
    const struct new_key standby = { .issuer = &keys->issuer,
                                     .times = lifecycle_standby(change->now),
                                     .pair = pair };

    if (rows == NULL)
        return fail_memory(err);
    keys->rows = rows;
    TRY(change_add_managed_key(change, &standby, rows, keys->count, &rows[keys->count], err));
    keys->count++;
    return ASAP_OK;
}

static size_t row_index(const struct issuer_keys *keys, size_t planned)
{
    return planned == PLAN_NONE ? PLAN_NONE : keys->row_of[planned];
}

enum asap_code plan_apply(struct change *change,
                          struct issuer_keys *keys,
                          const struct lifecycle_plan *plan,
                          EVP_PKEY **pair,
                          struct key_plan *out,
                          struct asap_error *err)
{
    TRY(write_changed(change, keys, err));
    for (size_t i = 0; i < plan->new_standbys; i++)
        TRY(add_standby(change, keys, pair, err));
    *out = (struct key_plan){ .count = keys->count,
                              .already_planned = plan->already_planned,
                              .outgoing = row_index(keys, plan->outgoing),
                              .incoming = row_index(keys, plan->incoming),
                              .subject = PLAN_NONE };
    out->keys = MOVE(keys->rows);
    return ASAP_OK;
}

void key_plan_clear(struct key_plan *plan)
{
    free(plan->keys);
    *plan = (struct key_plan){ 0 };
}
