/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_BASE64URL_H
#define ASAP_CORE_BASE64URL_H

#include <stddef.h>

#include <asap/error.h>

#include "buffer.h"

/* base64url without padding (RFC 7515 section 2). */

/* The length in characters that `length` bytes encode to. */
size_t base64url_encoded_length(size_t length);

void base64url_encode(const void *bytes, size_t length, struct buffer *out);

/* Strict: no padding, no white space, no character outside the alphabet, and the spare bits of the
 * last character are zero, so that each byte string has one encoding.
 * ASAP_UNAUTHENTICATED, ASAP_REASON_BASE64URL when `text` is not that. */
ASAP_MUST_CHECK enum asap_code
base64url_decode(const char *text, size_t length, struct buffer *out, struct asap_error *err);

#endif
