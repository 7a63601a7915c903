/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fail.h"
#include "snapshot.h"
#include "utc.h"

/* Keys are added by administrators only, so that nobody else can make them collide. */
uint64_t snapshot_hash(uint64_t seed, const char *text, size_t length)
{
    uint64_t value = seed;

    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return value;
}

static bool has_key_id(const struct entry *entry, const char *kid, size_t length)
{
    return strncmp(entry->key.kid, kid, length) == 0 && entry->key.kid[length] == '\0';
}

struct entry **snapshot_bucket(const struct snapshot *snapshot, const char *kid, size_t length)
{
    size_t index = (size_t)snapshot_hash(SNAPSHOT_HASH_BEGIN, kid, length) & snapshot->mask;

    while (snapshot->buckets[index] != NULL && !has_key_id(snapshot->buckets[index], kid, length))
        index = (index + 1) & snapshot->mask;
    return &snapshot->buckets[index];
}

const struct published_key *snapshot_find(const struct snapshot *snapshot,
                                          const char *kid,
                                          size_t length)
{
    const struct entry *entry = NULL;

    if (memchr(kid, '\0', length) != NULL)
        return NULL;
    entry = *snapshot_bucket(snapshot, kid, length);
    return entry == NULL ? NULL : &entry->key;
}

struct entry **snapshot_digest_bucket(const struct snapshot *snapshot,
                                      const unsigned char digest[KEY_DIGEST_BYTES])
{
    struct entry **const table = snapshot->by_digest;
    size_t index = 0;

    memcpy(&index, digest, sizeof index);
    index &= snapshot->mask;
    while (table[index] != NULL && memcmp(table[index]->digest, digest, KEY_DIGEST_BYTES) != 0)
        index = (index + 1) & snapshot->mask;
    return &table[index];
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool read_digest(const char *hex, unsigned char out[KEY_DIGEST_BYTES])
{
    for (size_t i = 0; i < KEY_DIGEST_BYTES; i++) {
        const int high = hex_value(hex[2 * i]);
        const int low = high < 0 ? -1 : hex_value(hex[2 * i + 1]);

        if (low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

const struct published_key *snapshot_find_hashed(const struct snapshot *snapshot, const char *hex)
{
    unsigned char digest[KEY_DIGEST_BYTES];
    const struct entry *entry = NULL;

    if (!read_digest(hex, digest))
        return NULL;
    entry = *snapshot_digest_bucket(snapshot, digest);
    return entry == NULL ? NULL : &entry->key;
}

/* How `issuer` sorts against the entry's, as snapshot_build.c sorts them. */
static int compare_issuer(const char *issuer, size_t length, const struct entry *entry)
{
    const size_t shorter = length < entry->issuer_length ? length : entry->issuer_length;
    const int order = memcmp(issuer, entry->key.kid, shorter);

    if (order != 0 || length == entry->issuer_length)
        return order;
    return length < entry->issuer_length ? -1 : 1;
}

/* The first entry whose issuer is not before `issuer`. */
static size_t lower_bound(const struct snapshot *snapshot, const char *issuer, size_t length)
{
    size_t begin = 0;
    size_t end = snapshot->count;

    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;

        if (compare_issuer(issuer, length, snapshot->entries[middle]) > 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

struct key_range snapshot_issuer_keys(const struct snapshot *snapshot,
                                      const char *issuer,
                                      size_t length)
{
    const size_t begin = lower_bound(snapshot, issuer, length);
    size_t end = begin;

    while (end < snapshot->count && compare_issuer(issuer, length, snapshot->entries[end]) == 0)
        end++;
    return (struct key_range){ begin, end };
}

const struct published_key *snapshot_at(const struct snapshot *snapshot, size_t index)
{
    return &snapshot->entries[index]->key;
}

size_t snapshot_size(const struct snapshot *snapshot)
{
    return snapshot->count;
}

int64_t snapshot_time(const struct snapshot *snapshot, int64_t now)
{
    return now > snapshot->latest_time ? now : snapshot->latest_time;
}

int64_t snapshot_generation(const struct snapshot *snapshot)
{
    return snapshot->item.generation;
}

size_t snapshot_count(const struct snapshot *snapshot, int64_t now)
{
    size_t published = 0;

    for (size_t i = 0; i < snapshot->count; i++) {
        const struct published_key *key = &snapshot->entries[i]->key;

        published += key->pem != NULL && lifecycle_is_published(&key->times, now) ? 1 : 0;
    }
    return published;
}

enum asap_code snapshot_may_sign(const struct snapshot *snapshot,
                                 int64_t now,
                                 int64_t *sign_time,
                                 struct asap_error *err)
{
    char text[UTC_TEXT_SIZE] = "";

    *sign_time = snapshot->mark.sign_time;
    TRY(store_refuse_copy(&snapshot->mark, err));
    if (snapshot->mark.kind != MARK_ACCEPTED || now >= *sign_time)
        return ASAP_OK;
    utc_format(*sign_time, text);
    return fail(err, ASAP_UNAVAILABLE,
                "the database was restored, and nothing is signed until %s, when caches and mirrors"
                " have taken up its keys",
                text);
}
