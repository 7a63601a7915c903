/* SPDX-License-Identifier: Apache-2.0 */
#include "ecdsa_der.h"

#include <string.h>

enum { INTEGER = 0x02, SEQUENCE = 0x30, LONG_FORM = 0x80, SIGN_BIT = 0x80 };

/* What is left of the DER. */
struct rest {
    const unsigned char *at;
    size_t left;
};

/* Writes an unsigned number in its shortest form; returns the place behind it. */
static unsigned char *write_integer(unsigned char *out, const unsigned char *number, size_t length)
{
    for (; length > 1 && *number == 0; length--)
        number++;
    *out++ = INTEGER;
    *out++ = (unsigned char)(length + ((*number & SIGN_BIT) != 0 ? 1 : 0));
    if ((*number & SIGN_BIT) != 0)
        *out++ = 0;
    memcpy(out, number, length);
    return out + length;
}

size_t ecdsa_der_write(const unsigned char *raw,
                       size_t coordinate,
                       unsigned char out[ECDSA_DER_MAX])
{
    unsigned char numbers[ECDSA_DER_MAX];
    const unsigned char *end =
        write_integer(write_integer(numbers, raw, coordinate), raw + coordinate, coordinate);
    const size_t length = (size_t)(end - numbers);
    unsigned char *at = out;

    *at++ = SEQUENCE;
    if (length >= LONG_FORM)
        *at++ = LONG_FORM + 1;
    *at++ = (unsigned char)length;
    memcpy(at, numbers, length);
    return (size_t)(at - out) + length;
}

/* Steps over a tag and a length below 256. False unless the length is `out` or more. */
static bool enter(struct rest *rest, unsigned char tag, size_t *length)
{
    const size_t head = rest->left > 2 && rest->at[1] == LONG_FORM + 1 ? 3 : 2;

    if (rest->left < head || rest->at[0] != tag || (head == 2 && rest->at[1] >= LONG_FORM))
        return false;
    *length = rest->at[head - 1];
    rest->at += head;
    rest->left -= head;
    return *length <= rest->left;
}

/* The next INTEGER, in `coordinate` bytes. */
static bool read_integer(struct rest *rest, size_t coordinate, unsigned char *out)
{
    size_t length = 0;

    if (!enter(rest, INTEGER, &length) || length == 0)
        return false;
    rest->left -= length;
    for (; length > 0 && *rest->at == 0; length--)
        rest->at++;
    if (length > coordinate)
        return false;
    memset(out, 0, coordinate - length);
    memcpy(out + coordinate - length, rest->at, length);
    rest->at += length;
    return true;
}

bool ecdsa_der_read(const unsigned char *der,
                    size_t length,
                    size_t coordinate,
                    unsigned char raw[2 * ECDSA_COORDINATE_MAX])
{
    struct rest rest = { der, length };
    size_t numbers = 0;

    return enter(&rest, SEQUENCE, &numbers) && numbers == rest.left
           && read_integer(&rest, coordinate, raw)
           && read_integer(&rest, coordinate, raw + coordinate) && rest.left == 0;
}
