/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "age_clock.h"
#include "budget.h"
#include "fail.h"
#include "fetch.h"
#include "pem.h"
#include "retriever.h"
#include "retriever_jwk_set.h"
#include "retriever_refresh.h"
#include "system_clock.h"

enum {
    INTERVAL_SECONDS = 20, /* between fetches for key ids that the set has not */
    FLOOR_SECONDS = 5,     /* a set is used so long, whatever its header fields say */
    RETRY_SECONDS = 5,
    FETCH_BURST = 10, /* while no set is held */
    FETCH_RATE = 1,
    WAITING_MAX = 16, /* threads that wait for a key id that the set has not */
    AHEAD_PERCENT = 80
};

struct jwks_retriever {
    struct asap_retriever base;
    struct fetcher *fetcher;
    struct refresher *refresher;
    struct asap_clock clock;
    struct asap_clock age_clock;
    pthread_mutex_t lock; /* over all that follows; never held during a fetch */
    pthread_cond_t landed;
    struct jwk_set *set; /* NULL: none is held */
    struct cache_headers headers;
    struct cache_validators validators;
    struct cache_times times; /* by the age clock */
    int64_t received;
    int64_t due; /* for renewal */
    int64_t next_for_unknown;
    struct budget budget;
    bool is_fetching;
    size_t waiting;
    uint64_t fetches;
    enum asap_code code; /* of the last fetch */
    struct asap_error err;
};

static int64_t now_of(const struct jwks_retriever *self)
{
    return self->age_clock.now(self->age_clock.context);
}

/* All of these under the lock */

static void drop_set(struct jwks_retriever *self)
{
    jwk_set_free(self->set);
    self->set = NULL;
    self->validators = (struct cache_validators){ .etag = "" };
}

static int64_t later_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A response that must not be stored is used for a moment all the same, or any token would cost a
 * request. */
static void set_times(struct jwks_retriever *self, int64_t now)
{
    const int64_t wall = self->clock.now(self->clock.context);
    const struct cache_times times = cache_headers_times(&self->headers, wall);

    self->times.stale = later_of(times.stale - wall, FLOOR_SECONDS) + now;
    self->times.stale_while_revalidate =
        later_of(times.stale_while_revalidate - wall + now, self->times.stale);
    self->times.stale_if_error = later_of(times.stale_if_error - wall + now, self->times.stale);
    self->received = now;
    self->due = now + (self->times.stale - now) * AHEAD_PERCENT / 100;
}

static void keep_set(struct jwks_retriever *self,
                     const struct fetch_answer *answer,
                     struct jwk_set *fetched)
{
    if (answer->not_modified) {
        cache_headers_update(&self->headers, &answer->headers);
    } else {
        drop_set(self);
        self->set = fetched;
        self->headers = answer->headers;
        self->validators = answer->validators;
    }
    set_times(self, now_of(self));
}

/* What the origin took back is dropped. When it cannot be asked, its last word holds as long as it
 * allowed. */
static void survive_failure(struct jwks_retriever *self)
{
    const int64_t now = now_of(self);
    const int64_t retry = now + RETRY_SECONDS;

    if (self->err.reason == ASAP_REASON_KEY_NOT_FOUND || self->err.reason == ASAP_REASON_KEY_REFUSED
        || now >= self->times.stale_if_error)
        drop_set(self);
    if (self->times.stale <= now)
        self->times.stale = retry < self->times.stale_if_error ? retry : self->times.stale_if_error;
    self->due = retry;
}

static bool is_held(const struct jwks_retriever *self, int64_t now)
{
    return self->set != NULL && self->received <= now && now < self->times.stale;
}

/* The fetch: without the lock */

static enum asap_code fetch_and_read(const struct jwks_retriever *self,
                                     const struct cache_validators *validators,
                                     struct fetch_answer *answer,
                                     struct jwk_set **out,
                                     struct asap_error *err)
{
    SCOPED(buffer) struct buffer body = BUFFER(FETCH_SET_MAX);
    struct asap_error cause = { 0 };

