/* SPDX-License-Identifier: Apache-2.0 */
#include "server_secret.h"

#include <openssl/rand.h>
#include <stdlib.h>

#include "fail.h"
#include "store_server.h"

enum { SEALED_MAX = 256 };

DEFINE_SCOPED(memory, void *, free)

static struct seal_binding binding_of(const char *name)
{
    return (struct seal_binding){ .kid = name, .row = 0, .algorithm = "secret" };
}

static enum asap_code make(struct txn *txn,
                           const struct vault *vault,
                           const char *name,
                           struct secret *out,
                           struct asap_error *err)
{
    const struct seal_binding binding = binding_of(name);
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);

    TRY(secret_init(out, SERVER_SECRET_SIZE, err));
    if (RAND_priv_bytes(out->bytes, SERVER_SECRET_SIZE) != 1)
        return fail(err, ASAP_INTERNAL, "no random bytes to be had");
    TRY(vault_seal(vault, &binding, out, &sealed, err));
    TRY(buffer_check(&sealed, "a sealed secret", err));
    TRY(store_put_value(txn, name, sealed.bytes, sealed.length, err));
    return txn_commit(txn, err);
}

static enum asap_code get_or_make(struct store *store,
                                  const struct vault *vault,
                                  const char *name,
                                  struct secret *out,
                                  struct asap_error *err)
{
    const struct seal_binding binding = binding_of(name);
    SCOPED(txn) struct txn txn = { 0 };
    SCOPED(memory) void *sealed = NULL;
    size_t length = 0;
    enum asap_code code = ASAP_OK;

    TRY(txn_begin(&txn, store, err));
    code = store_get_value(&txn, name, &sealed, &length, err);
    if (code == ASAP_NOT_FOUND)
        return make(&txn, vault, name, out, err);
    TRY(code);
    return vault_unseal(vault, &binding, sealed, length, out, err);
}

enum asap_code server_secret_get(struct store *store,
                                 const struct vault *vault,
                                 const char *name,
                                 struct secret *out,
                                 struct asap_error *err)
{
    SCOPED(secret) struct secret secret = { 0 };

    *out = (struct secret){ 0 };
    TRY(get_or_make(store, vault, name, &secret, err));
    if (secret.length != SERVER_SECRET_SIZE)
        return fail(err, ASAP_DATA_LOSS, "%s has the wrong length (restore the database)", name);
    *out = secret;
    secret = (struct secret){ 0 };
    return ASAP_OK;
}
