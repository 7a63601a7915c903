/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "pem.h"

struct signature_context {
    const struct algorithm *algorithm;
    EVP_PKEY *key;
    size_t signature_length; /* exactly so many bytes, RFC 7518 sections 3.3 to 3.5 */
    EVP_MD_CTX *digest;      /* EdDSA: signs and verifies as well */
    EVP_MD *kind;            /* of digest; NULL: EdDSA, which has no digest of its own */
    EVP_PKEY_CTX *operation; /* on a digest; NULL: EdDSA */
    BIGNUM *order;           /* of the curve; NULL but for ES*, as is what follows */
    ECDSA_SIG *pair;         /* the last signature, whose memory serves the next one */
    BIGNUM *r, *s;           /* pair's */
};

void signature_context_free(struct signature_context *context)
{
    if (context == NULL)
        return;
    ECDSA_SIG_free(context->pair);
    BN_free(context->order);
    EVP_PKEY_CTX_free(context->operation);
    EVP_MD_free(context->kind);
    EVP_MD_CTX_free(context->digest);
    EVP_PKEY_free(context->key);
    free(context);
}

static enum asap_code fail_crypto(struct asap_error *err, const struct algorithm *algorithm)
{
    ERR_clear_error();
    return fail(err, ASAP_INTERNAL, "OpenSSL cannot compute %s with this key", algorithm->name);
}

static enum asap_code refuse_signature(struct asap_error *err)
{
    ERR_clear_error();
    return refuse(err, ASAP_REASON_SIGNATURE, "", "the token's signature is not by this key");
}

static size_t signature_length(const struct algorithm *algorithm, EVP_PKEY *key)
{
    const int size = EVP_PKEY_get_size(key);

    if (algorithm->coordinate > 0)
        return 2 * algorithm->coordinate;
    return size > 0 ? (size_t)size : 0;
}

/* Never left to defaults: OpenSSL's PSS takes any salt length when it verifies. */
static bool set_padding(const struct algorithm *algorithm, EVP_PKEY_CTX *ctx)
{
    if (strcmp(algorithm->key_type, "RSA") != 0)
        return true;
    if (!algorithm->pss)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1
           && EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, algorithm->digest, NULL) == 1
           && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool start_pair(struct signature_context *context)
{
    BIGNUM *r = BN_new();
    BIGNUM *s = BN_new();

    context->pair = ECDSA_SIG_new();
    if (context->pair == NULL || ECDSA_SIG_set0(context->pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    context->r = r;
    context->s = s;
    return EVP_PKEY_get_bn_param(context->key, OSSL_PKEY_PARAM_EC_ORDER, &context->order) == 1;
}

static bool start_operation(struct signature_context *context, enum signature_use use)
{
    const struct algorithm *algorithm = context->algorithm;

    context->kind = EVP_MD_fetch(NULL, algorithm->digest, NULL);
    context->operation = EVP_PKEY_CTX_new_from_pkey(NULL, context->key, NULL);
    return context->kind != NULL && context->operation != NULL
           && (use == SIGNATURE_MAKE ? EVP_PKEY_sign_init(context->operation)
                                     : EVP_PKEY_verify_init(context->operation))
                  == 1
           && set_padding(algorithm, context->operation)
           && EVP_PKEY_CTX_set_signature_md(context->operation, context->kind) == 1
           && (algorithm->coordinate == 0 || start_pair(context));
}

static bool start_whole_text(struct signature_context *context, enum signature_use use)
{
    EVP_MD_CTX *ctx = context->digest;

    return (use == SIGNATURE_MAKE
                ? EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, context->key, NULL)
                : EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, context->key, NULL))
           == 1;
}

static bool start(struct signature_context *context, enum signature_use use)
{
    context->digest = EVP_MD_CTX_new();
    context->signature_length = signature_length(context->algorithm, context->key);
    if (context->digest == NULL)
        return false;
    return context->algorithm->digest != NULL ? start_operation(context, use)
                                              : start_whole_text(context, use);
}

enum asap_code signature_context_new(const struct algorithm *algorithm,
                                     EVP_PKEY *key,
                                     enum signature_use use,
                                     struct signature_context **out,
                                     struct asap_error *err)
{
    SCOPED(signature_context) struct signature_context *context = NULL;

    *out = NULL;
    if (!algorithm_fits(algorithm, key))
        return refuse(err, ASAP_REASON_KEY_ALGORITHM, "alg",
                      "the key's type or curve is not the one of %s", algorithm->name);
    context = calloc(1, sizeof *context);
    if (context == NULL || EVP_PKEY_up_ref(key) != 1)
        return fail_memory(err);
    context->algorithm = algorithm;
    context->key = key;
    if (!start(context, use))
        return fail_crypto(err, algorithm);
    *out = MOVE(context);
    return ASAP_OK;
}

