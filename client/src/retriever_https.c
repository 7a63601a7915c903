/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "age_clock.h"
#include "budget.h"
#include "cache.h"
#include "fail.h"
#include "fetch.h"
#include "pem.h"
#include "retriever.h"
#include "retriever_refresh.h"
#include "system_clock.h"

enum {
    DEFAULT_ENTRIES = 1000,
    DEFAULT_BYTES = 8192, /* for each entry */
    /* Fetches of key ids never heard of, as forged tokens may name any number of them. */
    UNKNOWN_BURST = 1000,
    UNKNOWN_RATE = 100,
    UNKNOWN_AT_ONCE = 16
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
    struct refresher *refresher;
    struct asap_clock clock;
    struct asap_clock age_clock;
    pthread_mutex_t lock; /* over all that follows; never held during a fetch */
    struct cache *cache;
    struct flight *flights;
    struct budget unknown;
    size_t unknown_flights;
};

static int64_t now_of(const struct https_retriever *self)
{
    return self->age_clock.now(self->age_clock.context);
}

static struct cache_moment moment_of(const struct https_retriever *self)
{
    return (struct cache_moment){ .now = now_of(self),
                                  .wall = self->clock.now(self->clock.context) };
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
        cache_freshen(self->cache, kid, &answer->headers, moment_of(self));
    else
        cache_put(self->cache, kid, fetched, &answer->headers, &answer->validators,
                  moment_of(self));
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

static enum asap_code fail_spent(const struct kid *kid, struct asap_error *err)
{
    return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_OVERLOADED,
                       "%.*s was not fetched: too many unknown key ids are asked for (try again "
                       "later)",
                       kid->length < 100 ? (int)kid->length : 100, kid->text);
}

/* Of forged key ids there may be any number. What they may cost is bounded, in requests and in
 * threads that wait for a slow repository; keys that are known take nothing from it. */
static enum asap_code lead_unknown(struct https_retriever *self,
                                   const struct kid *kid,
                                   int64_t now,
                                   EVP_PKEY **out,
                                   struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    if (self->unknown_flights == UNKNOWN_AT_ONCE || !budget_spend(&self->unknown, now))
        return fail_spent(kid, err);
    self->unknown_flights++;
    code = lead_flight(self, kid, NULL, out, err);
    self->unknown_flights--;
    return code;
}

static enum asap_code refuse_missing(const struct https_retriever *self, struct asap_error *err)
{
    return refuse(err, ASAP_REASON_KEY_NOT_FOUND, "", "%.100s had no such key a moment ago",
                  fetcher_base_url(self->fetcher));
}

static bool is_worn(enum cache_state state)
{
    return state == CACHE_FRESH_DUE || state == CACHE_STALE_REVALIDATING;
}

/* Whether the key that is held will do, a worn one because somebody renews it or is told to. */
static bool is_usable(struct https_retriever *self, const struct kid *kid, enum cache_state state)
{
    if (is_worn(state) && find_flight(self, kid) == NULL)
        return refresher_wish(self->refresher, kid) || state == CACHE_FRESH_DUE;
    return is_worn(state) || state == CACHE_FRESH;
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

    if (state == CACHE_MISSING)
        return refuse_missing(self, err);
    if (is_usable(self, kid, state)) {
        *out = MOVE(held);
        return ASAP_OK;
    }
    if (flight != NULL)
        return join_flight(self, flight, out, err);
    if (state == CACHE_UNKNOWN)
        return lead_unknown(self, kid, now, out, err);
    return lead_flight(self, kid, MOVE(held), out, err);
}

