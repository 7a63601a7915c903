/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_H
#define ASAP_RPC_CODEC_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"
#include "google/protobuf/any.pb-c.h"

/* One codec for every message, driven by its descriptor: the binary form of
 * proto3, and its JSON mapping (lowerCamel out, both spellings in, 64-bit
 * integers as strings, enums by name or number, bytes as base64, the types of
 * google.protobuf in forms of their own; unknown members are ignored, null
 * means absent). Nothing is global; any number of threads may use it. */

enum codec_format { CODEC_JSON, CODEC_BINARY };

struct codec {
    enum codec_format format;

    /* What google.protobuf.Any may hold in JSON; ends with NULL. NULL stands for none. The binary
     * form needs no types. */
    const ProtobufCMessageDescriptor *const *types;
};

/* What is read has at most this many, checked before memory is taken for a message. */
enum {
    CODEC_SIZE_MAX = 16 * 1024 * 1024, /* bytes in all */
    CODEC_DEPTH_MAX = 64,              /* messages within each other, the outermost counted */
    CODEC_MESSAGES_MAX = 32768,        /* messages in all */
    CODEC_VALUES_MAX = 100000,         /* values in all, each element of a list counted */
};

static inline void message_scope_exit(ProtobufCMessage **held)
{
    if (*held != NULL)
        protobuf_c_message_free_unpacked(*held, NULL);
}

/* An empty message of this type, freed with protobuf_c_message_free_unpacked(message, NULL). */
ASAP_MUST_CHECK enum asap_code codec_new(const ProtobufCMessageDescriptor *type,
                                         ProtobufCMessage **out,
                                         struct asap_error *err);

/* On ASAP_OK the caller frees *out as above. ASAP_INVALID_ARGUMENT: see codec_read_json() and
 * codec_read_binary(). ASAP_RESOURCE_EXHAUSTED: over CODEC_SIZE_MAX. No bytes at all read as an
 * empty message in either format. */
ASAP_MUST_CHECK enum asap_code codec_read(const struct codec *codec,
                                          const ProtobufCMessageDescriptor *type,
                                          const void *bytes,
                                          size_t length,
                                          ProtobufCMessage **out,
                                          struct asap_error *err);

/* Appends the message; codes as codec_write_json() and codec_write_binary() have them. */
ASAP_MUST_CHECK enum asap_code codec_write(const struct codec *codec,
                                           const ProtobufCMessage *message,
                                           struct buffer *out,
                                           struct asap_error *err);

/* ASAP_INVALID_ARGUMENT, with err->field as the path where there is one: a malformed varint or
 * length, a field of another wire type than its own, a group, a string that is not UTF-8 or has a
 * NUL, a message field that is set twice (which are not merged), or over one of the limits above.
 * Unknown fields are kept and written again. */
ASAP_MUST_CHECK enum asap_code codec_read_binary(const ProtobufCMessageDescriptor *type,
                                                 const uint8_t *bytes,
                                                 size_t length,
                                                 ProtobufCMessage **out,
                                                 struct asap_error *err);

/* Appends the binary form. ASAP_INTERNAL: a string is not UTF-8, a message is missing or too deep
 * to be read again; ASAP_RESOURCE_EXHAUSTED: it is over the buffer's limit. */
ASAP_MUST_CHECK enum asap_code codec_write_binary(const ProtobufCMessage *message,
                                                  struct buffer *out,
                                                  struct asap_error *err);

/* The message packed into a google.protobuf.Any ("type.googleapis.com/package.Name"); *out is freed
 * as above. Codes as codec_write_binary() has them. */
ASAP_MUST_CHECK enum asap_code codec_new_any(const ProtobufCMessage *message,
                                             Google__Protobuf__Any **out,
                                             struct asap_error *err);

/* As codec_read() of JSON without types for Any. ASAP_INVALID_ARGUMENT: malformed JSON, with line
 * and column, or a value of the wrong type, with err->field as its path ("keys[2].publishTime") and
 * what was expected. Empty text reads as {}. White space may surround the object. A whole number
 * that is over INT64_MAX, or has a fraction or an exponent and is over 2^53, is taken in quotes
 * only. */
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
