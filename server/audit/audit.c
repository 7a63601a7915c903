/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

#include "audit_parts.h"
#include "fail.h"
#include "tip.h"

static void release(struct audit *audit)
{
    chain_clear(&audit->chain);
    witness_destroy(&audit->witness);
    free(audit);
}

DEFINE_SCOPED(audit, struct audit *, release)

enum asap_code audit_open(struct store *store,
                          const struct secret *key,
                          int64_t clock_skew,
                          const struct log *log,
                          struct audit **out,
                          struct asap_error *err)
{
    SCOPED(audit) struct audit *audit = calloc(1, sizeof *audit);

    *out = NULL;
    if (audit == NULL)
        return fail_memory(err);
    audit->store = store;
    witness_init(&audit->witness);
    TRY(chain_init(&audit->chain, key, err));
    audit->committer = (struct committer){ .store = store,
                                           .chain = &audit->chain,
                                           .witness = &audit->witness,
                                           .clock_skew = clock_skew,
                                           .log = log };
    TRY(committer_start(&audit->committer, err));
    *out = MOVE(audit);
    return ASAP_OK;
}

void audit_close(struct audit *audit)
{
    if (audit == NULL)
        return;
    committer_stop(&audit->committer);
    release(audit);
}

enum asap_code
audit_append(struct audit *audit, struct txn *txn, struct audit_row *event, struct asap_error *err)
{
    struct tip tip;

    TRY(tip_read(&tip, txn, err));
    TRY(witness_check(&audit->witness, &tip, txn, err));
    TRY(tip_append(&tip, &audit->chain, txn, event, err));
    return tip_write(&tip, txn, err);
}

enum asap_code audit_get_head(struct audit *audit,
                              char out[AUDIT_HEAD_TEXT_SIZE],
                              struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct audit_head_row row;
    struct chain_place place;

    out[0] = '\0';
    TRY(txn_begin_read(&txn, audit->store, err));
    TRY(store_get_audit_head(&txn, &row, err));
    if (row.sequence == 0)
        return fail(err, ASAP_NOT_FOUND, "nothing is recorded in the audit log yet");
    place.sequence = row.sequence;
    memcpy(place.hash, row.chain_hash, AUDIT_HASH_SIZE);
    witness_note(&audit->witness, &place);
    return chain_write_head(&audit->chain, &place, out, err);
}
