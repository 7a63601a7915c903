/* SPDX-License-Identifier: Apache-2.0 */
#include "codec.h"

#include <stdlib.h>
#include <string.h>

#include "codec_layout.h"
#include "codec_read.h"
#include "codec_write.h"
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

static bool is_set(const ProtobufCFieldDescriptor *field, const void *slot)
{
    static const char zeros[sizeof(ProtobufCBinaryData)] = { 0 };
    const ProtobufCBinaryData *bytes = slot;
    const char *const *string = slot;

    if (field->type == PROTOBUF_C_TYPE_STRING)
        return *string != NULL && **string != '\0';
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return bytes->len > 0;
    return memcmp(slot, zeros, layout_size(field->type)) != 0;
}

bool layout_is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (layout_is_repeated(field))
        return layout_count_of(message, field) > 0;
    if (layout_is_oneof(field))
        return layout_case_of(message, field) == field->id;
    return is_set(field, layout_look(message, field));
}

/* The compiler names the entries of "key_labels" so: KeyLabelsEntry, and lets nothing else have
 * that name. */
static bool is_entry_of(const char *name, const char *entry)
{
    char camel[LAYOUT_NAME_SIZE];
    size_t length = 0;

    layout_json_name(name, camel);
    camel[0] = to_upper(camel[0]);
    length = strlen(camel);
    return strncmp(entry, camel, length) == 0 && strcmp(entry + length, "Entry") == 0;
}

bool layout_is_map(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    const size_t outer = strlen(type->name);

    if (!layout_is_repeated(field) || field->type != PROTOBUF_C_TYPE_MESSAGE || entry->n_fields != 2
        || strncmp(entry->name, type->name, outer) != 0 || entry->name[outer] != '.')
        return false;
    return is_entry_of(field->name, entry->name + outer + 1);
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

enum asap_code codec_read(const struct codec *codec,
                          const ProtobufCMessageDescriptor *type,
                          const void *bytes,
                          size_t length,
                          ProtobufCMessage **out,
                          struct asap_error *err)
{
    if (codec->format == CODEC_BINARY)
        return codec_read_binary(type, bytes, length, out, err);
    return reader_document(&(struct reader){ .types = codec->types, .err = err }, type, bytes,
                           length, out);
}

enum asap_code codec_write(const struct codec *codec,
                           const ProtobufCMessage *message,
                           struct buffer *out,
                           struct asap_error *err)
{
    if (codec->format == CODEC_BINARY)
        return codec_write_binary(message, out, err);
    return writer_document(&(struct writer){ .types = codec->types, .out = out, .err = err },
                           message);
}

enum asap_code codec_read_json(const ProtobufCMessageDescriptor *type,
                               const char *text,
                               size_t length,
                               ProtobufCMessage **out,
                               struct asap_error *err)
{
    return codec_read(&(struct codec){ .format = CODEC_JSON }, type, text, length, out, err);
}

enum asap_code codec_write_json(const ProtobufCMessage *message,
                                struct buffer *out,
                                struct asap_error *err)
{
    return codec_write(&(struct codec){ .format = CODEC_JSON }, message, out, err);
}
