/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEY_ENTRY_H
#define ASAPD_KEY_ENTRY_H

#include <stdatomic.h>

#include "keyring.h"
#include "store.h"

enum { KEY_DIGEST_BYTES = 32 };

/* A key and all that is served of it. Never changed, and shared by all snapshots that have it. */
struct key_entry {
    struct published_key key; /* the first member; its texts follow the entry in memory */
    atomic_uint references;
    size_t issuer_length;                   /* of key.kid */
    unsigned char digest[KEY_DIGEST_BYTES]; /* SHA-256 of key.kid */
    uint64_t proof;                         /* of what the row was checked to be */
};

/* Checks the row, whose kid has a slash. A damaged one becomes an entry without texts. The entry
 * is held once. NULL without memory. */
struct key_entry *key_entry_new(const struct key_row *row, bool *is_damaged);
void key_entry_hold(struct key_entry *entry);
void key_entry_release(struct key_entry *entry); /* NULL is fine */

/* Whether a row is the one that the entry was made of, and was found to be whole then. */
bool key_entry_is_of(const struct key_entry *entry, const struct key_row *row);

#endif
