/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEK_H
#define ASAPD_KEK_H

#include <asap/error.h>

#include "secret.h"

/* The file that holds the key-encryption key: 64 hexadecimal digits and a
 * newline, for its owner alone. */

enum { KEK_SIZE = 32 };

/* Reads KEK_SIZE bytes from a file that is checked first; see vault_open(). The caller clears
 * *out. */
ASAP_MUST_CHECK enum asap_code kek_read(const char *path,
                                        struct secret *out,
                                        struct asap_error *err);

#endif
