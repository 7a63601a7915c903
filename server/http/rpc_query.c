/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec_text.h"
#include "fail.h"

enum { ESCAPE = 3 };

/* The parameters that mean something here. */
enum known { CONNECT, ENCODING, COMPRESSION, BASE64, MESSAGE, KNOWN_COUNT, UNKNOWN };

static const char *const known_names[KNOWN_COUNT] = {
    [CONNECT] = "connect", [ENCODING] = "encoding", [COMPRESSION] = "compression",
    [BASE64] = "base64",   [MESSAGE] = "message",
};

struct values {
    struct buffer of[KNOWN_COUNT];
    bool is_there[KNOWN_COUNT];
};

static void values_scope_exit(struct values *values)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        buffer_clear(&values->of[i]);
}

static int hex_digit(char character)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = character == '\0' ? NULL : strchr(digits, character);

    return found == NULL ? -1 : (int)((found - digits) % 16);
}

/* Appends the byte that `text` begins with; returns how many characters stood for it, 0 when they
 * are malformed. */
static size_t decode_one(const char *text, size_t length, struct buffer *out)
{
    const int high = length < ESCAPE ? -1 : hex_digit(text[1]);
    const int low = high < 0 ? -1 : hex_digit(text[2]);
    const char byte = (char)(high * 16 + low);

    if (text[0] != '%') {
        buffer_append(out, text[0] == '+' ? " " : text, 1);
        return 1;
    }
    if (low < 0)
        return 0;
    buffer_append(out, &byte, 1);
    return ESCAPE;
}

static bool decode(const char *text, size_t length, struct buffer *out)
{
    size_t used = 1;

    buffer_append(out, "", 0);
    for (size_t i = 0; i < length && used > 0; i += used)
        used = decode_one(text + i, length - i, out);
    return used > 0 && !out->failed;
}

bool rpc_query_next(const char **query, struct buffer *name, struct buffer *value)
{
    const char *text = *query;
    const size_t length = text == NULL ? 0 : strcspn(text, "&");
    const size_t name_length = text == NULL ? 0 : strcspn(text, "=&");
    const size_t value_at = name_length < length ? name_length + 1 : length;

    buffer_clear(name);
    buffer_clear(value);
    if (text == NULL || !decode(text, name_length, name)
        || !decode(text + value_at, length - value_at, value))
        return false;
    *query = text[length] == '&' ? text + length + 1 : NULL;
    return true;
}

static enum known find_known(const struct buffer *name)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (name->length == strlen(known_names[i])
            && memcmp(name->bytes, known_names[i], name->length) == 0)
            return (enum known)i;
    return UNKNOWN;
}

static enum asap_code
keep(struct values *values, enum known known, struct buffer *value, struct asap_error *err)
{
    if (known == UNKNOWN)
        return ASAP_OK;
    if (values->is_there[known])
        return fail(err, ASAP_INVALID_ARGUMENT, "the query has the parameter %s twice",
                    known_names[known]);
    values->is_there[known] = true;
    values->of[known] = *value;
    *value = (struct buffer)BUFFER(value->limit);
    return ASAP_OK;
}

/* No message is longer decoded than it was in the query, so that the query's length is limit
 * enough. */
static enum asap_code collect(const char *query, struct values *out, struct asap_error *err)
{
    SCOPED(buffer) struct buffer name = BUFFER(strlen(query));
    SCOPED(buffer) struct buffer value = BUFFER(strlen(query));

    while (rpc_query_next(&query, &name, &value))
        TRY(keep(out, find_known(&name), &value, err));
    if (query != NULL)
        return fail(err, ASAP_INVALID_ARGUMENT, "the query has a malformed escape");
    return ASAP_OK;
}

static bool is_text(const struct buffer *value, const char *text)
{
    return value->length == strlen(text) && memcmp(value->bytes, text, value->length) == 0;
}

/* A word that is too long or has a NUL is none that anybody knows. */
static void copy_word(const struct buffer *value, char out[RPC_QUERY_WORD])
{
    const bool fits = value->length < RPC_QUERY_WORD
                      && (value->length == 0 || strlen(value->bytes) == value->length);

    (void)snprintf(out, RPC_QUERY_WORD, "%s",
                   !fits ? "?" : (value->length == 0 ? "" : value->bytes));
}

static enum asap_code read_message(const struct values *values,
                                   struct buffer *out,
                                   struct asap_error *err)
{
    const struct buffer *text = &values->of[MESSAGE];
    ProtobufCBinaryData bytes = { 0 };

    if (!is_text(&values->of[BASE64], "1")) {
        buffer_append(out, text->bytes, text->length);
        return buffer_check(out, "the message", err);
    }
    if (text_read_bytes(text->bytes, text->length, &bytes, err) != ASAP_OK)
        return fail(err, ASAP_INVALID_ARGUMENT, "the query's message is no valid base64");
    buffer_append(out, bytes.data, bytes.len);
    free(bytes.data);
    return buffer_check(out, "the message", err);
}

enum asap_code rpc_query_read(const char *query, struct rpc_query *out, struct asap_error *err)
{
    SCOPED(values) struct values values = { 0 };

    TRY(collect(query, &values, err));
    if (values.is_there[CONNECT] && !is_text(&values.of[CONNECT], "v1"))
        return fail(err, ASAP_INVALID_ARGUMENT, "the query's parameter connect must be v1");
    copy_word(&values.of[ENCODING], out->encoding);
    copy_word(&values.of[COMPRESSION], out->compression);
    if (!values.is_there[MESSAGE])
        return fail(err, ASAP_INVALID_ARGUMENT, "the query has no parameter message");
    return read_message(&values, &out->message, err);
}
