/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/verifier.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "context_pool.h"
#include "copy_strings.h"
#include "fail.h"
#include "jws.h"
#include "known_headers.h"
#include "pem.h"
#include "replay.h"
#include "retriever.h"
#include "system_clock.h"

enum { DEFAULT_LEEWAY = 30, NO_LEEWAY = -1 };

struct asap_verifier {
    struct asap_retriever *keys;
    const char **audiences, **issuers, **subjects, **algorithms; /* the options' lists, copied */
    struct claims_policy policy;
    struct context_pool *contexts;  /* of keys that are in use */
    struct known_headers *headers;  /* of their tokens */
    struct replay *replay;          /* NULL without a memory of its own */
    struct asap_replay_store store; /* zeroed without a shared one */
    struct asap_clock clock;
};

static void verifier_scope_exit(struct asap_verifier *verifier)
{
    free(verifier->audiences);
    free(verifier->issuers);
    free(verifier->subjects);
    free(verifier->algorithms);
    context_pool_free(verifier->contexts);
    known_headers_free(verifier->headers);
    replay_free(verifier->replay);
}

/* An empty list would allow nothing, an empty string would match what no token may have. */
static enum asap_code check_list(const char *const *list, const char *field, struct asap_error *err)
{
    if (list == NULL)
        return ASAP_OK;
    if (*list == NULL)
        return fail_field(err, field, "%s is an empty list", field);
    for (; *list != NULL; list++)
        if (**list == '\0')
            return fail_field(err, field, "%s has an empty string", field);
    return ASAP_OK;
}

static enum asap_code check_algorithms(const char *const *names, struct asap_error *err)
{
    TRY(check_list(names, "algorithms", err));
    for (; names != NULL && *names != NULL; names++)
        if (algorithm_find(*names, strlen(*names)) == NULL)
            return fail_field(err, "algorithms",
                              "algorithms has one that is none of RS, PS or ES with 256, 384 or "
                              "512, or EdDSA");
    return ASAP_OK;
}

static enum asap_code check_numbers(const struct asap_verifier_options *options,
                                    struct asap_error *err)
{
    if (options->leeway_seconds < NO_LEEWAY || options->leeway_seconds > CLAIMS_MAX_LEEWAY)
        return fail_field(err, "leeway_seconds",
                          "leeway_seconds is %" PRId64 "; it must be -1 to %d",
                          options->leeway_seconds, CLAIMS_MAX_LEEWAY);
    if (options->max_lifetime_seconds < 0 || options->max_lifetime_seconds > CLAIMS_MAX_LIFETIME)
        return fail_field(err, "max_lifetime_seconds",
                          "max_lifetime_seconds is %" PRId64 "; it must be 0 to %d",
                          options->max_lifetime_seconds, CLAIMS_MAX_LIFETIME);
    if (options->replay_entries > REPLAY_ENTRIES_MAX)
        return fail_field(err, "replay_entries", "replay_entries is %zu; it must be at most %d",
                          options->replay_entries, REPLAY_ENTRIES_MAX);
    if (options->replay_entries > 0 && options->replay_store.remember != NULL)
        return fail_field(err, "replay_store",
                          "replay_store is in place of replay_entries; leave one of them out");
    return ASAP_OK;
}

static enum asap_code check_options(const struct asap_verifier_options *options,
                                    struct asap_error *err)
{
    if (options == NULL || options->audiences == NULL)
        return fail_field(err, "audiences", "audiences is missing: which tokens are for you?");
    TRY(check_list(options->audiences, "audiences", err));
    TRY(check_list(options->issuers, "issuers", err));
    TRY(check_list(options->subjects, "subjects", err));
    TRY(check_algorithms(options->algorithms, err));
    return check_numbers(options, err);
}

static enum asap_code copy_options(struct asap_verifier *verifier,
                                   const struct asap_verifier_options *options,
                                   struct asap_error *err)
{
    TRY(copy_strings(options->audiences, &verifier->audiences, err));
    TRY(copy_strings(options->issuers, &verifier->issuers, err));
    TRY(copy_strings(options->subjects, &verifier->subjects, err));
    TRY(copy_strings(options->algorithms, &verifier->algorithms, err));
    verifier->clock = clock_or_system(options->clock);
    verifier->store = options->replay_store;
    TRY(context_pool_new(SIGNATURE_CHECK, &verifier->contexts, err));
    TRY(known_headers_new(&verifier->headers, err));
    if (options->replay_entries > 0)
        TRY(replay_new(options->replay_entries, &verifier->replay, err));
    return ASAP_OK;
}

static int64_t leeway_of(int64_t leeway_seconds)
{
    if (leeway_seconds == NO_LEEWAY)
        return 0;
    return leeway_seconds == 0 ? DEFAULT_LEEWAY : leeway_seconds;
}

static struct claims_policy policy_of(const struct asap_verifier *verifier,
                                      const struct asap_verifier_options *options)
{
    return (struct claims_policy){
        .audiences = verifier->audiences,
        .issuers = verifier->issuers,
        .subjects = verifier->subjects,
        .any_subject = options->allow_any_subject,
        .leeway = leeway_of(options->leeway_seconds),
        .max_lifetime = options->max_lifetime_seconds != 0 ? options->max_lifetime_seconds
                                                           : CLAIMS_MAX_LIFETIME,
    };
}

enum asap_code asap_verifier_new(struct asap_retriever *keys,
                                 const struct asap_verifier_options *options,
                                 struct asap_verifier **out,
                                 struct asap_error *err)
{
    SCOPED(verifier) struct asap_verifier verifier = { .keys = keys };

