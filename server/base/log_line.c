/* SPDX-License-Identifier: Apache-2.0 */
#include "log_line.h"

#include <stdio.h>
#include <string.h>

#include "codec_text.h"
#include "utc.h"

enum { ESCAPE_SIZE = 16, MESSAGE_ROOM = 256, REPLACEMENT = 0xfffd, FIRST_PAIR = 0x10000 };

/* A line that grows up to a limit. */
struct line {
    char *bytes;
    size_t length;
    size_t limit;
};

/* All of it or, where it does not fit, nothing. */
static bool put(struct line *line, const char *text, size_t length)
{
    if (length > line->limit - line->length)
        return false;
    memcpy(line->bytes + line->length, text, length);
    line->length += length;
    return true;
}

static void put_text(struct line *line, const char *text)
{
    (void)put(line, text, strlen(text));
}

/* Whether a byte stands for itself, in quotes and without. */
static bool is_plain(char byte)
{
    return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

/* The plain bytes that `text` begins with, as far as they fit. Returns how many there are. */
static size_t put_plain(struct line *line, const char *text)
{
    const size_t room = line->limit - line->length;
    size_t length = 0;

    while (is_plain(text[length]))
        length++;
    (void)put(line, text, length < room ? length : room);
    return length;
}

/* One character, or one byte that begins none, and how many bytes it had. */
static size_t read_character(const char *text, size_t left, uint32_t *out)
{
    const unsigned char first = (unsigned char)text[0];
    const size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

    *out = REPLACEMENT;
    if (length > left || text_utf8_prefix(text, length) != length)
        return 1;
    *out = length == 1 ? first : first & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++)
        *out = *out << 6 | ((unsigned char)text[i] & 0x3fU);
    return length;
}

/* As a string of JSON has it, in ASCII. */
static int escape_json(uint32_t character, char out[ESCAPE_SIZE])
{
    if (character == '"' || character == '\\')
        return snprintf(out, ESCAPE_SIZE, "\\%c", (char)character);
    if (character < FIRST_PAIR)
        return snprintf(out, ESCAPE_SIZE, "\\u%04x", (unsigned)character);
    character -= FIRST_PAIR;
    return snprintf(out, ESCAPE_SIZE, "\\u%04x\\u%04x", (unsigned)(0xd800 + (character >> 10)),
                    (unsigned)(0xdc00 + (character & 0x3ff)));
}

/* A string, which ends early when `most` bytes or the line are full; there is room for its end. */
static void put_string(struct line *line, const char *text, size_t most)
{
    const size_t before = line->limit;
    const size_t length = strlen(text);
    uint32_t character = 0;
    char escaped[ESCAPE_SIZE];

    if (before - line->length < 2)
        return;
    if (before - line->length > most)
        line->limit = line->length + most;
    line->limit--;
    (void)put(line, "\"", 1);
    for (size_t at = put_plain(line, text); at < length; at += put_plain(line, text + at)) {
        at += read_character(text + at, length - at, &character);
        if (!put(line, escaped, (size_t)escape_json(character, escaped)))
            break;
    }
    line->limit = before;
    (void)put(line, "\"", 1);
}

/* Printable ASCII passes; all else, and the backslash, is escaped, so that no text from outside
 * can end the line, begin another, or steer a terminal. */
static void put_escaped(struct line *line, const char *text)
{
    char escaped[ESCAPE_SIZE];

    for (text += put_plain(line, text); *text != '\0'; text += put_plain(line, text)) {
        const unsigned byte = (unsigned char)*text++;
        const int length = byte == '"' ? snprintf(escaped, sizeof escaped, "\"")
                                       : snprintf(escaped, sizeof escaped, "\\x%02x", byte);

        if (!put(line, escaped, (size_t)length))
            return;
    }
}

/* Whether logfmt needs no quotes around it. */
static bool is_bare(const char *text)
{
    const size_t length = strlen(text);

    return length > 0 && length < LOG_VALUE_MAX
           && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                           "-_.~:/+@;,")
                  == length;
}

static void put_pair(struct line *line, const struct log_field *field)
{
    put_text(line, line->length == 0 ? "" : " ");
    put_text(line, field->name);
    put_text(line, "=");
    if (is_bare(field->value))
        put_text(line, field->value);
    else
        put_string(line, field->value, LOG_VALUE_MAX);
}

