/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "side.h"

/* OpenSSL alone: signatures as `openssl speed` makes and checks them, with a context that is
 * prepared once (RSA, ECDSA: of a digest, EdDSA: of the text), and keys by its reader of PEM. */

enum { DIGEST_SIZE = 32, SIGNATURE_SIZE = 512 };

struct openssl_side {
    struct side_input input;
    EVP_PKEY *key;
    EVP_PKEY_CTX *sign, *verify;     /* NULL for EdDSA */
    EVP_MD_CTX *signing, *verifying; /* EdDSA's */
    unsigned char digest[DIGEST_SIZE];
    unsigned char signature[SIGNATURE_SIZE];
    size_t length;
};

static EVP_PKEY *read_private(const struct side_input *input)
{
    BIO *source = BIO_new_mem_buf(input->private_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(source, NULL, NULL, NULL);

    BIO_free(source);
    return key;
}

static bool set_up_context(EVP_PKEY_CTX *ctx, bool is_rsa)
{
    return (!is_rsa || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1)
           && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1;
}

static bool set_up_contexts(struct openssl_side *side)
{
    const bool is_rsa = EVP_PKEY_is_a(side->key, "RSA") == 1;

    if (EVP_PKEY_is_a(side->key, "ED25519") == 1) {
        side->signing = EVP_MD_CTX_new();
        side->verifying = EVP_MD_CTX_new();
        return EVP_DigestSignInit(side->signing, NULL, NULL, NULL, side->key) == 1
               && EVP_DigestVerifyInit(side->verifying, NULL, NULL, NULL, side->key) == 1;
    }
    side->sign = EVP_PKEY_CTX_new(side->key, NULL);
    side->verify = EVP_PKEY_CTX_new(side->key, NULL);
    return EVP_PKEY_sign_init(side->sign) == 1 && EVP_PKEY_verify_init(side->verify) == 1
           && set_up_context(side->sign, is_rsa) && set_up_context(side->verify, is_rsa);
}

static bool sign(void *prepared)
{
    struct openssl_side *side = prepared;

    side->length = sizeof side->signature;
    if (side->signing != NULL)
        return EVP_DigestSign(side->signing, side->signature, &side->length,
                              (const unsigned char *)side->input.token, strlen(side->input.token))
               == 1;
    return EVP_PKEY_sign(side->sign, side->signature, &side->length, side->digest, DIGEST_SIZE)
           == 1;
}

static bool verify(void *prepared)
{
    const struct openssl_side *side = prepared;

    if (side->verifying != NULL)
        return EVP_DigestVerify(side->verifying, side->signature, side->length,
                                (const unsigned char *)side->input.token, strlen(side->input.token))
               == 1;
    return EVP_PKEY_verify(side->verify, side->signature, side->length, side->digest, DIGEST_SIZE)
           == 1;
}

static void *prepare(const char *algorithm, const struct side_input *input)
{
    struct openssl_side *side = calloc(1, sizeof *side);

    (void)algorithm;
    if (side == NULL)
        return NULL;
    side->input = *input;
    side->key = read_private(input);
    if (side->key != NULL && set_up_contexts(side)
        && EVP_Digest(input->token, strlen(input->token), side->digest, NULL, EVP_sha256(), NULL)
               == 1
        && sign(side))
        return side;
    free(side);
    return NULL;
}

static bool is_right(void *prepared)
{
    struct openssl_side *side = prepared;
    bool is_refused = false;

    if (!sign(prepared) || !verify(prepared))
        return false;
    side->signature[side->length - 1] ^= 1;
    is_refused = !verify(prepared);
    side->signature[side->length - 1] ^= 1;
    return is_refused && verify(prepared);
}

static bool import(void *prepared)
{
    const struct openssl_side *side = prepared;
    BIO *source = BIO_new_mem_buf(side->input.public_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(source, NULL, NULL, NULL);
    const bool is_read = key != NULL;

    EVP_PKEY_free(key);
    BIO_free(source);
    return is_read;
}

static bool import_is_right(void *prepared)
{
    struct openssl_side *side = prepared;
    char *end = strstr(side->input.public_pem, "-----END");
    bool is_refused = false;

    *end = '\0';
    is_refused = !import(prepared);
    *end = '-';
    return is_refused && import(prepared);
}

/* What alone proves that a modulus is one: the part of an import that no reader of PEM has. */
static bool prove(void *prepared)
{
    const struct openssl_side *side = prepared;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(side->key, NULL);
    const bool is_sound = EVP_PKEY_public_check_quick(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return is_sound;
}

#define OPERATIONS(algorithm)                                                                      \
    { "sign", algorithm, prepare, sign, is_right },                                                \
        { "verify", algorithm, prepare, verify, is_right },                                        \
        { "import", algorithm, prepare, import, import_is_right },                                 \
    {                                                                                              \
        "prove", algorithm, prepare, prove, prove                                                  \
    }

static const struct side_operation operations[] = {
    OPERATIONS("RS256"),
    OPERATIONS("ES256"),
    OPERATIONS("EdDSA"),
};

int main(int argc, char **argv)
{
    return side_main(argc, argv, operations, sizeof operations / sizeof *operations);
}
