/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_HEX_H
#define ASAP_CORE_HEX_H

#include <stddef.h>

/* Bytes as two small hexadecimal digits each. */

/* `out` has room for 2 * count characters and a NUL. */
void hex_write(const unsigned char *bytes, size_t count, char *out);

#endif
