/* SPDX-License-Identifier: Apache-2.0 */
#include "minter.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "signer_source.h"
#include "token_cache.h"

enum {
    DEFAULT_ENTRIES = 64,
    KEY_MAX = 65536,   /* what is over it is over any token, too */
    RETRY_SECONDS = 5, /* an asapd that hangs is not to delay everybody who has an old token */
    MS_PER_SECOND = 1000
};

/* One mint, and all who wait for it. Freed by the last of them. */
struct flight {
    struct flight *next;
    const struct buffer *key; /* the leader's, who is there until it is over */
    pthread_cond_t landed;
    size_t users;
    bool is_over;
    enum asap_code code;
    char *token;
    struct asap_error err;
};

struct minter {
    struct asap_signer base;
    struct mint_service service;
    pthread_mutex_t lock; /* over all that follows; never held during a mint */
    struct token_cache *cache;
    struct flight *flights;
};

static int64_t now_of(const struct minter *self)
{
    return self->service.clock.now(self->service.clock.context);
}

static enum asap_code copy_token(const char *token, char **out, struct asap_error *err)
{
    *out = strdup(token);
    return *out == NULL ? fail_memory(err) : ASAP_OK;
}

/* Flights: all of these under the lock */

static struct flight *find_flight(const struct minter *self, const struct buffer *key)
{
    struct flight *flight = self->flights;

    while (flight != NULL
           && (flight->key->length != key->length
               || memcmp(flight->key->bytes, key->bytes, key->length) != 0))
        flight = flight->next;
    return flight;
}

/* NULL: out of memory. */
static struct flight *begin_flight(struct minter *self, const struct buffer *key)
{
    struct flight *flight = calloc(1, sizeof *flight);

    if (flight == NULL || pthread_cond_init(&flight->landed, NULL) != 0) {
        free(flight);
        return NULL;
    }
    flight->key = key;
    flight->users = 1;
    flight->next = self->flights;
    self->flights = flight;
    return flight;
}

static void end_flight(struct minter *self, struct flight *flight)
{
    struct flight **link = &self->flights;

    while (*link != flight)
        link = &(*link)->next;
    *link = flight->next;
    flight->is_over = true;
    (void)pthread_cond_broadcast(&flight->landed);
}

/* The result for one of its users, who is done with it. */
static enum asap_code leave_flight(struct flight *flight, char **token, struct asap_error *err)
{
    enum asap_code code = flight->code;

    if (code == ASAP_OK)
        code = copy_token(flight->token, token, err);
    else if (err != NULL)
        *err = flight->err;
    if (--flight->users == 0) {
        free(flight->token);
        (void)pthread_cond_destroy(&flight->landed);
        free(flight);
    }
    return code;
}

static enum asap_code
join_flight(struct minter *self, struct flight *flight, char **token, struct asap_error *err)
{
    flight->users++;
    while (!flight->is_over)
        (void)pthread_cond_wait(&flight->landed, &self->lock);
    return leave_flight(flight, token, err);
}

static void keep_token(struct minter *self, struct flight *flight, struct minted *minted)
{
    token_cache_put(self->cache, flight->key, minted->token, &minted->times);
    flight->token = MOVE(minted->token);
}

/* A limit asks for fewer calls, of which an old token saves more than a failure does. */
static bool may_go_on(enum asap_code code)
{
    return mint_may_pass(code) || code == ASAP_RESOURCE_EXHAUSTED;
}

/* An old token goes on being used while asapd cannot say whether there is another one. */
static void survive_failure(struct minter *self, struct flight *flight, int64_t retry_ms)
{
    const int64_t asked = retry_ms / MS_PER_SECOND;
    const int64_t now = now_of(self);
    const char *old = NULL;

    if (flight->code == ASAP_PERMISSION_DENIED || flight->code == ASAP_UNAUTHENTICATED)
        token_cache_drop(self->cache, flight->key);
    if (!may_go_on(flight->code)
        || token_cache_find(self->cache, flight->key, now, &old) == TOKEN_NONE)
        return;
    flight->code = copy_token(old, &flight->token, &flight->err);
    token_cache_postpone(self->cache, flight->key,
                         now + (asked > RETRY_SECONDS ? asked : RETRY_SECONDS));
}

