/* SPDX-License-Identifier: Apache-2.0 */
#include "api_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "base64url.h"
#include "fail.h"
#include "hex.h"

#define SCHEME "asapk_"
#define HEXADECIMAL "0123456789abcdef"
#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

enum { PREFIX_BYTES = 8, SECRET_BYTES = 32, SECRET_LENGTH = 43, DIGEST_BYTES = 32 };

enum asap_code api_key_digest(const char *text,
                              char out[CREDENTIAL_DIGEST_SIZE],
                              struct asap_error *err)
{
    unsigned char digest[DIGEST_BYTES];

    if (EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), digest, NULL) != 1)
        return fail_memory(err);
    hex_write(digest, sizeof digest, out);
    return ASAP_OK;
}

static enum asap_code write_text(struct api_key *out,
                                 const unsigned char secret[SECRET_BYTES],
                                 struct asap_error *err)
{
    struct buffer encoded = BUFFER(SECRET_LENGTH);
    enum asap_code code = ASAP_OK;

    base64url_encode(secret, SECRET_BYTES, &encoded);
    code = buffer_check(&encoded, "API key", err);
    if (code == ASAP_OK)
        (void)snprintf(out->text, sizeof out->text, SCHEME "%s_%s", out->prefix, encoded.bytes);
    if (encoded.bytes != NULL)
        OPENSSL_cleanse(encoded.bytes, encoded.capacity);
    buffer_clear(&encoded);
    return code;
}

enum asap_code api_key_new(struct api_key *out, struct asap_error *err)
{
    unsigned char name[PREFIX_BYTES];
    unsigned char secret[SECRET_BYTES];
    enum asap_code code = ASAP_OK;

    *out = (struct api_key){ 0 };
    if (RAND_bytes(name, sizeof name) != 1 || RAND_priv_bytes(secret, sizeof secret) != 1)
        return fail(err, ASAP_INTERNAL, "the random number generator failed");
    hex_write(name, sizeof name, out->prefix);
    code = write_text(out, secret, err);
    OPENSSL_cleanse(secret, sizeof secret);
    if (code == ASAP_OK)
        code = api_key_digest(out->text, out->digest, err);
    if (code != ASAP_OK)
        api_key_clear(out);
    return code;
}

void api_key_clear(struct api_key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}

bool api_key_read_prefix(const char *text, char out[API_KEY_PREFIX_SIZE])
{
    const size_t scheme_length = sizeof SCHEME - 1;
    const size_t prefix_length = API_KEY_PREFIX_SIZE - 1;
    const char *prefix = NULL;

    if (strlen(text) != API_KEY_TEXT_SIZE - 1 || strncmp(text, SCHEME, scheme_length) != 0)
        return false;
    prefix = text + scheme_length;
    if (strspn(prefix, HEXADECIMAL) != prefix_length || prefix[prefix_length] != '_'
        || strspn(prefix + prefix_length + 1, BASE64URL) != SECRET_LENGTH)
        return false;
    (void)snprintf(out, API_KEY_PREFIX_SIZE, "%s", prefix);
    return true;
}
