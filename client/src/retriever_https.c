/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "cache.h"
#include "fail.h"
#include "fetch.h"
#include "pem.h"
#include "retriever.h"
#include "system_clock.h"

enum {
    DEFAULT_ENTRIES = 1000,
    /* Fetches of key ids never heard of, as forged tokens may name any number of them. */
    UNKNOWN_BURST = 1000,
    UNKNOWN_RATE = 100
};

/* One fetch, and all who wait for it. Freed by the last of them. */
struct flight {
    struct flight *next;
    pthread_cond_t landed;
    size_t users;
    bool is_over;
    enum asap_code code;
    EVP_PKEY *key;
    struct asap_error err;
    size_t kid_length;
    char kid[KID_MAX];
};

struct https_retriever {
    struct asap_retriever base;
    struct fetcher *fetcher;
    struct asap_clock clock;
    pthread_mutex_t lock; /* over all that follows; never held during a fetch */
    struct cache *cache;
    struct flight *flights;
    struct budget unknown;
};

static int64_t now_of(const struct https_retriever *self)
{
    return self->clock.now(self->clock.context);
}

/* Flights: all of these under the lock */

static struct flight *find_flight(const struct https_retriever *self, const struct kid *kid)
{
    struct flight *flight = self->flights;

    while (
        flight != NULL
        && (flight->kid_length != kid->length || memcmp(flight->kid, kid->text, kid->length) != 0))
        flight = flight->next;
    return flight;
}

/* NULL: out of memory. */
static struct flight *begin_flight(struct https_retriever *self, const struct kid *kid)
{
    struct flight *flight = calloc(1, sizeof *flight);

    if (flight == NULL || kid->length > sizeof flight->kid
        || pthread_cond_init(&flight->landed, NULL) != 0) {
        free(flight);
        return NULL;
    }
    memcpy(flight->kid, kid->text, kid->length);
    flight->kid_length = kid->length;
    flight->users = 1;
    flight->next = self->flights;
    self->flights = flight;
    return flight;
}

static void end_flight(struct https_retriever *self, struct flight *flight)
{
    struct flight **link = &self->flights;

    while (*link != flight)
        link = &(*link)->next;
    *link = flight->next;
    flight->is_over = true;
    (void)pthread_cond_broadcast(&flight->landed);
}

/* The result for one of its users, who is done with it. */
static enum asap_code leave_flight(struct flight *flight, EVP_PKEY **out, struct asap_error *err)
{
    enum asap_code code = flight->code;

    if (code != ASAP_OK && err != NULL)
        *err = flight->err;
    if (code == ASAP_OK && EVP_PKEY_up_ref(flight->key) != 1)
        code = fail_memory(err);
    if (code == ASAP_OK)
        *out = flight->key;
    if (--flight->users == 0) {
        EVP_PKEY_free(flight->key);
        (void)pthread_cond_destroy(&flight->landed);
        free(flight);
    }
    return code;
}

static enum asap_code join_flight(struct https_retriever *self,
                                  struct flight *flight,
                                  EVP_PKEY **out,
                                  struct asap_error *err)
{
    flight->users++;
    while (!flight->is_over)
        (void)pthread_cond_wait(&flight->landed, &self->lock);
    return leave_flight(flight, out, err);
}

/* The fetch itself: without the lock */

static enum asap_code read_key(const struct https_retriever *self,
                               const struct kid *kid,
                               const struct fetch_answer *answer,
                               EVP_PKEY **out,
                               struct asap_error *err)
{
    struct asap_error cause = { 0 };

    if (pem_read_public(answer->body, answer->body_length, out, &cause) == ASAP_OK)
        return ASAP_OK;
    if (cause.reason != ASAP_REASON_KEY_REFUSED) {
        if (err != NULL)
            *err = cause;
        return cause.code;
    }
    return refuse(err, ASAP_REASON_KEY_REFUSED, "", "the key at %.70s/%.*s is refused: %.90s",
                  fetcher_base_url(self->fetcher), kid->length < 70 ? (int)kid->length : 70,
                  kid->text, cause.message);
}

