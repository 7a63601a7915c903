/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever_jwk_set.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "json.h"
#include "pem.h"
#include "retriever_jwk.h"

/* More than any set within the bound on its bytes needs; x5c holds certificates. */
static const struct json_limits limits = {
    .depth = 8, .members = 64, .values = 32768, .string_length = 16384
};

/* Of one key id. */
struct entry {
    char *kid;
    EVP_PKEY *key; /* NULL: it is refused */
    bool is_checked;
    char why[128];
};

struct jwk_set {
    size_t count;
    struct entry *entries; /* in order of their key ids */
};

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct entry *)left)->kid, ((const struct entry *)right)->kid);
}

static void refuse_entry(struct entry *entry, const char *why)
{
    EVP_PKEY_free(entry->key);
    entry->key = NULL;
    (void)snprintf(entry->why, sizeof entry->why, "%.120s", why);
}

static enum asap_code take_key(struct jwk_set *set, const json_t *jwk, struct asap_error *err)
{
    struct entry *entry = &set->entries[set->count];
    const char *kid = json_string_value(json_object_get(jwk, "kid"));
    struct asap_error cause = { 0 };

    if (kid == NULL || !jwk_is_for_signatures(jwk))
        return ASAP_OK;
    entry->kid = strdup(kid);
    if (entry->kid == NULL)
        return fail_memory(err);
    set->count++;
    if (jwk_read(jwk, &entry->key, &cause) != ASAP_OK)
        refuse_entry(entry, cause.message);
    return ASAP_OK;
}

/* Which of two keys is meant, nobody could say. */
static void sort(struct jwk_set *set)
{
    qsort(set->entries, set->count, sizeof *set->entries, compare);
    for (size_t i = 1; i < set->count; i++) {
        if (compare(&set->entries[i - 1], &set->entries[i]) != 0)
            continue;
        refuse_entry(&set->entries[i - 1], "the set has two keys of this key id");
        refuse_entry(&set->entries[i], "the set has two keys of this key id");
    }
}

static enum asap_code take_keys(struct jwk_set *set, const json_t *keys, struct asap_error *err)
{
    const size_t count = json_array_size(keys);

    if (count == 0)
        return ASAP_OK;
    set->entries = calloc(count, sizeof *set->entries);
    if (set->entries == NULL)
        return fail_memory(err);
    for (size_t i = 0; i < count; i++)
        TRY(take_key(set, json_array_get(keys, i), err));
    sort(set);
    return ASAP_OK;
}

enum asap_code
jwk_set_read(const char *text, size_t length, struct jwk_set **out, struct asap_error *err)
{
    SCOPED(jwk_set) struct jwk_set *set = NULL;
    SCOPED(json) json_t *document = NULL;
    struct asap_error cause = { 0 };
    const json_t *keys = NULL;

    *out = NULL;
    if (json_read_document(text, length, &limits, "the key set", &document, &cause) != ASAP_OK)
        return refuse(err, ASAP_REASON_KEY_REFUSED, "", "%s", cause.message);
    keys = json_object_get(document, "keys");
    if (!json_is_array(keys))
        return refuse(err, ASAP_REASON_KEY_REFUSED, "", "it has no array \"keys\"");
    set = calloc(1, sizeof *set);
    if (set == NULL)
        return fail_memory(err);
    TRY(take_keys(set, keys, err));
    *out = MOVE(set);
    return ASAP_OK;
}

static enum asap_code check(struct entry *entry, struct asap_error *err)
{
    struct asap_error cause = { 0 };

    if (entry->key != NULL && pem_check_policy(entry->key, &cause) != ASAP_OK) {
        if (cause.reason != ASAP_REASON_KEY_REFUSED)
            return fail_memory(err);
        refuse_entry(entry, cause.message);
    }
    entry->is_checked = true;
    return ASAP_OK;
}

enum asap_code
jwk_set_find(struct jwk_set *set, const struct kid *kid, EVP_PKEY **out, struct asap_error *err)
{
    char text[KID_MAX + 1] = "";
    const struct entry wanted = { .kid = text };
    struct entry *entry = NULL;

    *out = NULL;
    (void)snprintf(text, sizeof text, "%.*s", (int)kid->length, kid->text);
    if (set->count > 0)
        entry = bsearch(&wanted, set->entries, set->count, sizeof *set->entries, compare);
    if (entry == NULL)
        return refuse(err, ASAP_REASON_KEY_NOT_FOUND, "", "the key set has no key %.180s", text);
    if (!entry->is_checked)
        TRY(check(entry, err));
    if (entry->key == NULL)
        return refuse(err, ASAP_REASON_KEY_REFUSED, "", "the key %.90s of the set is refused: %s",
                      text, entry->why);
    if (EVP_PKEY_up_ref(entry->key) != 1)
        return fail_memory(err);
    *out = entry->key;
    return ASAP_OK;
}

void jwk_set_free(struct jwk_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++) {
        EVP_PKEY_free(set->entries[i].key);
        free(set->entries[i].kid);
    }
    free(set->entries);
    free(set);
}
