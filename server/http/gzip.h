/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_GZIP_H
#define ASAPD_GZIP_H

#include <stddef.h>

#include <asap/error.h>

#include "buffer.h"

/* The gzip format (RFC 1952). */

/* Appends what `bytes` hold, which may be several members, to `out`, whose limit is the cap that a
 * small body cannot blow up beyond. ASAP_INVALID_ARGUMENT: malformed, cut off, or with something
 * behind it; ASAP_RESOURCE_EXHAUSTED: over the limit. Then *out holds a part of it. */
ASAP_MUST_CHECK enum asap_code
gzip_inflate(const void *bytes, size_t length, struct buffer *out, struct asap_error *err);

/* Appends the bytes as one member. */
ASAP_MUST_CHECK enum asap_code
gzip_deflate(const void *bytes, size_t length, struct buffer *out, struct asap_error *err);

#endif
