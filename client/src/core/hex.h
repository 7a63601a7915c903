/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_HEX_H
#define ASAP_CORE_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes as two small hexadecimal digits each. */

/* `out` has room for 2 * count characters and a NUL. */
void hex_write(const unsigned char *bytes, size_t count, char *out);

/* Two digits of either case; false when one is none. */
bool hex_read_byte(const char *digits, unsigned char *out);

#endif
