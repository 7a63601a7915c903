/* SPDX-License-Identifier: Apache-2.0 */
#include "data_uri.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#include "buffer.h"
#include "fail.h"
#include "hex.h"

enum { HEAD_MAX = 1024 };

static const char scheme[] = "data:";
static const char kid_name[] = "kid=";
static const char base64_name[] = "base64";

/* A URI of which encodeURIComponent() and its like left nothing unencoded. */
static const char *const encoded_schemes[] = { "data%3A", "data%3a" };

/* A piece of the URI. */
struct piece {
    const char *text;
    size_t length;
};

static enum asap_code refuse_uri(struct asap_error *err, const char *why)
{
    (void)refuse(err, ASAP_REASON_KEY_REFUSED, "", "%s", why);
    return fail_as(err, ASAP_INVALID_ARGUMENT);
}

static bool starts_with(struct piece piece, const char *text)
{
    const size_t length = strlen(text);

    return piece.length >= length && memcmp(piece.text, text, length) == 0;
}

static bool equals(struct piece piece, const char *text)
{
    return piece.length == strlen(text) && starts_with(piece, text);
}

static bool is_encoded(struct piece uri)
{
    return starts_with(uri, encoded_schemes[0]) || starts_with(uri, encoded_schemes[1]);
}

/* Up to the next `mark`, or else to the end; *rest is what comes behind the mark. False: there is
 * no mark. */
static bool split(struct piece *rest, char mark, struct piece *out)
{
    const char *at = rest->length > 0 ? memchr(rest->text, mark, rest->length) : NULL;

    *out = *rest;
    if (at == NULL) {
        *rest = (struct piece){ 0 };
        return false;
    }
    out->length = (size_t)(at - rest->text);
    *rest = (struct piece){ at + 1, rest->length - out->length - 1 };
    return true;
}

/* In place, as what is decoded is never longer. A plus sign stays one (RFC 3986). */
static bool decode_percent(char *text, size_t *length)
{
    size_t written = 0;

    for (size_t i = 0; i < *length; i++, written++) {
        text[written] = text[i];
        if (text[i] != '%')
            continue;
        if (*length - i < 3 || !hex_read_byte(text + i + 1, (unsigned char *)&text[written]))
            return false;
        i += 2;
    }
    *length = written;
    return true;
}

static enum asap_code decode_secret(struct secret *secret, struct asap_error *err)
{
    size_t length = secret->length;

    if (!decode_percent((char *)secret->bytes, &length))
        return refuse_uri(err, "the data URI has a % without two hexadecimal digits behind it "
                               "(encode it anew)");
    secret_truncate(secret, length);
    return ASAP_OK;
}

/* Each byte of the kid may stand as three characters. */
static enum asap_code read_kid(struct piece value, char key_id[KID_MAX + 1], struct asap_error *err)
{
    char text[3 * KID_MAX] = "";
    size_t length = value.length;
    struct kid kid = { 0 };

    if (*key_id != '\0')
        return refuse_uri(err, "the data URI has more than one kid (leave one)");
    if (length > sizeof text)
        return refuse_uri(err, "the kid in the data URI is too long (no key id is so long)");
    memcpy(text, value.text, length);
    if (!decode_percent(text, &length) || kid_parse(text, length, &kid, NULL) != ASAP_OK) {
        (void)refuse(err, ASAP_REASON_KID_GRAMMAR, "kid",
                     "the kid in the data URI is not issuer/name, percent-encoded");
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    }
    memcpy(key_id, text, length);
    return ASAP_OK;
}

static enum asap_code read_parameter(struct piece parameter,
                                     char key_id[KID_MAX + 1],
                                     struct asap_error *err)
{
    const size_t length = sizeof kid_name - 1;

    if (!starts_with(parameter, kid_name))
        return ASAP_OK;
    return read_kid((struct piece){ parameter.text + length, parameter.length - length }, key_id,
                    err);
}

/* The media type and what follows it up to the comma. */
static enum asap_code
read_head(struct piece head, struct data_uri *out, bool *base64, struct asap_error *err)
{
    struct piece parameter = { 0 };

    *base64 = false;
    (void)split(&head, ';', &parameter);
    while (head.length > 0) {
        (void)split(&head, ';', &parameter);
        TRY(read_parameter(parameter, out->key_id, err));
        *base64 = equals(parameter, base64_name); /* RFC 2397: it comes last */
    }
    return ASAP_OK;
}

