/* SPDX-License-Identifier: Apache-2.0 */
#include "rekey.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "kek_check.h"
#include "sealed_batch.h"
#include "server_secret.h"
#include "store_upkeep.h"

enum { SEALED_MAX = 16384 };

struct rekeying {
    const struct rekey *rekey;
    struct site site; /* under the KEK that goes */
    struct vault *next;
    int64_t count;
};

static void rekeying_scope_exit(struct rekeying *rekeying)
{
    site_close(&rekeying->site);
    vault_close(rekeying->next);
}

static enum asap_code refuse_kek(enum asap_code code,
                                 const char *problem,
                                 const struct asap_error *cause,
                                 struct asap_error *err)
{
    return fail(err, code, "%s", code == ASAP_FAILED_PRECONDITION ? problem : cause->message);
}

/* Which KEK it is under now. *is_done: the new one, and nothing is under way. */
static enum asap_code
check_present(struct rekeying *rekeying, struct txn *txn, bool *is_done, struct asap_error *err)
{
    struct asap_error cause = { 0 };
    const enum asap_code code = kek_constant_open(txn, KEK_PRESENT, rekeying->site.vault, &cause);

    *is_done = code == ASAP_FAILED_PRECONDITION
               && kek_constant_open(txn, KEK_PRESENT, rekeying->next, NULL) == ASAP_OK;
    if (code == ASAP_OK || *is_done)
        return ASAP_OK;
    return refuse_kek(
        code,
        "the key in kek_file does not open this database (kek_file is to be the KEK that"
        " it is under now)",
        &cause, err);
}

/* What is to be opened now: each key with the KEK that it is under, or all with the new one. */
enum expected { EITHER_KEK, NEW_KEK };

static enum asap_code try_key(const struct rekeying *rekeying,
                              enum expected expected,
                              const struct sealed_row *row,
                              struct asap_error *err)
{
    const struct seal_binding binding = { row->kid, row->key_id, row->algorithm };
    const bool is_new =
        expected == NEW_KEK || vault_has_sealed(rekeying->next, row->bytes, row->length);
    SCOPED(secret) struct secret plain = { 0 };

    return vault_unseal(is_new ? rekeying->next : rekeying->site.vault, &binding, row->bytes,
                        row->length, &plain, err);
}

static enum asap_code try_keys(const struct rekeying *rekeying,
                               enum expected expected,
                               struct txn *txn,
                               struct asap_error *err)
{
    SCOPED(sealed_batch) struct sealed_batch batch = { .count = 0 };

    do {
        TRY(sealed_batch_read(&batch, txn, err));
        for (size_t i = 0; i < batch.count; i++)
            TRY(try_key(rekeying, expected, &batch.rows[i], err));
    } while (batch.count > 0);
    return ASAP_OK;
}

/* The mark that keeps daemons away goes in first, and comes out with the last. A key that does not
 * open would keep the database between the KEKs for ever. */
static enum asap_code begin(struct rekeying *rekeying, bool *is_done, struct asap_error *err)
{
    const struct vault *next = rekeying->next;
    SCOPED(txn) struct txn txn = { 0 };
    struct asap_error cause = { 0 };
    enum asap_code code = ASAP_OK;

    TRY(txn_begin(&txn, rekeying->site.store, err));
    TRY(check_present(rekeying, &txn, is_done, err));
    if (*is_done)
        return ASAP_OK;
    code = kek_constant_open(&txn, KEK_NEXT, next, &cause);
    if (code == ASAP_OK)
        return ASAP_OK;
    if (code != ASAP_NOT_FOUND)
        return refuse_kek(
            code,
            "a rekey of this database to another new KEK was interrupted (name that one"
            " in --new-kek)",
            &cause, err);
    TRY(try_keys(rekeying, EITHER_KEK, &txn, err));
    TRY(kek_constant_put(&txn, KEK_NEXT, next, err));
    return txn_commit(&txn, err);
}

