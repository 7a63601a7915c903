/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_layout.h"
#include "codec_map.h"
#include "codec_text.h"
#include "codec_well_known.h"
#include "codec_write.h"
#include "fail.h"

typedef enum asap_code write_value(struct writer *writer,
                                   const ProtobufCFieldDescriptor *field,
                                   const void *slot);

static enum asap_code write_int32(struct writer *writer,
                                  const ProtobufCFieldDescriptor *field,
                                  const void *slot)
{
    const int32_t *value = slot;

    (void)field;
    buffer_printf(writer->out, "%" PRId32, *value);
    return ASAP_OK;
}

static enum asap_code write_uint32(struct writer *writer,
                                   const ProtobufCFieldDescriptor *field,
                                   const void *slot)
{
    const uint32_t *value = slot;

    (void)field;
    buffer_printf(writer->out, "%" PRIu32, *value);
    return ASAP_OK;
}

/* In quotes, since many readers of JSON have no integers over 2^53. */
static enum asap_code write_int64(struct writer *writer,
                                  const ProtobufCFieldDescriptor *field,
                                  const void *slot)
{
    const int64_t *value = slot;

    (void)field;
    buffer_printf(writer->out, "\"%" PRId64 "\"", *value);
    return ASAP_OK;
}

static enum asap_code write_uint64(struct writer *writer,
                                   const ProtobufCFieldDescriptor *field,
                                   const void *slot)
{
    const uint64_t *value = slot;

    (void)field;
    buffer_printf(writer->out, "\"%" PRIu64 "\"", *value);
    return ASAP_OK;
}

