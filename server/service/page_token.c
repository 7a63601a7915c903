/* SPDX-License-Identifier: Apache-2.0 */
#include "page_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base64url.h"
#include "codec.h"
#include "fail.h"
#include "request_bytes.h"

/* A token: version, MAC (HMAC-SHA-256, truncated), position. */
enum { VERSION = 1, MAC_SIZE = 16, SHA256_SIZE = 32, POSITION_AT = 1 + MAC_SIZE };
enum { TOKEN_MAX = POSITION_AT + PAGE_POSITION_MAX, TEXT_MAX = (TOKEN_MAX + 2) / 3 * 4 };

static const char *const not_bound[] = { "page_token", "page_size", NULL };

/* The position has its length in front: no position and request are the bytes of another two. */
static enum asap_code compute_mac(const struct secret *key,
                                  const ProtobufCMessage *request,
                                  const char *position,
                                  unsigned char out[SHA256_SIZE],
                                  struct asap_error *err)
{
    SCOPED(buffer) struct buffer bytes = BUFFER(REQUEST_BYTES_MAX);
    size_t length = 0;

    buffer_printf(&bytes, "page token %zu ", strlen(position));
    buffer_puts(&bytes, position);
    TRY(request_bytes(request, not_bound, &bytes, err));
    if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key->bytes, key->length,
                  (const unsigned char *)bytes.bytes, bytes.length, out, SHA256_SIZE, &length)
            == NULL
        || length != SHA256_SIZE)
        return fail(err, ASAP_INTERNAL, "OpenSSL cannot compute a MAC");
    return ASAP_OK;
}

enum asap_code page_token_write(const struct secret *key,
                                const ProtobufCMessage *request,
                                const char *position,
                                char **field,
                                struct asap_error *err)
{
    static const unsigned char version = VERSION;
    SCOPED(buffer) struct buffer token = BUFFER(TOKEN_MAX);
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);
    unsigned char mac[SHA256_SIZE] = { 0 };

    TRY(compute_mac(key, request, position, mac, err));
    buffer_append(&token, &version, sizeof version);
    buffer_append(&token, mac, MAC_SIZE);
    buffer_puts(&token, position);
    TRY(buffer_check(&token, "the page token", err));
    base64url_encode(token.bytes, token.length, &text);
    TRY(buffer_check(&text, "the page token", err));
    return codec_set_string(field, text.bytes, err);
}

static enum asap_code refuse_token(struct asap_error *err)
{
    return fail_field(err, "page_token",
                      "this is no page token of this list with these filters (begin anew without"
                      " one)");
}

enum asap_code page_token_read(const struct secret *key,
                               const ProtobufCMessage *request,
                               char position[PAGE_POSITION_MAX + 1],
                               struct asap_error *err)
{
    const char *const *field = request_field(request, "page_token", PROTOBUF_C_TYPE_STRING);
    const char *text = field != NULL && *field != NULL ? *field : "";
    SCOPED(buffer) struct buffer token = BUFFER(TOKEN_MAX);
    unsigned char mac[SHA256_SIZE] = { 0 };

    position[0] = '\0';
    if (text[0] == '\0')
        return ASAP_OK;
    if (base64url_decode(text, strlen(text), &token, NULL) != ASAP_OK || token.failed
        || token.length < POSITION_AT || token.bytes[0] != VERSION)
        return refuse_token(err);
    TRY(compute_mac(key, request, token.bytes + POSITION_AT, mac, err));
    if (CRYPTO_memcmp(mac, token.bytes + 1, MAC_SIZE) != 0
        || strlen(token.bytes + POSITION_AT) != token.length - POSITION_AT)
        return refuse_token(err);
    memcpy(position, token.bytes + POSITION_AT, token.length - POSITION_AT + 1);
    return ASAP_OK;
}
