/* SPDX-License-Identifier: Apache-2.0 */
#include "vault.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "kek.h"
#include "pem.h"

/* A sealed record: version, KEK id, nonce, ciphertext, tag (NIST SP 800-38D). */
enum { VERSION = 1, VERSION_SIZE = 1, ID_SIZE = 8, NONCE_SIZE = 12, TAG_SIZE = 16 };
enum { NONCE_AT = VERSION_SIZE + ID_SIZE, CIPHERTEXT_AT = NONCE_AT + NONCE_SIZE };

enum { CONTEXT_MAX = 1024, PLAIN_MAX = 65536, RSA_BITS = 2048, SHA256_SIZE = 32 };

/* The id is no use to who wants the KEK, and no other hash of the KEK is like it. */
static const char id_prefix[] = "asapd KEK id";

struct vault {
    struct secret kek;
    unsigned char id[ID_SIZE];
};

static void free_cipher(EVP_CIPHER_CTX *cipher)
{
    EVP_CIPHER_CTX_free(cipher);
}

DEFINE_SCOPED(cipher, EVP_CIPHER_CTX *, free_cipher)

static enum asap_code fail_openssl(const char *doing, struct asap_error *err)
{
    ERR_clear_error();
    return fail(err, ASAP_INTERNAL, "OpenSSL cannot %s", doing);
}

static enum asap_code compute_id(struct vault *vault, struct asap_error *err)
{
    SCOPED(md_ctx) EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char digest[SHA256_SIZE] = { 0 };

    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1
        || EVP_DigestUpdate(context, id_prefix, sizeof id_prefix) != 1
        || EVP_DigestUpdate(context, vault->kek.bytes, vault->kek.length) != 1
        || EVP_DigestFinal_ex(context, digest, NULL) != 1)
        return fail_openssl("hash the KEK", err);
    memcpy(vault->id, digest, sizeof vault->id);
    return ASAP_OK;
}

enum asap_code vault_open(const char *kek_path, struct vault **out, struct asap_error *err)
{
    SCOPED(vault) struct vault *vault = calloc(1, sizeof *vault);

    *out = NULL;
    if (vault == NULL)
        return fail_memory(err);
    TRY(kek_read(kek_path, &vault->kek, err));
    TRY(compute_id(vault, err));
    *out = MOVE(vault);
    return ASAP_OK;
}

void vault_close(struct vault *vault)
{
    if (vault == NULL)
        return;
    secret_clear(&vault->kek);
    free(vault);
}

static void append_number(struct buffer *out, uint64_t number)
{
    unsigned char bytes[sizeof number];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> (8 * (sizeof bytes - 1 - i)));
    buffer_append(out, bytes, sizeof bytes);
}

static void append_text(struct buffer *out, const char *text)
{
    append_number(out, strlen(text));
    buffer_puts(out, text);
}

/* The additional authenticated data: with lengths, so that no two bindings are the same bytes. */
static enum asap_code write_binding(const struct seal_binding *binding,
                                    struct buffer *out,
                                    struct asap_error *err)
{
    buffer_puts(out, "asap1");
    append_text(out, binding->kid);
    append_number(out, (uint64_t)binding->row);
    append_text(out, binding->algorithm);
    return buffer_check(out, "the binding of a sealed key", err);
}

static bool encrypt_record(const struct vault *vault,
                           const struct buffer *aad,
                           const struct secret *plain,
                           unsigned char *record)
{
    SCOPED(cipher) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    unsigned char *const ciphertext = record + CIPHERTEXT_AT;
    int length = 0;

    return cipher != NULL
           && EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, vault->kek.bytes,
                                 record + NONCE_AT)
                  == 1
           && EVP_EncryptUpdate(cipher, NULL, &length, (const unsigned char *)aad->bytes,
                                (int)aad->length)
                  == 1
           && EVP_EncryptUpdate(cipher, ciphertext, &length, plain->bytes, (int)plain->length) == 1
           && EVP_EncryptFinal_ex(cipher, ciphertext + length, &length) == 1
           && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE,
                                  ciphertext + plain->length)
                  == 1;
}

static bool write_record(const struct vault *vault,
                         const struct buffer *aad,
                         const struct secret *plain,
                         unsigned char *record)
{
    record[0] = VERSION;
    memcpy(record + VERSION_SIZE, vault->id, ID_SIZE);
    return RAND_bytes(record + NONCE_AT, NONCE_SIZE) == 1
           && encrypt_record(vault, aad, plain, record);
}

enum asap_code vault_seal(const struct vault *vault,
                          const struct seal_binding *binding,
                          const struct secret *plain,
                          struct buffer *out,
                          struct asap_error *err)
{
    SCOPED(buffer) struct buffer aad = BUFFER(CONTEXT_MAX);
    const size_t before = out->length;
    unsigned char *record = NULL;

