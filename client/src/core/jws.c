/* SPDX-License-Identifier: Apache-2.0 */
#include "jws.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base64url.h"
#include "fail.h"
#include "json.h"
#include "pem.h"

DEFINE_SCOPED(bignum, BIGNUM *, BN_free)
DEFINE_SCOPED(ecdsa_sig, ECDSA_SIG *, ECDSA_SIG_free)
DEFINE_SCOPED(openssl_bytes, unsigned char *, OPENSSL_free)

/* Bytes of the longest signature, RSA of 4096 bits. */
enum { SIGNATURE_BYTES = 512 };

/* Each would have us fetch, trust or run what the sender chose (RFC 8725 section 3). */
static const char *const refused_members[] = {
    "crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "zip", "enc", "cty",
};

/* A part of the token, still in base64url. */
struct part {
    const char *text;
    size_t length;
};

enum { HEADER, CLAIMS, SIGNATURE, PARTS };

static enum asap_code refuse_form(struct asap_error *err)
{
    return refuse(err, ASAP_REASON_TOKEN_FORM, "",
                  "the token does not consist of three non-empty parts between dots");
}

/* Exactly two dots, and something before, between and behind them. */
static enum asap_code
split(const char *token, size_t length, struct part parts[PARTS], struct asap_error *err)
{
    for (int i = HEADER; i < SIGNATURE; i++) {
        const char *dot = memchr(token, '.', length);

        if (dot == NULL)
            return refuse_form(err);
        parts[i] = (struct part){ token, (size_t)(dot - token) };
        length -= parts[i].length + 1;
        token = dot + 1;
    }
    parts[SIGNATURE] = (struct part){ token, length };
    if (parts[HEADER].length == 0 || parts[CLAIMS].length == 0 || length == 0
        || memchr(token, '.', length) != NULL)
        return refuse_form(err);
    if (parts[HEADER].length > JWS_HEADER_MAX || length > JWS_SIGNATURE_MAX)
        return refuse(err, ASAP_REASON_TOKEN_SIZE, "",
                      "the token's header is over %d characters or its signature over %d",
                      JWS_HEADER_MAX, JWS_SIGNATURE_MAX);
    return ASAP_OK;
}

static enum asap_code check_refused_members(const json_t *header, struct asap_error *err)
{
    for (size_t i = 0; i < sizeof refused_members / sizeof *refused_members; i++) {
        if (json_object_get(header, refused_members[i]) != NULL)
            return refuse(err, ASAP_REASON_HEADER, refused_members[i],
                          "the token's header has %s, which ASAP does not allow",
                          refused_members[i]);
    }
    return ASAP_OK;
}

static enum asap_code check_type(const json_t *header, struct asap_error *err)
{
    const json_t *type = json_object_get(header, "typ");

    if (type == NULL || (json_is_string(type) && strcasecmp(json_string_value(type), "JWT") == 0))
        return ASAP_OK;
    return refuse(err, ASAP_REASON_TYPE, "typ", "the token's typ is not JWT");
}

static enum asap_code read_algorithm(const json_t *header,
                                     const struct algorithm **out,
                                     struct asap_error *err)
{
    const json_t *name = json_object_get(header, "alg");

    *out = json_is_string(name) ? algorithm_find(json_string_value(name), json_string_length(name))
                                : NULL;
    if (*out != NULL)
        return ASAP_OK;
    return refuse(err, ASAP_REASON_ALGORITHM, "alg",
                  "the token's alg is missing or none of RS, PS or ES with 256, 384 or 512, or "
                  "EdDSA");
}

static enum asap_code read_key_id(const json_t *header, struct jws *out, struct asap_error *err)
{
    const json_t *kid = json_object_get(header, "kid");

    if (!json_is_string(kid) || json_string_length(kid) > KID_MAX)
        return refuse(err, ASAP_REASON_KID_GRAMMAR, "kid",
                      "the token's kid is missing, no string or over %d bytes", KID_MAX);
    memcpy(out->key_id, json_string_value(kid), json_string_length(kid));
    return kid_parse(out->key_id, json_string_length(kid), &out->kid, err);
}

