/* SPDX-License-Identifier: Apache-2.0 */
#include "fnv.h"

uint64_t fnv_hash(uint64_t seed, const char *text, size_t length)
{
    uint64_t value = seed;

    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return value;
}
