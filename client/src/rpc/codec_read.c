/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_read.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_layout.h"
#include "codec_map.h"
#include "codec_well_known.h"
#include "fail.h"
#include "json.h"

/* Generous for every request that there is. The messages of a list lie two deep in JSON. */
static const struct json_limits limits = { .depth = (size_t)2 * CODEC_DEPTH_MAX,
                                           .members = 4096,
                                           .values = CODEC_VALUES_MAX,
                                           .string_length = 1048576,
                                           .wide_numbers = true };

enum asap_code reader_wrong_type(const struct reader *reader,
                                 const json_t *value,
                                 const char *expected)
{
    static const char *const found[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };

    return fail_field(reader->err, reader->path.text, "expected %s, found %s", expected,
                      found[json_typeof(value)]);
}

enum asap_code reader_wrong_value(const struct reader *reader, const char *expected)
{
    return fail_field(reader->err, reader->path.text, "expected %s", expected);
}

enum asap_code reader_repeated(struct reader *reader,
                               const ProtobufCFieldDescriptor *field,
                               json_t *value,
                               ProtobufCMessage *message)
{
    const size_t count = json_array_size(value);
    const size_t size = layout_size(field->type);
    void **slot = layout_value(message, field);

    if (!json_is_array(value))
        return reader_wrong_type(reader, value, "an array");
    if (count == 0)
        return ASAP_OK;
    *slot = calloc(count, size);
    if (*slot == NULL)
        return fail_memory(reader->err);
    *layout_count(message, field) = count;
    for (size_t i = 0; i < count; i++) {
        const size_t outer = path_enter_element(&reader->path, i);

        TRY(reader_value(reader, field, json_array_get(value, i), (char *)*slot + i * size));
        path_leave(&reader->path, outer);
    }
    return ASAP_OK;
}

static enum asap_code read_oneof(struct reader *reader,
                                 const ProtobufCFieldDescriptor *field,
                                 json_t *value,
                                 ProtobufCMessage *message)
{
    uint32_t *set = layout_case(message, field);
    char other[LAYOUT_NAME_SIZE];

    if (*set != 0) {
        layout_json_name(protobuf_c_message_descriptor_get_field(message->descriptor, *set)->name,
                         other);
        return fail_field(reader->err, reader->path.text, "it cannot be set along with \"%s\"",
                          other);
    }
    *set = field->id;
    return reader_value(reader, field, value, layout_value(message, field));
}

static enum asap_code read_present(struct reader *reader,
                                   const ProtobufCFieldDescriptor *field,
                                   json_t *value,
                                   ProtobufCMessage *message)
{
    if (layout_is_map(message->descriptor, field))
        return map_read(reader, field, value, message);
    if (layout_is_repeated(field))
        return reader_repeated(reader, field, value, message);
    if (layout_is_oneof(field))
        return read_oneof(reader, field, value, message);
    return reader_value(reader, field, value, layout_value(message, field));
}

/* NULL when there is no such member, or it is null and that is no value of the field. */
static json_t *find_member(const json_t *object,
                           const char *name,
                           const ProtobufCFieldDescriptor *field)
{
    json_t *value = json_object_get(object, name);

    return json_is_null(value) && !well_known_takes_null(field) ? NULL : value;
}

static enum asap_code read_field(struct reader *reader,
                                 const ProtobufCFieldDescriptor *field,
                                 const json_t *object,
                                 ProtobufCMessage *message)
{
    char name[LAYOUT_NAME_SIZE];
    json_t *value = NULL;
    json_t *original = NULL;
    size_t outer = 0;

    layout_json_name(field->name, name);
    value = find_member(object, name, field);
    original = strcmp(name, field->name) == 0 ? NULL : find_member(object, field->name, field);
    if (value == NULL && original == NULL)
        return ASAP_OK;
    outer = path_enter_member(&reader->path, name);
    if (value != NULL && original != NULL)
        return fail_field(reader->err, reader->path.text,
                          "it is set twice, the other time as \"%s\"", field->name);
    TRY(read_present(reader, field, value != NULL ? value : original, message));
    path_leave(&reader->path, outer);
    return ASAP_OK;
}

enum asap_code reader_object(struct reader *reader, json_t *value, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;

    if (!json_is_object(value))
        return reader_wrong_type(reader, value, "an object");
    for (unsigned i = 0; i < type->n_fields; i++)
        TRY(read_field(reader, &type->fields[i], value, message));
    return ASAP_OK;
}

enum asap_code reader_new(struct reader *reader,
                          const ProtobufCMessageDescriptor *type,
                          ProtobufCMessage **out)
{
    if (++reader->messages > CODEC_MESSAGES_MAX) {
        (void)fail_field(reader->err, reader->path.text, "the message has too many messages in it");
        return ASAP_INVALID_ARGUMENT;
    }
    return codec_new(type, out, reader->err);
}

enum asap_code reader_deeper(struct reader *reader)
{
    if (reader->depth == CODEC_DEPTH_MAX)
        return fail_field(reader->err, reader->path.text, "the message is nested too deeply");
    reader->depth++;
    return ASAP_OK;
}

enum asap_code reader_content(struct reader *reader, json_t *value, ProtobufCMessage *message)
{
    const struct well_known *known = well_known_find(message->descriptor);

    TRY(reader_deeper(reader));
    TRY(known != NULL ? known->read(reader, value, message)
                      : reader_object(reader, value, message));
    reader->depth--;
    return ASAP_OK;
}

enum asap_code reader_message(struct reader *reader,
                              const ProtobufCFieldDescriptor *field,
                              json_t *value,
                              void *slot)
{
    ProtobufCMessage **message = slot;

    TRY(reader_new(reader, field->descriptor, message));
    return reader_content(reader, value, *message);
}

enum asap_code reader_document(struct reader *reader,
                               const ProtobufCMessageDescriptor *type,
                               const char *text,
                               size_t length,
                               ProtobufCMessage **out)
{
    SCOPED(json) json_t *object = NULL;
    SCOPED(message) ProtobufCMessage *message = NULL;

    *out = NULL;
    if (length > CODEC_SIZE_MAX)
        return fail(reader->err, ASAP_RESOURCE_EXHAUSTED, "the message is over %d bytes",
                    CODEC_SIZE_MAX);
    TRY(reader_new(reader, type, &message));
    if (length > 0) {
        if (json_read_document(text, length, &limits, "the message", &object, reader->err)
            != ASAP_OK)
            return fail_as(reader->err, ASAP_INVALID_ARGUMENT);
        TRY(reader_content(reader, object, message));
    }
    *out = MOVE(message);
    return ASAP_OK;
}
