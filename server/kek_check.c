/* SPDX-License-Identifier: Apache-2.0 */
#include "kek_check.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "scoped.h"
#include "store_server.h"

#define VALUE_NAME "kek_check"

enum { SEALED_MAX = 256 };

static const struct seal_binding binding = { .kid = "kek-check", .row = 0, .algorithm = "none" };
static const char constant[] = "asapd";

DEFINE_SCOPED(memory, void *, free)

static enum asap_code put_check(struct txn *txn, const struct vault *vault, struct asap_error *err)
{
    SCOPED(secret) struct secret plain = { 0 };
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);

    TRY(secret_init(&plain, sizeof constant, err));
    memcpy(plain.bytes, constant, sizeof constant);
    TRY(vault_seal(vault, &binding, &plain, &sealed, err));
    TRY(buffer_check(&sealed, "the sealed check of the KEK", err));
    TRY(store_put_value(txn, VALUE_NAME, sealed.bytes, sealed.length, err));
    return txn_commit(txn, err);
}

static enum asap_code
open_check(const struct vault *vault, const void *sealed, size_t length, struct asap_error *err)
{
    SCOPED(secret) struct secret plain = { 0 };
    const enum asap_code code = vault_unseal(vault, &binding, sealed, length, &plain, err);

    if (code == ASAP_FAILED_PRECONDITION)
        return fail(err, code,
                    "the key in kek_file does not open this database: it was made with another "
                    "one; restore the KEK that belongs to it");
    if (code == ASAP_DATA_LOSS)
        return fail(err, code,
                    "the database does not open with the key in kek_file, which belongs to it: the "
                    "database is damaged; restore it from a backup");
    return code;
}

enum asap_code kek_check(struct store *store, const struct vault *vault, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    SCOPED(memory) void *sealed = NULL;
    size_t length = 0;
    enum asap_code code = ASAP_OK;

    TRY(txn_begin(&txn, store, err));
    code = store_get_value(&txn, VALUE_NAME, &sealed, &length, err);
    if (code == ASAP_NOT_FOUND)
        return put_check(&txn, vault, err);
    TRY(code);
    return open_check(vault, sealed, length, err);
}

enum asap_code kek_check_is_there(struct store *store, bool *out, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    SCOPED(memory) void *sealed = NULL;
    size_t length = 0;
    enum asap_code code = ASAP_OK;

    *out = false;
    TRY(txn_begin_read(&txn, store, err));
    code = store_get_value(&txn, VALUE_NAME, &sealed, &length, err);
    *out = code == ASAP_OK;
    return code == ASAP_NOT_FOUND ? ASAP_OK : code;
}
