/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEYRING_H
#define ASAPD_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "algorithm.h"
#include "lifecycle.h"
#include "log.h"
#include "shards.h"

/* The published keys in memory: an immutable snapshot that readers hold while
 * they use it, and that a reload replaces. Reads never touch the database. */
struct keyring;
struct snapshot;
struct store;
struct key_entry;

ASAP_MUST_CHECK enum asap_code keyring_new(const struct log *log,
                                           struct keyring **out,
                                           struct asap_error *err);
void keyring_free(struct keyring *keyring); /* NULL is fine; no reader may be left */

/* Builds a new snapshot from the store and swaps it in. On failure the old one stays, and the
 * reason is kept for keyring_problem(). Reloads may be called from any thread. */
ASAP_MUST_CHECK enum asap_code
keyring_reload(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err);

/* Reloads if the store's generation is not the snapshot's or the last reload failed. */
ASAP_MUST_CHECK enum asap_code
keyring_refresh(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err);

/* ASAP_FAILED_PRECONDITION: the store, which is at `generation`, has lost changes that the snapshot
 * has. A refresh fails by it, too, and the snapshot stays. */
ASAP_MUST_CHECK enum asap_code keyring_check_forward(struct keyring *keyring,
                                                     int64_t generation,
                                                     struct asap_error *err);

/* Whether the last reload went well. `out` says why it failed, or which rows are damaged; "" while
 * all is well. */
bool keyring_problem(struct keyring *keyring, char *out, size_t size);

/* Other processes change the store, too, so that a snapshot which could not be compared with it for
 * `limit_ms` may lack what they have published. Without this call none does that for its age.
 * Before the first reload; `monotonic_ms` is clock_monotonic_ms() or, in tests, later. */
void keyring_share(struct keyring *keyring, int64_t limit_ms, int64_t (*monotonic_ms)(void));

/* What the store may have by now. To be asked for before a snapshot is acquired, which is then not
 * older. */
struct doubt {
    bool may_lack; /* keys, or later ends of keys: what is not found is not known to be absent */
    int64_t age;   /* seconds in which others may have changed the store; 0: nobody has */
};
struct doubt keyring_doubt(struct keyring *keyring);

/* When the snapshot was last known to be that of the store, by clock_monotonic_ms(). False: there
 * is none yet. */
bool keyring_confirmed(struct keyring *keyring, int64_t *ms);

/* The current snapshot, held until released; NULL when none could ever be built, which needs no
 * release. Any thread. */
const struct snapshot *keyring_acquire(struct keyring *keyring);
void keyring_release(struct keyring *keyring, const struct snapshot *snapshot);

/* One key. It is published only if lifecycle_is_published(&key->times, now). */
struct published_key {
    const char *kid;
    const char *pem; /* NULL: the row is damaged and must not be served */
    size_t pem_length;
    const char *jwk; /* one JSON object */
    size_t jwk_length;
    const char *etag; /* quoted */
    struct key_times times;

    /* For signing with it. */
    const struct algorithm *algorithm; /* NULL: damaged */
    int64_t row;                       /* which its sealed private half is bound to */
    int64_t max_lifetime;              /* seconds; the longest that a token of it may live */
    bool is_managed;
};

/* NULL when the snapshot has no such key. */
const struct published_key *snapshot_find(const struct snapshot *snapshot,
                                          const char *kid,
                                          size_t length);
/* By the 64 lower-case hexadecimal digits of SHA-256(kid). */
const struct published_key *snapshot_find_hashed(const struct snapshot *snapshot, const char *hex);

/* Keys, oldest first: published_keys_at() for 0 <= index < count. The snapshot's. */
struct published_keys {
    struct key_entry *const *entries;
    size_t count;
};
const struct published_key *published_keys_at(struct published_keys keys, size_t index);

/* An issuer. One that was deleted has but its name, and the keys that were still published. */
struct known_issuer {
    const char *name; /* the snapshot's */
    struct published_keys keys;
    bool is_deleted;
    int64_t max_lifetime;    /* seconds; the longest that a token may live from now on */
    int64_t rotation_period; /* seconds; 0: its keys are not rotated by themselves */
    bool is_managed;
};

/* NULL when there is none of this name, or when it was deleted. */
const struct known_issuer *snapshot_find_issuer(const struct snapshot *snapshot, const char *name);
/* Its keys, even if it was deleted; none when there is none. */
struct published_keys snapshot_issuer_keys(const struct snapshot *snapshot,
                                           const char *issuer,
                                           size_t length);

/* The issuers one by one, in no order, from a cursor that is all zero; deleted ones that still have
 * keys are among them. NULL: that was the last. */
const struct known_issuer *snapshot_next_issuer(const struct snapshot *snapshot,
                                                struct shards_cursor *cursor);
size_t snapshot_issuer_count(const struct snapshot *snapshot); /* without deleted ones */

/* The number of keys of all issuers, published or not. */
size_t snapshot_size(const struct snapshot *snapshot);

/* The time at which to look at a snapshot when the clock says `now`: not before the latest change
 * in it, so that a clock that went back neither revives a revoked key nor hides a new one. */
int64_t snapshot_time(const struct snapshot *snapshot, int64_t now);

/* Whether the keys are those of a copy that may not sign, see store_mark.h:
 * ASAP_FAILED_PRECONDITION until it is accepted, and then ASAP_UNAVAILABLE until *sign_time, when
 * caches and mirrors have taken up what it serves. */
ASAP_MUST_CHECK enum asap_code snapshot_may_sign(const struct snapshot *snapshot,
                                                 int64_t now,
                                                 int64_t *sign_time,
                                                 struct asap_error *err);

int64_t snapshot_generation(const struct snapshot *snapshot);
/* The number of keys published at `now`. */
size_t snapshot_count(const struct snapshot *snapshot, int64_t now);

#endif