static enum asap_code read_header(const struct buffer *text,
                                  struct jws *out,
                                  struct asap_error *err)
{
    SCOPED(json) json_t *header = NULL;

    TRY(json_read_object(text->bytes, text->length, &json_token_limits, "token header", &header,
                         err));
    TRY(check_refused_members(header, err));
    TRY(check_type(header, err));
    TRY(read_algorithm(header, &out->algorithm, err));
    return read_key_id(header, out, err);
}

static enum asap_code
parse(const char *token, size_t length, struct jws *out, struct asap_error *err)
{
    SCOPED(buffer) struct buffer header = BUFFER(JWS_HEADER_MAX);
    struct part parts[PARTS] = { { NULL, 0 } };

    if (length < JWS_TOKEN_MIN || length > JWS_TOKEN_MAX)
        return refuse(err, ASAP_REASON_TOKEN_SIZE, "",
                      "the token has %zu characters; %d to %d are allowed", length, JWS_TOKEN_MIN,
                      JWS_TOKEN_MAX);
    TRY(split(token, length, parts, err));
    TRY(base64url_decode(parts[HEADER].text, parts[HEADER].length, &header, err));
    TRY(base64url_decode(parts[CLAIMS].text, parts[CLAIMS].length, &out->claims, err));
    TRY(base64url_decode(parts[SIGNATURE].text, parts[SIGNATURE].length, &out->signature, err));
    out->token = token;
    out->signed_length = length - parts[SIGNATURE].length - 1;
    return read_header(&header, out, err);
}

enum asap_code jws_parse(const char *token, size_t length, struct jws *out, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    *out = (struct jws){ .claims = BUFFER(JWS_TOKEN_MAX), .signature = BUFFER(SIGNATURE_BYTES) };
    code = parse(token, length, out, err);
    if (code != ASAP_OK)
        jws_clear(out);
    return code;
}

void jws_clear(struct jws *jws)
{
    buffer_clear(&jws->claims);
    buffer_clear(&jws->signature);
    *jws = (struct jws){ 0 };
}

static enum asap_code refuse_fit(struct asap_error *err, const struct algorithm *algorithm)
{
    return refuse(err, ASAP_REASON_KEY_ALGORITHM, "alg",
                  "the key's type or curve is not the one of %s", algorithm->name);
}

static enum asap_code refuse_signature(struct asap_error *err)
{
    ERR_clear_error();
    return refuse(err, ASAP_REASON_SIGNATURE, "", "the token's signature is not by this key");
}

static enum asap_code fail_crypto(struct asap_error *err, const struct algorithm *algorithm)
{
    ERR_clear_error();
    return fail(err, ASAP_INTERNAL, "OpenSSL cannot compute %s with this key", algorithm->name);
}

/* Bytes of a signature by `key`: exactly so many, RFC 7518 sections 3.3 to 3.5. */
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

static bool is_in_range(const BIGNUM *number, const BIGNUM *order)
{
    return !BN_is_zero(number) && BN_cmp(number, order) < 0;
}

/* Raw r and s to the DER that OpenSSL takes; 0 when one of them is not in [1, n-1]. */
static size_t
der_from_raw(const struct buffer *raw, size_t coordinate, EVP_PKEY *key, unsigned char **out)
{
    SCOPED(ecdsa_sig) ECDSA_SIG *pair = ECDSA_SIG_new();
    SCOPED(bignum) BIGNUM *order = NULL;
    const unsigned char *bytes = (const unsigned char *)raw->bytes;
    BIGNUM *r = BN_bin2bn(bytes, (int)coordinate, NULL);
    BIGNUM *s = BN_bin2bn(bytes + coordinate, (int)coordinate, NULL);
    int length = 0;

    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return 0;
    }
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &order) != 1 || !is_in_range(r, order)
        || !is_in_range(s, order))
        return 0;
    length = i2d_ECDSA_SIG(pair, out);
    return length > 0 ? (size_t)length : 0;
}