/* Lets go of the lock while it mints. Whoever has an old token does not wait for better times. */
static enum asap_code lead_flight(struct minter *self,
                                  const struct asap_token_request *request,
                                  const struct buffer *key,
                                  bool has_old,
                                  char **token,
                                  struct asap_error *err)
{
    struct flight *flight = begin_flight(self, key);
    struct minted minted = { .token = NULL };
    int64_t retry_ms = 0;

    if (flight == NULL)
        return fail_memory(err);
    (void)pthread_mutex_unlock(&self->lock);
    flight->code = mint_call(&self->service, request, !has_old, &minted, &retry_ms, &flight->err);
    (void)pthread_mutex_lock(&self->lock);
    if (flight->code == ASAP_OK)
        keep_token(self, flight, &minted);
    else
        survive_failure(self, flight, retry_ms);
    end_flight(self, flight);
    return leave_flight(flight, token, err);
}

static enum asap_code mint_under_lock(struct minter *self,
                                      const struct asap_token_request *request,
                                      const struct buffer *key,
                                      char **token,
                                      struct asap_error *err)
{
    const char *held = NULL;
    const enum token_state state = token_cache_find(self->cache, key, now_of(self), &held);
    struct flight *flight = find_flight(self, key);

    if (state == TOKEN_FRESH || (state == TOKEN_OLD && flight != NULL))
        return copy_token(held, token, err);
    if (flight != NULL)
        return join_flight(self, flight, token, err);
    return lead_flight(self, request, key, state == TOKEN_OLD, token, err);
}

static enum asap_code mint(struct asap_signer *signer,
                           const struct asap_token_request *request,
                           char **token,
                           struct asap_error *err)
{
    struct minter *self = (struct minter *)(void *)signer;
    SCOPED(buffer) struct buffer key = BUFFER(KEY_MAX);
    enum asap_code code = ASAP_OK;

    mint_key_write(request, &key);
    if (key.failed)
        return fail_field(err, "additional_claims", "the request is too long for a token");
    (void)pthread_mutex_lock(&self->lock);
    code = mint_under_lock(self, request, &key, token, err);
    (void)pthread_mutex_unlock(&self->lock);
    return code;
}

static void free_parts(struct minter *self)
{
    mint_service_clear(&self->service);
    token_cache_free(self->cache);
    free(self);
    curl_global_cleanup();
}

static void free_minter(struct asap_signer *signer)
{
    struct minter *self = (struct minter *)(void *)signer;

    (void)pthread_mutex_destroy(&self->lock);
    free_parts(self);
}

DEFINE_SCOPED(parts, struct minter *, free_parts)

/* NULL: out of memory. curl counts how often it is initialised, so that a program may do it too. */
static struct minter *allocate(void)
{
    struct minter *self = calloc(1, sizeof *self);

    if (self != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(self);
        return NULL;
    }
    return self;
}

enum asap_code minter_new(const struct asap_minter_options *options,
                          const struct mint_waiting *waiting,
                          struct asap_signer **out,
                          struct asap_error *err)
{
    SCOPED(parts) struct minter *self = allocate();
    const size_t entries = options->cache_entries > 0 ? options->cache_entries : DEFAULT_ENTRIES;

    *out = NULL;
    if (self == NULL)
        return fail_memory(err);
    TRY(mint_service_init(&self->service, options, waiting, err));
    TRY(token_cache_new(entries, &self->cache, err));
    if (pthread_mutex_init(&self->lock, NULL) != 0)
        return fail_memory(err);
    self->base = (struct asap_signer){ .sign = mint, .free = free_minter };
    *out = &MOVE(self)->base;
    return ASAP_OK;
}

enum asap_code asap_minter_new(const struct asap_minter_options *options,
                               struct asap_signer **out,
                               struct asap_error *err)
{
    return minter_new(options, &mint_waiting_system, out, err);
}