    *out = NULL;
    if (keys == NULL)
        return fail_field(err, "keys", "keys is missing: where are the public keys?");
    TRY(check_options(options, err));
    TRY(copy_options(&verifier, options, err));
    verifier.policy = policy_of(&verifier, options);
    *out = malloc(sizeof **out);
    if (*out == NULL)
        return fail_memory(err);
    **out = verifier;
    verifier = (struct asap_verifier){ 0 };
    return ASAP_OK;
}

void asap_verifier_free(struct asap_verifier *verifier)
{
    if (verifier == NULL)
        return;
    verifier_scope_exit(verifier);
    free(verifier);
}

/* The token does not choose: by default the nine of ASAP, else what is on the list. */
static enum asap_code check_algorithm(const struct asap_verifier *verifier,
                                      const struct algorithm *algorithm,
                                      struct asap_error *err)
{
    const char **name = verifier->algorithms;

    if (name == NULL && !algorithm->extension)
        return ASAP_OK;
    for (; name != NULL && *name != NULL; name++)
        if (strcmp(*name, algorithm->name) == 0)
            return ASAP_OK;
    return refuse(err, ASAP_REASON_ALGORITHM, "alg", "%s is not permitted here", algorithm->name);
}

static int64_t now_of(const struct asap_verifier *verifier)
{
    return verifier->clock.now(verifier->clock.context);
}

static enum asap_code check_with_key(const struct asap_verifier *verifier,
                                     const struct jws *jws,
                                     EVP_PKEY *key,
                                     struct asap_error *err)
{
    struct signature_context *context = NULL;
    enum asap_code code = ASAP_OK;

    TRY(context_pool_take(verifier->contexts, jws->algorithm, key, &context, err));
    code = jws_check(jws, context, err);
    context_pool_give(verifier->contexts, &context);
    return code;
}

static enum asap_code check_signature(const struct asap_verifier *verifier,
                                      retriever_find find,
                                      const struct jws *jws,
                                      struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;

    TRY(find(verifier->keys, &jws->kid, &key, err));
    if (key == NULL)
        return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_KEY_NOT_CACHED,
                           "the key %.100s has to be fetched first; the token may be good",
                           jws->key_id);
    return check_with_key(verifier, jws, key, err);
}

static enum asap_code ask_store(const struct asap_replay_store *store,
                                const struct replay_token *token,
                                struct asap_error *err)
{
    const enum asap_replay answer =
        store->remember(store->context, token->issuer, token->jti, token->expires_at);

    if (answer == ASAP_REPLAY_NEW)
        return ASAP_OK;
    if (answer == ASAP_REPLAY_SEEN)
        return refuse(err, ASAP_REASON_REPLAYED, "jti", "the token was used before");
    (void)refuse(
        err, ASAP_REASON_REPLAY_UNAVAILABLE, "jti",
        "the store of used tokens cannot say whether this one was used before (is it up?)");
    return fail_as(err, ASAP_UNAVAILABLE);
}

/* The last check, so that a token that is refused for another reason is not used up. It is
 * remembered for longer than it lives, since threads read the clock at different moments. */
static enum asap_code check_replay(const struct asap_verifier *verifier,
                                   const struct asap_claims *claims,
                                   int64_t now,
                                   struct asap_error *err)
{
    const int64_t end = claims->expires_at + verifier->policy.leeway + CLAIMS_MAX_LEEWAY;
    const struct replay_token token = { claims->issuer, claims->jti, end };

    if (verifier->store.remember != NULL)
        return ask_store(&verifier->store, &token, err);
    return verifier->replay == NULL ? ASAP_OK : replay_remember(verifier->replay, &token, now, err);
}

/* What can be known before a key is fetched; provisional until the signature is checked. */
static enum asap_code check_unsigned(const struct asap_verifier *verifier,
                                     const struct jws *jws,
                                     struct asap_claims **out,
                                     struct asap_error *err)
{
    TRY(check_algorithm(verifier, jws->algorithm, err));
    TRY(claims_parse(jws->claims.bytes, jws->claims.length, out, err));
    return claims_check(*out, &jws->kid, &verifier->policy, now_of(verifier), err);
}

static enum asap_code check_token(const struct asap_verifier *verifier,
                                  retriever_find find,
                                  const char *token,
                                  size_t token_length,
                                  struct asap_claims **out,
                                  struct asap_error *err)
{
    SCOPED(jws) struct jws jws = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;
    struct jws_header header;
    const bool is_known = known_headers_find(verifier->headers, token, token_length, &header);
    int64_t now = 0;

    *out = NULL;
    TRY(jws_parse_known(token, token_length, is_known ? &header : NULL, &jws, err));
    TRY(check_unsigned(verifier, &jws, &claims, err));
    TRY(check_signature(verifier, find, &jws, err));
    if (!is_known)
        known_headers_add(verifier->headers, &jws);
    now = now_of(verifier); /* fetching a key takes time */
    TRY(claims_check(claims, &jws.kid, &verifier->policy, now, err));
    TRY(check_replay(verifier, claims, now, err));
    memcpy(claims->key_id, jws.key_id, sizeof claims->key_id);
    *out = MOVE(claims);
    return ASAP_OK;
}

enum asap_code asap_verifier_check(struct asap_verifier *verifier,
                                   const char *token,
                                   size_t token_length,
                                   struct asap_claims **out,
                                   struct asap_error *err)
{
    return check_token(verifier, verifier->keys->find, token, token_length, out, err);
}

enum asap_code asap_verifier_try(struct asap_verifier *verifier,
                                 const char *token,
                                 size_t token_length,
                                 struct asap_claims **out,
                                 struct asap_error *err)
{
    return check_token(verifier, verifier->keys->find_cached, token, token_length, out, err);
}
