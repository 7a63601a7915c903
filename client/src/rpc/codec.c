/* SPDX-License-Identifier: Apache-2.0 */
#include "codec.h"

#include <stdlib.h>
#include <string.h>

#include "codec_layout.h"
#include "fail.h"

/* Every type of value is listed; the compiler's enumerators have the size of an int. */
static const size_t sizes[] = {
    [PROTOBUF_C_TYPE_INT32] = sizeof(int32_t),
    [PROTOBUF_C_TYPE_SINT32] = sizeof(int32_t),
    [PROTOBUF_C_TYPE_SFIXED32] = sizeof(int32_t),
    [PROTOBUF_C_TYPE_INT64] = sizeof(int64_t),
    [PROTOBUF_C_TYPE_SINT64] = sizeof(int64_t),
    [PROTOBUF_C_TYPE_SFIXED64] = sizeof(int64_t),
    [PROTOBUF_C_TYPE_UINT32] = sizeof(uint32_t),
    [PROTOBUF_C_TYPE_FIXED32] = sizeof(uint32_t),
    [PROTOBUF_C_TYPE_UINT64] = sizeof(uint64_t),
    [PROTOBUF_C_TYPE_FIXED64] = sizeof(uint64_t),
    [PROTOBUF_C_TYPE_FLOAT] = sizeof(float),
    [PROTOBUF_C_TYPE_DOUBLE] = sizeof(double),
    [PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean),
    [PROTOBUF_C_TYPE_ENUM] = sizeof(int),
    [PROTOBUF_C_TYPE_STRING] = sizeof(char *),
    [PROTOBUF_C_TYPE_BYTES] = sizeof(ProtobufCBinaryData),
    [PROTOBUF_C_TYPE_MESSAGE] = sizeof(ProtobufCMessage *),
};

size_t layout_size(ProtobufCType type)
{
    return sizes[type];
}

/* Not toupper(): field names are ASCII whatever the locale. */
static char to_upper(char letter)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *place = strchr(lower, letter);

    if (place == NULL || letter == '\0')
        return letter;
    return upper[place - lower];
}

void layout_json_name(const char *name, char out[LAYOUT_NAME_SIZE])
{
    size_t length = 0;

    for (size_t i = 0; name[i] != '\0' && length + 1 < LAYOUT_NAME_SIZE; i++) {
        const bool raised = i > 0 && name[i - 1] == '_';

        if (name[i] == '_')
            continue;
        out[length] = name[i];
        if (raised)
            out[length] = to_upper(name[i]);
        length++;
    }
    out[length] = '\0';
}

enum asap_code codec_new(const ProtobufCMessageDescriptor *type,
                         ProtobufCMessage **out,
                         struct asap_error *err)
{
    *out = malloc(type->sizeof_message);
    if (*out == NULL)
        return fail_memory(err);
    type->message_init(*out);
    return ASAP_OK;
}

enum asap_code codec_set_string(char **field, const char *text, struct asap_error *err)
{
    const size_t size = strlen(text) + 1;
    char *copy = malloc(size);

    if (copy == NULL)
        return fail_memory(err);
    memcpy(copy, text, size);
    if (*field != protobuf_c_empty_string)
        free(*field);
    *field = copy;
    return ASAP_OK;
}
