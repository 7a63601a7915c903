/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <string.h>

bool number_read(const char *text, uint32_t most, uint32_t *out)
{
    const size_t digits = strspn(text, "0123456789");
    uint64_t number = 0;

    *out = 0;
    if (digits == 0 || text[digits] != '\0')
        return false;
    for (; *text != '\0' && number <= most; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    if (number > most)
        return false;
    *out = (uint32_t)number;
    return true;
}
