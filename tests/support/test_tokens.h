/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_TEST_TOKENS_H
#define ASAP_TESTS_TEST_TOKENS_H

#include <string.h>

#include "base64url.h"
#include "buffer.h"

#define CLAIMS "{\"iss\":\"web\"}"

/* The token of this header, claims and signature, whatever they are. */
static inline void
assemble(struct buffer *out, const char *header, const void *signature, size_t length)
{
    base64url_encode(header, strlen(header), out);
    buffer_puts(out, ".");
    base64url_encode(CLAIMS, strlen(CLAIMS), out);
    buffer_puts(out, ".");
    base64url_encode(signature, length, out);
}

#endif
