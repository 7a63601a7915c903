/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer_entry.h"

#include <stdlib.h>
#include <string.h>

struct issuer_entry *
issuer_entry_new(const char *name, size_t length, struct key_entry *const *keys, size_t count)
{
    struct issuer_entry *entry =
        malloc(sizeof *entry + count * sizeof(struct key_entry *) + length + 1);
    char *own_name = NULL;

    if (entry == NULL)
        return NULL;
    own_name = (char *)&entry->keys[count];
    memcpy(own_name, name, length);
    own_name[length] = '\0';
    *entry = (struct issuer_entry){
        .issuer = { .name = own_name, .keys = { entry->keys, count }, .is_deleted = true },
        .name_length = length,
    };
    atomic_init(&entry->references, 1);
    for (size_t i = 0; i < count; i++) {
        key_entry_hold(keys[i]);
        entry->keys[i] = keys[i];
    }
    return entry;
}

void issuer_entry_describe(struct issuer_entry *entry, const struct issuer_row *row)
{
    entry->issuer.is_deleted = false;
    entry->issuer.max_lifetime = row->max_lifetime;
    entry->issuer.rotation_period = row->rotation_period;
    entry->issuer.is_managed = row->managed;
}

void issuer_entry_hold(struct issuer_entry *entry)
{
    (void)atomic_fetch_add(&entry->references, 1);
}

void issuer_entry_release(struct issuer_entry *entry)
{
    if (entry == NULL || atomic_fetch_sub(&entry->references, 1) != 1)
        return;
    for (size_t i = 0; i < entry->issuer.keys.count; i++)
        key_entry_release(entry->keys[i]);
    free(entry);
}
