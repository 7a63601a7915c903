/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_TEXT_H
#define ASAP_RPC_CODEC_TEXT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

#include "buffer.h"

/* Strings and bytes as JSON has them. */

/* The number of bytes up to the first that is not UTF-8 (Unicode, table 3-7), or `length`. */
size_t text_utf8_prefix(const char *text, size_t length);

/* Appends a JSON string with its quotes. False when the text is not UTF-8. */
bool text_write_string(const char *text, size_t length, struct buffer *out);

/* Appends base64 with padding, in quotes. */
void text_write_bytes(const ProtobufCBinaryData *bytes, struct buffer *out);

/* Reads base64 or base64url, padded or not, into `out`, whose data is freed with free().
 * ASAP_INVALID_ARGUMENT when the text is neither. */
ASAP_MUST_CHECK enum asap_code
text_read_bytes(const char *text, size_t length, ProtobufCBinaryData *out, struct asap_error *err);

#endif
