/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_wire.h"

#include <stdbool.h>
#include <string.h>

#include "codec.h"
#include "codec_layout.h"
#include "codec_path.h"
#include "codec_text.h"
#include "fail.h"

enum { FIELDS_MAX = 256, VARINT_SIZE = 10, SHORT_VARINT_SIZE = 5, GROUP_START = 3, GROUP_END = 4 };

/* Bytes that are still to be looked at. */
struct span {
    const uint8_t *at;
    size_t left;
};

/* A message on the way from the outermost one to where the check is. */
struct frame {
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor *field; /* which is being read; NULL for none that is known */
    struct span in;
    uint32_t seen[FIELDS_MAX]; /* values of each field so far */
};

struct checker {
    struct asap_error *err;
    size_t messages;
    size_t values;
    size_t depth;
    struct frame frames[CODEC_DEPTH_MAX];
};

static const ProtobufCWireType wires[] = {
    [PROTOBUF_C_TYPE_INT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SFIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
    [PROTOBUF_C_TYPE_INT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SFIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
    [PROTOBUF_C_TYPE_UINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_FIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
    [PROTOBUF_C_TYPE_UINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_FIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
    [PROTOBUF_C_TYPE_FLOAT] = PROTOBUF_C_WIRE_TYPE_32BIT,
    [PROTOBUF_C_TYPE_DOUBLE] = PROTOBUF_C_WIRE_TYPE_64BIT,
    [PROTOBUF_C_TYPE_BOOL] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_ENUM] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_STRING] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    [PROTOBUF_C_TYPE_BYTES] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    [PROTOBUF_C_TYPE_MESSAGE] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
};

static void describe(const struct frame *frame, struct codec_path *path)
{
    uint32_t seen = 0;

    if (frame->field == NULL)
        return;
    (void)path_enter_field(path, frame->field);
    seen = frame->seen[frame->field - frame->type->fields];
    if (layout_is_repeated(frame->field) && seen > 0)
        (void)path_enter_element(path, seen - 1);
}

static enum asap_code refuse_here(const struct checker *checker, const char *why)
{
    struct codec_path path = { .length = 0 };

    for (size_t i = 0; i < checker->depth; i++)
        describe(&checker->frames[i], &path);
    return fail_field(checker->err, path.text, "%s", why);
}

static struct span take(struct span *in, size_t length)
{
    const struct span taken = { in->at, length };

    in->at += length;
    in->left -= length;
    return taken;
}

/* False when it does not end within `most` bytes, or is over 64 bits. */
static bool take_varint(struct span *in, size_t most, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < most && i < in->left; i++) {
        const uint8_t byte = in->at[i];

        *out |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            (void)take(in, i + 1);
            return i + 1 < VARINT_SIZE || byte <= 1;
        }
    }
    return false;
}

static bool take_delimited(struct span *in, struct span *out)
{
    uint64_t length = 0;

    if (!take_varint(in, SHORT_VARINT_SIZE, &length) || length > in->left)
        return false;
    *out = take(in, (size_t)length);
    return true;
}

static bool take_fixed(struct span *in, size_t size)
{
    if (in->left < size)
        return false;
    (void)take(in, size);
    return true;
}

/* Takes one value; `out` is what a length stands before. NULL, or why it is malformed. */
static const char *take_value(struct span *in, uint32_t wire, struct span *out)
{
    uint64_t number = 0;

    switch (wire) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return take_varint(in, VARINT_SIZE, &number) ? NULL : "its varint is malformed";
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return take_fixed(in, sizeof(uint64_t)) ? NULL : "its eight bytes are cut off";
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return take_fixed(in, sizeof(uint32_t)) ? NULL : "its four bytes are cut off";
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        return take_delimited(in, out) ? NULL : "its length is malformed or goes beyond the end";
    case GROUP_START:
    case GROUP_END:
        return "groups are not supported";
    default:
        return "there is no such wire type";
    }
}

static enum asap_code count_value(struct checker *checker, struct frame *frame)
{
    if (frame->field != NULL)
        frame->seen[frame->field - frame->type->fields]++;
    if (++checker->values > CODEC_VALUES_MAX)
        return refuse_here(checker, "the message has too many values");
    return ASAP_OK;
}