/* The one place that accepts: OpenSSL says -1 for a malformed signature. */
static enum asap_code verify_bytes(const struct jws *jws,
                                   EVP_PKEY *key,
                                   const unsigned char *signature,
                                   size_t length,
                                   struct asap_error *err)
{
    SCOPED(md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */

    if (ctx == NULL
        || EVP_DigestVerifyInit_ex(ctx, &key_ctx, jws->algorithm->digest, NULL, NULL, key, NULL)
               != 1
        || !set_padding(jws->algorithm, key_ctx))
        return fail_crypto(err, jws->algorithm);
    if (EVP_DigestVerify(ctx, signature, length, (const unsigned char *)jws->token,
                         jws->signed_length)
        != 1)
        return refuse_signature(err);
    return ASAP_OK;
}

enum asap_code jws_verify(const struct jws *jws, EVP_PKEY *key, struct asap_error *err)
{
    SCOPED(openssl_bytes) unsigned char *der = NULL;
    size_t length = 0;

    if (!algorithm_fits(jws->algorithm, key))
        return refuse_fit(err, jws->algorithm);
    if (jws->signature.length != signature_length(jws->algorithm, key))
        return refuse_signature(err);
    if (jws->algorithm->coordinate == 0)
        return verify_bytes(jws, key, (const unsigned char *)jws->signature.bytes,
                            jws->signature.length, err);
    length = der_from_raw(&jws->signature, jws->algorithm->coordinate, key, &der);
    if (length == 0)
        return refuse_signature(err);
    return verify_bytes(jws, key, der, length, err);
}

/* Rewrites DER to raw r and s in place. */
static bool raw_from_der(unsigned char *bytes, size_t *length, size_t coordinate)
{
    const unsigned char *at = bytes;
    SCOPED(ecdsa_sig) ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)*length);

    *length = 2 * coordinate;
    return pair != NULL
           && BN_bn2binpad(ECDSA_SIG_get0_r(pair), bytes, (int)coordinate) == (int)coordinate
           && BN_bn2binpad(ECDSA_SIG_get0_s(pair), bytes + coordinate, (int)coordinate)
                  == (int)coordinate;
}

/* Signs what *out holds from `start` on, and appends a dot and the signature. */
static enum asap_code append_signature(const struct jws_signing *signing,
                                       size_t start,
                                       struct buffer *out,
                                       struct asap_error *err)
{
    SCOPED(md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const struct algorithm *algorithm = signing->algorithm;
    EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */
    unsigned char signature[SIGNATURE_BYTES] = { 0 };
    size_t length = sizeof signature;

    if (ctx == NULL
        || EVP_DigestSignInit_ex(ctx, &key_ctx, algorithm->digest, NULL, NULL, signing->key, NULL)
               != 1
        || !set_padding(algorithm, key_ctx)
        || EVP_DigestSign(ctx, signature, &length, (const unsigned char *)out->bytes + start,
                          out->length - start)
               != 1
        || (algorithm->coordinate > 0 && !raw_from_der(signature, &length, algorithm->coordinate)))
        return fail_crypto(err, algorithm);
    buffer_puts(out, ".");
    base64url_encode(signature, length, out);
    return buffer_check(out, "token", err);
}

static enum asap_code append_token(const struct jws_signing *signing,
                                   const char *claims,
                                   size_t claims_length,
                                   struct buffer *out,
                                   struct asap_error *err)
{
    SCOPED(buffer) struct buffer header = BUFFER(JWS_HEADER_MAX);
    const size_t start = out->length;

    buffer_printf(&header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
                  signing->algorithm->name, signing->key_id);
    TRY(buffer_check(&header, "token header", err));
    base64url_encode(header.bytes, header.length, out);
    buffer_puts(out, ".");
    base64url_encode(claims, claims_length, out);
    TRY(buffer_check(out, "token", err));
    return append_signature(signing, start, out, err);
}

enum asap_code jws_sign(const struct jws_signing *signing,
                        const char *claims,
                        size_t claims_length,
                        struct buffer *out,
                        struct asap_error *err)
{
    struct kid kid = { 0 };

    /* The grammar is also what makes escaping in JSON unnecessary. */
    if (kid_parse(signing->key_id, strlen(signing->key_id), &kid, err) != ASAP_OK)
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    if (!algorithm_fits(signing->algorithm, signing->key)) {
        (void)refuse_fit(err, signing->algorithm);
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    }
    return append_token(signing, claims, claims_length, out, err);
}
