/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "change.h"
#include "fail.h"

enum { FIRST_KEYS = 1 + LIFECYCLE_STANDBYS };

/* Generating RSA keys takes long; the transaction that all writers wait for should not. */
struct pairs {
    EVP_PKEY *keys[FIRST_KEYS];
};

static void pairs_scope_exit(struct pairs *pairs)
{
    for (size_t i = 0; i < FIRST_KEYS; i++)
        EVP_PKEY_free(pairs->keys[i]);
}

static enum asap_code generate_pairs(const struct issuer_row *row,
                                     struct pairs *out,
                                     struct asap_error *err)
{
    const struct algorithm *algorithm = algorithm_find(row->algorithm, strlen(row->algorithm));

    if (algorithm == NULL)
        return fail_field(err, "algorithm", "no algorithm is called \"%s\"", row->algorithm);
    for (size_t i = 0; i < FIRST_KEYS; i++)
        TRY(vault_generate(algorithm, &out->keys[i], err));
    return ASAP_OK;
}

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
                                     struct pairs *pairs,
                                     struct asap_error *err)
{
    struct key_row rows[FIRST_KEYS];

    for (size_t i = 0; i < FIRST_KEYS; i++) {
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
    SCOPED(pairs) struct pairs pairs = { { NULL } };

    TRY(issuer_check_registrable(row->name, "name", err));
    if (row->managed)
        TRY(generate_pairs(row, &pairs, err));
    TRY(change_begin(change, err));
    TRY(refuse_related(&change->txn, row->name, err));
    change_note_key(change, row->name, "");
    row->create_time = change->now;
    row->delete_time = LIFECYCLE_NEVER;
    TRY(store_add_issuer(&change->txn, row, err));
    return row->managed ? add_first_keys(change, row, &pairs, err) : ASAP_OK;
}
