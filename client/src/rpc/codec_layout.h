/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_LAYOUT_H
#define ASAP_RPC_CODEC_LAYOUT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where protobuf-c keeps the fields of a message. */

static inline void *layout_value(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (char *)message + field->offset;
}

static inline const void *layout_look(const ProtobufCMessage *message,
                                      const ProtobufCFieldDescriptor *field)
{
    return (const char *)message + field->offset;
}

/* The number of elements of a repeated field. */
static inline size_t *layout_count(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (size_t *)(void *)((char *)message + field->quantifier_offset);
}

static inline size_t layout_count_of(const ProtobufCMessage *message,
                                     const ProtobufCFieldDescriptor *field)
{
    return *(const size_t *)(const void *)((const char *)message + field->quantifier_offset);
}

/* The number of the member of a oneof that is set, 0 for none. */
static inline uint32_t *layout_case(ProtobufCMessage *message,
                                    const ProtobufCFieldDescriptor *field)
{
    return (uint32_t *)(void *)((char *)message + field->quantifier_offset);
}

static inline uint32_t layout_case_of(const ProtobufCMessage *message,
                                      const ProtobufCFieldDescriptor *field)
{
    return *(const uint32_t *)(const void *)((const char *)message + field->quantifier_offset);
}

static inline bool layout_is_repeated(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static inline bool layout_is_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* Whether it is written: has an element, is the member of a oneof that is set, or is another value
 * than that of a field which was never set. */
bool layout_is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Whether a field of this type is a map, which protobuf-c keeps as a list of messages with a key
 * and a value. */
bool layout_is_map(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);

/* Bytes that one value of this type takes in its message, or in the array of a repeated field. */
size_t layout_size(ProtobufCType type);

/* The lowerCamel name of a field in JSON; a longer one is cut off. */
enum { LAYOUT_NAME_SIZE = 96 };
void layout_json_name(const char *name, char out[LAYOUT_NAME_SIZE]);

#endif
