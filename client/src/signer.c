/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/signer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "copy_strings.h"
#include "fail.h"
#include "jws.h"
#include "pem.h"
#include "signer_source.h"
#include "system_clock.h"

enum asap_code signing_key_init(struct signing_key *out,
                                const struct kid *kid,
                                EVP_PKEY **key,
                                const struct algorithm *algorithm,
                                struct asap_error *err)
{
    const struct algorithm *fitting = algorithm != NULL ? algorithm : algorithm_default_for(*key);

    if (fitting == NULL || !algorithm_fits(fitting, *key)) {
        (void)refuse(err, ASAP_REASON_KEY_ALGORITHM, "algorithm",
                     "the private key cannot sign with %s (leave the algorithm out)",
                     fitting != NULL ? fitting->name : "any algorithm");
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    }
    *out = (struct signing_key){ .key = MOVE(*key), .algorithm = fitting };
    memcpy(out->key_id, kid->text, kid->length);
    return ASAP_OK;
}

enum asap_code signing_key_copy(struct signing_key *out,
                                const struct signing_key *from,
                                struct asap_error *err)
{
    if (EVP_PKEY_up_ref(from->key) != 1)
        return fail(err, ASAP_INTERNAL, "the private key cannot be shared");
    *out = *from;
    return ASAP_OK;
}

void signing_key_clear(struct signing_key *key)
{
    EVP_PKEY_free(key->key);
    *key = (struct signing_key){ 0 };
}

static enum asap_code find_algorithm(const struct asap_signer_options *options,
                                     const struct algorithm **out,
                                     struct asap_error *err)
{
    *out = NULL;
    if (options->algorithm == NULL)
        return ASAP_OK;
    *out = algorithm_find(options->algorithm, strlen(options->algorithm));
    if (*out == NULL)
        return fail_field(err, "algorithm",
                          "there is no such algorithm; choose RS, PS or ES with 256, 384 or 512, "
                          "or EdDSA");
    return ASAP_OK;
}

enum asap_code signer_check_issuer(const char *issuer, struct asap_error *err)
{
    SCOPED(buffer) struct buffer key_id = BUFFER(KID_MAX);
    struct kid kid = { 0 };

    buffer_printf(&key_id, "%s/k", issuer);
    if (key_id.failed || kid_parse(key_id.bytes, key_id.length, &kid, NULL) != ASAP_OK)
        return fail_field(err, "issuer",
                          "the issuer is not segments of A-Z a-z 0-9 . _ + - joined by /");
    return ASAP_OK;
}

/* With what goes without saying written out, so that equal requests look equal. */
static struct asap_token_request complete_request(const struct key_signer *signer,
                                                  const struct asap_token_request *request)
{
    struct asap_token_request complete = *request;

    if (complete.audiences == NULL)
        complete.audiences = (const char *const *)signer->audiences;
    if (complete.subject == NULL)
        complete.subject = signer->issuer;
    if (complete.lifetime_seconds == 0)
        complete.lifetime_seconds = SIGNER_DEFAULT_LIFETIME;
    return complete;
}

static enum asap_code take_context(const struct key_signer *signer,
                                   const struct signing_key *key,
                                   struct signature_context **out,
                                   struct asap_error *err)
{
    const enum asap_code code =
        context_pool_take(signer->contexts, key->algorithm, key->key, out, err);

    return code == ASAP_UNAUTHENTICATED ? fail_as(err, ASAP_INVALID_ARGUMENT) : code;
}

static enum asap_code sign_anew(const struct key_signer *signer,
                                const struct signing_key *key,
                                const struct asap_token_request *request,
                                int64_t now,
                                char **token,
                                struct asap_error *err)
{
    SCOPED(buffer) struct buffer written = BUFFER(JWS_TOKEN_MAX);
    SCOPED(buffer) struct buffer text = BUFFER(JWS_TOKEN_MAX);
    SCOPED(signature_context) struct signature_context *context = NULL;
    const struct claims_request claims = {
        .issuer = signer->issuer,
        .subject = request->subject,
        .audiences = request->audiences,
        .lifetime = request->lifetime_seconds,
        .additional = request->additional_claims,
    };

    TRY(claims_write(&claims, now, &written, err));
    TRY(take_context(signer, key, &context, err));
    TRY(jws_sign_with(context, key->key_id, written.bytes, written.length, &text, err));
    context_pool_give(signer->contexts, &context);
    return buffer_take(&text, "token", token, err);
}

static enum asap_code sign_with_key(struct asap_signer *signer,
                                    const struct asap_token_request *asked,
                                    char **token,
                                    struct asap_error *err)
{
    struct key_signer *self = (struct key_signer *)signer;
    const struct asap_token_request request = complete_request(self, asked);
    const int64_t now = self->clock.now(self->clock.context);
    SCOPED(signing_key) struct signing_key key = { 0 };

