/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SNAPSHOT_H
#define ASAPD_SNAPSHOT_H

#include "buffer.h"
#include "current.h"
#include "issuer_entry.h"
#include "store.h"
#include "store_mark.h"

/* Building a snapshot; finding in it is part of keyring.h. */

struct snapshot {
    struct current_item item;
    int64_t marked_generation; /* see struct server_row */
    int64_t latest_time;       /* that any change has recorded */
    struct store_mark mark;
    bool is_damaged;       /* rows were found to be */
    size_t issuer_count;   /* that are not deleted */
    struct shards issuers; /* of struct issuer_entry; it holds them, and they their keys */
    struct shards by_kid;  /* of struct key_entry; all keys of the issuers */
    struct shards by_digest;
};

/* Reads what has changed since `old`, or all when that is NULL or will not do. Damaged keys go in
 * without their texts, damaged issuers not at all; both are named in *damaged. */
ASAP_MUST_CHECK enum asap_code snapshot_build(struct txn *txn,
                                              int64_t now,
                                              const struct snapshot *old,
                                              struct snapshot **out,
                                              struct buffer *damaged,
                                              struct asap_error *err);
void snapshot_free(struct snapshot *snapshot); /* NULL is fine */
DEFINE_SCOPED(snapshot, struct snapshot *, snapshot_free)

/* Fills a snapshot that has its generations, but no keys yet. *done: nothing is damaged, and not
 * too much has changed; if false, it has none still. */
ASAP_MUST_CHECK enum asap_code snapshot_read_changes(struct txn *txn,
                                                     int64_t now,
                                                     const struct snapshot *old,
                                                     struct snapshot *snapshot,
                                                     bool *done,
                                                     struct asap_error *err);

void snapshot_init_sets(struct snapshot *snapshot);
void snapshot_copy_sets(struct snapshot *out,
                        const struct snapshot *snapshot); /* in place of none */
void snapshot_clear_sets(struct snapshot *snapshot);

/* Puts an issuer and its keys in, in place of what the snapshot has of these names. */
ASAP_MUST_CHECK enum asap_code snapshot_put_issuer(struct snapshot *snapshot,
                                                   struct issuer_entry *entry,
                                                   struct asap_error *err);
/* Takes out a key, or an issuer but none of its keys. */
ASAP_MUST_CHECK enum asap_code snapshot_remove_key(struct snapshot *snapshot,
                                                   const struct key_entry *entry,
                                                   struct asap_error *err);
ASAP_MUST_CHECK enum asap_code snapshot_remove_issuer(struct snapshot *snapshot,
                                                      const struct issuer_entry *entry,
                                                      struct asap_error *err);

/* NULL: there is none. */
struct key_entry *snapshot_entry(const struct snapshot *snapshot, const char *kid, size_t length);
struct key_entry *snapshot_entry_by_digest(const struct snapshot *snapshot,
                                           const unsigned char digest[KEY_DIGEST_BYTES]);
struct issuer_entry *snapshot_issuer(const struct snapshot *snapshot,
                                     const char *name,
                                     size_t length);

#endif
