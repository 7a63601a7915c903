/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ISSUER_ENTRY_H
#define ASAPD_ISSUER_ENTRY_H

#include <stdatomic.h>

#include "key_entry.h"

/* An issuer and its keys, shared by all snapshots that have it. */
struct issuer_entry {
    struct known_issuer issuer; /* the first member */
    atomic_uint references;
    size_t name_length;
    struct key_entry *keys[]; /* held; the name follows */
};

/* Holds `keys`, which are oldest first. The entry is one of a deleted issuer until it is told
 * otherwise, and held once. NULL without memory. */
struct issuer_entry *
issuer_entry_new(const char *name, size_t length, struct key_entry *const *keys, size_t count);
/* For whoever made the entry, before anybody else has it. */
void issuer_entry_describe(struct issuer_entry *entry, const struct issuer_row *row);

void issuer_entry_hold(struct issuer_entry *entry);
void issuer_entry_release(struct issuer_entry *entry); /* NULL is fine */

#endif
