/* SPDX-License-Identifier: Apache-2.0 */
#include "base64url.h"

#include <stdint.h>

#include "fail.h"

enum { SEXTET = 6, SEXTET_MASK = 63, OCTET = 8, OCTET_MASK = 255 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The value of each character plus one; 0 for a stranger. */
static const unsigned char places[OCTET_MASK + 1] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

size_t base64url_encoded_length(size_t length)
{
    const size_t tail = length % 3;

    return length / 3 * 4 + (tail == 0 ? 0 : tail + 1);
}

/* Three bytes become four characters. */
static void encode_group(const unsigned char *bytes, char *out)
{
    const uint32_t bits =
        (uint32_t)bytes[0] << 2 * OCTET | (uint32_t)bytes[1] << OCTET | (uint32_t)bytes[2];

    out[0] = alphabet[bits >> 3 * SEXTET];
    out[1] = alphabet[bits >> 2 * SEXTET & SEXTET_MASK];
    out[2] = alphabet[bits >> SEXTET & SEXTET_MASK];
    out[3] = alphabet[bits & SEXTET_MASK];
}

/* One or two bytes become two or three characters. */
static void encode_tail(const unsigned char *bytes, size_t count, char *out)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 3; i++)
        bits = bits << OCTET | (i < count ? bytes[i] : 0U);
    for (size_t i = 0; i <= count; i++)
        out[i] = alphabet[bits >> (3 - i) * SEXTET & SEXTET_MASK];
}

void base64url_encode(const void *bytes, size_t length, struct buffer *out)
{
    const unsigned char *from = bytes;
    char *room = buffer_extend(out, base64url_encoded_length(length));

    if (room == NULL)
        return;
    for (; length >= 3; length -= 3, from += 3, room += 4)
        encode_group(from, room);
    if (length > 0)
        encode_tail(from, length, room);
}

/* The value of a character; of a stranger, bits above the lowest six. */
static uint32_t value_of(unsigned char character)
{
    return (uint32_t)places[character] - 1;
}

/* Four characters become three bytes. The result has bits above the lowest six when one of them is
 * a stranger. */
static uint32_t decode_group(const unsigned char *text, unsigned char *out)
{
    const uint32_t first = value_of(text[0]);
    const uint32_t second = value_of(text[1]);
    const uint32_t third = value_of(text[2]);
    const uint32_t fourth = value_of(text[3]);

    out[0] = (unsigned char)(first << 2 | second >> 4);
    out[1] = (unsigned char)(second << 4 | third >> 2);
    out[2] = (unsigned char)(third << SEXTET | fourth);
    return first | second | third | fourth;
}

/* Two or three characters become one or two bytes. The result has bits above the lowest six when a
 * character is a stranger or a spare bit is set. */
static uint32_t decode_tail(const unsigned char *text, size_t count, unsigned char *out)
{
    uint32_t strange = 0;
    uint32_t bits = 0;

    for (size_t i = 0; i < 4; i++) {
        const uint32_t place = i < count ? value_of(text[i]) : 0;

        strange |= place;
        bits = bits << SEXTET | (place & SEXTET_MASK);
    }
    for (size_t i = 0; i + 1 < count; i++)
        out[i] = (unsigned char)(bits >> (2 - i) * OCTET & OCTET_MASK);
    if ((bits & ((1U << (4 - count) * OCTET) - 1)) != 0)
        strange = UINT32_MAX;
    return strange;
}

enum asap_code
base64url_decode(const char *text, size_t length, struct buffer *out, struct asap_error *err)
{
    const unsigned char *from = (const unsigned char *)text;
    const size_t before = out->length;
    const size_t tail = length % 4;
    unsigned char *room = NULL;
    uint32_t strange = 0;

    if (tail == 1)
        return refuse(err, ASAP_REASON_BASE64URL, "", "base64url text ends in a single character");
    room = buffer_extend(out, length / 4 * 3 + (tail == 0 ? 0 : tail - 1));
    if (room == NULL)
        return buffer_check(out, "base64url text", err);
    for (; length >= 4; length -= 4, from += 4, room += 3)
        strange |= decode_group(from, room);
    if (tail > 0)
        strange |= decode_tail(from, tail, room);
    if (strange <= SEXTET_MASK)
        return ASAP_OK;
    out->length = before;
    return refuse(err, ASAP_REASON_BASE64URL, "",
                  "not base64url: padding, white space, a stray character or stray bits");
}