/* On ASAP_OK *out is NULL when the key that is held was confirmed. */
static enum asap_code fetch_and_read(const struct https_retriever *self,
                                     const struct kid *kid,
                                     const struct cache_validators *validators,
                                     struct fetch_answer *answer,
                                     EVP_PKEY **out,
                                     struct asap_error *err)
{
    *out = NULL;
    TRY(fetch_key(self->fetcher, kid, validators, answer, err));
    if (answer->not_modified)
        return ASAP_OK;
    return read_key(self, kid, answer, out, err);
}

/* What follows from it: under the lock again */

static void keep_key(struct https_retriever *self,
                     const struct kid *kid,
                     const struct fetch_answer *answer,
                     EVP_PKEY *fetched)
{
    if (answer->not_modified)
        cache_freshen(self->cache, kid, &answer->headers, now_of(self));
    else
        cache_put(self->cache, kid, fetched, &answer->headers, &answer->validators, now_of(self));
}

/* Nothing is remembered of an origin that failed; its last word holds as long as it allowed. */
static void survive_failure(struct https_retriever *self,
                            const struct kid *kid,
                            const struct fetch_answer *answer,
                            struct flight *flight)
{
    if (flight->err.reason == ASAP_REASON_KEY_NOT_FOUND)
        cache_put_missing(self->cache, kid, &answer->headers, now_of(self));
    else if (flight->err.reason == ASAP_REASON_KEY_REFUSED)
        cache_drop(self->cache, kid);
    else
        flight->key = cache_find_for_error(self->cache, kid, now_of(self));
    if (flight->key != NULL)
        flight->code = ASAP_OK;
}

/* Lets go of the lock while it fetches. `held` is the stale key, whose reference it takes over. */
static enum asap_code lead_flight(struct https_retriever *self,
                                  const struct kid *kid,
                                  EVP_PKEY *held,
                                  EVP_PKEY **out,
                                  struct asap_error *err)
{
    const struct cache_validators validators = cache_validators_of(self->cache, kid);
    SCOPED(pkey) EVP_PKEY *stale = held;
    EVP_PKEY *fetched = NULL;
    struct fetch_answer answer = { .body_length = 0 };
    struct flight *flight = begin_flight(self, kid);

    if (flight == NULL)
        return fail_memory(err);
    (void)pthread_mutex_unlock(&self->lock);
    flight->code = fetch_and_read(self, kid, &validators, &answer, &fetched, &flight->err);
    (void)pthread_mutex_lock(&self->lock);
    if (flight->code != ASAP_OK) {
        survive_failure(self, kid, &answer, flight);
    } else {
        keep_key(self, kid, &answer, fetched);
        flight->key = fetched != NULL ? fetched : MOVE(stale);
        if (flight->key == NULL)
            flight->code = fail_memory(&flight->err);
    }
    end_flight(self, flight);
    return leave_flight(flight, out, err);
}

static enum asap_code check_budget(struct https_retriever *self,
                                   const struct kid *kid,
                                   int64_t now,
                                   struct asap_error *err)
{
    if (budget_spend(&self->unknown, now))
        return ASAP_OK;
    (void)fail(err, ASAP_UNAVAILABLE,
               "%.*s was not fetched: too many unknown key ids are asked for (try again later)",
               kid->length < 100 ? (int)kid->length : 100, kid->text);
    if (err != NULL)
        err->reason = ASAP_REASON_KEY_UNAVAILABLE;
    return ASAP_UNAVAILABLE;
}

static enum asap_code refuse_missing(const struct https_retriever *self, struct asap_error *err)
{
    return refuse(err, ASAP_REASON_KEY_NOT_FOUND, "", "%.100s had no such key a moment ago",
                  fetcher_base_url(self->fetcher));
}

static enum asap_code find_under_lock(struct https_retriever *self,
                                      const struct kid *kid,
                                      EVP_PKEY **out,
                                      struct asap_error *err)
{
    const int64_t now = now_of(self);
    SCOPED(pkey) EVP_PKEY *held = NULL;
    const enum cache_state state = cache_find(self->cache, kid, now, &held);
    struct flight *flight = find_flight(self, kid);