    *out = NULL;
    TRY(fetch_set(self->fetcher, validators, &body, answer, err));
    if (answer->not_modified
        || jwk_set_read(body.bytes, answer->body_length, out, &cause) == ASAP_OK)
        return ASAP_OK;
    return fail_reason(err, cause.code, cause.reason, "the key set at %.100s is refused: %.120s",
                       fetcher_base_url(self->fetcher), cause.message);
}

/* Lets go of the lock meanwhile. */
static void lead_fetch(struct jwks_retriever *self)
{
    const struct cache_validators validators = self->validators;
    struct fetch_answer answer = { .body_length = 0 };
    struct jwk_set *fetched = NULL;
    struct asap_error err = { 0 };
    enum asap_code code = ASAP_OK;

    self->is_fetching = true;
    (void)pthread_mutex_unlock(&self->lock);
    code = fetch_and_read(self, &validators, &answer, &fetched, &err);
    (void)pthread_mutex_lock(&self->lock);
    self->is_fetching = false;
    self->fetches++;
    self->code = code;
    self->err = err;
    self->next_for_unknown = now_of(self) + INTERVAL_SECONDS;
    if (code == ASAP_OK)
        keep_set(self, &answer, fetched);
    else
        survive_failure(self);
    (void)pthread_cond_broadcast(&self->landed);
}

static void join_fetch(struct jwks_retriever *self)
{
    const uint64_t fetches = self->fetches;

    self->waiting++;
    while (self->fetches == fetches)
        (void)pthread_cond_wait(&self->landed, &self->lock);
    self->waiting--;
}

/* Finding */

/* A set that is nowhere, or that says nothing of a key, says nothing: the origin failed. */
static enum asap_code fail_unknown(const struct jwks_retriever *self, struct asap_error *err)
{
    return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE, "%s", self->err.message);
}

static enum asap_code fail_spent(struct asap_error *err)
{
    return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_OVERLOADED,
                       "the key set was not fetched: too many unknown key ids are asked for (try "
                       "again later)");
}

/* Whether what is held answers, with *code. While another thread renews a stale set it does. */
static bool is_answered(struct jwks_retriever *self,
                        const struct kid *kid,
                        EVP_PKEY **out,
                        enum asap_code *code,
                        struct asap_error *err)
{
    const int64_t now = now_of(self);
    struct asap_error said = { 0 };
    const bool is_worn = self->set != NULL && self->received <= now && now >= self->due
                         && now < self->times.stale_while_revalidate;
    const bool is_renewed = is_worn && (self->is_fetching || refresher_wish(self->refresher, kid));

    if (!is_held(self, now) && !is_renewed)
        return false;
    *code = jwk_set_find(self->set, kid, out, &said);
    if (said.reason == ASAP_REASON_KEY_NOT_FOUND && *code != ASAP_OK) {
        if (now >= self->next_for_unknown)
            return false;
        if (self->code != ASAP_OK) {
            *code = fail_unknown(self, err);
            return true;
        }
    }
    if (*code != ASAP_OK && err != NULL)
        *err = said;
    return true;
}

static enum asap_code fetch_for(struct jwks_retriever *self, struct asap_error *err)
{
    const int64_t now = now_of(self);
    const bool has_set = is_held(self, now);

    if (self->is_fetching) {
        if (has_set && self->waiting >= WAITING_MAX)
            return fail_spent(err);
        join_fetch(self);
        return ASAP_OK;
    }
    if (!has_set && !budget_spend(&self->budget, now))
        return fail_spent(err);
    lead_fetch(self);
    return ASAP_OK;
}

static enum asap_code find_under_lock(struct jwks_retriever *self,
                                      const struct kid *kid,
                                      EVP_PKEY **out,
                                      struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    if (is_answered(self, kid, out, &code, err))
        return code;
    TRY(fetch_for(self, err));
    if (is_held(self, now_of(self)) && is_answered(self, kid, out, &code, err))
        return code;
    if (self->code != ASAP_OK && self->err.reason == ASAP_REASON_KEY_REFUSED) {
        if (err != NULL)
            *err = self->err;
        return self->code;
    }
    return fail_unknown(self, err);
}

