/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "codec_layout.h"
#include "codec_map.h"
#include "codec_well_known.h"
#include "fail.h"
#include "google/protobuf/struct.pb-c.h"

/* The member of the oneof that holds a value of this type. */
static const unsigned kinds[] = {
    [JSON_NULL] = GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE,
    [JSON_INTEGER] = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE,
    [JSON_REAL] = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE,
    [JSON_STRING] = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE,
    [JSON_TRUE] = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE,
    [JSON_FALSE] = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE,
    [JSON_OBJECT] = GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE,
    [JSON_ARRAY] = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE,
};

enum asap_code value_read(struct reader *reader, json_t *value, ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(message->descriptor, kinds[json_typeof(value)]);

    *layout_case(message, field) = field->id;
    return reader_value(reader, field, value, layout_value(message, field));
}

/* JSON has no number for what a double may be besides, and a string would be read as one. */
enum asap_code value_write(struct writer *writer, const ProtobufCMessage *message)
{
    const Google__Protobuf__Value *value = (const Google__Protobuf__Value *)message;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(message->descriptor, value->kind_case);

    if (field == NULL)
        return fail(writer->err, ASAP_INTERNAL, "a Value holds nothing");
    if (value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE
        && !isfinite(value->number_value))
        return fail(writer->err, ASAP_INTERNAL, "a Value holds a number that JSON has not");
    if (value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE) {
        buffer_puts(writer->out, "null");
        return ASAP_OK;
    }
    return writer_value(writer, field, layout_look(message, field));
}

enum asap_code struct_read(struct reader *reader, json_t *value, ProtobufCMessage *message)
{
    return map_read(reader, message->descriptor->fields, value, message);
}

enum asap_code struct_write(struct writer *writer, const ProtobufCMessage *message)
{
    return map_write(writer, message->descriptor->fields, message);
}

enum asap_code list_read(struct reader *reader, json_t *value, ProtobufCMessage *message)
{
    return reader_repeated(reader, message->descriptor->fields, value, message);
}

enum asap_code list_write(struct writer *writer, const ProtobufCMessage *message)
{
    return writer_repeated(writer, message->descriptor->fields, message);
}
