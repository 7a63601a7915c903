/* SPDX-License-Identifier: Apache-2.0 */
#include "key_pairs.h"

#include <string.h>

#include "fail.h"

enum asap_code key_pairs_generate(const char *algorithm,
                                  size_t count,
                                  struct key_pairs *out,
                                  struct asap_error *err)
{
    const struct algorithm *row = algorithm_find(algorithm, strlen(algorithm));

    if (row == NULL)
        return fail_field(err, "algorithm", "no algorithm is called \"%.32s\"", algorithm);
    for (size_t i = 0; i < count; i++)
        TRY(vault_generate(row, &out->keys[i], err));
    return ASAP_OK;
}

static enum asap_code read_issuer(const struct admin *admin,
                                  const char *name,
                                  struct issuer_row *out,
                                  struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin_read(&txn, admin->store, err));
    return store_get_issuer(&txn, name, out, err);
}

enum asap_code key_pairs_prepare(const struct admin *admin,
                                 const char *issuer,
                                 size_t count,
                                 struct key_pairs *out,
                                 struct asap_error *err)
{
    struct issuer_row row;

    TRY(read_issuer(admin, issuer, &row, err));
    return row.managed ? key_pairs_generate(row.algorithm, count, out, err) : ASAP_OK;
}
