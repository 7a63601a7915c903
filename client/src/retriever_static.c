/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "pem.h"
#include "retriever.h"

struct static_key {
    struct kid kid; /* its text is `text` */
    char *text;
    EVP_PKEY *key;
};

/* Never changes once made, so that no lock is needed. */
struct static_retriever {
    struct asap_retriever base;
    size_t count;
    struct static_key *keys; /* in order of their key ids */
};

static int compare(const void *left, const void *right)
{
    const struct kid *a = &((const struct static_key *)left)->kid;
    const struct kid *b = &((const struct static_key *)right)->kid;

    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return memcmp(a->text, b->text, a->length);
}

static enum asap_code find_static(struct asap_retriever *retriever,
                                  const struct kid *kid,
                                  EVP_PKEY **out,
                                  struct asap_error *err)
{
    const struct static_retriever *self = (const struct static_retriever *)(void *)retriever;
    const struct static_key wanted = { .kid = *kid };
    const struct static_key *found =
        bsearch(&wanted, self->keys, self->count, sizeof *self->keys, compare);

    *out = NULL;
    if (found == NULL)
        return refuse(err, ASAP_REASON_KEY_NOT_FOUND, "kid",
                      "%.*s is not among the %zu keys that were given",
                      kid->length < 150 ? (int)kid->length : 150, kid->text, self->count);
    if (EVP_PKEY_up_ref(found->key) != 1)
        return fail_memory(err);
    *out = found->key;
    return ASAP_OK;
}

static void free_static(struct asap_retriever *retriever)
{
    struct static_retriever *self = (struct static_retriever *)(void *)retriever;

    for (size_t i = 0; i < self->count; i++) {
        EVP_PKEY_free(self->keys[i].key);
        free(self->keys[i].text);
    }
    free(self->keys);
    free(self);
}

/* The same failure, with the place in the caller's list. */
static enum asap_code
fail_at(struct asap_error *err, size_t place, const char *member, const struct asap_error *cause)
{
    char field[64] = "";

    (void)snprintf(field, sizeof field, "keys[%zu].%s", place, member);
    return fail_field(err, field, "%s: %.200s", field, cause->message);
}

static enum asap_code take_key(struct static_key *out,
                               const struct asap_static_key *given,
                               size_t place,
                               struct asap_error *err)
{
    struct asap_error cause = { .message = "is missing" };
    const char *pem = given->pem;

    if (given->key_id == NULL)
        return fail_at(err, place, "key_id", &cause);
    if (pem == NULL)
        return fail_at(err, place, "pem", &cause);
    out->text = strdup(given->key_id);
    if (out->text == NULL)
        return fail_memory(err);
    if (kid_parse(out->text, strlen(out->text), &out->kid, &cause) != ASAP_OK)
        return fail_at(err, place, "key_id", &cause);
    if (pem_read_public(pem, strlen(pem), &out->key, &cause) != ASAP_OK)
        return fail_at(err, place, "pem", &cause);
    return ASAP_OK;
}

static enum asap_code take_keys(struct static_retriever *self,
                                const struct asap_static_key *keys,
                                size_t count,
                                struct asap_error *err)
{
    for (; self->count < count; self->count++) {
        struct static_key *next = &self->keys[self->count];
        const enum asap_code code = take_key(next, &keys[self->count], self->count, err);

        if (code != ASAP_OK) {
            free(next->text);
            return code;
        }
    }
    qsort(self->keys, count, sizeof *self->keys, compare);
    for (size_t i = 1; i < count; i++)
        if (compare(&self->keys[i - 1], &self->keys[i]) == 0)
            return fail_field(err, "keys", "the key id %.180s is given twice", self->keys[i].text);
    return ASAP_OK;
}

enum asap_code asap_retriever_static(const struct asap_static_key *keys,
                                     size_t count,
                                     struct asap_retriever **out,
                                     struct asap_error *err)
{
    SCOPED(asap_retriever) struct asap_retriever *made = NULL;
    struct static_retriever *self = calloc(1, sizeof *self);

    *out = NULL;
    if (self == NULL)
        return fail_memory(err);
    made = &self->base;
    self->base = (struct asap_retriever){
        .find = find_static,
        .find_cached = find_static,
        .peek = retriever_peek_nothing,
        .free = free_static,
    };
    if (count == 0)
        return fail_field(err, "count", "no key is given: nothing could be verified");
    self->keys = calloc(count, sizeof *self->keys);
    if (self->keys == NULL)
        return fail_memory(err);
    TRY(take_keys(self, keys, count, err));
    *out = MOVE(made);
    return ASAP_OK;
}
