/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring_retriever.h"

#include <stdlib.h>

#include "clock.h"
#include "fail.h"
#include "pem.h"
#include "retriever.h"

struct keyring_retriever {
    struct asap_retriever base;
    struct keyring *keyring;
    struct asap_clock clock;
};

/* Registration checked the key against the policy. */
static enum asap_code parse(const struct published_key *key, EVP_PKEY **out, struct asap_error *err)
{
    if (key->pem == NULL)
        return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE,
                           "key %s is damaged in the repository; its operator has to restore it",
                           key->kid);
    if (pem_parse_public(key->pem, key->pem_length, out, NULL) != ASAP_OK)
        return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE,
                           "key %s cannot be read; try again", key->kid);
    return ASAP_OK;
}

static enum asap_code refuse_unknown(bool may_lack, struct asap_error *err)
{
    if (may_lack)
        return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE,
                           "it is not known whether this key is published, since the database is"
                           " away; try again");
    return refuse(err, ASAP_REASON_KEY_NOT_FOUND, "kid", "no published key has this key id");
}

static enum asap_code find_in(const struct snapshot *snapshot,
                              bool may_lack,
                              int64_t now,
                              const struct kid *kid,
                              EVP_PKEY **out,
                              struct asap_error *err)
{
    const struct published_key *key = snapshot_find(snapshot, kid->text, kid->length);

    if (key == NULL || !lifecycle_is_published(&key->times, snapshot_time(snapshot, now)))
        return refuse_unknown(may_lack, err);
    return parse(key, out, err);
}

static enum asap_code find(struct asap_retriever *retriever,
                           const struct kid *kid,
                           EVP_PKEY **out,
                           struct asap_error *err)
{
    const struct keyring_retriever *self = (const struct keyring_retriever *)retriever;
    const struct doubt doubt = keyring_doubt(self->keyring);
    const struct snapshot *snapshot = keyring_acquire(self->keyring);
    enum asap_code code = ASAP_OK;

    *out = NULL;
    if (snapshot == NULL)
        return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE,
                           "the keys are not loaded yet; try again");
    code = find_in(snapshot, doubt.may_lack, clock_now(&self->clock), kid, out, err);
    keyring_release(self->keyring, snapshot);
    return code;
}

static void release(struct asap_retriever *retriever)
{
    free(retriever);
}

enum asap_code keyring_retriever_new(struct keyring *keyring,
                                     const struct asap_clock *clock,
                                     struct asap_retriever **out,
                                     struct asap_error *err)
{
    struct keyring_retriever *retriever = malloc(sizeof *retriever);

    *out = NULL;
    if (retriever == NULL)
        return fail_memory(err);
    *retriever = (struct keyring_retriever){
        .base = { .find = find, .find_cached = find, .peek = find, .free = release },
        .keyring = keyring,
        .clock = *clock,
    };
    *out = &retriever->base;
    return ASAP_OK;
}