static enum asap_code find_jwk(struct asap_retriever *retriever,
                               const struct kid *kid,
                               EVP_PKEY **out,
                               struct asap_error *err)
{
    struct jwks_retriever *self = (struct jwks_retriever *)(void *)retriever;
    enum asap_code code = ASAP_OK;

    *out = NULL;
    (void)pthread_mutex_lock(&self->lock);
    code = find_under_lock(self, kid, out, err);
    (void)pthread_mutex_unlock(&self->lock);
    return code;
}

static enum asap_code find_held(struct asap_retriever *retriever,
                                const struct kid *kid,
                                EVP_PKEY **out,
                                struct asap_error *err)
{
    struct jwks_retriever *self = (struct jwks_retriever *)(void *)retriever;
    enum asap_code code = ASAP_OK;
    bool answered = false;

    *out = NULL;
    (void)pthread_mutex_lock(&self->lock);
    answered = is_answered(self, kid, out, &code, err);
    (void)pthread_mutex_unlock(&self->lock);
    return answered ? code : ASAP_OK;
}

static enum asap_code peek_held(struct asap_retriever *retriever,
                                const struct kid *kid,
                                EVP_PKEY **out,
                                struct asap_error *err)
{
    struct jwks_retriever *self = (struct jwks_retriever *)(void *)retriever;

    (void)err;
    *out = NULL;
    (void)pthread_mutex_lock(&self->lock);
    if (is_held(self, now_of(self)) && jwk_set_find(self->set, kid, out, NULL) != ASAP_OK)
        *out = NULL;
    (void)pthread_mutex_unlock(&self->lock);
    return ASAP_OK;
}

/* On the refresher's thread; the whole set is renewed, whichever key was wished for. */
static void renew_set(void *context, const struct kid *kid)
{
    struct jwks_retriever *self = context;

    (void)kid;
    (void)pthread_mutex_lock(&self->lock);
    if (!self->is_fetching && self->set != NULL && now_of(self) >= self->due)
        lead_fetch(self);
    (void)pthread_mutex_unlock(&self->lock);
}

/* The refresher first: it uses the rest. */
static void free_parts(struct jwks_retriever *self)
{
    if (self->fetcher != NULL)
        fetcher_stop(self->fetcher);
    refresher_free(self->refresher);
    fetcher_free(self->fetcher);
    jwk_set_free(self->set);
    (void)pthread_cond_destroy(&self->landed);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    curl_global_cleanup();
}

static void free_jwks(struct asap_retriever *retriever)
{
    free_parts((struct jwks_retriever *)(void *)retriever);
}

DEFINE_SCOPED(parts, struct jwks_retriever *, free_parts)

/* NULL: out of memory. */
static struct jwks_retriever *allocate(void)
{
    struct jwks_retriever *self = calloc(1, sizeof *self);

    if (self != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(self);
        return NULL;
    }
    if (self != NULL) {
        (void)pthread_mutex_init(&self->lock, NULL);
        (void)pthread_cond_init(&self->landed, NULL);
    }
    return self;
}

enum asap_code asap_retriever_jwks(const char *url,
                                   const struct asap_https_options *options,
                                   struct asap_retriever **out,
                                   struct asap_error *err)
{
    static const struct asap_https_options defaults = { .timeout_ms = 0 };
    const struct asap_https_options *chosen = options != NULL ? options : &defaults;
    SCOPED(parts) struct jwks_retriever *self = allocate();

    *out = NULL;
    if (self == NULL)
        return fail_memory(err);
    TRY(fetcher_new(url, chosen, &self->fetcher, err));
    TRY(refresher_new(renew_set, self, &self->refresher, err));
    self->base = (struct asap_retriever){
        .find = find_jwk,
        .find_cached = find_held,
        .peek = peek_held,
        .free = free_jwks,
    };
    self->clock = clock_or_system(chosen->clock);
    self->age_clock = age_clock_or(chosen->age_clock, chosen->clock);
    self->budget = budget_full(FETCH_BURST, FETCH_RATE, now_of(self));
    *out = &MOVE(self)->base;
    return ASAP_OK;
}
