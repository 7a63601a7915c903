/* SPDX-License-Identifier: Apache-2.0 */
#include "request_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"

DEFINE_SCOPED(memory, void *, free)

const void *request_field(const ProtobufCMessage *message, const char *name, ProtobufCType type)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

    if (field == NULL || field->type != type || field->label == PROTOBUF_C_LABEL_REPEATED
        || (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return NULL;
    return (const char *)message + field->offset;
}

/* Zero bytes are the default value of either type, and defaults are not written. */
static void leave_out(const ProtobufCMessage *request, const char *name, char *copy)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor, name);
    size_t size = sizeof(int32_t);

    if (field == NULL)
        return;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        size = sizeof(char *);
    memset(copy + field->offset, 0, size);
}

enum asap_code request_bytes(const ProtobufCMessage *request,
                             const char *const *less,
                             struct buffer *out,
                             struct asap_error *err)
{
    const size_t size = request->descriptor->sizeof_message;
    SCOPED(memory) void *copy = malloc(size);
    ProtobufCMessage *message = copy;
    uint8_t *room = NULL;

    if (copy == NULL)
        return fail_memory(err);
    memcpy(copy, request, size);
    message->n_unknown_fields = 0;
    for (; *less != NULL; less++)
        leave_out(request, *less, copy);
    buffer_puts(out, request->descriptor->name);
    buffer_append(out, "", 1);
    room = buffer_extend(out, protobuf_c_message_get_packed_size(message));
    TRY(buffer_check(out, "the request", err));
    if (room != NULL)
        (void)protobuf_c_message_pack(message, room);
    return ASAP_OK;
}