/* protobuf-c takes the truth values of a list as bytes. */
static enum asap_code check_packed(struct checker *checker, struct frame *frame, struct span in)
{
    const uint32_t wire = wires[frame->field->type];
    struct span none = { 0 };

    while (in.left > 0) {
        const bool is_wild = frame->field->type == PROTOBUF_C_TYPE_BOOL && in.at[0] > 1;
        const char *fault = NULL;

        TRY(count_value(checker, frame));
        fault = is_wild ? "expected true or false" : take_value(&in, wire, &none);
        if (fault != NULL)
            return refuse_here(checker, fault);
    }
    return ASAP_OK;
}

/* A C string ends at its first NUL, so that what stands behind one would get lost. */
static enum asap_code check_text(const struct checker *checker, struct span in)
{
    const char *text = (const char *)in.at;

    if (in.left == 0)
        return ASAP_OK;
    if (memchr(text, '\0', in.left) != NULL)
        return refuse_here(checker, "it has a NUL");
    if (text_utf8_prefix(text, in.left) != in.left)
        return refuse_here(checker, "it is not UTF-8");
    return ASAP_OK;
}

static enum asap_code enter_message(struct checker *checker,
                                    const ProtobufCMessageDescriptor *type,
                                    struct span in)
{
    if (type->n_fields > FIELDS_MAX)
        return fail(checker->err, ASAP_INTERNAL, "a %s has too many fields", type->short_name);
    if (checker->depth == CODEC_DEPTH_MAX)
        return refuse_here(checker, "the message is nested too deeply");
    if (++checker->messages > CODEC_MESSAGES_MAX)
        return refuse_here(checker, "the message has too many messages in it");
    checker->frames[checker->depth++] = (struct frame){ .type = type, .in = in };
    return ASAP_OK;
}

/* Two values of one message field would have to be merged, element by element. */
static enum asap_code check_message(struct checker *checker,
                                    const struct frame *frame,
                                    struct span in)
{
    const ProtobufCFieldDescriptor *field = frame->field;

    if (!layout_is_repeated(field) && frame->seen[field - frame->type->fields] > 1)
        return refuse_here(checker, "it is set twice");
    return enter_message(checker, field->descriptor, in);
}

static enum asap_code check_value(struct checker *checker, struct frame *frame, struct span in)
{
    TRY(count_value(checker, frame));
    if (frame->field == NULL)
        return ASAP_OK;
    if (frame->field->type == PROTOBUF_C_TYPE_STRING)
        return check_text(checker, in);
    if (frame->field->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_message(checker, frame, in);
    return ASAP_OK;
}

static bool is_packed(const ProtobufCFieldDescriptor *field, uint32_t wire)
{
    return field != NULL && layout_is_repeated(field)
           && wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED && wire != wires[field->type];
}

static enum asap_code check_field(struct checker *checker, struct frame *frame)
{
    enum { WIRE_BITS = 3, WIRE_MASK = 7 };
    uint64_t tag = 0;
    uint32_t wire = 0;
    struct span value = { 0 };
    const char *fault = NULL;

    frame->field = NULL;
    if (!take_varint(&frame->in, SHORT_VARINT_SIZE, &tag) || tag > UINT32_MAX
        || tag >> WIRE_BITS == 0)
        return refuse_here(checker, "the number of a field is malformed");
    wire = (uint32_t)tag & WIRE_MASK;
    frame->field =
        protobuf_c_message_descriptor_get_field(frame->type, (unsigned)(tag >> WIRE_BITS));
    fault = take_value(&frame->in, wire, &value);
    if (fault != NULL)
        return refuse_here(checker, fault);
    if (is_packed(frame->field, wire))
        return check_packed(checker, frame, value);
    if (frame->field != NULL && wire != wires[frame->field->type])
        return refuse_here(checker, "it has the wire type of another kind of field");
    return check_value(checker, frame, value);
}

enum asap_code wire_check(const ProtobufCMessageDescriptor *type,
                          const uint8_t *bytes,
                          size_t length,
                          struct asap_error *err)
{
    struct checker checker = { .err = err };

    TRY(enter_message(&checker, type, (struct span){ bytes, length }));
    while (checker.depth > 0) {
        struct frame *frame = &checker.frames[checker.depth - 1];

        if (frame->in.left == 0)
            checker.depth--;
        else
            TRY(check_field(&checker, frame));
    }
    return ASAP_OK;
}
