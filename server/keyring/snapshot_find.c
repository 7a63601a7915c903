/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fail.h"
#include "snapshot.h"
#include "utc.h"

const struct published_key *snapshot_find(const struct snapshot *snapshot,
                                          const char *kid,
                                          size_t length)
{
    const struct key_entry *entry =
        memchr(kid, '\0', length) != NULL ? NULL : snapshot_entry(snapshot, kid, length);

    return entry == NULL ? NULL : &entry->key;
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
    const struct key_entry *entry = NULL;

    if (!read_digest(hex, digest))
        return NULL;
    entry = snapshot_entry_by_digest(snapshot, digest);
    return entry == NULL ? NULL : &entry->key;
}

const struct published_key *published_keys_at(struct published_keys keys, size_t index)
{
    const struct key_entry *entry = keys.entries[index];

    return &entry->key;
}

struct published_keys snapshot_issuer_keys(const struct snapshot *snapshot,
                                           const char *issuer,
                                           size_t length)
{
    const struct issuer_entry *entry = snapshot_issuer(snapshot, issuer, length);

    return entry == NULL ? (struct published_keys){ NULL, 0 } : entry->issuer.keys;
}

const struct known_issuer *snapshot_find_issuer(const struct snapshot *snapshot, const char *name)
{
    const struct issuer_entry *entry = snapshot_issuer(snapshot, name, strlen(name));

    return entry == NULL || entry->issuer.is_deleted ? NULL : &entry->issuer;
}

const struct known_issuer *snapshot_next_issuer(const struct snapshot *snapshot,
                                                struct shards_cursor *cursor)
{
    const struct issuer_entry *entry = shards_next(&snapshot->issuers, cursor);

    return entry == NULL ? NULL : &entry->issuer;
}

size_t snapshot_issuer_count(const struct snapshot *snapshot)
{
    return snapshot->issuer_count;
}

size_t snapshot_size(const struct snapshot *snapshot)
{
    return snapshot->by_kid.count;
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
    struct shards_cursor cursor = { 0 };
    const struct key_entry *entry = NULL;
    size_t published = 0;

    while ((entry = shards_next(&snapshot->by_kid, &cursor)) != NULL)
        if (entry->key.pem != NULL && lifecycle_is_published(&entry->key.times, now))
            published++;
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