    TRY(self->current(self, &key, err));
    if (self->reuse == NULL)
        return sign_anew(self, &key, &request, now, token, err);
    TRY(signer_reuse_find(self->reuse, key.key, &request, now, token, err));
    if (*token != NULL)
        return ASAP_OK;
    TRY(sign_anew(self, &key, &request, now, token, err));
    signer_reuse_put(self->reuse, key.key, &request, now, *token);
    return ASAP_OK;
}

static enum asap_code check_reuse(const struct asap_signer_options *options, struct asap_error *err)
{
    if (options->reuse_percent < 0 || options->reuse_percent > SIGNER_REUSE_MAX)
        return fail_field(err, "reuse_percent",
                          "tokens are reused for 0 to %d percent of their life", SIGNER_REUSE_MAX);
    return ASAP_OK;
}

static enum asap_code check_audiences(const char *const *audiences, struct asap_error *err)
{
    size_t count = 0;

    if (audiences == NULL)
        return ASAP_OK;
    for (; audiences[count] != NULL; count++)
        if (*audiences[count] == '\0')
            return fail_field(err, "audiences", "one of the audiences is empty");
    if (count == 0 || count > CLAIMS_MAX_AUDIENCES)
        return fail_field(err, "audiences", "there are %zu audiences, not 1 to %d", count,
                          CLAIMS_MAX_AUDIENCES);
    return ASAP_OK;
}

static enum asap_code take_options(struct key_signer *signer,
                                   const struct asap_signer_options *options,
                                   struct asap_error *err)
{
    TRY(find_algorithm(options, &signer->algorithm, err));
    TRY(check_reuse(options, err));
    TRY(check_audiences(options->audiences, err));
    TRY(copy_strings(options->audiences, &signer->audiences, err));
    signer->clock = clock_or_system(options->clock);
    signer->passphrase = options->passphrase;
    TRY(context_pool_new(SIGNATURE_MAKE, &signer->contexts, err));
    if (options->reuse_percent == 0)
        return ASAP_OK;
    return signer_reuse_new(options->reuse_percent, options->reuse_entries, &signer->reuse, err);
}

enum asap_code key_signer_init(struct key_signer *signer,
                               const struct kid *kid,
                               const struct asap_signer_options *options,
                               struct asap_error *err)
{
    static const struct asap_signer_options defaults = { .algorithm = NULL };

    signer->base.sign = sign_with_key;
    memcpy(signer->issuer, kid->issuer, kid->issuer_length);
    return take_options(signer, options != NULL ? options : &defaults, err);
}

void key_signer_clear(struct key_signer *signer)
{
    signer_reuse_free(signer->reuse);
    context_pool_free(signer->contexts);
    free(signer->audiences);
}

struct one_key_signer {
    struct key_signer signer;
    struct signing_key key;
};

static enum asap_code current_of_one(struct key_signer *signer,
                                     struct signing_key *out,
                                     struct asap_error *err)
{
    const struct one_key_signer *self = (const struct one_key_signer *)signer;

    return signing_key_copy(out, &self->key, err);
}

static void free_one(struct asap_signer *signer)
{
    struct one_key_signer *self = (struct one_key_signer *)signer;

    signing_key_clear(&self->key);
    key_signer_clear(&self->signer);
    free(self);
}

static struct asap_signer *new_one_key_signer(void)
{
    struct one_key_signer *self = calloc(1, sizeof *self);

    if (self == NULL)
        return NULL;
    self->signer.current = current_of_one;
    self->signer.base.free = free_one;
    return &self->signer.base;
}

enum asap_code signer_from_key(const struct kid *kid,
                               EVP_PKEY **key,
                               const struct asap_signer_options *options,
                               struct asap_signer **out,
                               struct asap_error *err)
{
    SCOPED(asap_signer) struct asap_signer *signer = new_one_key_signer();
    struct one_key_signer *self = (struct one_key_signer *)signer;

    *out = NULL;
    if (self == NULL)
        return fail_memory(err);
    TRY(key_signer_init(&self->signer, kid, options, err));
    TRY(signing_key_init(&self->key, kid, key, self->signer.algorithm, err));
    *out = MOVE(signer);
    return ASAP_OK;
}

enum asap_code asap_signer_from_pem(const char *key_id,
                                    const char *pem,
                                    size_t pem_length,
                                    const struct asap_signer_options *options,
                                    struct asap_signer **out,
                                    struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct kid kid = { 0 };

    *out = NULL;
    if (kid_parse(key_id, strlen(key_id), &kid, err) != ASAP_OK)
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    TRY(pem_decrypt_private(pem, pem_length, passphrase_of(options), &key, err));
    return signer_from_key(&kid, &key, options, out, err);
}

enum asap_code asap_signer_sign(struct asap_signer *signer,
                                const struct asap_token_request *request,
                                char **token,
                                struct asap_error *err)
{
    *token = NULL;
    return signer->sign(signer, request, token, err);
}

void asap_signer_free(struct asap_signer *signer)
{
    if (signer != NULL)
        signer->free(signer);
}
