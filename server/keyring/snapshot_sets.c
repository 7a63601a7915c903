/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fail.h"
#include "fnv.h"
#include "snapshot.h"

/* The sets that a snapshot consists of. Only administrators name issuers and keys, so that nobody
 * else can make them collide. */

static uint64_t hash_issuer(const void *item)
{
    const struct issuer_entry *entry = item;

    return fnv_hash(FNV_BEGIN, entry->issuer.name, entry->name_length);
}

static void hold_issuer(void *item)
{
    issuer_entry_hold(item);
}

static void release_issuer(void *item)
{
    issuer_entry_release(item);
}

static uint64_t hash_kid(const void *item)
{
    const struct key_entry *entry = item;

    return fnv_hash(FNV_BEGIN, entry->key.kid, strlen(entry->key.kid));
}

static uint64_t hash_digest(const void *item)
{
    const struct key_entry *entry = item;
    uint64_t hash = 0;

    memcpy(&hash, entry->digest, sizeof hash);
    return hash;
}

static const struct shards_kind issuers = { hash_issuer, hold_issuer, release_issuer };
static const struct shards_kind by_kid = { hash_kid, NULL, NULL };
static const struct shards_kind by_digest = { hash_digest, NULL, NULL };

void snapshot_init_sets(struct snapshot *snapshot)
{
    snapshot->issuer_count = 0;
    shards_init(&snapshot->issuers, &issuers);
    shards_init(&snapshot->by_kid, &by_kid);
    shards_init(&snapshot->by_digest, &by_digest);
}

void snapshot_copy_sets(struct snapshot *out, const struct snapshot *snapshot)
{
    out->issuer_count = snapshot->issuer_count;
    shards_copy(&out->issuers, &snapshot->issuers);
    shards_copy(&out->by_kid, &snapshot->by_kid);
    shards_copy(&out->by_digest, &snapshot->by_digest);
}

void snapshot_clear_sets(struct snapshot *snapshot)
{
    shards_clear(&snapshot->by_digest);
    shards_clear(&snapshot->by_kid);
    shards_clear(&snapshot->issuers);
    snapshot->issuer_count = 0;
}

/* Text that need not end with a null byte. */
struct name {
    const char *text;
    size_t length;
};

static bool has_name(const void *item, const void *wanted)
{
    const struct issuer_entry *entry = item;
    const struct name *name = wanted;

    return entry->name_length == name->length
           && memcmp(entry->issuer.name, name->text, name->length) == 0;
}

static bool has_kid(const void *item, const void *wanted)
{
    const char *kid = ((const struct key_entry *)item)->key.kid;
    const struct name *name = wanted;

    return strncmp(kid, name->text, name->length) == 0 && kid[name->length] == '\0';
}

static bool has_digest(const void *item, const void *wanted)
{
    return memcmp(((const struct key_entry *)item)->digest, wanted, KEY_DIGEST_BYTES) == 0;
}

struct key_entry *snapshot_entry(const struct snapshot *snapshot, const char *kid, size_t length)
{
    return shards_find(&snapshot->by_kid, fnv_hash(FNV_BEGIN, kid, length), has_kid,
                       &(struct name){ kid, length });
}

struct key_entry *snapshot_entry_by_digest(const struct snapshot *snapshot,
                                           const unsigned char digest[KEY_DIGEST_BYTES])
{
    uint64_t hash = 0;

    memcpy(&hash, digest, sizeof hash);
    return shards_find(&snapshot->by_digest, hash, has_digest, digest);
}

struct issuer_entry *snapshot_issuer(const struct snapshot *snapshot,
                                     const char *name,
                                     size_t length)
{
    return shards_find(&snapshot->issuers, fnv_hash(FNV_BEGIN, name, length), has_name,
                       &(struct name){ name, length });
}

static bool is_same_issuer(const void *item, const void *other)
{
    const struct issuer_entry *entry = other;

    return has_name(item, &(struct name){ entry->issuer.name, entry->name_length });
}

static bool is_same_kid(const void *item, const void *other)
{
    return strcmp(((const struct key_entry *)item)->key.kid,
                  ((const struct key_entry *)other)->key.kid)
           == 0;
}

static bool is_same_digest(const void *item, const void *other)
{
    return has_digest(item, ((const struct key_entry *)other)->digest);
}

static bool is_known(const struct issuer_entry *entry)
{
    return entry != NULL && !entry->issuer.is_deleted;
}

enum asap_code snapshot_put_issuer(struct snapshot *snapshot,
                                   struct issuer_entry *entry,
                                   struct asap_error *err)
{
    const struct issuer_entry *before =
        snapshot_issuer(snapshot, entry->issuer.name, entry->name_length);
    const size_t known = is_known(before) ? 1 : 0;

    for (size_t i = 0; i < entry->issuer.keys.count; i++)
        if (!shards_put(&snapshot->by_kid, entry->keys[i], is_same_kid)
            || !shards_put(&snapshot->by_digest, entry->keys[i], is_same_digest))
            return fail_memory(err);
    if (!shards_put(&snapshot->issuers, entry, is_same_issuer))
        return fail_memory(err);
    snapshot->issuer_count += (is_known(entry) ? 1 : 0) - known;
    return ASAP_OK;
}

enum asap_code snapshot_remove_key(struct snapshot *snapshot,
                                   const struct key_entry *entry,
                                   struct asap_error *err)
{
    if (!shards_remove(&snapshot->by_kid, entry) || !shards_remove(&snapshot->by_digest, entry))
        return fail_memory(err);
    return ASAP_OK;
}

enum asap_code snapshot_remove_issuer(struct snapshot *snapshot,
                                      const struct issuer_entry *entry,
                                      struct asap_error *err)
{
    const size_t known = is_known(entry) ? 1 : 0;

    if (!shards_remove(&snapshot->issuers, entry))
        return fail_memory(err);
    snapshot->issuer_count -= known;
    return ASAP_OK;
}
