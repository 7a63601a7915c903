/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdbool.h>
#include <string.h>

#include "fail.h"

/* The deepest nesting that any limits allow. */
enum { DEPTH_MAX = 128 };

const struct json_limits json_token_limits = {
    .depth = 8, .members = 32, .values = 64, .string_length = 1024
};

/* One pass over the text that counts what jansson would build. It only has to be right for text
 * that jansson accepts: of any other it may stop early, since jansson stops there, too. */
struct scan {
    const char *text;
    size_t length;
    size_t at;
    const struct json_limits *limits;
    size_t depth;
    size_t members[DEPTH_MAX];
    size_t values;
    const char *fault; /* which limit is exceeded, at `at` */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool ends_scalar(char c)
{
    return is_space(c) || (c != '\0' && strchr(",:[]{}\"", c) != NULL);
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->length && is_space(scan->text[scan->at]))
        scan->at++;
}

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return (unsigned)((c | 0x20) - 'a') + 10;
}

/* How many bytes of UTF-8 the \uXXXX at `hex` stands for; half of a surrogate pair is two. */
static size_t decoded_width(const char *hex)
{
    const unsigned code = hex_value(hex[0]) << 12 | hex_value(hex[1]) << 8 | hex_value(hex[2]) << 4
                          | hex_value(hex[3]);

    if (code < 0x80)
        return 1;
    return code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
}

/* Passes an escape sequence; its length when decoded. */
static size_t skip_escape(struct scan *scan)
{
    enum { SIMPLE = 2, UNICODE = 6 };
    const char *escape = scan->text + scan->at;

    if (scan->length - scan->at >= UNICODE && escape[1] == 'u') {
        scan->at += UNICODE;
        return decoded_width(escape + 2);
    }
    scan->at += SIMPLE;
    return 1;
}

/* Passes a string from its opening to its closing quote; its length when decoded. */
static size_t skip_string(struct scan *scan)
{
    size_t length = 0;

    scan->at++;
    while (scan->at < scan->length && scan->text[scan->at] != '"') {
        if (scan->text[scan->at] == '\\') {
            length += skip_escape(scan);
        } else {
            length++;
            scan->at++;
        }
    }
    scan->at++;
    return length;
}

static void count_value(struct scan *scan)
{
    if (++scan->values > scan->limits->values)
        scan->fault = "has too many values";
}

static void count_member(struct scan *scan)
{
    if (scan->depth > 0 && ++scan->members[scan->depth - 1] > scan->limits->members)
        scan->fault = "has an object with too many members";
}

static void scan_string(struct scan *scan)
{
    if (skip_string(scan) > scan->limits->string_length)
        scan->fault = "has a string that is too long";
    skip_space(scan);
    if (scan->at < scan->length && scan->text[scan->at] == ':')
        count_member(scan);
    else
        count_value(scan);
}

static void scan_scalar(struct scan *scan)
{
    while (scan->at < scan->length && !ends_scalar(scan->text[scan->at]))
        scan->at++;
    count_value(scan);
}

static void scan_opening(struct scan *scan)
{
    if (scan->depth == scan->limits->depth || scan->depth == DEPTH_MAX) {
        scan->fault = "is nested too deeply";
        return;
    }
    scan->members[scan->depth++] = 0;
    scan->at++;
}

static void scan_closing(struct scan *scan)
{
    if (scan->depth == 0) {
        scan->at = scan->length;
        return;
    }
    scan->depth--;
    scan->at++;
}

static void scan_token(struct scan *scan)
{
    const char c = scan->text[scan->at];

    if (c == '"')
        scan_string(scan);
    else if (c == '{' || c == '[')
        scan_opening(scan);
    else if (c == '}' || c == ']')
        scan_closing(scan);
    else if (ends_scalar(c))
        scan->at++;
    else
        scan_scalar(scan);
}

struct position {
    int line, column;
};

static struct position position_of(const char *text, size_t at)
{
    struct position position = { 1, 1 };

    for (size_t i = 0; i < at; i++) {
        position.line += text[i] == '\n' ? 1 : 0;
        position.column = text[i] == '\n' ? 1 : position.column + 1;
    }
    return position;
}

static enum asap_code
refuse_at(struct asap_error *err, const char *what, const char *fault, struct position position)
{
    return refuse(err, ASAP_REASON_JSON, "", "%s %s (line %d, column %d)", what, fault,
                  position.line, position.column);
}

static enum asap_code check_limits(const char *text,
                                   size_t length,
                                   const struct json_limits *limits,
                                   const char *what,
                                   struct asap_error *err)
{
    struct scan scan = { .text = text, .length = length, .limits = limits };

    while (scan.at < scan.length && scan.fault == NULL)
        scan_token(&scan);
    if (scan.fault == NULL)
        return ASAP_OK;
    return refuse_at(err, what, scan.fault, position_of(text, scan.at < length ? scan.at : length));
}

/* Not jansson's own text: it quotes the input, which may be a token's. */
static const char *fault_of(const json_error_t *error)
{
    static const struct {
        enum json_error_code code;
        const char *fault;
    } faults[] = {
        { json_error_invalid_utf8, "is not UTF-8" },
        { json_error_premature_end_of_input, "ends too early" },
        { json_error_end_of_input_expected, "goes on behind its end" },
        { json_error_null_character, "has a NUL in a string" },
        { json_error_null_byte_in_key, "has a NUL in a member name" },
        { json_error_duplicate_key, "has a member twice" },
        { json_error_numeric_overflow, "has a number out of range" },
    };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (faults[i].code == json_error_code(error))
            return faults[i].fault;
    return "is not JSON";
}

enum asap_code json_read_object(const char *text,
                                size_t length,
                                const struct json_limits *limits,
                                const char *what,
                                json_t **out,
                                struct asap_error *err)
{
    json_error_t error = { .line = 0 };

    *out = NULL;
    if (length == 0 || text[0] != '{')
        return refuse_at(err, what, "is not a JSON object", (struct position){ 1, 1 });
    if (is_space(text[length - 1]))
        return refuse_at(err, what, "ends in white space", position_of(text, length - 1));
    TRY(check_limits(text, length, limits, what, err));
    *out = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (*out == NULL && limits->wide_numbers
        && json_error_code(&error) == json_error_numeric_overflow)
        *out = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    if (*out == NULL && json_error_code(&error) == json_error_out_of_memory)
        return fail_memory(err);
    if (*out == NULL)
        return refuse_at(err, what, fault_of(&error),
                         (struct position){ error.line, error.column });
    return ASAP_OK;
}

enum asap_code json_read_document(const char *text,
                                  size_t length,
                                  const struct json_limits *limits,
                                  const char *what,
                                  json_t **out,
                                  struct asap_error *err)
{
    while (length > 0 && is_space(text[length - 1]))
        length--;
    for (; length > 0 && is_space(text[0]); length--)
        text++;
    return json_read_object(text, length, limits, what, out, err);
}
