/* SPDX-License-Identifier: Apache-2.0 */
#include "pem.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <asap/signer.h>

#include "algorithm.h"
#include "base64url.h"
#include "fail.h"
#include "spki.h"

DEFINE_SCOPED(bignum, BIGNUM *, BN_free)

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096, RSA_EXPONENT = 65537, ED25519_SIZE = 32 };

/* A piece of the text. */
struct span {
    const char *text;
    size_t length;
};

/* A kind of PEM block, by its label, and what to say where it is not wanted. */
struct block {
    const char *label;
    const char *why_not;
};

#define NEVER_PUBLISH                                                                              \
    "this is a private key (never publish it: openssl pkey -pubout writes its public part)"
#define PUBLISH_KEY_OF_CERTIFICATE                                                                 \
    "this is a certificate (publish its key: openssl x509 -pubkey -noout -in FILE)"

/* Private keys first: of two problems they are the one to know of. */
static const struct block not_public[] = {
    { "ENCRYPTED PRIVATE KEY",
      "this is an encrypted private key (never publish it: openssl pkey -pubout writes its public "
      "part)" },
    { "PRIVATE KEY", NEVER_PUBLISH },
    { "RSA PRIVATE KEY", NEVER_PUBLISH },
    { "EC PRIVATE KEY", NEVER_PUBLISH },
    { "DSA PRIVATE KEY", NEVER_PUBLISH },
    { "OPENSSH PRIVATE KEY",
      "this is a private key (never publish it: ssh-keygen -e -m PKCS8 writes its public part)" },
    { "CERTIFICATE", PUBLISH_KEY_OF_CERTIFICATE },
    { "X509 CERTIFICATE", PUBLISH_KEY_OF_CERTIFICATE },
    { "TRUSTED CERTIFICATE", PUBLISH_KEY_OF_CERTIFICATE },
    { "CERTIFICATE REQUEST",
      "this is a certificate request (publish its key: openssl req -pubkey -noout -in FILE)" },
    { "RSA PUBLIC KEY",
      "this is a PKCS#1 public key (convert it: openssl rsa -RSAPublicKey_in -pubout -in FILE)" },
    { "PUBLIC KEY", "this is not one whole PUBLIC KEY block (give one, with nothing around it)" },
    { NULL, NULL },
};

static const struct block not_private[] = {
    { "OPENSSH PRIVATE KEY",
      "this key is in OpenSSH's own format (convert it: ssh-keygen -p -m PKCS8 -N '' -f FILE)" },
    { "CERTIFICATE", "this is a certificate (the private key is needed alone)" },
    { "PUBLIC KEY", "this is a public key (the private key is needed alone)" },
    { "RSA PUBLIC KEY", "this is a public key (the private key is needed alone)" },
    { NULL, NULL },
};

static const struct block private_blocks[] = {
    { "PRIVATE KEY", NULL },           /* PKCS#8 (RFC 5958) */
    { "ENCRYPTED PRIVATE KEY", NULL }, /* the same, encrypted */
    { "RSA PRIVATE KEY", NULL },       /* PKCS#1 (RFC 8017) */
    { "EC PRIVATE KEY", NULL },        /* SEC1 (RFC 5915) */
    { NULL, NULL },
};

/* Encodings of y, sign bit aside, of the points of small order and of their other spellings, for
 * which a signature proves nothing. */