static bool write_special(struct buffer *out, double value)
{
    if (isnan(value))
        buffer_puts(out, "\"NaN\"");
    else if (isinf(value))
        buffer_puts(out, value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    else if (value == 0 && signbit(value))
        buffer_puts(out, "-0.0");
    else
        return false;
    return true;
}

/* `digits` significant ones. The decimal sign of a locale may be a comma. */
static void write_digits(struct buffer *out, double value, int digits)
{
    char text[40];
    char *comma = NULL;

    (void)snprintf(text, sizeof text, "%.*g", digits, value);
    comma = strchr(text, ',');
    if (comma != NULL)
        *comma = '.';
    buffer_puts(out, text);
}

static double reread(double value, int digits)
{
    char text[40];

    (void)snprintf(text, sizeof text, "%.*g", digits, value);
    return strtod(text, NULL);
}

/* As few digits as lead back to the same value. */
static enum asap_code write_float(struct writer *writer,
                                  const ProtobufCFieldDescriptor *field,
                                  const void *slot)
{
    enum { LEAST = 6, MOST = 9 };
    const float value = *(const float *)slot;
    int digits = LEAST;

    (void)field;
    if (write_special(writer->out, (double)value))
        return ASAP_OK;
    while (digits < MOST && (float)reread((double)value, digits) != value)
        digits++;
    write_digits(writer->out, (double)value, digits);
    return ASAP_OK;
}

static enum asap_code write_double(struct writer *writer,
                                   const ProtobufCFieldDescriptor *field,
                                   const void *slot)
{
    enum { LEAST = 15, MOST = 17 };
    const double value = *(const double *)slot;
    int digits = LEAST;

    (void)field;
    if (write_special(writer->out, value))
        return ASAP_OK;
    while (digits < MOST && reread(value, digits) != value)
        digits++;
    write_digits(writer->out, value, digits);
    return ASAP_OK;
}

static enum asap_code write_bool(struct writer *writer,
                                 const ProtobufCFieldDescriptor *field,
                                 const void *slot)
{
    const protobuf_c_boolean *value = slot;

    (void)field;
    buffer_puts(writer->out, *value ? "true" : "false");
    return ASAP_OK;
}

/* A value without a name, from a newer peer, is written as its number. */
static enum asap_code write_enum(struct writer *writer,
                                 const ProtobufCFieldDescriptor *field,
                                 const void *slot)
{
    const int *value = slot;
    const ProtobufCEnumValue *named =
        protobuf_c_enum_descriptor_get_value(field->descriptor, *value);

    if (well_known_is_null(field) && named != NULL)
        buffer_puts(writer->out, "null");
    else if (named == NULL)
        buffer_printf(writer->out, "%d", *value);
    else
        buffer_printf(writer->out, "\"%s\"", named->name);
    return ASAP_OK;
}

static enum asap_code write_string(struct writer *writer,
                                   const ProtobufCFieldDescriptor *field,
                                   const void *slot)
{
    const char *text = *(const char *const *)slot;
    const size_t length = text == NULL ? 0 : strlen(text);

    if (!text_write_string(text == NULL ? "" : text, length, writer->out))
        return fail(writer->err, ASAP_INTERNAL, "\"%s\" is not UTF-8", field->name);
    return ASAP_OK;
}

static enum asap_code write_bytes(struct writer *writer,
                                  const ProtobufCFieldDescriptor *field,
                                  const void *slot)
{
    (void)field;
    text_write_bytes(slot, writer->out);
    return ASAP_OK;
}

static enum asap_code write_message(struct writer *writer,
                                    const ProtobufCFieldDescriptor *field,
                                    const void *slot)
{
    const ProtobufCMessage *message = *(const ProtobufCMessage *const *)slot;

    if (message == NULL)
        return fail(writer->err, ASAP_INTERNAL, "\"%s\" holds a message that is not there",
                    field->name);
    return writer_message(writer, message);
}

static write_value *const writers[] = {
    [PROTOBUF_C_TYPE_INT32] = write_int32,     [PROTOBUF_C_TYPE_SINT32] = write_int32,
    [PROTOBUF_C_TYPE_SFIXED32] = write_int32,  [PROTOBUF_C_TYPE_INT64] = write_int64,
    [PROTOBUF_C_TYPE_SINT64] = write_int64,    [PROTOBUF_C_TYPE_SFIXED64] = write_int64,
    [PROTOBUF_C_TYPE_UINT32] = write_uint32,   [PROTOBUF_C_TYPE_FIXED32] = write_uint32,
    [PROTOBUF_C_TYPE_UINT64] = write_uint64,   [PROTOBUF_C_TYPE_FIXED64] = write_uint64,
    [PROTOBUF_C_TYPE_FLOAT] = write_float,     [PROTOBUF_C_TYPE_DOUBLE] = write_double,
    [PROTOBUF_C_TYPE_BOOL] = write_bool,       [PROTOBUF_C_TYPE_ENUM] = write_enum,
    [PROTOBUF_C_TYPE_STRING] = write_string,   [PROTOBUF_C_TYPE_BYTES] = write_bytes,
    [PROTOBUF_C_TYPE_MESSAGE] = write_message,
};

enum asap_code writer_value(struct writer *writer,
                            const ProtobufCFieldDescriptor *field,
                            const void *slot)
{
    return writers[field->type](writer, field, slot);
}

enum asap_code writer_repeated(struct writer *writer,
                               const ProtobufCFieldDescriptor *field,
                               const ProtobufCMessage *message)
{
    const char *const *array = layout_look(message, field);

    buffer_puts(writer->out, "[");
    for (size_t i = 0; i < layout_count_of(message, field); i++) {
        if (i > 0)
            buffer_puts(writer->out, ",");
        TRY(writer_value(writer, field, *array + i * layout_size(field->type)));
    }
    buffer_puts(writer->out, "]");
    return ASAP_OK;
}

static enum asap_code write_field(struct writer *writer,
                                  const ProtobufCFieldDescriptor *field,
                                  const ProtobufCMessage *message)
{
    char name[LAYOUT_NAME_SIZE];

    layout_json_name(field->name, name);
    buffer_printf(writer->out, "\"%s\":", name);
    if (layout_is_map(message->descriptor, field))
        return map_write(writer, field, message);
    if (layout_is_repeated(field))
        return writer_repeated(writer, field, message);
    return writer_value(writer, field, layout_look(message, field));
}

enum asap_code writer_fields(struct writer *writer,
                             const ProtobufCMessage *message,
                             const char *separator)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;

    for (unsigned i = 0; i < type->n_fields; i++) {
        if (!layout_is_present(message, &type->fields[i]))
            continue;
        buffer_puts(writer->out, separator);
        separator = ",";
        TRY(write_field(writer, &type->fields[i], message));
    }
    return ASAP_OK;
}

enum asap_code writer_object(struct writer *writer, const ProtobufCMessage *message)
{
    buffer_puts(writer->out, "{");
    TRY(writer_fields(writer, message, ""));
    buffer_puts(writer->out, "}");
    return ASAP_OK;
}

enum asap_code writer_deeper(struct writer *writer)
{
    if (writer->depth == CODEC_DEPTH_MAX)
        return fail(writer->err, ASAP_INTERNAL, "the message is nested too deeply");
    writer->depth++;
    return ASAP_OK;
}

enum asap_code writer_message(struct writer *writer, const ProtobufCMessage *message)
{
    const struct well_known *known = well_known_find(message->descriptor);

    TRY(writer_deeper(writer));
    TRY(known != NULL ? known->write(writer, message) : writer_object(writer, message));
    writer->depth--;
    return ASAP_OK;
}

enum asap_code writer_document(struct writer *writer, const ProtobufCMessage *message)
{
    TRY(writer_message(writer, message));
    return buffer_check(writer->out, "the message", writer->err);
}
