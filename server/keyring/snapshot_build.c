/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm.h"
#include "etag.h"
#include "fail.h"
#include "row_check.h"
#include "snapshot.h"
#include "store_server.h"

enum { FIRST_CAPACITY = 64, FIRST_BUCKETS = 64, JWK_MAX = 4096 };

/* What a key is served as, before it has its place. */
struct texts {
    const struct key_row *row;
    struct buffer jwk;
    char etag[ETAG_SIZE];
    unsigned char digest[KEY_DIGEST_BYTES];
    uint64_t proof;
    bool is_damaged;
};

static bool sha256(const char *text, size_t length, unsigned char out[KEY_DIGEST_BYTES])
{
    return EVP_Q_digest(NULL, "SHA256", NULL, text, length, out, NULL) == 1;
}

/* Of what is checked of a row and not kept. */
static uint64_t proof_of(const struct key_row *row)
{
    uint64_t proof = SNAPSHOT_HASH_BEGIN;

    proof = snapshot_hash(proof, row->digest, strlen(row->digest));
    proof = snapshot_hash(proof, row->thumbprint, strlen(row->thumbprint));
    return snapshot_hash(proof, row->algorithm, strlen(row->algorithm));
}

/* Whether a row is what was once written, and the texts that follow from it. */
static enum asap_code write_texts(struct texts *texts, struct asap_error *err)
{
    const struct key_row *row = texts->row;
    SCOPED(pkey) EVP_PKEY *key = NULL;

    TRY(row_check_digest(row, err));
    TRY(row_check_key(row, &key, err));
    TRY(jwk_write(key, row->kid, row->algorithm, &texts->jwk, err));
    return etag_write(row->pem, strlen(row->pem), texts->etag) ? ASAP_OK : fail_memory(err);
}

static enum asap_code fill_texts(struct texts *texts)
{
    const struct key_row *row = texts->row;
    enum asap_code code = ASAP_OK;

    texts->proof = proof_of(row);
    if (!sha256(row->kid, strlen(row->kid), texts->digest))
        return fail_memory(NULL);
    code = write_texts(texts, NULL);
    texts->is_damaged = code != ASAP_OK;
    return code;
}

static char *append(char **end, const char *text, size_t length)
{
    char *begin = *end;

    memcpy(begin, text, length);
    begin[length] = '\0';
    *end += length + 1;
    return begin;
}

/* One block of memory: the entry and its texts, so that a key costs little beside its bytes. */
static struct entry *new_entry(const struct texts *texts)
{
    const struct key_row *row = texts->row;
    const char *pem = texts->is_damaged ? "" : row->pem;
    const char *jwk = texts->is_damaged || texts->jwk.bytes == NULL ? "" : texts->jwk.bytes;
    const size_t size = strlen(row->kid) + strlen(pem) + strlen(jwk) + strlen(texts->etag) + 4;
    struct entry *entry = malloc(sizeof *entry + size);
    char *end = NULL;

    if (entry == NULL)
        return NULL;
    end = (char *)(entry + 1);
    *entry = (struct entry){ .key = { .times = row->times,
                                      .row = row->id,
                                      .max_lifetime = row->max_lifetime,
                                      .is_managed = row->managed } };
    atomic_init(&entry->references, 1);
    entry->key.kid = append(&end, row->kid, strlen(row->kid));
    entry->issuer_length = (size_t)(strrchr(entry->key.kid, '/') - entry->key.kid);
    memcpy(entry->digest, texts->digest, sizeof entry->digest);
    if (texts->is_damaged)
        return entry;
    entry->proof = texts->proof;
    entry->key.algorithm = algorithm_find(row->algorithm, strlen(row->algorithm));
    entry->key.pem_length = strlen(pem);
    entry->key.pem = append(&end, pem, entry->key.pem_length);
    entry->key.jwk_length = strlen(jwk);
    entry->key.jwk = append(&end, jwk, entry->key.jwk_length);
    entry->key.etag = append(&end, texts->etag, strlen(texts->etag));
    return entry;
}

static bool has_same_times(const struct key_times *a, const struct key_times *b)
{
    return a->publish_time == b->publish_time && a->sign_time == b->sign_time
           && a->sign_until == b->sign_until && a->unpublish_time == b->unpublish_time
           && a->revoke_time == b->revoke_time;
}

/* Whether a row is the one that the entry was made of, and was found to be whole then. */
static bool is_of(const struct entry *entry, const struct key_row *row)
{
    const struct published_key *key = &entry->key;

    return key->pem != NULL && entry->proof == proof_of(row) && strcmp(key->pem, row->pem) == 0
           && key->row == row->id && key->max_lifetime == row->max_lifetime
           && key->is_managed == row->managed && has_same_times(&key->times, &row->times);
}

/* So that one new key costs no parse, no hash and no copy of all. NULL: there is none. */
static struct entry *share_entry(const struct snapshot *old, const struct key_row *row)
{
    struct entry *entry = old == NULL ? NULL : *snapshot_bucket(old, row->kid, strlen(row->kid));

    if (entry == NULL || !is_of(entry, row))
        return NULL;
    (void)atomic_fetch_add(&entry->references, 1);
    return entry;
}

static void drop_entry(struct entry *entry)
{
    if (atomic_fetch_sub(&entry->references, 1) == 1)
        free(entry);
}