const struct algorithm *signature_context_algorithm(const struct signature_context *context)
{
    return context->algorithm;
}

const EVP_PKEY *signature_context_key(const struct signature_context *context)
{
    return context->key;
}

static bool hash(struct signature_context *context,
                 struct signature_bytes text,
                 unsigned char *out,
                 size_t *length)
{
    unsigned written = 0;
    const bool is_hashed = EVP_DigestInit_ex2(context->digest, context->kind, NULL) == 1
                           && EVP_DigestUpdate(context->digest, text.at, text.length) == 1
                           && EVP_DigestFinal_ex(context->digest, out, &written) == 1;

    *length = written;
    return is_hashed;
}

static bool is_in_range(const BIGNUM *number, const BIGNUM *order)
{
    return !BN_is_zero(number) && BN_cmp(number, order) < 0;
}

/* Raw r and s to the DER that OpenSSL takes; 0 when one of them is not in [1, n-1]. */
static size_t der_from_raw(struct signature_context *context,
                           const unsigned char *raw,
                           unsigned char out[SIGNATURE_MAX])
{
    const int coordinate = (int)context->algorithm->coordinate;
    int length = 0;

    if (BN_bin2bn(raw, coordinate, context->r) == NULL
        || BN_bin2bn(raw + coordinate, coordinate, context->s) == NULL
        || !is_in_range(context->r, context->order) || !is_in_range(context->s, context->order))
        return 0;
    length = i2d_ECDSA_SIG(context->pair, &out);
    return length > 0 ? (size_t)length : 0;
}

/* What OpenSSL says of the signature: 1 is yes, and -1 is no, too, for one that is malformed. */
static int ask_whole_text(struct signature_context *context,
                          struct signature_bytes text,
                          struct signature_bytes signature)
{
    /* Without a key: begins anew with the one that is there. */
    if (EVP_DigestVerifyInit_ex(context->digest, NULL, NULL, NULL, NULL, NULL, NULL) != 1)
        return 0;
    return EVP_DigestVerify(context->digest, signature.at, signature.length, text.at, text.length);
}

static int ask_operation(struct signature_context *context,
                         struct signature_bytes text,
                         struct signature_bytes signature)
{
    unsigned char der[SIGNATURE_MAX];
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t length = 0;

    if (context->order != NULL) {
        signature.length = der_from_raw(context, signature.at, der);
        signature.at = der;
    }
    if (signature.length == 0 || !hash(context, text, digest, &length))
        return 0;
    return EVP_PKEY_verify(context->operation, signature.at, signature.length, digest, length);
}

/* The one place that accepts. */
enum asap_code signature_check(struct signature_context *context,
                               struct signature_bytes text,
                               struct signature_bytes signature,
                               struct asap_error *err)
{
    int answer = 0;

    if (signature.length != context->signature_length)
        return refuse_signature(err);
    answer = context->operation != NULL ? ask_operation(context, text, signature)
                                        : ask_whole_text(context, text, signature);
    return answer == 1 ? ASAP_OK : refuse_signature(err);
}

/* Rewrites DER to raw r and s in place. */
static bool raw_from_der(struct signature_context *context, unsigned char *bytes, size_t *length)
{
    const int coordinate = (int)context->algorithm->coordinate;
    const unsigned char *at = bytes;

    if (d2i_ECDSA_SIG(&context->pair, &at, (long)*length) == NULL)
        return false;
    *length = 2 * context->algorithm->coordinate;
    return BN_bn2binpad(context->r, bytes, coordinate) == coordinate
           && BN_bn2binpad(context->s, bytes + coordinate, coordinate) == coordinate;
}

static bool sign_whole_text(struct signature_context *context,
                            struct signature_bytes text,
                            unsigned char *out,
                            size_t *length)
{
    return EVP_DigestSignInit_ex(context->digest, NULL, NULL, NULL, NULL, NULL, NULL) == 1
           && EVP_DigestSign(context->digest, out, length, text.at, text.length) == 1;
}

static bool sign_digest(struct signature_context *context,
                        struct signature_bytes text,
                        unsigned char *out,
                        size_t *length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t digest_length = 0;

    return hash(context, text, digest, &digest_length)
           && EVP_PKEY_sign(context->operation, out, length, digest, digest_length) == 1
           && (context->pair == NULL || raw_from_der(context, out, length));
}

enum asap_code signature_make(struct signature_context *context,
                              struct signature_bytes text,
                              unsigned char out[SIGNATURE_MAX],
                              size_t *length,
                              struct asap_error *err)
{
    *length = SIGNATURE_MAX;
    if (context->operation != NULL ? sign_digest(context, text, out, length)
                                   : sign_whole_text(context, text, out, length))
        return ASAP_OK;
    return fail_crypto(err, context->algorithm);
}
