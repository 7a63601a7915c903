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
#include "codec_text.h"
#include "codec_well_known.h"
#include "fail.h"

struct writer {
    struct buffer *out;
    struct asap_error *err;
};

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

    if (named == NULL)
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

static enum asap_code write_content(struct writer *writer, const ProtobufCMessage *message);

static enum asap_code write_message(struct writer *writer,
                                    const ProtobufCFieldDescriptor *field,
                                    const void *slot)
{
    const ProtobufCMessage *message = *(const ProtobufCMessage *const *)slot;

    if (message == NULL)
        return fail(writer->err, ASAP_INTERNAL, "\"%s\" holds a message that is not there",
                    field->name);
    return write_content(writer, message);
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

static enum asap_code write_repeated(struct writer *writer,
                                     const ProtobufCFieldDescriptor *field,
                                     const ProtobufCMessage *message)
{
    const char *const *array = layout_look(message, field);

    buffer_puts(writer->out, "[");
    for (size_t i = 0; i < layout_count_of(message, field); i++) {
        if (i > 0)
            buffer_puts(writer->out, ",");
        TRY(writers[field->type](writer, field, *array + i * layout_size(field->type)));
    }
    buffer_puts(writer->out, "]");
    return ASAP_OK;
}

/* Whether a single value is another than that of a field which was never set. */
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

static bool is_present(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    if (layout_is_repeated(field))
        return layout_count_of(message, field) > 0;
    if (layout_is_oneof(field))
        return layout_case_of(message, field) == field->id;
    return is_set(field, layout_look(message, field));
}

static enum asap_code write_field(struct writer *writer,
                                  const ProtobufCFieldDescriptor *field,
                                  const ProtobufCMessage *message)
{
    char name[LAYOUT_NAME_SIZE];

    layout_json_name(field->name, name);
    buffer_printf(writer->out, "\"%s\":", name);
    if (layout_is_repeated(field))
        return write_repeated(writer, field, message);
    return writers[field->type](writer, field, layout_look(message, field));
}

static enum asap_code write_object(struct writer *writer, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *separator = "{";

    for (unsigned i = 0; i < type->n_fields; i++) {
        if (!is_present(&type->fields[i], message))
            continue;
        buffer_puts(writer->out, separator);
        separator = ",";
        TRY(write_field(writer, &type->fields[i], message));
    }
    buffer_puts(writer->out, *separator == '{' ? "{}" : "}");
    return ASAP_OK;
}

static enum asap_code write_content(struct writer *writer, const ProtobufCMessage *message)
{
    const struct well_known *known = well_known_find(message->descriptor);
    char text[WELL_KNOWN_SIZE];

    if (known == NULL)
        return write_object(writer, message);
    if (!known->format(message, text))
        return fail(writer->err, ASAP_INTERNAL, "a %s is out of range",
                    message->descriptor->short_name);
    buffer_printf(writer->out, "\"%s\"", text);
    return ASAP_OK;
}

enum asap_code codec_write_json(const ProtobufCMessage *message,
                                struct buffer *out,
                                struct asap_error *err)
{
    struct writer writer = { out, err };

    TRY(write_content(&writer, message));
    return buffer_check(out, "the message", err);
}