/* On the refresher's thread. */
static void renew_key(void *context, const struct kid *kid)
{
    struct https_retriever *self = context;
    SCOPED(pkey) EVP_PKEY *held = NULL;
    SCOPED(pkey) EVP_PKEY *renewed = NULL;

    (void)pthread_mutex_lock(&self->lock);
    if (is_worn(cache_find(self->cache, kid, now_of(self), &held))
        && find_flight(self, kid) == NULL)
        (void)lead_flight(self, kid, MOVE(held), &renewed, NULL);
    (void)pthread_mutex_unlock(&self->lock);
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
static enum asap_code find_held_under_lock(struct https_retriever *self,
                                           const struct kid *kid,
                                           bool may_renew,
                                           EVP_PKEY **out,
                                           struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *held = NULL;
    const enum cache_state state = cache_find(self->cache, kid, now_of(self), &held);

    if (state == CACHE_MISSING)
        return refuse_missing(self, err);
    if (may_renew ? is_usable(self, kid, state) : state == CACHE_FRESH || state == CACHE_FRESH_DUE)
        *out = MOVE(held);
    return ASAP_OK;
}

static enum asap_code find_held(struct asap_retriever *retriever,
                                const struct kid *kid,
                                EVP_PKEY **out,
                                struct asap_error *err)
{
    struct https_retriever *self = (struct https_retriever *)(void *)retriever;
    enum asap_code code = ASAP_OK;

    *out = NULL;
    (void)pthread_mutex_lock(&self->lock);
    code = find_held_under_lock(self, kid, true, out, err);
    (void)pthread_mutex_unlock(&self->lock);
    return code;
}

static enum asap_code peek_held(struct asap_retriever *retriever,
                                const struct kid *kid,
                                EVP_PKEY **out,
                                struct asap_error *err)
{
    struct https_retriever *self = (struct https_retriever *)(void *)retriever;
    enum asap_code code = ASAP_OK;

    *out = NULL;
    (void)pthread_mutex_lock(&self->lock);
    code = find_held_under_lock(self, kid, false, out, err);
    (void)pthread_mutex_unlock(&self->lock);
    return code;
}

/* The refresher first: it uses the rest. */
static void free_parts(struct https_retriever *self)
{
    if (self->fetcher != NULL)
        fetcher_stop(self->fetcher);
    refresher_free(self->refresher);
    fetcher_free(self->fetcher);
    cache_free(self->cache);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    curl_global_cleanup();
}

static void free_retriever(struct asap_retriever *retriever)
{
    struct https_retriever *self = (struct https_retriever *)(void *)retriever;

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
    if (self != NULL)
        (void)pthread_mutex_init(&self->lock, NULL);
    return self;
}

static struct cache_limits limits_of(const struct asap_https_options *options)
{
    const size_t entries = options->cache_entries > 0 ? options->cache_entries : DEFAULT_ENTRIES;
    const size_t most = entries < SIZE_MAX / DEFAULT_BYTES ? entries * DEFAULT_BYTES : SIZE_MAX;

    return (struct cache_limits){ .entries = entries,
                                  .bytes = options->cache_bytes > 0 ? options->cache_bytes : most };
}

enum asap_code asap_retriever_https(const char *base_url,
                                    const struct asap_https_options *options,
                                    struct asap_retriever **out,
                                    struct asap_error *err)
{
    static const struct asap_https_options defaults = { .timeout_ms = 0 };
    const struct asap_https_options *chosen = options != NULL ? options : &defaults;
    SCOPED(parts) struct https_retriever *self = allocate();

    *out = NULL;
    if (self == NULL)
        return fail_memory(err);
    TRY(fetcher_new(base_url, chosen, &self->fetcher, err));
    TRY(cache_new(limits_of(chosen), &self->cache, err));
    TRY(refresher_new(renew_key, self, &self->refresher, err));
    self->base = (struct asap_retriever){
        .find = find_key,
        .find_cached = find_held,
        .peek = peek_held,
        .free = free_retriever,
    };
    self->clock = clock_or_system(chosen->clock);
    self->age_clock = age_clock_or(chosen->age_clock, chosen->clock);
    self->unknown = budget_full(UNKNOWN_BURST, UNKNOWN_RATE, now_of(self));
    *out = &MOVE(self)->base;
    return ASAP_OK;
}
