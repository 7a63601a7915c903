/* SPDX-License-Identifier: Apache-2.0 */
#include "public_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "fail.h"

DEFINE_SCOPED(x509, X509 *, X509_free)

static size_t count_of(const char *text, size_t length, const char *word)
{
    const size_t width = strlen(word);
    size_t count = 0;

    for (size_t i = 0; i + width <= length; i++)
        count += memcmp(text + i, word, width) == 0;
    return count;
}

enum asap_code public_key_refuse_private(const char *text, size_t length, struct asap_error *err)
{
    if (count_of(text, length, "PRIVATE KEY-----") == 0)
        return ASAP_OK;
    return fail_reason(err, ASAP_INVALID_ARGUMENT, ASAP_REASON_KEY_REFUSED,
                       "this is a private key: it was not sent anywhere, and is exposed only if"
                       " others can read the file (publish its public part: openssl pkey -pubout"
                       " -in FILE)");
}

static enum asap_code
read_certificate(const char *text, size_t length, X509 **out, struct asap_error *err)
{
    SCOPED(bio) BIO *source = BIO_new_mem_buf(text, (int)length);

    if (source == NULL)
        return fail_memory(err);
    *out = PEM_read_bio_X509(source, NULL, NULL, NULL);
    ERR_clear_error();
    if (*out == NULL)
        return fail_reason(err, ASAP_INVALID_ARGUMENT, ASAP_REASON_KEY_REFUSED,
                           "the certificate cannot be read (copy the file anew)");
    return ASAP_OK;
}

static enum asap_code
key_of_certificate(const char *text, size_t length, struct buffer *out, struct asap_error *err)
{
    SCOPED(x509) X509 *certificate = NULL;

    TRY(read_certificate(text, length, &certificate, err));
    if (X509_get0_pubkey(certificate) == NULL) {
        ERR_clear_error();
        return fail_reason(err, ASAP_INVALID_ARGUMENT, ASAP_REASON_KEY_REFUSED,
                           "the certificate has a key of an unknown type (use RSA, EC or Ed25519)");
    }
    return pem_write_public(X509_get0_pubkey(certificate), out, err);
}

/* By way of the text of its key, so that a certificate's key is held to every rule of a key that
 * comes alone. */
static enum asap_code
read_key(const char *text, size_t length, EVP_PKEY **out, bool *certified, struct asap_error *err)
{
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);
    const size_t certificates = count_of(text, length, "-----BEGIN CERTIFICATE-----");

    *certified = certificates > 0 && count_of(text, length, "-----BEGIN PUBLIC KEY-----") == 0;
    if (!*certified)
        return pem_read_public(text, length, out, err);
    if (certificates > 1)
        return fail_reason(err, ASAP_INVALID_ARGUMENT, ASAP_REASON_KEY_REFUSED,
                           "there are %zu certificates in it (give the one whose key it is)",
                           certificates);
    TRY(key_of_certificate(text, length, &pem, err));
    return pem_read_public(pem.bytes, pem.length, out, err);
}

enum asap_code public_key_from_text(
    const char *text, size_t length, struct buffer *out, bool *certified, struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;

    *certified = false;
    TRY(public_key_refuse_private(text, length, err));
    TRY(read_key(text, length, &key, certified, err));
    TRY(pem_write_public(key, out, err));
    return buffer_check(out, "the public key", err);
}