static enum asap_code reseal(struct rekeying *rekeying,
                             struct txn *txn,
                             const struct sealed_row *row,
                             struct asap_error *err)
{
    const struct seal_binding binding = { row->kid, row->key_id, row->algorithm };
    SCOPED(secret) struct secret plain = { 0 };
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);

    if (vault_has_sealed(rekeying->next, row->bytes, row->length))
        return ASAP_OK;
    TRY(vault_unseal(rekeying->site.vault, &binding, row->bytes, row->length, &plain, err));
    TRY(vault_seal(rekeying->next, &binding, &plain, &sealed, err));
    TRY(buffer_check(&sealed, "a sealed key", err));
    TRY(store_put_sealed(txn, row->key_id, sealed.bytes, sealed.length, err));
    rekeying->count++;
    return ASAP_OK;
}

static enum asap_code reseal_batch(struct rekeying *rekeying,
                                   struct sealed_batch *batch,
                                   struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin(&txn, rekeying->site.store, err));
    TRY(sealed_batch_read(batch, &txn, err));
    for (size_t i = 0; i < batch->count; i++)
        TRY(reseal(rekeying, &txn, &batch->rows[i], err));
    return txn_commit(&txn, err);
}

static enum asap_code reseal_keys(struct rekeying *rekeying, struct asap_error *err)
{
    SCOPED(sealed_batch) struct sealed_batch batch = { .count = 0 };

    do {
        TRY(reseal_batch(rekeying, &batch, err));
        report_progress(rekeying->rekey->report, "private keys", rekeying->count);
    } while (batch.count > 0);
    report_progress_end(rekeying->rekey->report);
    return ASAP_OK;
}

static enum asap_code record(const struct rekeying *rekeying,
                             struct txn *txn,
                             struct asap_error *err)
{
    struct audit_row event = { .create_time = rekeying->rekey->now,
                               .method = "asap.v1.Server/Rekey",
                               .message = "everything is sealed under another KEK now" };

    return site_record(&rekeying->site, txn, &event, err);
}

/* The KEK that goes may be destroyed after this: nothing is believed that was not opened. */
static enum asap_code finish(struct rekeying *rekeying, struct asap_error *err)
{
    const struct vault *next = rekeying->next;
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin(&txn, rekeying->site.store, err));
    TRY(try_keys(rekeying, NEW_KEK, &txn, err));
    for (const char *const *name = server_secret_names; *name != NULL; name++)
        TRY(server_secret_reseal(&txn, rekeying->site.vault, next, *name, err));
    TRY(kek_constant_put(&txn, KEK_PRESENT, next, err));
    TRY(kek_constant_remove(&txn, KEK_NEXT, err));
    TRY(record(rekeying, &txn, err));
    return txn_commit(&txn, err);
}

static enum asap_code go_on(struct rekeying *rekeying, struct asap_error *err)
{
    bool is_done = false;

    TRY(begin(rekeying, &is_done, err));
    if (is_done) {
        report_note(rekeying->rekey->report, "the database is under the new KEK already");
        return ASAP_OK;
    }
    TRY(site_open_audit(rekeying->rekey->options, &rekeying->site, err));
    TRY(reseal_keys(rekeying, err));
    return finish(rekeying, err);
}

/* A file of this name may be there from a run that was interrupted. */
static enum asap_code open_next(struct rekeying *rekeying, struct asap_error *err)
{
    const char *path = rekeying->rekey->next_kek_file;
    struct asap_error cause = { 0 };
    const enum asap_code code = vault_create_kek(path, &cause);

    if (code != ASAP_OK && code != ASAP_ALREADY_EXISTS)
        return fail(err, code, "%s", cause.message);
    TRY(vault_open(path, &rekeying->next, err));
    if (!vault_is_same_kek(rekeying->site.vault, rekeying->next))
        return ASAP_OK;
    return fail(err, ASAP_FAILED_PRECONDITION,
                "the new KEK is the one in kek_file (name another file)");
}

enum asap_code rekey_run(const struct rekey *rekey, int64_t *count, struct asap_error *err)
{
    const struct site_options *options = rekey->options;
    SCOPED(rekeying) struct rekeying rekeying = { .rekey = rekey };

    *count = 0;
    TRY(vault_open(options->kek_file, &rekeying.site.vault, err));
    TRY(store_open_alone(options->database, false, options->log, &rekeying.site.store, err));
    TRY(open_next(&rekeying, err));
    TRY(go_on(&rekeying, err));
    *count = rekeying.count;
    return ASAP_OK;
}