static bool is_base64(unsigned char character)
{
    return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z')
           || (character >= '0' && character <= '9') || character == '+' || character == '/';
}

/* Drops line ends, and counts the padding. False: what is left is no whole base64. */
static bool tidy_base64(struct secret *text, size_t *padding)
{
    size_t length = 0;

    *padding = 0;
    for (size_t i = 0; i < text->length; i++) {
        const unsigned char character = text->bytes[i];

        if (character == '\r' || character == '\n')
            continue;
        if (character == '=')
            ++*padding;
        else if (*padding > 0 || !is_base64(character))
            return false;
        text->bytes[length++] = character;
    }
    secret_truncate(text, length);
    return length > 0 && length % 4 == 0 && *padding <= 2;
}

static enum asap_code decode_base64(struct secret *text, struct secret *out, struct asap_error *err)
{
    size_t padding = 0;

    if (!tidy_base64(text, &padding))
        return refuse_uri(err, "the data of the data URI is not base64, or is cut short (copy it "
                               "anew)");
    TRY(secret_init(out, text->length / 4 * 3, err));
    (void)EVP_DecodeBlock(out->bytes, text->bytes, (int)text->length);
    secret_truncate(out, out->length - padding);
    return ASAP_OK;
}

static enum asap_code
read_data(struct piece piece, bool base64, struct secret *out, struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };

    TRY(secret_copy(&text, piece.text, piece.length, err));
    TRY(decode_secret(&text, err));
    if (base64)
        return decode_base64(&text, out, err);
    *out = text;
    text = (struct secret){ 0 };
    return ASAP_OK;
}

static enum asap_code read_uri(struct piece uri, struct data_uri *out, struct asap_error *err)
{
    struct piece head = { 0 };
    bool base64 = false;

    if (!starts_with(uri, scheme))
        return refuse_uri(err, "the key is no data URI, which begins with data:");
    if (!split(&uri, ',', &head))
        return refuse_uri(err, "the data URI has no comma, and so no data (copy it anew)");
    TRY(read_head(head, out, &base64, err));
    return read_data(uri, base64, &out->data, err);
}

bool data_uri_begins(const char *text, size_t length)
{
    const struct piece uri = { text, length };

    return starts_with(uri, scheme) || is_encoded(uri);
}

enum asap_code
data_uri_read(const char *text, size_t length, struct data_uri *out, struct asap_error *err)
{
    SCOPED(data_uri) struct data_uri read = { .key_id = "" };
    SCOPED(secret) struct secret whole = { 0 };

    *out = (struct data_uri){ .key_id = "" };
    if (length > DATA_URI_MAX)
        return refuse_uri(err, "the data URI is over 65536 bytes (no supported key is so large)");
    TRY(secret_copy(&whole, text, length, err));
    if (is_encoded((struct piece){ text, length }))
        TRY(decode_secret(&whole, err));
    TRY(read_uri((struct piece){ (const char *)whole.bytes, whole.length }, &read, err));
    *out = read;
    read.data = (struct secret){ 0 };
    return ASAP_OK;
}

void data_uri_clear(struct data_uri *uri)
{
    secret_clear(&uri->data);
    *uri = (struct data_uri){ .key_id = "" };
}

/* "+" must not stay as it is: some libraries decode it to a blank (as in forms). */
static void append_encoded(struct buffer *out, const char *text)
{
    static const char literal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-._~";

    for (; *text != '\0'; text++)
        if (strchr(literal, *text) != NULL)
            buffer_append(out, text, 1);
        else
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
}

enum asap_code
data_uri_from_key(const char *key_id, EVP_PKEY *key, struct secret *out, struct asap_error *err)
{
    SCOPED(secret) struct secret der = { 0 };
    SCOPED(buffer) struct buffer head = BUFFER(HEAD_MAX);

    *out = (struct secret){ 0 };
    buffer_puts(&head, "data:application/pkcs8;kid=");
    append_encoded(&head, key_id);
    buffer_puts(&head, ";base64,");
    TRY(buffer_check(&head, "the key id", err));
    TRY(secret_from_key(key, &der, err));
    if (der.length > INT_MAX / 2)
        return fail(err, ASAP_INVALID_ARGUMENT, "the private key is too long");
    TRY(secret_init(out, head.length + (der.length + 2) / 3 * 4, err));
    (void)memcpy(out->bytes, head.bytes, head.length);
    (void)EVP_EncodeBlock(out->bytes + head.length, der.bytes, (int)der.length);
    return ASAP_OK;
}
