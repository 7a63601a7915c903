/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever_jwk.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <string.h>

#include "algorithm.h"
#include "base64url.h"
#include "fail.h"
#include "pem.h"
#include "scoped.h"

DEFINE_SCOPED(bignum, BIGNUM *, BN_free)
DEFINE_SCOPED(param_bld, OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)
DEFINE_SCOPED(params, OSSL_PARAM *, OSSL_PARAM_free)

enum { RSA_MAX = 512, POINT_UNCOMPRESSED = 0x04, POINT_MAX = 1 + 2 * 66, ED25519_SIZE = 32 };

static const struct curve {
    const char *name;  /* JOSE's */
    const char *group; /* OpenSSL's */
    size_t coordinate;
} curves[] = {
    { "P-256", "prime256v1", 32 },
    { "P-384", "secp384r1", 48 },
    { "P-521", "secp521r1", 66 },
};

static enum asap_code refuse_jwk(struct asap_error *err, const char *why)
{
    return refuse(err, ASAP_REASON_KEY_REFUSED, "", "%s", why);
}

static const char *text_of(const json_t *jwk, const char *member)
{
    const char *text = json_string_value(json_object_get(jwk, member));

    return text != NULL ? text : "";
}

static bool has_text(const json_t *jwk, const char *member, const char *text)
{
    return strcmp(text_of(jwk, member), text) == 0;
}

static bool may_verify(const json_t *operations)
{
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const char *operation = json_string_value(json_array_get(operations, i));

        if (operation != NULL && strcmp(operation, "verify") == 0)
            return true;
    }
    return false;
}

bool jwk_is_for_signatures(const json_t *jwk)
{
    const json_t *operations = json_object_get(jwk, "key_ops");

    return (json_object_get(jwk, "use") == NULL || has_text(jwk, "use", "sig"))
           && (operations == NULL || may_verify(operations));
}

/* Exactly `length` bytes, or for 0 a number without zeros before it. */
static bool read_bytes(const json_t *jwk, const char *member, size_t length, struct buffer *out)
{
    const char *text = text_of(jwk, member);

    if (base64url_decode(text, strlen(text), out, NULL) != ASAP_OK || out->length == 0)
        return false;
    return length > 0 ? out->length == length : out->bytes[0] != '\0';
}

static bool make_key(const char *type, OSSL_PARAM *params, EVP_PKEY **out)
{
    SCOPED(pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    return ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1
           && EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1;
}

static bool push_number(OSSL_PARAM_BLD *builder, const char *name, const BIGNUM *number)
{
    return number != NULL && OSSL_PARAM_BLD_push_BN(builder, name, number) == 1;
}

static BIGNUM *number_of(const struct buffer *bytes)
{
    return BN_bin2bn((const unsigned char *)bytes->bytes, (int)bytes->length, NULL);
}

static bool read_rsa(const json_t *jwk, EVP_PKEY **out)
{
    SCOPED(buffer) struct buffer modulus = BUFFER(RSA_MAX);
    SCOPED(buffer) struct buffer exponent = BUFFER(RSA_MAX);
    SCOPED(bignum) BIGNUM *n = NULL;
    SCOPED(bignum) BIGNUM *e = NULL;
    SCOPED(param_bld) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    SCOPED(params) OSSL_PARAM *params = NULL;

    if (!read_bytes(jwk, "n", 0, &modulus) || !read_bytes(jwk, "e", 0, &exponent))
        return false;
    n = number_of(&modulus);
    e = number_of(&exponent);
    if (builder == NULL || !push_number(builder, OSSL_PKEY_PARAM_RSA_N, n)
        || !push_number(builder, OSSL_PKEY_PARAM_RSA_E, e))
        return false;
    params = OSSL_PARAM_BLD_to_param(builder);
    return make_key("RSA", params, out);
}

static const struct curve *curve_of(const json_t *jwk)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (has_text(jwk, "crv", curves[i].name))
            return &curves[i];
    return NULL;
}

/* OpenSSL refuses a point that is not on the curve. */
static bool read_ec(const json_t *jwk, EVP_PKEY **out)
{
    SCOPED(buffer) struct buffer x = BUFFER(POINT_MAX);
    SCOPED(buffer) struct buffer y = BUFFER(POINT_MAX);
    SCOPED(param_bld) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    SCOPED(params) OSSL_PARAM *params = NULL;
    const struct curve *curve = curve_of(jwk);
    unsigned char point[POINT_MAX] = { POINT_UNCOMPRESSED };

    if (builder == NULL || curve == NULL || !read_bytes(jwk, "x", curve->coordinate, &x)
        || !read_bytes(jwk, "y", curve->coordinate, &y))
        return false;
    memcpy(point + 1, x.bytes, x.length);
    memcpy(point + 1 + x.length, y.bytes, y.length);
    if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) != 1
        || OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
                                            1 + x.length + y.length)
               != 1)
        return false;
    params = OSSL_PARAM_BLD_to_param(builder);
    return make_key("EC", params, out);
}

static bool read_okp(const json_t *jwk, EVP_PKEY **out)
{
    SCOPED(buffer) struct buffer x = BUFFER(ED25519_SIZE);

    if (!has_text(jwk, "crv", "Ed25519") || !read_bytes(jwk, "x", ED25519_SIZE, &x))
        return false;
    *out = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.bytes,
                                       x.length);
    return *out != NULL;
}

static const struct {
    const char *name;
    bool (*read)(const json_t *jwk, EVP_PKEY **out);
    const char *malformed;
} types[] = {
    { "RSA", read_rsa, "its n or e is no number in base64url without zeros before it" },
    { "EC", read_ec, "its crv is none of P-256, P-384 and P-521, or x and y are no point on it" },
    { "OKP", read_okp, "its crv is not Ed25519, or x is no key of 32 bytes in base64url" },
};

static enum asap_code read_type(const json_t *jwk, EVP_PKEY **out, struct asap_error *err)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!has_text(jwk, "kty", types[i].name))
            continue;
        if (types[i].read(jwk, out))
            return ASAP_OK;
        ERR_clear_error();
        return refuse_jwk(err, types[i].malformed);
    }
    return refuse_jwk(err, "its kty is none of RSA, EC and OKP");
}

enum asap_code jwk_read(const json_t *jwk, EVP_PKEY **out, struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    const char *name = text_of(jwk, "alg");
    const struct algorithm *algorithm = algorithm_find(name, strlen(name));

    *out = NULL;
    if (json_object_get(jwk, "d") != NULL || json_object_get(jwk, "k") != NULL)
        return refuse_jwk(err, "it is a private or secret key, which must not be published");
    TRY(read_type(jwk, &key, err));
    if (json_object_get(jwk, "alg") != NULL
        && (algorithm == NULL || !algorithm_fits(algorithm, key)))
        return refuse_jwk(err, "its alg does not fit the key, or is not supported");
    *out = MOVE(key);
    return ASAP_OK;
}
