/* SPDX-License-Identifier: Apache-2.0 */
#include "server_secret.h"

#include <openssl/rand.h>
#include <stdlib.h>

#include "fail.h"
#include "store_server.h"

enum { SEALED_MAX = 256 };

DEFINE_SCOPED(memory, void *, free)

const char *const server_secret_names[] = { "audit_key", "page_token_key", NULL };

static struct seal_binding binding_of(const char *name)
{
    return (struct seal_binding){ .kid = name, .row = 0, .algorithm = "secret" };
}

static enum asap_code put(struct txn *txn,
                          const struct vault *vault,
                          const char *name,
                          const struct secret *secret,
                          struct asap_error *err)
{
    const struct seal_binding binding = binding_of(name);
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);

    TRY(vault_seal(vault, &binding, secret, &sealed, err));
    TRY(buffer_check(&sealed, "a sealed secret", err));
    return store_put_value(txn, name, sealed.bytes, sealed.length, err);
}

static enum asap_code make(struct txn *txn,
                           const struct vault *vault,
                           const char *name,
                           struct secret *out,
                           struct asap_error *err)
{
    TRY(secret_init(out, SERVER_SECRET_SIZE, err));
    if (RAND_priv_bytes(out->bytes, SERVER_SECRET_SIZE) != 1)
        return fail(err, ASAP_INTERNAL, "no random bytes to be had");
    TRY(put(txn, vault, name, out, err));
    return txn_commit(txn, err);
}

static enum asap_code unseal(struct txn *txn,
                             const struct vault *vault,
                             const char *name,
                             struct secret *out,
                             struct asap_error *err)
{
    const struct seal_binding binding = binding_of(name);
    SCOPED(memory) void *sealed = NULL;
    size_t length = 0;

    TRY(store_get_value(txn, name, &sealed, &length, err));
    TRY(vault_unseal(vault, &binding, sealed, length, out, err));
    if (out->length != SERVER_SECRET_SIZE)
        return fail(err, ASAP_DATA_LOSS, "%s has the wrong length (restore the database)", name);
    return ASAP_OK;
}

enum asap_code server_secret_find(struct txn *txn,
                                  const struct vault *vault,
                                  const char *name,
                                  struct secret *out,
                                  struct asap_error *err)
{
    SCOPED(secret) struct secret secret = { 0 };

    *out = (struct secret){ 0 };
    TRY(unseal(txn, vault, name, &secret, err));
    *out = secret;
    secret = (struct secret){ 0 };
    return ASAP_OK;
}

enum asap_code server_secret_get(struct store *store,
                                 const struct vault *vault,
                                 const char *name,
                                 struct secret *out,
                                 struct asap_error *err)
{
    SCOPED(secret) struct secret made = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct asap_error cause = { 0 };
    enum asap_code code = ASAP_OK;

    TRY(txn_begin(&txn, store, err));
    code = server_secret_find(&txn, vault, name, out, &cause);
    if (code != ASAP_NOT_FOUND)
        return code == ASAP_OK ? ASAP_OK : fail(err, code, "%s", cause.message);
    TRY(make(&txn, vault, name, &made, err));
    *out = made;
    made = (struct secret){ 0 };
    return ASAP_OK;
}

enum asap_code server_secret_reseal(struct txn *txn,
                                    const struct vault *from,
                                    const struct vault *to,
                                    const char *name,
                                    struct asap_error *err)
{
    SCOPED(secret) struct secret secret = { 0 };
    struct asap_error cause = { 0 };
    const enum asap_code code = unseal(txn, from, name, &secret, &cause);

    if (code == ASAP_NOT_FOUND)
        return ASAP_OK;
    if (code != ASAP_OK)
        return fail(err, code, "%s", cause.message);
    return put(txn, to, name, &secret, err);
}
