/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SNAPSHOT_H
#define ASAPD_SNAPSHOT_H

#include <stdatomic.h>

#include "buffer.h"
#include "current.h"
#include "keyring.h"
#include "store.h"
#include "store_mark.h"

/* Building a snapshot; finding in it is part of keyring.h. */

enum { KEY_DIGEST_BYTES = 32 };

/* Never changed, and shared by all snapshots that have it. */
struct entry {
    atomic_uint references;                 /* of snapshots */
    struct published_key key;               /* its texts follow the entry in memory */
    size_t issuer_length;                   /* of key.kid */
    unsigned char digest[KEY_DIGEST_BYTES]; /* SHA-256 of key.kid */
    uint64_t proof;                         /* of what the row was checked to be */
};

struct snapshot {
    struct current_item item;
    int64_t latest_time; /* that any change has recorded */
    struct store_mark mark;
    struct entry **entries; /* by issuer, then oldest first */
    size_t count, capacity;
    struct entry **buckets;   /* hash table by key id, open addressing; `mask` + 1 of them */
    struct entry **by_digest; /* the same by digest */
    size_t mask;
    struct known_issuer *issuers; /* by name, which each owns */
    size_t issuer_count, issuer_capacity;
};

/* Reads all live keys. Damaged ones go in without their texts and are named in *damaged. A
 * key that is still what it is in `old` (NULL for none) is shared with it. */
ASAP_MUST_CHECK enum asap_code snapshot_build(struct txn *txn,
                                              int64_t now,
                                              const struct snapshot *old,
                                              struct snapshot **out,
                                              struct buffer *damaged,
                                              struct asap_error *err);

/* Reads all issuers; damaged ones are left out and named in *damaged. */
ASAP_MUST_CHECK enum asap_code snapshot_add_issuers(struct txn *txn,
                                                    struct snapshot *snapshot,
                                                    struct buffer *damaged,
                                                    struct asap_error *err);
void snapshot_free_issuers(struct snapshot *snapshot);

void snapshot_free(struct snapshot *snapshot); /* NULL is fine */
DEFINE_SCOPED(snapshot, struct snapshot *, snapshot_free)

/* The bucket of a key id: its own, or the free one where it would go. */
struct entry **snapshot_bucket(const struct snapshot *snapshot, const char *kid, size_t length);

/* The same by SHA-256(kid). */
struct entry **snapshot_digest_bucket(const struct snapshot *snapshot,
                                      const unsigned char digest[KEY_DIGEST_BYTES]);

/* FNV-1a. Goes on from `seed`, which is SNAPSHOT_HASH_BEGIN at the beginning. */
#define SNAPSHOT_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t snapshot_hash(uint64_t seed, const char *text, size_t length);

#endif
