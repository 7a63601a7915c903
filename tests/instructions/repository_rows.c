/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "fake_clock.h"
#include "repository.h"
#include "rows.h"
#include "store_change.h"
#include "store_server.h"

/* A key downloaded, and a snapshot of all made, over a real store in memory. */

enum { ISSUERS = 10, KEYS_OF_ISSUER = ROWS_KEYS / ISSUERS };

static const struct log no_log = { .level = LOG_ERROR };

struct published {
    struct store *store;
    struct keyring *keyring;
    struct fake_clock clock;
    struct repository repository;
};

static enum asap_code describe_key(struct key_row *row, struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);

    TRY(pem_write_public(key, &pem, err));
    (void)snprintf(row->pem, sizeof row->pem, "%s", pem.bytes);
    (void)snprintf(row->algorithm, sizeof row->algorithm, "ES256");
    return jwk_thumbprint(key, row->thumbprint, err);
}

static enum asap_code
add_key(struct txn *txn, const struct issuer_row *issuer, int number, struct asap_error *err)
{
    struct key_row row = { .issuer_id = issuer->id,
                           .create_time = ROWS_NOW,
                           .times = { ROWS_NOW, LIFECYCLE_NEVER, LIFECYCLE_NEVER, LIFECYCLE_NEVER,
                                      LIFECYCLE_NEVER },
                           .max_lifetime = issuer->max_lifetime };

    (void)snprintf(row.kid, sizeof row.kid, "%.190s/2026-11-26-%03d.pem", issuer->name, number);
    TRY(describe_key(&row, err));
    return store_add_key(txn, &row, err);
}

static enum asap_code add_issuer(struct txn *txn, int number, struct asap_error *err)
{
    struct issuer_row issuer = { .max_lifetime = 3600,
                                 .create_time = ROWS_NOW,
                                 .delete_time = LIFECYCLE_NEVER };

    (void)snprintf(issuer.name, sizeof issuer.name, "payments/service-%02d", number);
    TRY(store_add_issuer(txn, &issuer, err));
    for (int i = 0; i < KEYS_OF_ISSUER; i++)
        TRY(add_key(txn, &issuer, i, err));
    return ASAP_OK;
}

static enum asap_code fill(struct store *store, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin(&txn, store, err));
    for (int i = 0; i < ISSUERS; i++)
        TRY(add_issuer(&txn, i, err));
    TRY(store_record_change(&txn, ROWS_NOW, err));
    return txn_commit(&txn, err);
}

static enum asap_code publish(struct published *published, struct asap_error *err)
{
    TRY(store_open("sqlite::memory:", true, &no_log, &published->store, err));
    TRY(fill(published->store, err));
    TRY(keyring_new(&no_log, &published->keyring, err));
    return keyring_reload(published->keyring, published->store, ROWS_NOW, err);
}

void *rows_publish(const char *algorithm, const struct side_input *input)
{
    struct published *published = calloc(1, sizeof *published);
    struct asap_error err = { 0 };

    (void)algorithm, (void)input;
    if (published == NULL)
        return NULL;
    if (publish(published, &err) != ASAP_OK) {
        (void)fprintf(stderr, "instructions: %s\n", err.message);
        return NULL;
    }
    atomic_store(&published->clock.seconds, ROWS_NOW);
    published->repository =
        (struct repository){ .keyring = published->keyring,
                             .policy = { .max_age = 300, .stale = 300, .jwks_max_age = 120 },
                             .clock = fake_clock_of(&published->clock),
                             .base_path = "" };
    return published;
}

static unsigned get(struct published *published, const char *path, size_t *length)
{
    const struct http_request request = { .method = HTTP_GET, .path = path };
    struct http_response response = { .body = BUFFER(HTTP_BODY_MAX) };
    unsigned status = 0;

    repository_handle(&published->repository, &request, &response);
    *length = response.body.length;
    status = response.status;
    http_clear_response(&response);
    return status;
}

bool rows_download(void *prepared)
{
    size_t length = 0;

    (void)get(prepared, "/payments/service-07/2026-11-26-013.pem", &length);
    return length > 0;
}

bool rows_download_is_right(void *prepared)
{
    size_t length = 0;

    return get(prepared, "/payments/service-07/2026-11-26-013.pem", &length) == 200 && length > 100
           && get(prepared, "/payments/service-07/2026-11-26-133.pem", &length) == 404;
}

bool rows_key_set(void *prepared)
{
    size_t length = 0;

    (void)get(prepared, "/payments/service-07/.well-known/jwks.json", &length);
    return length > 0;
}

bool rows_key_set_is_right(void *prepared)
{
    size_t length = 0;

    return get(prepared, "/payments/service-07/.well-known/jwks.json", &length) == 200
           && length > 100 * (size_t)KEYS_OF_ISSUER;
}

/* The first one, which proves each key. */
bool rows_load(void *prepared)
{
    struct published *published = prepared;
    struct keyring *fresh = NULL;
    bool is_loaded = keyring_new(&no_log, &fresh, NULL) == ASAP_OK
                     && keyring_reload(fresh, published->store, ROWS_NOW, NULL) == ASAP_OK;

    keyring_free(fresh);
    return is_loaded;
}

static enum asap_code mark_one_issuer(struct store *store)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct issuer_row issuer;

    TRY(txn_begin(&txn, store, NULL));
    TRY(store_get_issuer(&txn, "payments/service-07", &issuer, NULL));
    TRY(store_mark_issuer(&txn, issuer.id, NULL));
    TRY(store_record_change(&txn, ROWS_NOW, NULL));
    return txn_commit(&txn, NULL);
}

/* One that finds an issuer changed, but its keys as they were. */
bool rows_change(void *prepared)
{
    struct published *published = prepared;

    return mark_one_issuer(published->store) == ASAP_OK
           && keyring_reload(published->keyring, published->store, ROWS_NOW, NULL) == ASAP_OK;
}

bool rows_load_is_right(void *prepared)
{
    struct published *published = prepared;
    const struct snapshot *snapshot = NULL;
    bool is_whole = false;

    if (!rows_load(prepared) || !rows_change(prepared))
        return false;
    snapshot = keyring_acquire(published->keyring);
    is_whole = snapshot_count(snapshot, ROWS_NOW) == ROWS_KEYS;
    keyring_release(published->keyring, snapshot);
    return is_whole;
}
