/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_well_known.h"

#include "codec_layout.h"
#include "codec_time.h"
#include "fail.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/empty.pb-c.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/protobuf/wrappers.pb-c.h"

static enum asap_code read_timestamp(struct reader *reader,
                                     json_t *value,
                                     ProtobufCMessage *message)
{
    static const char expected[] = "a time such as \"2026-11-23T13:15:00Z\"";
    Google__Protobuf__Timestamp *out = (Google__Protobuf__Timestamp *)message;
    struct codec_time time = { 0 };

    if (!json_is_string(value))
        return reader_wrong_type(reader, value, expected);
    if (!timestamp_parse(json_string_value(value), json_string_length(value), &time))
        return reader_wrong_value(reader, expected);
    out->seconds = time.seconds;
    out->nanos = time.nanos;
    return ASAP_OK;
}

static enum asap_code read_duration(struct reader *reader, json_t *value, ProtobufCMessage *message)
{
    static const char expected[] = "a duration such as \"3600s\" or \"1.5s\"";
    Google__Protobuf__Duration *out = (Google__Protobuf__Duration *)message;
    struct codec_time time = { 0 };

    if (!json_is_string(value))
        return reader_wrong_type(reader, value, expected);
    if (!duration_parse(json_string_value(value), json_string_length(value), &time))
        return reader_wrong_value(reader, expected);
    out->seconds = time.seconds;
    out->nanos = time.nanos;
    return ASAP_OK;
}

static enum asap_code write_timestamp(struct writer *writer, const ProtobufCMessage *message)
{
    const Google__Protobuf__Timestamp *in = (const Google__Protobuf__Timestamp *)message;
    char text[CODEC_TIME_SIZE];

    if (!timestamp_format(&(struct codec_time){ in->seconds, in->nanos }, text))
        return fail(writer->err, ASAP_INTERNAL, "a Timestamp is out of range");
    buffer_printf(writer->out, "\"%s\"", text);
    return ASAP_OK;
}

static enum asap_code write_duration(struct writer *writer, const ProtobufCMessage *message)
{
    const Google__Protobuf__Duration *in = (const Google__Protobuf__Duration *)message;
    char text[CODEC_TIME_SIZE];

    if (!duration_format(&(struct codec_time){ in->seconds, in->nanos }, text))
        return fail(writer->err, ASAP_INTERNAL, "a Duration is out of range");
    buffer_printf(writer->out, "\"%s\"", text);
    return ASAP_OK;
}

/* A wrapper is what its one field is. */
static enum asap_code read_wrapper(struct reader *reader, json_t *value, ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = message->descriptor->fields;

    return reader_value(reader, field, value, layout_value(message, field));
}

static enum asap_code write_wrapper(struct writer *writer, const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = message->descriptor->fields;

    return writer_value(writer, field, layout_look(message, field));
}

/* Empty is an object like others, yet one that stands in the "value" of an Any. */
static const struct well_known table[] = {
    { &google__protobuf__any__descriptor, any_read, any_write },
    { &google__protobuf__bool_value__descriptor, read_wrapper, write_wrapper },
    { &google__protobuf__bytes_value__descriptor, read_wrapper, write_wrapper },
    { &google__protobuf__double_value__descriptor, read_wrapper, write_wrapper },
    { &google__protobuf__duration__descriptor, read_duration, write_duration },
    { &google__protobuf__empty__descriptor, reader_object, writer_object },
    { &google__protobuf__field_mask__descriptor, mask_read, mask_write },
    { &google__protobuf__float_value__descriptor, read_wrapper, write_wrapper },
    { &google__protobuf__int32_value__descriptor, read_wrapper, write_wrapper },
    { &google__protobuf__int64_value__descriptor, read_wrapper, write_wrapper },
    { &google__protobuf__list_value__descriptor, list_read, list_write },
    { &google__protobuf__string_value__descriptor, read_wrapper, write_wrapper },
    { &google__protobuf__struct__descriptor, struct_read, struct_write },
    { &google__protobuf__timestamp__descriptor, read_timestamp, write_timestamp },
    { &google__protobuf__uint32_value__descriptor, read_wrapper, write_wrapper },
    { &google__protobuf__uint64_value__descriptor, read_wrapper, write_wrapper },
    { &google__protobuf__value__descriptor, value_read, value_write },
};

const struct well_known *well_known_find(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].type == type)
            return &table[i];
    return NULL;
}

bool well_known_is_null(const ProtobufCFieldDescriptor *field)
{
    return field->descriptor == &google__protobuf__null_value__descriptor;
}

bool well_known_takes_null(const ProtobufCFieldDescriptor *field)
{
    return !layout_is_repeated(field)
           && (well_known_is_null(field)
               || field->descriptor == &google__protobuf__value__descriptor);
}
