/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_text.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

#include "base64url.h"
#include "fail.h"

/* Unicode, table 3-7: which sequences of bytes are well-formed UTF-8. */
static const struct sequence {
    unsigned char first_low, first_high;
    unsigned char length;
    unsigned char second_low, second_high;
} sequences[] = {
    { 0x00, 0x7f, 1, 0x00, 0x00 }, { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
    { 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
    { 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static const struct sequence *find_sequence(unsigned char first)
{
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
        if (first >= sequences[i].first_low && first <= sequences[i].first_high)
            return &sequences[i];
    return NULL;
}

/* The length of the character at `bytes`, 0 if it is malformed. */
static size_t character_length(const unsigned char *bytes, size_t left)
{
    const struct sequence *sequence = find_sequence(bytes[0]);

    if (sequence == NULL || sequence->length > left)
        return 0;
    if (sequence->length > 1
        && (bytes[1] < sequence->second_low || bytes[1] > sequence->second_high))
        return 0;
    for (size_t i = 2; i < sequence->length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return sequence->length;
}

size_t text_utf8_prefix(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;

    while (at < length) {
        const size_t character =
            bytes[at] < 0x80 ? 1 : character_length(bytes + at, length - at); /* most are ASCII */

        if (character == 0)
            return at;
        at += character;
    }
    return at;
}

static bool needs_escape(char character)
{
    return (unsigned char)character < ' ' || character == '"' || character == '\\';
}

static void write_escape(char character, struct buffer *out)
{
    static const char plain[] = "\"\\\n\t\r";
    static const char letters[] = "\"\\ntr";
    const char *place = strchr(plain, character);

    if (character != '\0' && place != NULL)
        buffer_printf(out, "\\%c", letters[place - plain]);
    else
        buffer_printf(out, "\\u%04x", (unsigned)(unsigned char)character);
}

bool text_write_string(const char *text, size_t length, struct buffer *out)
{
    size_t written = 0;

    if (text_utf8_prefix(text, length) != length)
        return false;
    buffer_append(out, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        if (!needs_escape(text[i]))
            continue;
        buffer_append(out, text + written, i - written);
        write_escape(text[i], out);
        written = i + 1;
    }
    buffer_append(out, text + written, length - written);
    buffer_append(out, "\"", 1);
    return true;
}

void text_write_bytes(const ProtobufCBinaryData *bytes, struct buffer *out)
{
    unsigned char *room = NULL;

    if (bytes->len > INT_MAX / 4 * 3 - 3) {
        out->failed = true;
        return;
    }
    buffer_append(out, "\"", 1);
    room = buffer_extend(out, (bytes->len + 2) / 3 * 4);
    /* It writes a NUL behind, for which a buffer has room. */
    if (room != NULL && bytes->len > 0)
        (void)EVP_EncodeBlock(room, bytes->data, (int)bytes->len);
    buffer_append(out, "\"", 1);
}

/* The length without padding; more padding than there may be stays and is refused as strange. */
static size_t without_padding(const char *text, size_t length)
{
    size_t padding = 0;

    if (length % 4 != 0)
        return length;
    while (padding < 2 && padding < length && text[length - padding - 1] == '=')
        padding++;
    return length - padding;
}

/* The alphabet of base64url in place of that of base64. */
static void translate(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '+')
            text[i] = '-';
        else if (text[i] == '/')
            text[i] = '_';
    }
}

static bool mixes_alphabets(const char *text, size_t length)
{
    bool standard = false;
    bool url = false;

    for (size_t i = 0; i < length; i++) {
        standard = standard || text[i] == '+' || text[i] == '/';
        url = url || text[i] == '-' || text[i] == '_';
    }
    return standard && url;
}

enum asap_code
text_read_bytes(const char *text, size_t length, ProtobufCBinaryData *out, struct asap_error *err)
{
    SCOPED(buffer) struct buffer copy = BUFFER(length);
    SCOPED(buffer) struct buffer bytes = BUFFER(length);
    char *taken = NULL;

    *out = (ProtobufCBinaryData){ 0 };
    if (length == 0)
        return ASAP_OK;
    if (mixes_alphabets(text, length))
        return fail(err, ASAP_INVALID_ARGUMENT, "two alphabets of base64 are mixed");
    buffer_append(&copy, text, without_padding(text, length));
    TRY(buffer_check(&copy, "base64", err));
    translate(copy.bytes, copy.length);
    if (base64url_decode(copy.bytes, copy.length, &bytes, err) != ASAP_OK)
        return bytes.failed ? fail_memory(err) : fail_as(err, ASAP_INVALID_ARGUMENT);
    out->len = bytes.length;
    TRY(buffer_take(&bytes, "base64", &taken, err));
    out->data = (uint8_t *)taken;
    return ASAP_OK;
}