static void put_member(struct line *line, const struct log_field *field)
{
    put_text(line, line->bytes[line->length - 1] == '{' ? "\"" : ",\"");
    put_text(line, field->name);
    put_text(line, "\":");
    if (field->is_number)
        put_text(line, field->value);
    else
        put_string(line, field->value, LOG_VALUE_MAX);
}

typedef void put_field(struct line *line, const struct log_field *field);

static void put_optional(struct line *line, put_field *put_one, const char *name, const char *value)
{
    if (value[0] != '\0')
        put_one(line, &(struct log_field){ .name = name, .value = value });
}

static void put_trace(struct line *line, put_field *put_one, const struct trace *trace)
{
    if (trace == NULL)
        return;
    put_optional(line, put_one, "request_id", trace->request_id);
    put_optional(line, put_one, "trace_id", trace->trace_id);
    put_optional(line, put_one, "parent_id", trace->parent_id);
}

/* Those for which there is room, whole, beside some of the message. */
static void put_fields(struct line *line, put_field *put_one, const struct log_field *fields)
{
    for (; fields != NULL && fields->name != NULL; fields++)
        if (line->limit - line->length > 2 * LOG_VALUE_MAX + MESSAGE_ROOM)
            put_one(line, fields);
}

static void put_head(struct line *line, put_field *put_one, const struct log_record *record)
{
    char time[UTC_TEXT_SIZE];

    utc_format(record->time, time);
    put_one(line, &(struct log_field){ .name = "time", .value = time });
    put_one(line, &(struct log_field){ .name = "level", .value = record->level });
    put_trace(line, put_one, record->trace);
    put_fields(line, put_one, record->fields);
}

/* The message is last: it takes the room that is left. */
static void write_logfmt(struct line *line, const struct log_record *record)
{
    struct line pairs = { .bytes = line->bytes + line->length,
                          .limit = line->limit - line->length };

    put_head(&pairs, put_pair, record);
    line->length += pairs.length;
    put_text(line, " msg=");
    put_string(line, record->message, LOG_LINE_MAX);
}

static void write_json(struct line *line, const struct log_record *record)
{
    put_text(line, "{");
    put_head(line, put_member, record);
    put_text(line, ",\"msg\":");
    line->limit--;
    put_string(line, record->message, LOG_LINE_MAX);
    line->limit++;
    put_text(line, "}");
}

/* The ids stand before anything that came from outside: nothing can pretend to be them. */
static void put_ids(struct line *line, const struct trace *trace)
{
    if (trace == NULL || trace->request_id[0] == '\0')
        return;
    put_text(line, "[");
    put_text(line, trace->request_id);
    if (trace->trace_id[0] != '\0') {
        put_text(line, " ");
        put_text(line, trace->trace_id);
        put_text(line, "-");
        put_text(line, trace->parent_id);
    }
    put_text(line, "] ");
}

static void write_text(struct line *line, const struct log_record *record)
{
    char room[LOG_LINE_MAX / 2];
    struct line fields = { .bytes = room, .limit = sizeof room };
    char time[UTC_TEXT_SIZE];

    if (record->priority == NULL) {
        utc_format(record->time, time);
        put_text(line, time);
        put_text(line, " ");
        put_text(line, record->level);
        put_text(line, ": ");
    }
    put_ids(line, record->trace);
    put_fields(&fields, put_pair, record->fields);
    line->limit -= fields.length + 1;
    put_escaped(line, record->message);
    line->limit += fields.length + 1;
    if (fields.length > 0) {
        put_text(line, " ");
        (void)put(line, room, fields.length);
    }
}

size_t log_line_write(enum log_format format,
                      const struct log_record *record,
                      char out[LOG_LINE_MAX])
{
    static void (*const writers[])(struct line * line, const struct log_record *record) = {
        [LOG_TEXT] = write_text, [LOG_LOGFMT] = write_logfmt, [LOG_JSON] = write_json
    };
    struct line line = { .bytes = out, .limit = LOG_LINE_MAX - 1 };

    put_text(&line, record->priority == NULL ? "" : record->priority);
    writers[format](&line, record);
    out[line.length++] = '\n';
    return line.length;
}
