/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "fail.h"

/* Chains are linked by index + 1, so that zeroed memory is an empty table. */
struct used_token {
    unsigned char digest[SHA256_DIGEST_LENGTH]; /* of issuer, NUL, jti */
    int64_t expires_at;
    uint32_t next;
};

struct replay {
    pthread_mutex_t lock;
    struct used_token *tokens; /* `count` of `limit`, in no order */
    size_t count, limit;
    uint32_t *heads;
    size_t head_mask;
    int64_t earliest; /* no token expires before */
};

static size_t power_of_two_from(size_t least)
{
    size_t power = 1;

    while (power < least)
        power *= 2;
    return power;
}

enum asap_code replay_new(size_t entries, struct replay **out, struct asap_error *err)
{
    SCOPED(replay) struct replay *replay = calloc(1, sizeof *replay);
    const size_t heads = power_of_two_from(entries);

    *out = NULL;
    if (replay == NULL)
        return fail_memory(err);
    (void)pthread_mutex_init(&replay->lock, NULL);
    replay->limit = entries;
    replay->head_mask = heads - 1;
    replay->earliest = INT64_MAX;
    replay->tokens = calloc(entries, sizeof *replay->tokens);
    replay->heads = calloc(heads, sizeof *replay->heads);
    if (replay->tokens == NULL || replay->heads == NULL)
        return fail_memory(err);
    *out = MOVE(replay);
    return ASAP_OK;
}

void replay_free(struct replay *replay)
{
    if (replay == NULL)
        return;
    (void)pthread_mutex_destroy(&replay->lock);
    free(replay->tokens);
    free(replay->heads);
    free(replay);
}

static uint32_t *head_of(struct replay *replay, const unsigned char *digest)
{
    size_t hash = 0;

    memcpy(&hash, digest, sizeof hash);
    return &replay->heads[hash & replay->head_mask];
}

static struct used_token *find(struct replay *replay, const unsigned char *digest)
{
    uint32_t link = *head_of(replay, digest);

    while (link != 0 && memcmp(replay->tokens[link - 1].digest, digest, SHA256_DIGEST_LENGTH) != 0)
        link = replay->tokens[link - 1].next;
    return link != 0 ? &replay->tokens[link - 1] : NULL;
}

static void set_expiry(struct replay *replay, struct used_token *token, int64_t expires_at)
{
    token->expires_at = expires_at;
    if (expires_at < replay->earliest)
        replay->earliest = expires_at;
}

static void add(struct replay *replay, const unsigned char *digest, int64_t expires_at)
{
    struct used_token *token = &replay->tokens[replay->count++];
    uint32_t *head = head_of(replay, digest);

    memmove(token->digest, digest, sizeof token->digest);
    token->next = *head;
    *head = (uint32_t)replay->count;
    set_expiry(replay, token, expires_at);
}

/* Times are whole seconds, so that this goes over a full memory once a second at most. */
static void forget_expired(struct replay *replay, int64_t now)
{
    const size_t count = replay->count;

    if (now <= replay->earliest)
        return;
    memset(replay->heads, 0, (replay->head_mask + 1) * sizeof *replay->heads);
    replay->count = 0;
    replay->earliest = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct used_token token = replay->tokens[i];

        if (token.expires_at >= now)
            add(replay, token.digest, token.expires_at);
    }
}

static enum asap_code remember(struct replay *replay,
                               const unsigned char *digest,
                               const struct replay_token *token,
                               int64_t now,
                               struct asap_error *err)
{
    struct used_token *used = find(replay, digest);

    if (used != NULL && used->expires_at >= now)
        return refuse(err, ASAP_REASON_REPLAYED, "jti", "the token was used before");
    if (used != NULL) {
        set_expiry(replay, used, token->expires_at);
        return ASAP_OK;
    }
    if (replay->count == replay->limit)
        forget_expired(replay, now);
    if (replay->count == replay->limit) {
        (void)refuse(err, ASAP_REASON_REPLAY_CACHE_FULL, "jti",
                     "%zu live tokens are remembered, which is the limit (raise replay_entries)",
                     replay->limit);
        return fail_as(err, ASAP_UNAVAILABLE);
    }
    add(replay, digest, token->expires_at);
    return ASAP_OK;
}

static enum asap_code digest_of(const struct replay_token *token,
                                unsigned char *out,
                                struct asap_error *err)
{
    SCOPED(buffer) struct buffer identity = BUFFER(4096);

    buffer_append(&identity, token->issuer, strlen(token->issuer) + 1);
    buffer_puts(&identity, token->jti);
    TRY(buffer_check(&identity, "issuer and jti", err));
    if (SHA256((const unsigned char *)identity.bytes, identity.length, out) == NULL)
        return fail(err, ASAP_INTERNAL, "SHA-256 is not to be had");
    return ASAP_OK;
}

enum asap_code replay_remember(struct replay *replay,
                               const struct replay_token *token,
                               int64_t now,
                               struct asap_error *err)
{
    unsigned char digest[SHA256_DIGEST_LENGTH] = { 0 };
    enum asap_code code = ASAP_OK;

    TRY(digest_of(token, digest, err));
    (void)pthread_mutex_lock(&replay->lock);
    code = remember(replay, digest, token, now, err);
    (void)pthread_mutex_unlock(&replay->lock);
    return code;
}
