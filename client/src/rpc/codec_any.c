/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_text.h"
#include "codec_well_known.h"
#include "fail.h"
#include "json.h"

static const char type_member[] = "@type";
static const char value_member[] = "value";

/* By what stands behind the last slash. */
static const ProtobufCMessageDescriptor *find_type(const ProtobufCMessageDescriptor *const *types,
                                                   const char *url)
{
    const char *slash = strrchr(url, '/');

    for (; slash != NULL && types != NULL && *types != NULL; types++)
        if (strcmp((*types)->name, slash + 1) == 0)
            return *types;
    return NULL;
}

static enum asap_code pack(const ProtobufCMessage *message,
                           const char *url,
                           Google__Protobuf__Any *out,
                           struct asap_error *err)
{
    SCOPED(buffer) struct buffer bytes = BUFFER(CODEC_SIZE_MAX);
    char *taken = NULL;
    size_t length = 0;

    TRY(codec_set_string(&out->type_url, url, err));
    TRY(codec_write_binary(message, &bytes, err));
    length = bytes.length;
    TRY(buffer_take(&bytes, "the message", &taken, err));
    free(out->value.data);
    out->value = (ProtobufCBinaryData){ length, (uint8_t *)taken };
    return ASAP_OK;
}

enum asap_code codec_new_any(const ProtobufCMessage *message,
                             Google__Protobuf__Any **out,
                             struct asap_error *err)
{
    SCOPED(buffer) struct buffer url = BUFFER(1024);
    SCOPED(message) ProtobufCMessage *any = NULL;

    *out = NULL;
    buffer_printf(&url, "type.googleapis.com/%s", message->descriptor->name);
    TRY(buffer_check(&url, "the name of a type", err));
    TRY(codec_new(&google__protobuf__any__descriptor, &any, err));
    TRY(pack(message, url.bytes, (Google__Protobuf__Any *)any, err));
    *out = (Google__Protobuf__Any *)MOVE(any);
    return ASAP_OK;
}

/* Those with a form of their own in JSON have it in "value", the others beside "@type". */
static enum asap_code read_inner(struct reader *reader, json_t *any, ProtobufCMessage *inner)
{
    json_t *value = json_object_get(any, value_member);
    size_t outer = 0;

    if (well_known_find(inner->descriptor) == NULL)
        return reader_content(reader, any, inner);
    outer = path_enter_member(&reader->path, value_member);
    if (value == NULL)
        return reader_wrong_value(reader, "what the type of \"@type\" holds");
    TRY(reader_content(reader, value, inner));
    path_leave(&reader->path, outer);
    return ASAP_OK;
}

static enum asap_code find_named_type(struct reader *reader,
                                      json_t *url,
                                      const ProtobufCMessageDescriptor **out)
{
    static const char expected[] = "the URL of a type that is known here";
    const size_t outer = path_enter_member(&reader->path, type_member);

    if (url == NULL)
        return reader_wrong_value(reader, expected);
    if (!json_is_string(url))
        return reader_wrong_type(reader, url, expected);
    *out = find_type(reader->types, json_string_value(url));
    if (*out == NULL)
        return reader_wrong_value(reader, expected);
    path_leave(&reader->path, outer);
    return ASAP_OK;
}

enum asap_code any_read(struct reader *reader, json_t *value, ProtobufCMessage *message)
{
    json_t *url = json_object_get(value, type_member);
    const ProtobufCMessageDescriptor *type = NULL;
    SCOPED(message) ProtobufCMessage *inner = NULL;

    if (!json_is_object(value))
        return reader_wrong_type(reader, value, "an object");
    if (json_object_size(value) == 0)
        return ASAP_OK;
    TRY(find_named_type(reader, url, &type));
    TRY(reader_new(reader, type, &inner));
    TRY(read_inner(reader, value, inner));
    return pack(inner, json_string_value(url), (Google__Protobuf__Any *)message, reader->err);
}

static enum asap_code write_inner(struct writer *writer,
                                  const char *url,
                                  const ProtobufCMessage *inner)
{
    buffer_printf(writer->out, "{\"%s\":", type_member);
    if (!text_write_string(url, strlen(url), writer->out))
        return fail(writer->err, ASAP_INTERNAL, "the URL of a type is not UTF-8");
    if (well_known_find(inner->descriptor) == NULL) {
        TRY(writer_fields(writer, inner, ","));
    } else {
        buffer_printf(writer->out, ",\"%s\":", value_member);
        TRY(writer_message(writer, inner));
    }
    buffer_puts(writer->out, "}");
    return ASAP_OK;
}

enum asap_code any_write(struct writer *writer, const ProtobufCMessage *message)
{
    const Google__Protobuf__Any *any = (const Google__Protobuf__Any *)message;
    const ProtobufCMessageDescriptor *type = NULL;
    SCOPED(message) ProtobufCMessage *inner = NULL;

    if (*any->type_url == '\0' && any->value.len == 0) {
        buffer_puts(writer->out, "{}");
        return ASAP_OK;
    }
    type = find_type(writer->types, any->type_url);
    if (type == NULL)
        return fail(writer->err, ASAP_INTERNAL, "an Any is of a type that is not known here");
    if (codec_read_binary(type, any->value.data, any->value.len, &inner, writer->err) != ASAP_OK)
        return fail_as(writer->err, ASAP_INTERNAL);
    return write_inner(writer, any->type_url, inner);
}
