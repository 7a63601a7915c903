/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_well_known.h"
#include "fail.h"
#include "google/protobuf/field_mask.pb-c.h"

static bool is_upper(char letter)
{
    return letter >= 'A' && letter <= 'Z';
}

static bool is_lower(char letter)
{
    return letter >= 'a' && letter <= 'z';
}

static bool is_plain(char letter)
{
    return is_lower(letter) || (letter >= '0' && letter <= '9') || letter == '.';
}

/* fooBar to foo_bar; false for a path that is not in lowerCamel. */
static bool append_snake(struct buffer *out, const char *path, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (is_upper(path[i]))
            buffer_printf(out, "_%c", path[i] - 'A' + 'a');
        else if (is_plain(path[i]))
            buffer_append(out, &path[i], 1);
        else
            return false;
    }
    return length > 0;
}

/* foo_bar to fooBar; false for a path that does not lead back. */
static bool append_camel(struct buffer *out, const char *path)
{
    for (size_t i = 0; path[i] != '\0'; i++) {
        if (path[i] == '_' && is_lower(path[i + 1]))
            buffer_printf(out, "%c", path[++i] - 'a' + 'A');
        else if (is_plain(path[i]))
            buffer_append(out, &path[i], 1);
        else
            return false;
    }
    return path[0] != '\0';
}

static size_t count_paths(const char *text)
{
    size_t count = *text == '\0' ? 0 : 1;

    for (; *text != '\0'; text++)
        count += *text == ',' ? 1 : 0;
    return count;
}

static enum asap_code read_path(struct reader *reader, const char *path, size_t length, char **out)
{
    SCOPED(buffer) struct buffer snake = BUFFER(CODEC_SIZE_MAX);

    if (!append_snake(&snake, path, length))
        return reader_wrong_value(reader, "paths such as \"displayName,owner.name\"");
    return buffer_take(&snake, "the path of a field", out, reader->err);
}

enum asap_code mask_read(struct reader *reader, json_t *value, ProtobufCMessage *message)
{
    Google__Protobuf__FieldMask *mask = (Google__Protobuf__FieldMask *)message;
    const char *path = json_string_value(value);
    size_t count = 0;

    if (path == NULL)
        return reader_wrong_type(reader, value, "paths such as \"displayName,owner.name\"");
    count = count_paths(path);
    if (count > CODEC_VALUES_MAX)
        return reader_wrong_value(reader, "fewer paths");
    if (count == 0)
        return ASAP_OK;
    mask->paths = calloc(count, sizeof *mask->paths);
    if (mask->paths == NULL)
        return fail_memory(reader->err);
    for (; mask->n_paths < count; mask->n_paths++) {
        const size_t length = strcspn(path, ",");

        TRY(read_path(reader, path, length, &mask->paths[mask->n_paths]));
        path += length + 1;
    }
    return ASAP_OK;
}

enum asap_code mask_write(struct writer *writer, const ProtobufCMessage *message)
{
    const Google__Protobuf__FieldMask *mask = (const Google__Protobuf__FieldMask *)message;

    buffer_puts(writer->out, "\"");
    for (size_t i = 0; i < mask->n_paths; i++) {
        buffer_puts(writer->out, i == 0 ? "" : ",");
        if (!append_camel(writer->out, mask->paths[i]))
            return fail(writer->err, ASAP_INTERNAL,
                        "the path of a field is not one that JSON can have");
    }
    buffer_puts(writer->out, "\"");
    return ASAP_OK;
}
