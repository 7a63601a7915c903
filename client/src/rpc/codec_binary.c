/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_layout.h"
#include "codec_text.h"
#include "codec_wire.h"
#include "fail.h"

/* Remembers that there was no memory, since protobuf-c does not say why it fails. */
static void *take_memory(void *data, size_t size)
{
    bool *failed = data;
    void *memory = malloc(size);

    *failed = *failed || memory == NULL;
    return memory;
}

static void give_memory(void *data, void *memory)
{
    (void)data;
    free(memory);
}

enum asap_code codec_read_binary(const ProtobufCMessageDescriptor *type,
                                 const uint8_t *bytes,
                                 size_t length,
                                 ProtobufCMessage **out,
                                 struct asap_error *err)
{
    bool failed = false;
    ProtobufCAllocator allocator = { take_memory, give_memory, &failed };

    *out = NULL;
    if (length > CODEC_SIZE_MAX)
        return fail(err, ASAP_RESOURCE_EXHAUSTED, "the message is over %d bytes", CODEC_SIZE_MAX);
    TRY(wire_check(type, bytes, length, err));
    *out = protobuf_c_message_unpack(type, &allocator, length, bytes);
    if (*out != NULL)
        return ASAP_OK;
    if (failed)
        return fail_memory(err);
    return fail_field(err, "", "the message is not a %s in the binary form", type->short_name);
}

/* What a message holds, on the way to being written. */
struct walk {
    size_t depth;
    struct asap_error *err;
};

typedef enum asap_code check_value(struct walk *walk,
                                   const ProtobufCFieldDescriptor *field,
                                   const void *slot);

static enum asap_code check_text(struct walk *walk,
                                 const ProtobufCFieldDescriptor *field,
                                 const void *slot)
{
    const char *text = *(const char *const *)slot;

    if (text != NULL && text_utf8_prefix(text, strlen(text)) != strlen(text))
        return fail(walk->err, ASAP_INTERNAL, "\"%s\" is not UTF-8", field->name);
    return ASAP_OK;
}

static enum asap_code check_message(struct walk *walk, const ProtobufCMessage *message);

static enum asap_code check_inner(struct walk *walk,
                                  const ProtobufCFieldDescriptor *field,
                                  const void *slot)
{
    const ProtobufCMessage *message = *(const ProtobufCMessage *const *)slot;

    if (message == NULL)
        return fail(walk->err, ASAP_INTERNAL, "\"%s\" holds a message that is not there",
                    field->name);
    return check_message(walk, message);
}

/* Other types hold nothing that could be wrong. */
static check_value *const checks[] = {
    [PROTOBUF_C_TYPE_STRING] = check_text,
    [PROTOBUF_C_TYPE_BYTES] = NULL,
    [PROTOBUF_C_TYPE_MESSAGE] = check_inner,
};

static enum asap_code check_field(struct walk *walk,
                                  const ProtobufCFieldDescriptor *field,
                                  const ProtobufCMessage *message)
{
    const char *const *array = layout_look(message, field);
    check_value *const check = checks[field->type];

    if (check == NULL || !layout_is_present(message, field))
        return ASAP_OK;
    if (!layout_is_repeated(field))
        return check(walk, field, layout_look(message, field));
    for (size_t i = 0; i < layout_count_of(message, field); i++)
        TRY(check(walk, field, *array + i * layout_size(field->type)));
    return ASAP_OK;
}

static enum asap_code check_message(struct walk *walk, const ProtobufCMessage *message)
{
    if (walk->depth == CODEC_DEPTH_MAX)
        return fail(walk->err, ASAP_INTERNAL, "the message is nested too deeply");
    walk->depth++;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        TRY(check_field(walk, &message->descriptor->fields[i], message));
    walk->depth--;
    return ASAP_OK;
}

enum asap_code codec_write_binary(const ProtobufCMessage *message,
                                  struct buffer *out,
                                  struct asap_error *err)
{
    size_t size = 0;
    uint8_t *room = NULL;

    TRY(check_message(&(struct walk){ .err = err }, message));
    size = protobuf_c_message_get_packed_size(message);
    room = buffer_extend(out, size);
    if (room != NULL)
        (void)protobuf_c_message_pack(message, room);
    return buffer_check(out, "the message", err);
}
