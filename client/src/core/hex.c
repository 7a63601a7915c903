/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

void hex_write(const unsigned char *bytes, size_t count, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 0xf];
    }
    out[2 * count] = '\0';
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool hex_read_byte(const char *digits, unsigned char *out)
{
    const int high = digit_value(digits[0]);
    const int low = high < 0 ? -1 : digit_value(digits[1]);

    if (low < 0)
        return false;
    *out = (unsigned char)(high * 16 + low);
    return true;
}
