/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_VERIFIER_FIXTURE_H
#define ASAP_TESTS_VERIFIER_FIXTURE_H

#include <asap/verifier.h>

#include <string.h>

#include "check_main.h"
#include "claims.h"
#include "fake_clock.h"
#include "jws.h"
#include "pem.h"
#include "retriever.h"
#include "test_keys.h"

/* A verifier before a repository that says what a test wants, at a moment that it sets. */

enum { NOW = 1795439700 };

DEFINE_SCOPED(verifier, struct asap_verifier *, asap_verifier_free)

enum { RSA_2048, P256, P384, P521, ED25519, KINDS };
static const char *const kinds[KINDS] = { "RSA", "P-256", "P-384", "P-521", "ED25519" };
static EVP_PKEY *key_pairs[KINDS];
static EVP_PKEY *stranger;

/* A repository with one key, or with an answer to every question. */
struct fake_retriever {
    struct asap_retriever base;
    const char *key_id;
    EVP_PKEY *key;
    enum asap_code code;
    enum asap_reason reason;
    struct fake_clock *clock; /* moved on by `seconds` while it fetches */
    int64_t seconds;
    int asked;
    bool is_held; /* the key is at hand without asking */
};

static inline enum asap_code find_fake(struct asap_retriever *retriever,
                                       const struct kid *kid,
                                       EVP_PKEY **out,
                                       struct asap_error *err)
{
    struct fake_retriever *self = (struct fake_retriever *)retriever;

    *out = NULL;
    self->asked++;
    if (self->clock != NULL)
        fake_clock_advance(self->clock, self->seconds);
    if (self->code != ASAP_OK) {
        *err = (struct asap_error){ .code = self->code, .reason = self->reason };
        return self->code;
    }
    if (strlen(self->key_id) != kid->length || memcmp(self->key_id, kid->text, kid->length) != 0) {
        *err = (struct asap_error){ ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_NOT_FOUND, "kid", "" };
        return ASAP_UNAUTHENTICATED;
    }
    ck_assert_int_eq(EVP_PKEY_up_ref(self->key), 1);
    *out = self->key;
    return ASAP_OK;
}

static inline enum asap_code find_held_fake(struct asap_retriever *retriever,
                                            const struct kid *kid,
                                            EVP_PKEY **out,
                                            struct asap_error *err)
{
    struct fake_retriever *self = (struct fake_retriever *)retriever;

    *out = NULL;
    if (!self->is_held)
        return ASAP_OK;
    self->asked--;
    return find_fake(retriever, kid, out, err);
}

static struct fake_clock test_clock;
static struct fake_retriever repository;

static inline void make_keys(void)
{
    for (int i = 0; i < KINDS; i++)
        key_pairs[i] = new_key(kinds[i]);
    stranger = new_key("P-256");
}

static inline void free_keys(void)
{
    for (int i = 0; i < KINDS; i++)
        EVP_PKEY_free(key_pairs[i]);
    EVP_PKEY_free(stranger);
}

/* The key of web/api is P-256, unless a test says otherwise. */
static inline void set_up(void)
{
    test_clock.seconds = NOW;
    repository = (struct fake_retriever){ .base.find = find_fake,
                                          .base.find_cached = find_held_fake,
                                          .key_id = "web/api/key.pem",
                                          .key = key_pairs[P256] };
}

static const char *const audiences[] = { "orders", "billing", NULL };

static inline struct asap_verifier_options good_options(void)
{
    return (struct asap_verifier_options){ .audiences = audiences,
                                           .leeway_seconds = -1,
                                           .clock = fake_clock_of(&test_clock) };
}

static inline struct asap_verifier *new_verifier(const struct asap_verifier_options *options)
{
    struct asap_verifier *verifier = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_verifier_new(&repository.base, options, &verifier, &err));
    return verifier;
}

#define CLAIMS_OF(issuer, rest) "{\"iss\":\"" issuer "\",\"aud\":\"orders\"," rest "}"
#define LIVE "\"jti\":\"1\",\"iat\":1795439700,\"exp\":1795439760"
#define GOOD CLAIMS_OF("web/api", LIVE)

static inline void
sign(struct buffer *token, const char *algorithm, EVP_PKEY *key, const char *claims)
{
    const struct jws_signing signing = { algorithm_find(algorithm, strlen(algorithm)), key,
                                         "web/api/key.pem" };
    struct asap_error err = { 0 };

    ck_assert_succeeds(jws_sign(&signing, claims, strlen(claims), token, &err));
}

/* What a verifier says of a token; the reason of the refusal, or none. */
static inline enum asap_reason check_token(struct asap_verifier *verifier,
                                           const struct buffer *token,
                                           struct asap_error *err)
{
    SCOPED(claims) struct asap_claims *claims = NULL;

    if (asap_verifier_check(verifier, token->bytes, token->length, &claims, err) == ASAP_OK)
        return ASAP_REASON_NONE;
    ck_assert_ptr_null(claims);
    return err->reason;
}

/* The same of claims that the right key signs. */
static inline enum asap_reason check_claims(struct asap_verifier *verifier, const char *claims)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    sign(&token, "ES256", key_pairs[P256], claims);
    return check_token(verifier, &token, &err);
}

static inline TCase *new_case(const char *name)
{
    TCase *tests = tcase_create(name);

    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, make_keys, free_keys);
    tcase_add_checked_fixture(tests, set_up, NULL);
    return tests;
}

#endif
