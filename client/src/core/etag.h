/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_ETAG_H
#define ASAP_CORE_ETAG_H

#include <stdbool.h>
#include <stddef.h>

/* A strong validator (RFC 9110 section 8.8.3): 32 hexadecimal digits of SHA-256, in quotes. */
enum { ETAG_DIGITS = 32, ETAG_SIZE = ETAG_DIGITS + 3 };

/* False when OpenSSL cannot hash. */
bool etag_write(const void *bytes, size_t length, char out[ETAG_SIZE]);

#endif
