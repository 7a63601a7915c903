/* SPDX-License-Identifier: Apache-2.0 */
#include "spki.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "fail.h"
#include "pem.h"
#include "scoped.h"

DEFINE_SCOPED(bignum, BIGNUM *, BN_free)
DEFINE_SCOPED(param_bld, OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)
DEFINE_SCOPED(params, OSSL_PARAM *, OSSL_PARAM_free)
DEFINE_SCOPED(algor, X509_ALGOR *, X509_ALGOR_free)

enum tag { INTEGER = 0x02, BIT_STRING = 0x03, SEQUENCE = 0x30 };

enum { LONG_FORM = 0x80, SIGN_BIT = 0x80, POINT_UNCOMPRESSED = 0x04 };

/* What is left to read. */
struct der {
    const unsigned char *at;
    size_t left;
};

/* One kind of key that is taken: its AlgorithmIdentifier, byte by byte. */
struct kind {
    unsigned char algorithm[24];
    size_t algorithm_length;
    const char *group; /* OpenSSL's name of the curve, NULL but for EC */
    size_t key_length; /* bytes of the key itself; 0 for RSA, which is read further */
};

static const struct kind kinds[] = {
    { "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 15, NULL, 0 },
    { "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 21,
      "prime256v1", 65 },
    { "\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22", 18, "secp384r1",
      97 },
    { "\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23", 18, "secp521r1",
      133 },
    { "\x30\x05\x06\x03\x2b\x65\x70", 7, NULL, 32 },
};

static enum asap_code refuse_key(struct asap_error *err, const char *why)
{
    (void)refuse(err, ASAP_REASON_KEY_REFUSED, "", "%s", why);
    return fail_as(err, ASAP_INVALID_ARGUMENT);
}

static enum asap_code refuse_encoding(struct asap_error *err)
{
    return refuse_key(err,
                      "the public key is not canonical DER (write it anew: openssl pkey -pubin)");
}

/* The length octets of DER: the shortest form, at most 65535. */
static bool read_length(struct der *in, size_t *out)
{
    size_t octets = 0;

    if (in->left == 0)
        return false;
    *out = *in->at++;
    in->left--;
    if (*out < LONG_FORM)
        return true;
    octets = *out - LONG_FORM;
    if (octets < 1 || octets > 2 || octets > in->left || in->at[0] == 0)
        return false;
    *out = octets == 1 ? in->at[0] : (size_t)in->at[0] << CHAR_BIT | in->at[1];
    in->at += octets;
    in->left -= octets;
    return *out >= LONG_FORM;
}

/* Steps over one element and leaves its content in *content. */
static bool enter(struct der *in, enum tag tag, struct der *content)
{
    size_t length = 0;

    if (in->left == 0 || *in->at != tag)
        return false;
    in->at++;
    in->left--;
    if (!read_length(in, &length) || length > in->left)
        return false;
    *content = (struct der){ in->at, length };
    in->at += length;
    in->left -= length;
    return true;
}

/* A positive INTEGER in its shortest form, as an unsigned number without the sign octet. */
static bool read_positive(struct der *in, struct der *number)
{
    if (!enter(in, INTEGER, number) || number->left == 0 || (number->at[0] & SIGN_BIT) != 0)
        return false;
    if (number->at[0] != 0)
        return true;
    number->at++;
    number->left--;
    return number->left > 0 && (number->at[0] & SIGN_BIT) != 0;
}

/* Leaves the bytes of the BIT STRING in *key; it has no unused bits. */
static bool read_bits(struct der *in, struct der *key)
{
    if (!enter(in, BIT_STRING, key) || key->left < 2 || key->at[0] != 0)
        return false;
    key->at++;
    key->left--;
    return true;
}

static bool make_key(const char *type, OSSL_PARAM *params, EVP_PKEY **out)
{
    SCOPED(pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    return ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1
           && EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1;
}

static bool make_rsa(struct der modulus, struct der exponent, EVP_PKEY **out)
{
    SCOPED(bignum) BIGNUM *n = BN_bin2bn(modulus.at, (int)modulus.left, NULL);
    SCOPED(bignum) BIGNUM *e = BN_bin2bn(exponent.at, (int)exponent.left, NULL);
    SCOPED(param_bld) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    SCOPED(params) OSSL_PARAM *params = NULL;

    if (n == NULL || e == NULL || builder == NULL
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
        return false;
    params = OSSL_PARAM_BLD_to_param(builder);
    return make_key("RSA", params, out);
}

/* RSAPublicKey (RFC 8017 appendix A.1.1). */
static bool read_rsa(struct der key, EVP_PKEY **out)
{
    struct der sequence = { 0 };
    struct der modulus = { 0 };
    struct der exponent = { 0 };

    return enter(&key, SEQUENCE, &sequence) && key.left == 0 && read_positive(&sequence, &modulus)
           && read_positive(&sequence, &exponent) && sequence.left == 0
           && make_rsa(modulus, exponent, out);
}

/* OpenSSL refuses a point that is not on the curve. */
static bool read_point(const char *group, struct der key, EVP_PKEY **out)
{
    SCOPED(param_bld) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    SCOPED(params) OSSL_PARAM *params = NULL;

    if (builder == NULL || key.at[0] != POINT_UNCOMPRESSED
        || OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1
        || OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, key.at, key.left)
               != 1)
        return false;
    params = OSSL_PARAM_BLD_to_param(builder);
    return make_key("EC", params, out);
}

static bool read_key(const struct kind *kind, struct der key, EVP_PKEY **out)
{
    if (kind->key_length == 0)
        return read_rsa(key, out);
    if (key.left != kind->key_length)
        return false;
    if (kind->group != NULL)
        return read_point(kind->group, key, out);
    *out = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key.at, key.left);
    return *out != NULL;
}

/* Steps over the AlgorithmIdentifier; NULL when it is none of ours. */
static const struct kind *read_kind(struct der *in)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct kind *kind = &kinds[i];

        if (in->left < kind->algorithm_length
            || memcmp(in->at, kind->algorithm, kind->algorithm_length) != 0)
            continue;
        in->at += kind->algorithm_length;
        in->left -= kind->algorithm_length;
        return kind;
    }
    return NULL;
}

