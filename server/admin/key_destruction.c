/* SPDX-License-Identifier: Apache-2.0 */
#include "key_destruction.h"

#include <stdio.h>

#include "change.h"
#include "fail.h"
#include "store_sealed.h"
#include "store_server.h"

struct unused {
    struct sealed_key keys[DESTROYED_MOST];
    size_t count;
};

static enum asap_code collect(void *context, const struct sealed_key *key, struct asap_error *err)
{
    struct unused *unused = context;

    (void)err;
    unused->keys[unused->count++] = *key;
    return ASAP_OK;
}

static enum asap_code destroy(struct change *change,
                              const struct sealed_key *key,
                              struct asap_error *err)
{
    char issuer[KID_MAX + 1];
    struct audit_row event = { .create_time = change->now,
                               .caller = "asapd",
                               .method = "asap.v1.KeyAdmin/DestroyKey",
                               .result = "ok",
                               .message = "destroyed the private key" };

    TRY(key_id_find_issuer(key->kid, issuer, err));
    change->event = &event;
    change_note_key(change, issuer, key->kid);
    change->event = NULL;
    TRY(store_destroy_sealed(&change->txn, key->key_id, err));
    return audit_append(change->admin->audit, &change->txn, &event, err);
}

/* What is published does not change by it, and neither does the generation. */
enum asap_code
keys_destroy_unused(const struct admin *admin, int64_t now, size_t *count, struct asap_error *err)
{
    struct unused unused = { .count = 0 };
    SCOPED(change) struct change change = { .admin = admin, .now = now };

    *count = 0;
    TRY(change_begin(&change, err));
    TRY(store_each_unused_sealed(&change.txn, change.now, DESTROYED_MOST, collect, &unused, err));
    if (unused.count == 0)
        return ASAP_OK;
    for (size_t i = 0; i < unused.count; i++)
        TRY(destroy(&change, &unused.keys[i], err));
    TRY(store_record_time(&change.txn, change.now, err));
    TRY(txn_commit(&change.txn, err));
    *count = unused.count;
    return ASAP_OK;
}
