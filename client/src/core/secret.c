/* SPDX-License-Identifier: Apache-2.0 */
#include "secret.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>

#include "fail.h"

DEFINE_SCOPED(pkcs8, PKCS8_PRIV_KEY_INFO *, PKCS8_PRIV_KEY_INFO_free)

/* Bytes of DER on one line of PEM (RFC 7468 section 2). */
enum { LINE_BYTES = 48 };

static const char pem_begin[] = "-----BEGIN PRIVATE KEY-----\n";
static const char pem_end[] = "-----END PRIVATE KEY-----\n";

/* One byte more than asked for, so that a text ends in a NUL that is not counted. */
enum asap_code secret_init(struct secret *secret, size_t length, struct asap_error *err)
{
    *secret = (struct secret){ 0 };
    if (length < SIZE_MAX)
        secret->bytes = OPENSSL_secure_zalloc(length + 1);
    if (secret->bytes == NULL) {
        ERR_clear_error();
        return fail(err, ASAP_RESOURCE_EXHAUSTED,
                    "no room for %zu secret bytes; make the secure heap larger", length);
    }
    secret->length = length;
    return ASAP_OK;
}

enum asap_code
secret_copy(struct secret *secret, const void *bytes, size_t length, struct asap_error *err)
{
    TRY(secret_init(secret, length, err));
    memcpy(secret->bytes, bytes, length);
    return ASAP_OK;
}

/* Only so many bytes are wiped when it is freed. */
void secret_truncate(struct secret *secret, size_t length)
{
    OPENSSL_cleanse(secret->bytes + length, secret->length - length);
    secret->bytes[length] = '\0';
    secret->length = length;
}

void secret_clear(struct secret *secret)
{
    OPENSSL_secure_clear_free(secret->bytes, secret->length);
    *secret = (struct secret){ 0 };
}

enum asap_code secret_from_key(EVP_PKEY *key, struct secret *out, struct asap_error *err)
{
    SCOPED(pkcs8) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    const int length = info == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    unsigned char *end = NULL;

    *out = (struct secret){ 0 };
    if (length <= 0) {
        ERR_clear_error();
        return fail(err, ASAP_INVALID_ARGUMENT, "this key has no private part to write");
    }
    TRY(secret_init(out, (size_t)length, err));
    end = out->bytes;
    (void)i2d_PKCS8_PRIV_KEY_INFO(info, &end);
    return ASAP_OK;
}

enum asap_code secret_to_key(const struct secret *der, EVP_PKEY **out, struct asap_error *err)
{
    SCOPED(pkcs8) PKCS8_PRIV_KEY_INFO *info = NULL;
    const unsigned char *end = der->bytes;

    *out = NULL;
    if (der->length <= LONG_MAX)
        info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &end, (long)der->length);
    if (info != NULL && end == der->bytes + der->length)
        *out = EVP_PKCS82PKEY(info);
    ERR_clear_error();
    if (*out != NULL)
        return ASAP_OK;
    (void)refuse(err, ASAP_REASON_KEY_REFUSED, "", "the private key is not well-formed PKCS#8");
    return fail_as(err, ASAP_INVALID_ARGUMENT);
}

/* Lines of base64; the position behind the last. */
static unsigned char *write_lines(const struct secret *der, unsigned char *at)
{
    for (size_t done = 0; done < der->length; done += LINE_BYTES) {
        const size_t left = der->length - done;

        at += EVP_EncodeBlock(at, der->bytes + done, (int)(left < LINE_BYTES ? left : LINE_BYTES));
        *at++ = '\n';
    }
    return at;
}

/* By hand, because OpenSSL's PEM writer passes the key through ordinary memory. */
enum asap_code secret_pem_from_key(EVP_PKEY *key, struct secret *out, struct asap_error *err)
{
    SCOPED(secret) struct secret der = { 0 };
    const size_t frame = sizeof pem_begin - 1 + sizeof pem_end - 1;
    size_t lines = 0;
    unsigned char *at = NULL;

    *out = (struct secret){ 0 };
    TRY(secret_from_key(key, &der, err));
    lines = (der.length + LINE_BYTES - 1) / LINE_BYTES;
    TRY(secret_init(out, frame + (der.length + 2) / 3 * 4 + lines, err));
    memcpy(out->bytes, pem_begin, sizeof pem_begin - 1);
    at = write_lines(&der, out->bytes + sizeof pem_begin - 1);
    memcpy(at, pem_end, sizeof pem_end - 1);
    return ASAP_OK;
}
