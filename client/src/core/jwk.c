/* SPDX-License-Identifier: Apache-2.0 */
#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <string.h>

#include "algorithm.h"
#include "base64url.h"
#include "fail.h"
#include "scoped.h"

DEFINE_SCOPED(bignum, BIGNUM *, BN_free)

/* Bytes of the longest member (RSA of 4096 bits), of a coordinate of P-521, of the text of a whole
 * key, of SHA-256. */
enum { MEMBER_MAX = 512, COORDINATE_MAX = 66, TEXT_MAX = 2048, SHA256_SIZE = 32 };

struct member {
    const char *name;
    unsigned char bytes[MEMBER_MAX];
    size_t length;
};

/* What RFC 7638 section 3.2 requires of a key, `members` in its order. */
struct jwk {
    const char *type;
    const char *curve; /* NULL for RSA */
    struct member members[2];
    size_t count;
};

static const struct {
    const char *group; /* OpenSSL's */
    const char *name;  /* JOSE's */
} curves[] = {
    { "prime256v1", "P-256" },
    { "secp384r1", "P-384" },
    { "secp521r1", "P-521" },
};

/* Big-endian, padded to `length` bytes, or as short as can be when that is 0. */
static bool read_number(EVP_PKEY *key, const char *parameter, size_t length, struct member *out)
{
    SCOPED(bignum) BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(key, parameter, &number) != 1)
        return false;
    out->length = length > 0 ? length : (size_t)BN_num_bytes(number);
    return out->length <= sizeof out->bytes
           && BN_bn2binpad(number, out->bytes, (int)out->length) == (int)out->length;
}

static bool read_rsa(EVP_PKEY *key, struct jwk *out)
{
    out->type = "RSA";
    out->count = 2;
    out->members[0].name = "e";
    out->members[1].name = "n";
    return read_number(key, OSSL_PKEY_PARAM_RSA_E, 0, &out->members[0])
           && read_number(key, OSSL_PKEY_PARAM_RSA_N, 0, &out->members[1]);
}

static void set_member(struct member *member, const unsigned char *bytes, size_t length)
{
    memcpy(member->bytes, bytes, length);
    member->length = length;
}

/* Both coordinates at once, which costs a twentieth of one number at a time. False also for a key
 * whose form is the compressed one. */
static bool read_point(EVP_PKEY *key, size_t coordinate, struct jwk *out)
{
    unsigned char point[1 + 2 * COORDINATE_MAX];
    size_t length = 0;

    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &length)
            != 1
        || length != 1 + 2 * coordinate || point[0] != POINT_CONVERSION_UNCOMPRESSED)
        return false;
    set_member(&out->members[0], point + 1, coordinate);
    set_member(&out->members[1], point + 1 + coordinate, coordinate);
    return true;
}

static bool read_ec(EVP_PKEY *key, const struct algorithm *algorithm, struct jwk *out)
{
    const size_t coordinate = algorithm->coordinate;

    out->type = "EC";
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (strcmp(curves[i].group, algorithm->curve) == 0)
            out->curve = curves[i].name;
    }
    out->count = 2;
    out->members[0].name = "x";
    out->members[1].name = "y";
    if (read_point(key, coordinate, out))
        return true;
    ERR_clear_error();
    return read_number(key, OSSL_PKEY_PARAM_EC_PUB_X, coordinate, &out->members[0])
           && read_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, coordinate, &out->members[1]);
}

static bool read_ed25519(EVP_PKEY *key, struct jwk *out)
{
    struct member *x = &out->members[0];

    out->type = "OKP";
    out->curve = "Ed25519";
    out->count = 1;
    x->name = "x";
    x->length = sizeof x->bytes;
    return EVP_PKEY_get_raw_public_key(key, x->bytes, &x->length) == 1;
}

static enum asap_code read_key(EVP_PKEY *key, struct jwk *out, struct asap_error *err)
{
    const struct algorithm *algorithm = algorithm_default_for(key);
    bool read = false;

    *out = (struct jwk){ 0 };
    if (algorithm != NULL && algorithm->coordinate > 0)
        read = read_ec(key, algorithm, out);
    else if (algorithm != NULL && algorithm->digest != NULL)
        read = read_rsa(key, out);
    else if (algorithm != NULL)
        read = read_ed25519(key, out);
    if (read)
        return ASAP_OK;
    ERR_clear_error();
    (void)refuse(err, ASAP_REASON_KEY_REFUSED, "", "this kind of key has no JSON form here");
    return fail_as(err, ASAP_INVALID_ARGUMENT);
}

static void write_member(const struct member *member, struct buffer *out)
{
    buffer_printf(out, "\"%s\":\"", member->name);
    base64url_encode(member->bytes, member->length, out);
    buffer_puts(out, "\"");
}

enum asap_code jwk_write(
    EVP_PKEY *key, const char *kid, const char *alg, struct buffer *out, struct asap_error *err)
{
    struct jwk jwk = { 0 };

    TRY(read_key(key, &jwk, err));
    buffer_printf(out, "{\"kty\":\"%s\",\"use\":\"sig\"", jwk.type);
    if (alg != NULL)
        buffer_printf(out, ",\"alg\":\"%s\"", alg);
    buffer_printf(out, ",\"kid\":\"%s\"", kid);
    if (jwk.curve != NULL)
        buffer_printf(out, ",\"crv\":\"%s\"", jwk.curve);
    for (size_t i = 0; i < jwk.count; i++) {
        buffer_puts(out, ",");
        write_member(&jwk.members[i], out);
    }
    buffer_puts(out, "}");
    return buffer_check(out, "JSON Web Key", err);
}

/* The required members alone, sorted by name (RFC 7638 section 3.3): "kty"
 * comes behind "crv" and "e" and before "n", "x" and "y". */
static void write_canonical(const struct jwk *jwk, struct buffer *out)
{
    size_t next = 0;

    buffer_puts(out, "{");
    if (jwk->curve != NULL)
        buffer_printf(out, "\"crv\":\"%s\"", jwk->curve);
    else
        write_member(&jwk->members[next++], out);
    buffer_printf(out, ",\"kty\":\"%s\"", jwk->type);
    for (; next < jwk->count; next++) {
        buffer_puts(out, ",");
        write_member(&jwk->members[next], out);
    }
    buffer_puts(out, "}");
}

enum asap_code jwk_thumbprint(EVP_PKEY *key, char out[JWK_THUMBPRINT_SIZE], struct asap_error *err)
{
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);
    SCOPED(buffer) struct buffer thumbprint = BUFFER(JWK_THUMBPRINT_SIZE - 1);
    unsigned char digest[SHA256_SIZE] = { 0 };
    struct jwk jwk = { 0 };

    out[0] = '\0';
    TRY(read_key(key, &jwk, err));
    write_canonical(&jwk, &text);
    TRY(buffer_check(&text, "JSON Web Key", err));
    if (EVP_Q_digest(NULL, "SHA256", NULL, text.bytes, text.length, digest, NULL) != 1)
        return fail_memory(err);
    base64url_encode(digest, sizeof digest, &thumbprint);
    TRY(buffer_check(&thumbprint, "thumbprint", err));
    memcpy(out, thumbprint.bytes, JWK_THUMBPRINT_SIZE);
    return ASAP_OK;
}