    if (state == CACHE_FRESH || (state == CACHE_STALE_REVALIDATING && flight != NULL)) {
        *out = MOVE(held);
        return ASAP_OK;
    }
    if (state == CACHE_MISSING)
        return refuse_missing(self, err);
    if (flight != NULL)
        return join_flight(self, flight, out, err);
    if (state == CACHE_UNKNOWN)
        TRY(check_budget(self, kid, now, err));
    return lead_flight(self, kid, MOVE(held), out, err);
}

static enum asap_code find_key(struct asap_retriever *retriever,
                               const struct kid *kid,
                               EVP_PKEY **out,
                               struct asap_error *err)
{
    struct https_retriever *self = (struct https_retriever *)(void *)retriever;
    enum asap_code code = ASAP_OK;

    *out = NULL;
    (void)pthread_mutex_lock(&self->lock);
    code = find_under_lock(self, kid, out, err);
    (void)pthread_mutex_unlock(&self->lock);
    return code;
}

/* A budget that is spent is for find() to say: by then it may have been refilled. */
static enum asap_code find_held(struct asap_retriever *retriever,
                                const struct kid *kid,
                                EVP_PKEY **out,
                                struct asap_error *err)
{
    struct https_retriever *self = (struct https_retriever *)(void *)retriever;
    SCOPED(pkey) EVP_PKEY *held = NULL;
    enum cache_state state = CACHE_UNKNOWN;
    bool is_renewed = false;

    *out = NULL;
    (void)pthread_mutex_lock(&self->lock);
    state = cache_find(self->cache, kid, now_of(self), &held);
    is_renewed = find_flight(self, kid) != NULL;
    (void)pthread_mutex_unlock(&self->lock);
    if (state == CACHE_MISSING)
        return refuse_missing(self, err);
    if (state == CACHE_FRESH || (state == CACHE_STALE_REVALIDATING && is_renewed))
        *out = MOVE(held);
    return ASAP_OK;
}

static void free_parts(struct https_retriever *self)
{
    fetcher_free(self->fetcher);
    cache_free(self->cache);
    free(self);
    curl_global_cleanup();
}

static void free_retriever(struct asap_retriever *retriever)
{
    struct https_retriever *self = (struct https_retriever *)(void *)retriever;

    (void)pthread_mutex_destroy(&self->lock);
    free_parts(self);
}

DEFINE_SCOPED(parts, struct https_retriever *, free_parts)

/* NULL: out of memory. curl counts how often it is initialised, so that a program may do it too. */
static struct https_retriever *allocate(void)
{
    struct https_retriever *self = calloc(1, sizeof *self);

    if (self != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(self);
        return NULL;
    }
    return self;
}

enum asap_code asap_retriever_https(const char *base_url,
                                    const struct asap_https_options *options,
                                    struct asap_retriever **out,
                                    struct asap_error *err)
{
    static const struct asap_https_options defaults = { .cache_entries = DEFAULT_ENTRIES };
    const struct asap_https_options *chosen = options != NULL ? options : &defaults;
    const size_t entries = chosen->cache_entries > 0 ? chosen->cache_entries : DEFAULT_ENTRIES;
    SCOPED(parts) struct https_retriever *self = allocate();

    *out = NULL;
    if (self == NULL)
        return fail_memory(err);
    TRY(fetcher_new(base_url, chosen, &self->fetcher, err));
    TRY(cache_new(entries, &self->cache, err));
    if (pthread_mutex_init(&self->lock, NULL) != 0)
        return fail_memory(err);
    self->base = (struct asap_retriever){
        .find = find_key,
        .find_cached = find_held,
        .peek = find_held,
        .free = free_retriever,
    };
    self->clock = clock_or_system(chosen->clock);
    self->unknown = budget_full(UNKNOWN_BURST, UNKNOWN_RATE, now_of(self));
    *out = &MOVE(self)->base;
    return ASAP_OK;
}
