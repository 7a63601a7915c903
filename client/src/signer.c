/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/signer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
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
    if (options == NULL || options->algorithm == NULL)
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

static enum asap_code write_claims(const struct key_signer *signer,
                                   const struct asap_token_request *request,
                                   struct buffer *out,
                                   struct asap_error *err)
{
    const int64_t lifetime =
        request->lifetime_seconds != 0 ? request->lifetime_seconds : SIGNER_DEFAULT_LIFETIME;
    const struct claims_request claims = {
        .issuer = signer->issuer,
        .subject = request->subject,
        .audiences = request->audiences,
        .lifetime = lifetime,
        .additional = request->additional_claims,
    };

    return claims_write(&claims, signer->clock.now(signer->clock.context), out, err);
}

static enum asap_code sign_with_key(struct asap_signer *signer,
                                    const struct asap_token_request *request,
                                    char **token,
                                    struct asap_error *err)
{
    struct key_signer *self = (struct key_signer *)signer;
    SCOPED(signing_key) struct signing_key key = { 0 };
    SCOPED(buffer) struct buffer claims = BUFFER(JWS_TOKEN_MAX);
    SCOPED(buffer) struct buffer text = BUFFER(JWS_TOKEN_MAX);
    struct jws_signing signing = { 0 };

    TRY(write_claims(self, request, &claims, err));
    TRY(self->current(self, &key, err));
    signing = (struct jws_signing){ key.algorithm, key.key, key.key_id };
    TRY(jws_sign(&signing, claims.bytes, claims.length, &text, err));
    return buffer_take(&text, "token", token, err);
}

enum asap_code key_signer_init(struct key_signer *signer,
                               const struct kid *kid,
                               const struct asap_signer_options *options,
                               struct asap_error *err)
{
    signer->base.sign = sign_with_key;
    TRY(find_algorithm(options, &signer->algorithm, err));
    signer->clock = clock_or_system(options != NULL ? options->clock : (struct asap_clock){ 0 });
    memcpy(signer->issuer, kid->issuer, kid->issuer_length);
    return ASAP_OK;
}

struct pem_signer {
    struct key_signer signer;
    struct signing_key key;
};

static enum asap_code current_pem(struct key_signer *signer,
                                  struct signing_key *out,
                                  struct asap_error *err)
{
    const struct pem_signer *self = (const struct pem_signer *)signer;

    return signing_key_copy(out, &self->key, err);
}

static void free_pem(struct asap_signer *signer)
{
    struct pem_signer *self = (struct pem_signer *)signer;

    signing_key_clear(&self->key);
    free(self);
}

static const struct key_signer pem_signer = { .base.free = free_pem, .current = current_pem };

enum asap_code asap_signer_from_pem(const char *key_id,
                                    const char *pem,
                                    size_t pem_length,
                                    const struct asap_signer_options *options,
                                    struct asap_signer **out,
                                    struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(signing_key) struct signing_key signing = { 0 };
    struct key_signer signer = pem_signer;
    struct pem_signer *self = NULL;
    struct kid kid = { 0 };

    *out = NULL;
    if (kid_parse(key_id, strlen(key_id), &kid, err) != ASAP_OK)
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    TRY(key_signer_init(&signer, &kid, options, err));
    TRY(pem_read_private(pem, pem_length, &key, err));
    TRY(signing_key_init(&signing, &kid, &key, signer.algorithm, err));
    self = calloc(1, sizeof *self);
    if (self == NULL)
        return fail_memory(err);
    *self = (struct pem_signer){ .signer = signer, .key = signing };
    signing = (struct signing_key){ 0 };
    *out = &self->signer.base;
    return ASAP_OK;
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