static enum asap_code explain_curve(int type, const void *parameters, struct asap_error *err)
{
    char name[64] = "an unknown curve";

    if (type == V_ASN1_SEQUENCE)
        return refuse_key(err,
                          "the EC key has explicit parameters (name its curve: openssl ec -pubin "
                          "-param_enc named_curve)");
    if (type == V_ASN1_OBJECT)
        (void)OBJ_obj2txt(name, sizeof name, parameters, 0);
    (void)refuse(err, ASAP_REASON_KEY_REFUSED, "",
                 "the EC key is on %s (use P-256, P-384 or P-521)", name);
    return fail_as(err, ASAP_INVALID_ARGUMENT);
}

/* Says what a key with another AlgorithmIdentifier is. */
static enum asap_code explain_kind(struct der in, struct asap_error *err)
{
    SCOPED(algor) X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &in.at, (long)in.left);
    const ASN1_OBJECT *id = NULL;
    const void *parameters = NULL;
    char name[64] = "";
    int type = V_ASN1_UNDEF;

    if (algorithm == NULL)
        return refuse_encoding(err);
    X509_ALGOR_get0(&id, &type, &parameters, algorithm);
    if (OBJ_obj2nid(id) == NID_X9_62_id_ecPublicKey)
        return explain_curve(type, parameters, err);
    if (OBJ_obj2nid(id) == NID_rsaEncryption || OBJ_obj2nid(id) == NID_ED25519)
        return refuse_encoding(err);
    (void)OBJ_obj2txt(name, sizeof name, id, 0);
    (void)refuse(err, ASAP_REASON_KEY_REFUSED, "",
                 "keys of type %s are not supported (use RSA, EC on P-256, P-384 or P-521, or "
                 "Ed25519)",
                 name);
    return fail_as(err, ASAP_INVALID_ARGUMENT);
}

static enum asap_code
read_info(const unsigned char *der, size_t length, EVP_PKEY **out, struct asap_error *err)
{
    struct der all = { der, length };
    struct der info = { 0 };
    struct der key = { 0 };
    const struct kind *kind = NULL;

    if (length == 0 || !enter(&all, SEQUENCE, &info) || all.left != 0)
        return refuse_encoding(err);
    kind = read_kind(&info);
    if (kind == NULL)
        return explain_kind(info, err);
    if (!read_bits(&info, &key) || info.left != 0)
        return refuse_encoding(err);
    if (kind->group != NULL && key.left < kind->key_length && key.at[0] != POINT_UNCOMPRESSED)
        return refuse_key(err, "the EC point is compressed (write it whole: openssl ec -pubin "
                               "-conv_form uncompressed)");
    return read_key(kind, key, out) ? ASAP_OK : refuse_encoding(err);
}

enum asap_code
spki_read(const unsigned char *der, size_t length, EVP_PKEY **out, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    *out = NULL;
    code = read_info(der, length, out, err);
    ERR_clear_error();
    return code;
}
