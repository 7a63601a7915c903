/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_read.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_layout.h"
#include "codec_well_known.h"
#include "fail.h"
#include "json.h"

/* Generous for every request that there is; depth also bounds the recursion here. */
static const struct json_limits limits = {
    .depth = 64, .members = 4096, .values = 100000, .string_length = 1048576
};

enum asap_code reader_wrong_type(const struct reader *reader,
                                 const json_t *value,
                                 const char *expected)
{
    static const char *const found[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };

    return fail_field(reader->err, reader->path, "expected %s, found %s", expected,
                      found[json_typeof(value)]);
}

enum asap_code reader_wrong_value(const struct reader *reader, const char *expected)
{
    return fail_field(reader->err, reader->path, "expected %s", expected);
}

/* Goes one step down; the result leads back up with leave(). */
__attribute__((format(printf, 2, 3))) static size_t enter(struct reader *reader,
                                                          const char *format,
                                                          ...)
{
    const size_t outer = reader->path_length;
    const size_t room = sizeof reader->path - outer;
    va_list args;
    int length = 0;

    va_start(args, format);
    length = vsnprintf(reader->path + outer, room, format, args);
    va_end(args);
    if (length > 0)
        reader->path_length += (size_t)length < room ? (size_t)length : room - 1;
    return outer;
}

static void leave(struct reader *reader, size_t outer)
{
    reader->path_length = outer;
    reader->path[outer] = '\0';
}

static enum asap_code read_repeated(struct reader *reader,
                                    const ProtobufCFieldDescriptor *field,
                                    const json_t *value,
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
        const size_t outer = enter(reader, "[%zu]", i);

        TRY(reader_value(reader, field, json_array_get(value, i), (char *)*slot + i * size));
        leave(reader, outer);
    }
    return ASAP_OK;
}

static enum asap_code read_oneof(struct reader *reader,
                                 const ProtobufCFieldDescriptor *field,
                                 const json_t *value,
                                 ProtobufCMessage *message)
{
    uint32_t *set = layout_case(message, field);
    char other[LAYOUT_NAME_SIZE];

    if (*set != 0) {
        layout_json_name(protobuf_c_message_descriptor_get_field(message->descriptor, *set)->name,
                         other);
        return fail_field(reader->err, reader->path, "it cannot be set along with \"%s\"", other);
    }
    *set = field->id;
    return reader_value(reader, field, value, layout_value(message, field));
}

static enum asap_code read_present(struct reader *reader,
                                   const ProtobufCFieldDescriptor *field,
                                   const json_t *value,
                                   ProtobufCMessage *message)
{
    if (layout_is_repeated(field))
        return read_repeated(reader, field, value, message);
    if (layout_is_oneof(field))
        return read_oneof(reader, field, value, message);
    return reader_value(reader, field, value, layout_value(message, field));
}

/* NULL when there is no such member, or it is null. */
static const json_t *find_member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_null(value) ? NULL : value;
}

static enum asap_code read_field(struct reader *reader,
                                 const ProtobufCFieldDescriptor *field,
                                 const json_t *object,
                                 ProtobufCMessage *message)
{
    char name[LAYOUT_NAME_SIZE];
    const json_t *value = NULL;
    const json_t *original = NULL;
    size_t outer = 0;

    layout_json_name(field->name, name);
    value = find_member(object, name);
    original = strcmp(name, field->name) == 0 ? NULL : find_member(object, field->name);
    if (value == NULL && original == NULL)
        return ASAP_OK;
    outer = enter(reader, "%s%s", reader->path_length > 0 ? "." : "", name);
    if (value != NULL && original != NULL)
        return fail_field(reader->err, reader->path, "it is set twice, the other time as \"%s\"",
                          field->name);
    TRY(read_present(reader, field, value != NULL ? value : original, message));
    leave(reader, outer);
    return ASAP_OK;
}

static enum asap_code read_well_known(const struct reader *reader,
                                      const struct well_known *known,
                                      const json_t *value,
                                      ProtobufCMessage *message)
{
    if (!json_is_string(value))
        return reader_wrong_type(reader, value, known->expected);
    if (!known->parse(json_string_value(value), json_string_length(value), message))
        return reader_wrong_value(reader, known->expected);
    return ASAP_OK;
}

static enum asap_code read_content(struct reader *reader,
                                   const json_t *value,
                                   ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const struct well_known *known = well_known_find(type);

    if (known != NULL)
        return read_well_known(reader, known, value, message);
    if (!json_is_object(value))
        return reader_wrong_type(reader, value, "an object");
    for (unsigned i = 0; i < type->n_fields; i++)
        TRY(read_field(reader, &type->fields[i], value, message));
    return ASAP_OK;
}

enum asap_code reader_message(struct reader *reader,
                              const ProtobufCFieldDescriptor *field,
                              const json_t *value,
                              void *slot)
{
    ProtobufCMessage **message = slot;

    TRY(codec_new(field->descriptor, message, reader->err));
    return read_content(reader, value, *message);
}

enum asap_code codec_read_json(const ProtobufCMessageDescriptor *type,
                               const char *text,
                               size_t length,
                               ProtobufCMessage **out,
                               struct asap_error *err)
{
    struct reader reader = { .err = err };
    SCOPED(json) json_t *object = NULL;
    SCOPED(message) ProtobufCMessage *message = NULL;

    *out = NULL;
    TRY(codec_new(type, &message, err));
    if (length > 0) {
        if (json_read_document(text, length, &limits, "the message", &object, err) != ASAP_OK)
            return fail_as(err, ASAP_INVALID_ARGUMENT);
        TRY(read_content(&reader, object, message));
    }
    *out = MOVE(message);
    return ASAP_OK;
}
