/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_H
#define ASAP_RPC_CODEC_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include <asap/error.h>

#include "buffer.h"

/* One codec for every message, driven by its descriptor: the proto3 JSON
 * mapping (lowerCamel out, both spellings in, 64-bit integers as strings,
 * enums by name or number, bytes as base64, Timestamp and Duration as text;
 * unknown members are ignored, null means absent). */

static inline void message_scope_exit(ProtobufCMessage **held)
{
    if (*held != NULL)
        protobuf_c_message_free_unpacked(*held, NULL);
}

/* An empty message of this type, freed with protobuf_c_message_free_unpacked(message, NULL). */
ASAP_MUST_CHECK enum asap_code codec_new(const ProtobufCMessageDescriptor *type,
                                         ProtobufCMessage **out,
                                         struct asap_error *err);

/* On ASAP_OK the caller frees *out as above. ASAP_INVALID_ARGUMENT: malformed JSON, with line and
 * column, or a value of the wrong type, with err->field as its path ("keys[2].publishTime") and
 * what was expected. Empty text reads as {}. White space may surround the object. A whole number
 * over INT64_MAX is taken in quotes only. */
ASAP_MUST_CHECK enum asap_code codec_read_json(const ProtobufCMessageDescriptor *type,
                                               const char *text,
                                               size_t length,
                                               ProtobufCMessage **out,
                                               struct asap_error *err);

/* Appends the message as one line of JSON, without a line end. Fields with default values are left
 * out unless they are a list's or the member of a oneof that is set. ASAP_INTERNAL: a string is not
 * UTF-8, or a time is out of range; ASAP_RESOURCE_EXHAUSTED: it is over the buffer's limit. Then
 * *out holds a part of it. */
ASAP_MUST_CHECK enum asap_code codec_write_json(const ProtobufCMessage *message,
                                                struct buffer *out,
                                                struct asap_error *err);

/* Sets a string field of a message that is freed with protobuf_c_message_free_unpacked(): a copy,
 * in place of what the field held. */
ASAP_MUST_CHECK enum asap_code codec_set_string(char **field,
                                                const char *text,
                                                struct asap_error *err);

#endif
