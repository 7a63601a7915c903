/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_layout.h"
#include "fail.h"
#include "json.h"

static json_t *key_as_json(const ProtobufCFieldDescriptor *field, const char *key)
{
    const bool is_true = strcmp(key, "true") == 0;

    if (field->type == PROTOBUF_C_TYPE_BOOL && (is_true || strcmp(key, "false") == 0))
        return json_boolean(is_true);
    return json_string(key);
}

static enum asap_code
read_entry(struct reader *reader, const char *key, json_t *value, ProtobufCMessage *entry)
{
    const ProtobufCFieldDescriptor *fields = entry->descriptor->fields;
    SCOPED(json) json_t *name = key_as_json(&fields[0], key);

    if (name == NULL)
        return fail_memory(reader->err);
    TRY(reader_deeper(reader));
    TRY(reader_value(reader, &fields[0], name, layout_value(entry, &fields[0])));
    TRY(reader_value(reader, &fields[1], value, layout_value(entry, &fields[1])));
    reader->depth--;
    return ASAP_OK;
}

enum asap_code map_read(struct reader *reader,
                        const ProtobufCFieldDescriptor *field,
                        json_t *value,
                        ProtobufCMessage *message)
{
    ProtobufCMessage ***entries = layout_value(message, field);
    size_t *count = layout_count(message, field);
    const char *key = NULL;
    json_t *member = NULL;

    if (!json_is_object(value))
        return reader_wrong_type(reader, value, "an object");
    if (json_object_size(value) == 0)
        return ASAP_OK;
    *entries = calloc(json_object_size(value), layout_size(field->type));
    if (*entries == NULL)
        return fail_memory(reader->err);
    json_object_foreach(value, key, member)
    {
        const size_t outer = path_enter_key(&reader->path, key);

        TRY(reader_new(reader, field->descriptor, &(*entries)[*count]));
        TRY(read_entry(reader, key, member, (*entries)[(*count)++]));
        path_leave(&reader->path, outer);
    }
    return ASAP_OK;
}

/* Appends the key in quotes, which not every type has as a value. */
static enum asap_code format_key(const struct writer *writer,
                                 const ProtobufCMessage *entry,
                                 struct buffer *out)
{
    const ProtobufCFieldDescriptor *field = NULL;
    struct writer key = { .out = out, .err = writer->err };
    bool is_quoted = false;

    if (entry == NULL)
        return fail(writer->err, ASAP_INTERNAL, "a map has an entry that is not there");
    field = &entry->descriptor->fields[0];
    is_quoted =
        field->type == PROTOBUF_C_TYPE_STRING || layout_size(field->type) == sizeof(int64_t);
    buffer_puts(out, is_quoted ? "" : "\"");
    TRY(writer_value(&key, field, layout_look(entry, field)));
    buffer_puts(out, is_quoted ? "" : "\"");
    return buffer_check(out, "the key of a map", writer->err);
}

/* A value that was left out is an empty message. */
static enum asap_code write_entry_value(struct writer *writer, const ProtobufCMessage *entry)
{
    const ProtobufCFieldDescriptor *field = &entry->descriptor->fields[1];
    const void *slot = layout_look(entry, field);
    SCOPED(message) ProtobufCMessage *empty = NULL;

    if (field->type != PROTOBUF_C_TYPE_MESSAGE || *(const ProtobufCMessage *const *)slot != NULL)
        return writer_value(writer, field, slot);
    TRY(codec_new(field->descriptor, &empty, writer->err));
    return writer_message(writer, empty);
}

/* Which entry of each key is the last. */
static enum asap_code index_keys(const struct writer *writer,
                                 const ProtobufCMessage *const *entries,
                                 size_t count,
                                 json_t *last)
{
    for (size_t i = 0; i < count; i++) {
        SCOPED(buffer) struct buffer key = BUFFER(writer->out->limit);

        TRY(format_key(writer, entries[i], &key));
        if (json_object_set_new_nocheck(last, key.bytes, json_integer((json_int_t)i)) != 0)
            return fail_memory(writer->err);
    }
    return ASAP_OK;
}

static enum asap_code write_entry(struct writer *writer,
                                  const ProtobufCMessage *entry,
                                  const char *key)
{
    buffer_puts(writer->out, key);
    buffer_puts(writer->out, ":");
    TRY(writer_deeper(writer));
    TRY(write_entry_value(writer, entry));
    writer->depth--;
    return ASAP_OK;
}

static enum asap_code write_entries(struct writer *writer,
                                    const ProtobufCMessage *const *entries,
                                    size_t count,
                                    const json_t *last)
{
    const char *separator = "";

    for (size_t i = 0; i < count; i++) {
        SCOPED(buffer) struct buffer key = BUFFER(writer->out->limit);

        TRY(format_key(writer, entries[i], &key));
        if (json_integer_value(json_object_get(last, key.bytes)) != (json_int_t)i)
            continue;
        buffer_puts(writer->out, separator);
        separator = ",";
        TRY(write_entry(writer, entries[i], key.bytes));
    }
    return ASAP_OK;
}

enum asap_code map_write(struct writer *writer,
                         const ProtobufCFieldDescriptor *field,
                         const ProtobufCMessage *message)
{
    const ProtobufCMessage *const *const *entries = layout_look(message, field);
    const size_t count = layout_count_of(message, field);
    SCOPED(json) json_t *last = json_object();

    if (last == NULL)
        return fail_memory(writer->err);
    TRY(index_keys(writer, *entries, count, last));
    buffer_puts(writer->out, "{");
    TRY(write_entries(writer, *entries, count, last));
    buffer_puts(writer->out, "}");
    return ASAP_OK;
}