static const unsigned char small_order[][ED25519_SIZE] = {
    { 0 },
    { 1 },
    { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
      0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
      0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
    { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
      0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
      0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
    { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    { 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    { 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

static enum asap_code refuse_key(struct asap_error *err, const char *why)
{
    ERR_clear_error();
    (void)refuse(err, ASAP_REASON_KEY_REFUSED, "", "%s", why);
    return fail_as(err, ASAP_INVALID_ARGUMENT);
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static struct span trim(struct span span)
{
    for (; span.length > 0 && is_space(*span.text); span.length--)
        span.text++;
    while (span.length > 0 && is_space(span.text[span.length - 1]))
        span.length--;
    return span;
}

static bool starts_with(struct span span, const char *text)
{
    return span.length >= strlen(text) && memcmp(span.text, text, strlen(text)) == 0;
}

static struct span skip(struct span span, size_t length)
{
    return (struct span){ span.text + length, span.length - length };
}

/* From the first occurrence of `text` on; empty when there is none. */
static struct span find(struct span span, const char *text)
{
    while (span.length > 0 && !starts_with(span, text)) {
        const char *next = memchr(span.text + 1, *text, span.length - 1);

        span = skip(span, next == NULL ? span.length : (size_t)(next - span.text));
    }
    return span;
}

static bool contains(struct span span, const char *text)
{
    return find(span, text).length > 0;
}

/* Whether `span` is one block with this label; then its body is left in *body. */
static bool is_block(struct span span, const char *label, struct span *body)
{
    char line[64] = "";
    struct span end = { 0 };

    (void)snprintf(line, sizeof line, "-----BEGIN %s-----", label);
    if (!starts_with(span, line))
        return false;
    *body = skip(span, strlen(line));
    (void)snprintf(line, sizeof line, "-----END %s-----", label);
    end = find(*body, line);
    body->length -= end.length;
    return end.length == strlen(line) && !contains(*body, "-----");
}

/* Says which other block the text holds, or else `otherwise`. */
static enum asap_code explain_block(struct span span,
                                    const struct block *known,
                                    const char *otherwise,
                                    struct asap_error *err)
{
    char line[64] = "";

    for (; known->label != NULL; known++) {
        (void)snprintf(line, sizeof line, "-----BEGIN %s-----", known->label);
        if (contains(span, line))
            return refuse_key(err, known->why_not);
    }
    return refuse_key(err, otherwise);
}

static char url_safe(char character)
{
    switch (character) {
    case '+':
        return '-';
    case '/':
        return '_';
    default:
        return character;
    }
}

/* Base64 (RFC 4648 section 4) by way of its url-safe form, whose reader is strict. */
static enum asap_code read_base64(struct span body, struct buffer *out, struct asap_error *err)
{
    char text[PEM_PUBLIC_MAX] = "";
    size_t length = 0;

    for (size_t i = 0; i < body.length; i++) {
        const char character = body.text[i];

        if (character == '-' || character == '_')
            return refuse_key(err, "the PUBLIC KEY block is not base64 (copy the file anew)");
        if (!is_space(character))
            text[length++] = url_safe(character);
    }
    if (length == 0 || length % 4 != 0)
        return refuse_key(err, "the PUBLIC KEY block is cut short (copy the file anew)");
    for (int padding = 0; padding < 2 && text[length - 1] == '='; padding++)
        length--;
    if (base64url_decode(text, length, out, err) != ASAP_OK)
        return refuse_key(err, "the PUBLIC KEY block is not base64 (copy the file anew)");
    return ASAP_OK;
}

enum asap_code
pem_parse_public(const char *text, size_t length, EVP_PKEY **out, struct asap_error *err)
{
    SCOPED(buffer) struct buffer der = BUFFER(PEM_PUBLIC_MAX);
    const struct span whole = trim((struct span){ text, length });
    struct span body = { 0 };

    *out = NULL;
    if (!is_block(whole, "PUBLIC KEY", &body))
        return explain_block(whole, not_public,
                             "not a public key (one block from -----BEGIN PUBLIC KEY----- to "
                             "-----END PUBLIC KEY----- is needed, with nothing around it)",
                             err);
    if (length > PEM_PUBLIC_MAX)
        return refuse_key(err, "the public key is over 4096 bytes (no supported key is so large)");
    TRY(read_base64(body, &der, err));
    return spki_read((const unsigned char *)der.bytes, der.length, out, err);
}

enum asap_code
pem_read_public(const char *text, size_t length, EVP_PKEY **out, struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;

    *out = NULL;
    TRY(pem_parse_public(text, length, &key, err));
    TRY(pem_check_policy(key, err));
    *out = MOVE(key);
    return ASAP_OK;
}

/* The size before all arithmetic: a check of a huge modulus takes minutes. */
static enum asap_code check_rsa(EVP_PKEY *key, struct asap_error *err)
{
    SCOPED(bignum) BIGNUM *exponent = NULL;
    const int bits = EVP_PKEY_get_bits(key);

    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) {
        (void)refuse(err, ASAP_REASON_KEY_REFUSED, "", "the RSA key has %d bits (use %d to %d)",
                     bits, RSA_BITS_MIN, RSA_BITS_MAX);
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    }
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1
        || BN_is_word(exponent, RSA_EXPONENT) != 1)
        return refuse_key(err, "the RSA key's public exponent is not 65537 (make another key)");
    return ASAP_OK;
}

static enum asap_code check_ec(EVP_PKEY *key, struct asap_error *err)
{
    int is_explicit = 0;

    if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit)
            != 1
        || is_explicit != 0)
        return refuse_key(err, "the EC key has explicit parameters (name its curve: openssl ec "
                               "-param_enc named_curve)");
    if (algorithm_default_for(key) == NULL)
        return refuse_key(err, "the EC key is on an unsupported curve (use P-256, P-384 or P-521)");
    return ASAP_OK;
}

static enum asap_code check_ed25519(EVP_PKEY *key, struct asap_error *err)
{
    unsigned char point[ED25519_SIZE] = { 0 };
    size_t length = sizeof point;

    if (EVP_PKEY_get_raw_public_key(key, point, &length) != 1)
        return refuse_key(err, "the Ed25519 key has no public part");
    point[ED25519_SIZE - 1] &= 0x7f;
    for (size_t i = 0; i < sizeof small_order / sizeof *small_order; i++) {
        if (memcmp(point, small_order[i], sizeof point) == 0)
            return refuse_key(err, "the Ed25519 key is a point of small order (make another key)");
    }
    return ASAP_OK;
}

static const struct {
    const char *type; /* OpenSSL's */
    enum asap_code (*check)(EVP_PKEY *key, struct asap_error *err);
} policies[] = {
    { "RSA", check_rsa },
    { "EC", check_ec },
    { "ED25519", check_ed25519 },
};

static enum asap_code check_type(EVP_PKEY *key, struct asap_error *err)
{
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        if (EVP_PKEY_is_a(key, policies[i].type) == 1)
            return policies[i].check(key, err);
    }
    return refuse_key(err,
                      "this type of key is not supported (use RSA, EC on P-256, P-384 or P-521, or "
                      "Ed25519)");
}

enum asap_code pem_check_policy(EVP_PKEY *key, struct asap_error *err)
{
    SCOPED(pkey_ctx) EVP_PKEY_CTX *ctx = NULL;

    TRY(check_type(key, err));
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (ctx == NULL)
        return fail_memory(err);
    /* The curves have cofactor 1, for which the quick check is the whole one (SP 800-56A). */
    if (EVP_PKEY_public_check_quick(ctx) != 1)
        return refuse_key(err, "the public key is mathematically unsound (make another key)");
    return ASAP_OK;
}

/* What OpenSSL asks for a passphrase; without one it would ask on the terminal. */
struct passphrase_call {
    const struct asap_passphrase *passphrase; /* NULL: there is none */
    bool asked;
    bool answered;
};

static int give_passphrase(char *buffer, int size, int writing, void *context)
{
    struct passphrase_call *call = context;
    int length = -1;

    (void)writing;
    if (call->asked && !call->answered)
        return -1; /* OpenSSL tries again in another way */
    call->asked = true;
    if (call->passphrase != NULL && call->passphrase->read != NULL)
        length = call->passphrase->read(buffer, (size_t)size, call->passphrase->context);
    call->answered = length >= 0 && length <= size;
    return call->answered ? length : -1;
}

/* `openssl ecparam -genkey` writes the curve's name first. */
static struct span skip_ec_parameters(struct span span)
{
    static const char end_line[] = "-----END EC PARAMETERS-----";
    struct span end = { 0 };

    if (!starts_with(span, "-----BEGIN EC PARAMETERS-----"))
        return span;
    end = find(span, end_line);
    return end.length == 0 ? span : trim(skip(end, sizeof end_line - 1));
}

static enum asap_code check_private_block(struct span span, struct asap_error *err)
{
    struct span body = { 0 };

    for (const struct block *block = private_blocks; block->label != NULL; block++)
        if (is_block(span, block->label, &body))
            return ASAP_OK;
    return explain_block(span, not_private,
                         "not a private key (one block from -----BEGIN PRIVATE KEY----- to "
                         "-----END PRIVATE KEY----- is needed, with nothing around it)",
                         err);
}

enum asap_code pem_check_private(EVP_PKEY *key, struct asap_error *err)
{
    SCOPED(pkey_ctx) EVP_PKEY_CTX *ctx = NULL;

    TRY(pem_check_policy(key, err));
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (ctx == NULL)
        return fail_memory(err);
    if (EVP_PKEY_pairwise_check(ctx) != 1)
        return refuse_key(err, "the private key and its public part do not belong together");
    return ASAP_OK;
}

static enum asap_code explain_private(const struct passphrase_call *call, struct asap_error *err)
{
    if (!call->asked)
        return refuse_key(err, "the private key is damaged (copy the file anew)");
    if (call->answered)
        return refuse_key(err, "the private key cannot be decrypted (is its passphrase right?)");
    return refuse_key(err,
                      "the private key is encrypted and there is no passphrase for it (decrypt "
                      "it first: openssl pkey -in FILE -out PLAIN)");
}

enum asap_code pem_decrypt_private(const char *text,
                                   size_t length,
                                   const struct asap_passphrase *passphrase,
                                   EVP_PKEY **out,
                                   struct asap_error *err)
{
    SCOPED(bio) BIO *source = NULL;
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct span span = { text, length };
    struct passphrase_call call = { .passphrase = passphrase };

    *out = NULL;
    if (length > PEM_PRIVATE_MAX)
        return refuse_key(err,
                          "the private key is over 16384 bytes (no supported key is so large)");
    span = skip_ec_parameters(trim(span));
    TRY(check_private_block(span, err));
    source = BIO_new_mem_buf(span.text, (int)span.length);
    if (source == NULL)
        return fail_memory(err);
    key = PEM_read_bio_PrivateKey(source, NULL, give_passphrase, &call);
    if (key == NULL)
        return explain_private(&call, err);
    TRY(pem_check_private(key, err));
    *out = MOVE(key);
    return ASAP_OK;
}

enum asap_code
pem_read_private(const char *text, size_t length, EVP_PKEY **out, struct asap_error *err)
{
    return pem_decrypt_private(text, length, NULL, out, err);
}

enum asap_code pem_write_public(EVP_PKEY *key, struct buffer *out, struct asap_error *err)
{
    SCOPED(bio) BIO *target = BIO_new(BIO_s_mem());
    const char *text = NULL;
    long length = 0;

    if (target == NULL)
        return fail_memory(err);
    if (PEM_write_bio_PUBKEY(target, key) != 1)
        return refuse_key(err, "the public part of this key cannot be written");
    length = BIO_get_mem_data(target, &text);
    buffer_append(out, text, (size_t)length);
    return buffer_check(out, "public key", err);
}
