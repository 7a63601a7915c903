/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "store_sealed.h"

enum asap_code issuer_keys_load(struct change *change,
                                const char *issuer,
                                enum keys_shown shown,
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
        if (shown == KEYS_MANAGED && !keys.rows[i].managed)
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

enum asap_code key_id_find_issuer(const char *kid, char out[KID_MAX + 1], struct asap_error *err)
{
    struct asap_error cause = { 0 };
    struct kid parsed;

    if (kid_parse(kid, strlen(kid), &parsed, &cause) != ASAP_OK)
        return fail_field(err, "key_id", "%s", cause.message);
    (void)snprintf(out, KID_MAX + 1, "%.*s", (int)parsed.issuer_length, parsed.issuer);
    return ASAP_OK;
}

enum asap_code plan_check_reason(const char *reason, const char *field, struct asap_error *err)
{
    if (strlen(reason) < REVOKE_REASON_SIZE)
        return ASAP_OK;
    return fail_field(err, field, "a reason has at most %d bytes", REVOKE_REASON_SIZE - 1);
}

void plan_give_reason(const struct change *change, struct issuer_keys *keys, const char *reason)
{
    for (size_t i = 0; i < keys->planned_count; i++) {
        struct key_row *row = &keys->rows[keys->row_of[i]];

        if (keys->planned[i].changed && keys->planned[i].times.revoke_time == change->now)
            (void)snprintf(row->revoke_reason, sizeof row->revoke_reason, "%s", reason);
    }
}

static bool is_out_of_service(const struct key_row *row, int64_t now)
{
    const enum key_state state = lifecycle_state(&row->times, now);

    return state == KEY_RETIRED || state == KEY_REVOKED;
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
        row->max_lifetime = keys->planned[i].max_lifetime;
        TRY(store_update_key(&change->txn, row, err));
        if (is_out_of_service(row, change->now))
            TRY(store_destroy_sealed(&change->txn, row->id, err));
    }
    return ASAP_OK;
}

static enum asap_code add_key(struct change *change,
                              struct issuer_keys *keys,
                              const struct key_times *times,
                              EVP_PKEY **pair,
                              struct asap_error *err)
{
    struct key_row *rows = realloc(keys->rows, (keys->count + 1) * sizeof *rows);
    const struct new_key key = { .issuer = &keys->issuer, .times = *times, .pair = pair };

    if (rows == NULL)
        return fail_memory(err);
    keys->rows = rows;
    TRY(change_add_managed_key(change, &key, rows, keys->count, &rows[keys->count], err));
    keys->count++;
    return ASAP_OK;
}

/* The first new key follows all rows. */
static size_t row_index(const struct issuer_keys *keys, size_t planned, size_t rows)
{
    if (planned == keys->planned_count)
        return rows;
    return planned == PLAN_NONE ? PLAN_NONE : keys->row_of[planned];
}

enum asap_code plan_apply(struct change *change,
                          struct issuer_keys *keys,
                          const struct lifecycle_plan *plan,
                          struct key_pairs *pairs,
                          struct key_plan *out,
                          struct asap_error *err)
{
    const struct lifecycle_view view = plan_view(change, keys);
    const size_t rows = keys->count;

    TRY(write_changed(change, keys, err));
    for (size_t i = 0; i < plan->new_keys && i < NEW_KEYS_MOST; i++) {
        const struct key_times times = lifecycle_new_key(&view, plan, i);

        TRY(add_key(change, keys, &times, &pairs->keys[i], err));
    }
    *out = (struct key_plan){ .count = keys->count,
                              .already_planned = plan->already_planned,
                              .outgoing = row_index(keys, plan->outgoing, rows),
                              .incoming = row_index(keys, plan->incoming, rows),
                              .subject = PLAN_NONE };
    out->keys = MOVE(keys->rows);
    return ASAP_OK;
}

void key_plan_clear(struct key_plan *plan)
{
    free(plan->keys);
    *plan = (struct key_plan){ 0 };
}
