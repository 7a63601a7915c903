/* SPDX-License-Identifier: Apache-2.0 */
#include "signer_reuse.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "mint_message.h"
#include "pem.h"
#include "token_cache.h"

enum {
    DEFAULT_ENTRIES = 64,
    KEY_MAX = 65536 /* what is over it is over any token, too */
};

struct signer_reuse {
    int percent;
    size_t entries;
    pthread_mutex_t lock; /* over all that follows */
    struct token_cache *cache;
    EVP_PKEY *key; /* signed what the cache holds; a reference, so that no other has its address */
};

DEFINE_SCOPED(reuse, struct signer_reuse *, signer_reuse_free)

static struct signer_reuse *allocate(void)
{
    struct signer_reuse *self = calloc(1, sizeof *self);

    if (self != NULL && pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self);
        return NULL;
    }
    return self;
}

enum asap_code
signer_reuse_new(int percent, size_t entries, struct signer_reuse **out, struct asap_error *err)
{
    SCOPED(reuse) struct signer_reuse *self = allocate();

    *out = NULL;
    if (self == NULL)
        return fail_memory(err);
    self->percent = percent;
    self->entries = entries > 0 ? entries : DEFAULT_ENTRIES;
    TRY(token_cache_new(self->entries, &self->cache, err));
    *out = MOVE(self);
    return ASAP_OK;
}

/* Empty: the request is too long for a token, which signing finds out. */
static void write_key(const struct asap_token_request *request, struct buffer *out)
{
    mint_key_write(request, out);
    if (out->failed)
        buffer_clear(out);
}

static enum asap_code find_under_lock(struct signer_reuse *self,
                                      const EVP_PKEY *key,
                                      const struct buffer *name,
                                      int64_t now,
                                      char **token,
                                      struct asap_error *err)
{
    const char *held = NULL;

    if (self->key != key || token_cache_find(self->cache, name, now, &held) != TOKEN_FRESH)
        return ASAP_OK;
    *token = strdup(held);
    return *token != NULL ? ASAP_OK : fail_memory(err);
}

enum asap_code signer_reuse_find(struct signer_reuse *reuse,
                                 const EVP_PKEY *key,
                                 const struct asap_token_request *request,
                                 int64_t now,
                                 char **token,
                                 struct asap_error *err)
{
    SCOPED(buffer) struct buffer name = BUFFER(KEY_MAX);
    enum asap_code code = ASAP_OK;

    *token = NULL;
    write_key(request, &name);
    if (name.length == 0)
        return ASAP_OK;
    (void)pthread_mutex_lock(&reuse->lock);
    code = find_under_lock(reuse, key, &name, now, token, err);
    (void)pthread_mutex_unlock(&reuse->lock);
    return code;
}

/* Lets go of what another key signed. False: out of memory. */
static bool turn_to(struct signer_reuse *self, EVP_PKEY *key)
{
    struct token_cache *fresh = NULL;

    if (self->key == key)
        return true;
    if (token_cache_new(self->entries, &fresh, NULL) != ASAP_OK || EVP_PKEY_up_ref(key) != 1) {
        token_cache_free(fresh);
        return false;
    }
    token_cache_free(self->cache);
    EVP_PKEY_free(self->key);
    self->cache = fresh;
    self->key = key;
    return true;
}

void signer_reuse_put(struct signer_reuse *reuse,
                      EVP_PKEY *key,
                      const struct asap_token_request *request,
                      int64_t now,
                      const char *token)
{
    SCOPED(buffer) struct buffer name = BUFFER(KEY_MAX);
    const int64_t until = now + request->lifetime_seconds * reuse->percent / 100;
    const struct token_times times = { .asked = now, .refresh = until, .until = until };

    write_key(request, &name);
    if (name.length == 0)
        return;
    (void)pthread_mutex_lock(&reuse->lock);
    if (turn_to(reuse, key))
        token_cache_put(reuse->cache, &name, token, &times);
    (void)pthread_mutex_unlock(&reuse->lock);
}

void signer_reuse_free(struct signer_reuse *reuse)
{
    if (reuse == NULL)
        return;
    token_cache_free(reuse->cache);
    EVP_PKEY_free(reuse->key);
    (void)pthread_mutex_destroy(&reuse->lock);
    free(reuse);
}
