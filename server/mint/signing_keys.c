/* SPDX-License-Identifier: Apache-2.0 */
#include "signing_keys.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "store_sealed.h"

struct open_key {
    int64_t row;
    char kid[KID_MAX + 1];
    EVP_PKEY *private_key;
    uint64_t last_use;
};

struct signing_keys {
    struct store *store;
    const struct vault *vault;
    pthread_mutex_t mutex; /* over what follows */
    struct open_key *open; /* by row */
    size_t count, most;
    uint64_t uses; /* counts, so that the longest unused has the least */
};

DEFINE_SCOPED(signing_keys, struct signing_keys *, signing_keys_free)
DEFINE_SCOPED(memory, void *, free)

enum asap_code signing_keys_new(struct store *store,
                                const struct vault *vault,
                                size_t most,
                                struct signing_keys **out,
                                struct asap_error *err)
{
    SCOPED(signing_keys) struct signing_keys *keys = calloc(1, sizeof *keys);

    *out = NULL;
    if (keys == NULL)
        return fail_memory(err);
    (void)pthread_mutex_init(&keys->mutex, NULL);
    keys->store = store;
    keys->vault = vault;
    keys->most = most;
    keys->open = calloc(most, sizeof *keys->open);
    if (keys->open == NULL)
        return fail_memory(err);
    *out = MOVE(keys);
    return ASAP_OK;
}

void signing_keys_free(struct signing_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->count; i++)
        EVP_PKEY_free(keys->open[i].private_key);
    free(keys->open);
    (void)pthread_mutex_destroy(&keys->mutex);
    free(keys);
}

/* The place of a row, or where it would go. */
static size_t place_of(const struct signing_keys *keys, int64_t row)
{
    size_t begin = 0;
    size_t end = keys->count;

    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;

        if (keys->open[middle].row < row)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

static bool is_at(const struct signing_keys *keys, size_t place, int64_t row)
{
    return place < keys->count && keys->open[place].row == row;
}

static void close_at(struct signing_keys *keys, size_t place)
{
    EVP_PKEY_free(keys->open[place].private_key);
    keys->count--;
    memmove(&keys->open[place], &keys->open[place + 1], (keys->count - place) * sizeof *keys->open);
}

EVP_PKEY *signing_keys_find(struct signing_keys *keys, const struct published_key *key)
{
    EVP_PKEY *found = NULL;
    size_t place = 0;

    (void)pthread_mutex_lock(&keys->mutex);
    place = place_of(keys, key->row);
    if (is_at(keys, place, key->row) && EVP_PKEY_up_ref(keys->open[place].private_key) == 1) {
        keys->open[place].last_use = ++keys->uses;
        found = keys->open[place].private_key;
    }
    (void)pthread_mutex_unlock(&keys->mutex);
    return found;
}

static void close_longest_unused(struct signing_keys *keys)
{
    size_t least = 0;

    for (size_t i = 1; i < keys->count; i++)
        if (keys->open[i].last_use < keys->open[least].last_use)
            least = i;
    close_at(keys, least);
}

/* Two threads may have opened the same one: the first stays. */
static void keep(struct signing_keys *keys, const struct published_key *key, EVP_PKEY *private_key)
{
    size_t place = 0;

    (void)pthread_mutex_lock(&keys->mutex);
    if (!is_at(keys, place_of(keys, key->row), key->row) && EVP_PKEY_up_ref(private_key) == 1) {
        if (keys->count == keys->most)
            close_longest_unused(keys);
        place = place_of(keys, key->row);
        memmove(&keys->open[place + 1], &keys->open[place],
                (keys->count - place) * sizeof *keys->open);
        keys->open[place] = (struct open_key){ .row = key->row,
                                               .private_key = private_key,
                                               .last_use = ++keys->uses };
        (void)snprintf(keys->open[place].kid, sizeof keys->open[place].kid, "%s", key->kid);
        keys->count++;
    }
    (void)pthread_mutex_unlock(&keys->mutex);
}

/* Whoever reads the keys late, after others have rotated, finds private halves destroyed. */
static enum asap_code fail_gone(const struct published_key *key, struct asap_error *err)
{
    return fail(err, ASAP_UNAVAILABLE,
                "the private key of %.150s is destroyed, for another one signs (call again; if it"
                " stays so, restore the database from a backup)",
                key->kid);
}

static enum asap_code read_sealed(struct signing_keys *keys,
                                  const struct published_key *key,
                                  void **out,
                                  size_t *length,
                                  struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    enum asap_code code = ASAP_OK;

    TRY(txn_begin_read(&txn, keys->store, err));
    code = store_get_sealed(&txn, key->row, out, length, err);
    return code == ASAP_NOT_FOUND ? fail_gone(key, err) : code;
}

/* What is signed with must be what verifiers are given. */
static enum asap_code check_halves(const struct published_key *key,
                                   EVP_PKEY *private_key,
                                   struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *public_key = NULL;

    TRY(pem_parse_public(key->pem, key->pem_length, &public_key, err));
    if (EVP_PKEY_eq(public_key, private_key) == 1)
        return ASAP_OK;
    return fail(err, ASAP_DATA_LOSS,
                "the private key of %.150s is not the one of its public key (restore the database "
                "from a backup)",
                key->kid);
}

enum asap_code signing_keys_open(struct signing_keys *keys,
                                 const struct published_key *key,
                                 EVP_PKEY **out,
                                 struct asap_error *err)
{
    const struct seal_binding binding = { key->kid, key->row, key->algorithm->name };
    SCOPED(memory) void *sealed = NULL;
    SCOPED(pkey) EVP_PKEY *private_key = NULL;
    size_t length = 0;

    *out = signing_keys_find(keys, key);
    if (*out != NULL)
        return ASAP_OK;
    TRY(read_sealed(keys, key, &sealed, &length, err));
    TRY(vault_unseal_key(keys->vault, &binding, sealed, length, &private_key, err));
    TRY(check_halves(key, private_key, err));
    keep(keys, key, private_key);
    *out = MOVE(private_key);
    return ASAP_OK;
}

static bool is_signing(const struct snapshot *snapshot, const char *kid, int64_t now)
{
    const struct published_key *key = snapshot_find(snapshot, kid, strlen(kid));

    return key != NULL && lifecycle_state(&key->times, now) == KEY_ACTIVE;
}

void signing_keys_retain(struct signing_keys *keys, const struct snapshot *snapshot, int64_t now)
{
    (void)pthread_mutex_lock(&keys->mutex);
    for (size_t i = keys->count; i > 0; i--)
        if (!is_signing(snapshot, keys->open[i - 1].kid, now))
            close_at(keys, i - 1);
    (void)pthread_mutex_unlock(&keys->mutex);
}
