/* SPDX-License-Identifier: Apache-2.0 */
#include "key_entry.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm.h"
#include "etag.h"
#include "fail.h"
#include "fnv.h"
#include "row_check.h"

enum { JWK_MAX = 4096 };

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
    uint64_t proof = FNV_BEGIN;

    proof = fnv_hash(proof, row->digest, strlen(row->digest));
    proof = fnv_hash(proof, row->thumbprint, strlen(row->thumbprint));
    return fnv_hash(proof, row->algorithm, strlen(row->algorithm));
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
static struct key_entry *new_entry(const struct texts *texts)
{
    const struct key_row *row = texts->row;
    const char *pem = texts->is_damaged ? "" : row->pem;
    const char *jwk = texts->is_damaged || texts->jwk.bytes == NULL ? "" : texts->jwk.bytes;
    const size_t size = strlen(row->kid) + strlen(pem) + strlen(jwk) + strlen(texts->etag) + 4;
    struct key_entry *entry = malloc(sizeof *entry + size);
    char *end = NULL;

    if (entry == NULL)
        return NULL;
    end = (char *)(entry + 1);
    *entry = (struct key_entry){ .key = { .times = row->times,
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

bool key_entry_is_of(const struct key_entry *entry, const struct key_row *row)
{
    const struct published_key *key = &entry->key;

    return key->pem != NULL && entry->proof == proof_of(row) && strcmp(key->pem, row->pem) == 0
           && key->row == row->id && key->max_lifetime == row->max_lifetime
           && key->is_managed == row->managed && has_same_times(&key->times, &row->times);
}

/* Want of memory is no damage: the reload fails, and the old snapshot stays. */
static bool is_want(enum asap_code code)
{
    return code == ASAP_INTERNAL || code == ASAP_RESOURCE_EXHAUSTED;
}

struct key_entry *key_entry_new(const struct key_row *row, bool *is_damaged)
{
    struct texts texts = { .row = row, .jwk = BUFFER(JWK_MAX) };
    const enum asap_code code = fill_texts(&texts);
    struct key_entry *entry = is_want(code) ? NULL : new_entry(&texts);

    *is_damaged = texts.is_damaged;
    buffer_clear(&texts.jwk);
    return entry;
}

void key_entry_hold(struct key_entry *entry)
{
    (void)atomic_fetch_add(&entry->references, 1);
}

void key_entry_release(struct key_entry *entry)
{
    if (entry != NULL && atomic_fetch_sub(&entry->references, 1) == 1)
        free(entry);
}