    TRY(write_binding(binding, &aad, err));
    if (plain->length > PLAIN_MAX)
        return fail(err, ASAP_INVALID_ARGUMENT, "%zu bytes are too many to seal", plain->length);
    record = buffer_extend(out, CIPHERTEXT_AT + plain->length + TAG_SIZE);
    TRY(buffer_check(out, "a sealed key", err));
    if (record != NULL && write_record(vault, &aad, plain, record))
        return ASAP_OK;
    out->length = before;
    return fail_openssl("seal a private key", err);
}

/* One answer for every way to fail: OpenSSL tells a wrong tag from nothing else. */
static bool decrypt_record(const struct vault *vault,
                           const struct buffer *aad,
                           const unsigned char *record,
                           struct secret *plain)
{
    SCOPED(cipher) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    const unsigned char *const ciphertext = record + CIPHERTEXT_AT;
    unsigned char tag[TAG_SIZE];
    int length = 0;

    memcpy(tag, ciphertext + plain->length, sizeof tag);
    return cipher != NULL
           && EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, vault->kek.bytes,
                                 record + NONCE_AT)
                  == 1
           && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1
           && EVP_DecryptUpdate(cipher, NULL, &length, (const unsigned char *)aad->bytes,
                                (int)aad->length)
                  == 1
           && EVP_DecryptUpdate(cipher, plain->bytes, &length, ciphertext, (int)plain->length) == 1
           && EVP_DecryptFinal_ex(cipher, plain->bytes + length, &length) == 1;
}

static enum asap_code fail_damaged(const struct seal_binding *binding, struct asap_error *err)
{
    ERR_clear_error();
    return fail(err, ASAP_DATA_LOSS,
                "the sealed private key of %.150s does not open: it is damaged or another's "
                "(restore the database from a backup)",
                binding->kid);
}

static enum asap_code check_record(const struct vault *vault,
                                   const struct seal_binding *binding,
                                   const unsigned char *record,
                                   size_t length,
                                   struct asap_error *err)
{
    if (length < CIPHERTEXT_AT + TAG_SIZE || length > CIPHERTEXT_AT + PLAIN_MAX + TAG_SIZE
        || record[0] != VERSION)
        return fail_damaged(binding, err);
    if (memcmp(record + VERSION_SIZE, vault->id, ID_SIZE) != 0)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the private key of %.120s is sealed under another KEK (restore the KEK that "
                    "belongs to this database)",
                    binding->kid);
    return ASAP_OK;
}

enum asap_code vault_unseal(const struct vault *vault,
                            const struct seal_binding *binding,
                            const void *sealed,
                            size_t length,
                            struct secret *out,
                            struct asap_error *err)
{
    SCOPED(buffer) struct buffer aad = BUFFER(CONTEXT_MAX);

    *out = (struct secret){ 0 };
    TRY(check_record(vault, binding, sealed, length, err));
    TRY(write_binding(binding, &aad, err));
    TRY(secret_init(out, length - CIPHERTEXT_AT - TAG_SIZE, err));
    if (decrypt_record(vault, &aad, sealed, out))
        return ASAP_OK;
    secret_clear(out);
    return fail_damaged(binding, err);
}

bool vault_has_sealed(const struct vault *vault, const void *sealed, size_t length)
{
    const unsigned char *record = sealed;

    return length > NONCE_AT && memcmp(record + VERSION_SIZE, vault->id, ID_SIZE) == 0;
}

bool vault_is_same_kek(const struct vault *vault, const struct vault *other)
{
    return memcmp(vault->id, other->id, ID_SIZE) == 0;
}

enum asap_code vault_generate(const struct algorithm *algorithm,
                              EVP_PKEY **out,
                              struct asap_error *err)
{
    if (algorithm->curve != NULL)
        *out = EVP_PKEY_Q_keygen(NULL, NULL, algorithm->key_type, algorithm->curve);
    else if (strcmp(algorithm->key_type, "RSA") == 0)
        *out = EVP_PKEY_Q_keygen(NULL, NULL, algorithm->key_type, (size_t)RSA_BITS);
    else
        *out = EVP_PKEY_Q_keygen(NULL, NULL, algorithm->key_type);
    return *out != NULL ? ASAP_OK : fail_openssl("make a key pair", err);
}

enum asap_code vault_seal_key(const struct vault *vault,
                              const struct seal_binding *binding,
                              EVP_PKEY *key,
                              struct buffer *out,
                              struct asap_error *err)
{
    SCOPED(secret) struct secret plain = { 0 };

    TRY(secret_from_key(key, &plain, err));
    return vault_seal(vault, binding, &plain, out, err);
}

enum asap_code vault_unseal_key(const struct vault *vault,
                                const struct seal_binding *binding,
                                const void *sealed,
                                size_t length,
                                EVP_PKEY **out,
                                struct asap_error *err)
{
    SCOPED(secret) struct secret plain = { 0 };

    *out = NULL;
    TRY(vault_unseal(vault, binding, sealed, length, &plain, err));
    return secret_to_key(&plain, out, err) == ASAP_OK ? ASAP_OK : fail_damaged(binding, err);
}
