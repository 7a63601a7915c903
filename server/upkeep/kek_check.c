/* SPDX-License-Identifier: Apache-2.0 */
#include "kek_check.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "scoped.h"
#include "store_server.h"

static const char *const names[] = {
    [KEK_PRESENT] = "kek_check",
    [KEK_NEXT] = "kek_check_next",
};

enum { SEALED_MAX = 256 };

static const struct seal_binding binding = { .kid = "kek-check", .row = 0, .algorithm = "none" };
static const char constant[] = "asapd";

DEFINE_SCOPED(memory, void *, free)

enum asap_code kek_constant_put(struct txn *txn,
                                enum kek_constant which,
                                const struct vault *vault,
                                struct asap_error *err)
{
    SCOPED(secret) struct secret plain = { 0 };
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);

    TRY(secret_init(&plain, sizeof constant, err));
    memcpy(plain.bytes, constant, sizeof constant);
    TRY(vault_seal(vault, &binding, &plain, &sealed, err));
    TRY(buffer_check(&sealed, "the sealed check of the KEK", err));
    return store_put_value(txn, names[which], sealed.bytes, sealed.length, err);
}

enum asap_code kek_constant_open(struct txn *txn,
                                 enum kek_constant which,
                                 const struct vault *vault,
                                 struct asap_error *err)
{
    SCOPED(memory) void *sealed = NULL;
    SCOPED(secret) struct secret plain = { 0 };
    size_t length = 0;

    TRY(store_get_value(txn, names[which], &sealed, &length, err));
    return vault_unseal(vault, &binding, sealed, length, &plain, err);
}

enum asap_code kek_constant_remove(struct txn *txn, enum kek_constant which, struct asap_error *err)
{
    return store_delete_value(txn, names[which], err);
}

/* What stands of the two KEKs is between them then: neither opens all. */
static enum asap_code refuse_half_done(struct txn *txn,
                                       const struct vault *vault,
                                       struct asap_error *err)
{
    struct asap_error cause = { 0 };

    if (kek_constant_open(txn, KEK_NEXT, vault, &cause) == ASAP_NOT_FOUND)
        return ASAP_OK;
    return fail(err, ASAP_FAILED_PRECONDITION,
                "asapd rekey was interrupted in this database, which is under two KEKs now: run it"
                " again with both");
}

enum asap_code kek_check_within(struct txn *txn, const struct vault *vault, struct asap_error *err)
{
    struct asap_error cause = { 0 };
    enum asap_code code = ASAP_OK;

    TRY(refuse_half_done(txn, vault, err));
    code = kek_constant_open(txn, KEK_PRESENT, vault, &cause);
    if (code == ASAP_FAILED_PRECONDITION)
        return fail(err, code,
                    "the key in kek_file does not open this database: it was made with another "
                    "one; restore the KEK that belongs to it");
    if (code == ASAP_DATA_LOSS)
        return fail(err, code,
                    "the database does not open with the key in kek_file, which belongs to it: the "
                    "database is damaged; restore it from a backup");
    return code == ASAP_OK ? ASAP_OK : fail(err, code, "%s", cause.message);
}

enum asap_code kek_check(struct store *store, const struct vault *vault, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct asap_error cause = { 0 };
    enum asap_code code = ASAP_OK;

    TRY(txn_begin(&txn, store, err));
    code = kek_check_within(&txn, vault, &cause);
    if (code != ASAP_NOT_FOUND)
        return code == ASAP_OK ? ASAP_OK : fail(err, code, "%s", cause.message);
    TRY(kek_constant_put(&txn, KEK_PRESENT, vault, err));
    return txn_commit(&txn, err);
}

enum asap_code kek_check_is_there(struct store *store, bool *out, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    SCOPED(memory) void *sealed = NULL;
    size_t length = 0;
    enum asap_code code = ASAP_OK;

    *out = false;
    TRY(txn_begin_read(&txn, store, err));
    code = store_get_value(&txn, names[KEK_PRESENT], &sealed, &length, err);
    *out = code == ASAP_OK;
    return code == ASAP_NOT_FOUND ? ASAP_OK : code;
}