static bool make_room(struct snapshot *snapshot)
{
    const size_t capacity = snapshot->capacity == 0 ? FIRST_CAPACITY : 2 * snapshot->capacity;
    struct entry **grown = NULL;

    if (snapshot->count < snapshot->capacity)
        return true;
    grown = realloc(snapshot->entries, capacity * sizeof(struct entry *));
    if (grown == NULL)
        return false;
    snapshot->entries = grown;
    snapshot->capacity = capacity;
    return true;
}

struct builder {
    struct snapshot *snapshot;
    const struct snapshot *old;
    struct buffer *damaged;
};

/* Want of memory is no damage: the reload fails, and the old snapshot stays. */
static bool is_want(enum asap_code code)
{
    return code == ASAP_INTERNAL || code == ASAP_RESOURCE_EXHAUSTED;
}

/* NULL when there is no memory. */
static struct entry *make_entry(const struct key_row *row, struct buffer *damaged)
{
    struct texts texts = { .row = row, .jwk = BUFFER(JWK_MAX) };
    const enum asap_code code = fill_texts(&texts);
    struct entry *entry = is_want(code) ? NULL : new_entry(&texts);

    if (texts.is_damaged)
        buffer_printf(damaged, " %s", row->kid);
    buffer_clear(&texts.jwk);
    return entry;
}

static enum asap_code add_row(void *context, const struct key_row *row, struct asap_error *err)
{
    struct builder *builder = context;
    struct snapshot *snapshot = builder->snapshot;
    struct entry *entry = NULL;

    if (strchr(row->kid, '/') == NULL) {
        buffer_printf(builder->damaged, " (row %lld)", (long long)row->id);
        return ASAP_OK;
    }
    if (!make_room(snapshot))
        return fail_memory(err);
    entry = share_entry(builder->old, row);
    if (entry == NULL)
        entry = make_entry(row, builder->damaged);
    if (entry == NULL)
        return fail_memory(err);
    snapshot->entries[snapshot->count++] = entry;
    return ASAP_OK;
}

static int compare_place(const void *left, const void *right)
{
    const struct entry *a = *(struct entry *const *)left;
    const struct entry *b = *(struct entry *const *)right;
    const size_t shorter =
        a->issuer_length < b->issuer_length ? a->issuer_length : b->issuer_length;
    const int order = memcmp(a->key.kid, b->key.kid, shorter);

    if (order != 0)
        return order;
    if (a->issuer_length != b->issuer_length)
        return a->issuer_length < b->issuer_length ? -1 : 1;
    return a->key.row < b->key.row ? -1 : 1;
}

/* Issuer by issuer, since that is how a key set is read. */
static void sort_entries(struct snapshot *snapshot)
{
    if (snapshot->count > 0)
        qsort(snapshot->entries, snapshot->count, sizeof(struct entry *), compare_place);
}

/* At most half full, so that a look-up ends after a step or two. */
static bool index_entries(struct snapshot *snapshot)
{
    size_t buckets = FIRST_BUCKETS;

    while (buckets < 2 * snapshot->count)
        buckets *= 2;
    snapshot->buckets = calloc(buckets, sizeof(struct entry *));
    snapshot->by_digest = calloc(buckets, sizeof(struct entry *));
    if (snapshot->buckets == NULL || snapshot->by_digest == NULL)
        return false;
    snapshot->mask = buckets - 1;
    for (size_t i = 0; i < snapshot->count; i++) {
        struct entry *entry = snapshot->entries[i];

        *snapshot_bucket(snapshot, entry->key.kid, strlen(entry->key.kid)) = entry;
        *snapshot_digest_bucket(snapshot, entry->digest) = entry;
    }
    return true;
}

/* The item is a snapshot's first member. */
static void free_item(struct current_item *item)
{
    snapshot_free((struct snapshot *)item);
}

/* A mark that is damaged may have been one that forbids to sign; keys are served all the same. */
static enum asap_code read_mark(struct txn *txn, struct store_mark *out, struct asap_error *err)
{
    const enum asap_code code = store_get_mark(txn, out, err);

    if (code == ASAP_DATA_LOSS)
        *out = (struct store_mark){ .kind = MARK_COPY };
    return code == ASAP_DATA_LOSS ? ASAP_OK : code;
}

enum asap_code snapshot_build(struct txn *txn,
                              int64_t now,
                              const struct snapshot *old,
                              struct snapshot **out,
                              struct buffer *damaged,
                              struct asap_error *err)
{
    SCOPED(snapshot) struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    struct builder builder = { snapshot, old, damaged };
    struct server_row server;

    *out = NULL;
    if (snapshot == NULL)
        return fail_memory(err);
    TRY(store_get_server(txn, &server, err));
    TRY(read_mark(txn, &snapshot->mark, err));
    snapshot->item = (struct current_item){ .self = &snapshot->item,
                                            .free = free_item,
                                            .generation = server.generation };
    snapshot->latest_time = server.latest_time;
    TRY(store_each_live_key(txn, now, add_row, &builder, err));
    TRY(snapshot_add_issuers(txn, snapshot, damaged, err));
    sort_entries(snapshot);
    if (!index_entries(snapshot))
        return fail_memory(err);
    *out = MOVE(snapshot);
    return ASAP_OK;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    for (size_t i = 0; i < snapshot->count; i++)
        drop_entry(snapshot->entries[i]);
    free(snapshot->entries);
    free(snapshot->by_digest);
    free(snapshot->buckets);
    snapshot_free_issuers(snapshot);
    free(snapshot);
}
