/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <string.h>
#include <strings.h>

enum { LENGTH_DIGITS_MAX = 18, DELETE = 0x7f };

#define NAMED(text) text, sizeof(text) - 1

enum counted { HOST, CONTENT_LENGTH, CONTENT_TYPE, AUTHORIZATION, TRANSFER_ENCODING };

static const struct {
    const char *name;
    size_t length;
    unsigned least, most;
} counted[GUARD_COUNTED] = {
    [HOST] = { NAMED("Host"), 1, 1 },
    [CONTENT_LENGTH] = { NAMED("Content-Length"), 0, 1 },
    [CONTENT_TYPE] = { NAMED("Content-Type"), 0, 1 },
    [AUTHORIZATION] = { NAMED("Authorization"), 0, 1 },
    [TRANSFER_ENCODING] = { NAMED("Transfer-Encoding"), 0, 1 },
};

/* The characters of a token (RFC 9110 section 5.6.2), a bit for each of ASCII. */
static const uint64_t token_bits[2] = { 0x3ff6cfa00000000, 0x57ffffffc7fffffe };

static bool is_token(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)name[i];

        if (byte > DELETE || (token_bits[byte / 64] >> (byte % 64) & 1) == 0)
            return false;
    }
    return length > 0;
}

static bool is_control(unsigned char byte)
{
    return byte < ' ' || byte == DELETE;
}

static bool is_field_value(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (is_control((unsigned char)value[i]) && value[i] != '\t')
            return false;
    return true;
}

static bool read_length(const char *value, size_t length, uint64_t *out)
{
    uint64_t number = 0;

    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(value[i] - '0');
        if (i >= LENGTH_DIGITS_MAX)
            return false;
    }
    *out = number;
    return length > 0;
}

static bool read_chunked(const char *value, size_t length, bool *out)
{
    static const char chunked[] = "chunked";

    *out = length == sizeof chunked - 1 && strncasecmp(value, chunked, length) == 0;
    return *out;
}

/* False for a value that says of the body's length what only some parsers understand. */
static bool read_framing(struct guard *guard, size_t row, const char *value, size_t length)
{
    if (row == CONTENT_LENGTH)
        return read_length(value, length, &guard->content_length);
    if (row == TRANSFER_ENCODING)
        return read_chunked(value, length, &guard->is_chunked);
    return true;
}

void guard_header(struct guard *guard,
                  const char *name,
                  size_t name_length,
                  const char *value,
                  size_t value_length)
{
    if (!is_token(name, name_length) || !is_field_value(value, value_length))
        guard->is_refused = true;
    for (size_t i = 0; i < GUARD_COUNTED; i++) {
        if (name_length != counted[i].length
            || strncasecmp(name, counted[i].name, name_length) != 0)
            continue;
        guard->counts[i]++;
        if (!read_framing(guard, i, value, value_length))
            guard->is_refused = true;
    }
}

bool guard_accepts_headers(const struct guard *guard)
{
    for (size_t i = 0; i < GUARD_COUNTED; i++)
        if (guard->counts[i] < counted[i].least || guard->counts[i] > counted[i].most)
            return false;
    return !guard->is_refused
           && (guard->counts[TRANSFER_ENCODING] == 0 || guard->counts[CONTENT_LENGTH] == 0);
}

bool guard_accepts_query(const char *query, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (query[i] == ' ' || is_control((unsigned char)query[i]))
            return false;
    return true;
}

bool guard_accepts_path(const char *path, size_t length)
{
    return length > 0 && path[0] == '/' && guard_accepts_query(path, length);
}

bool guard_accepts_version(const char *version)
{
    return strcmp(version, "HTTP/1.1") == 0 || strcmp(version, "HTTP/1.0") == 0;
}

bool guard_accepts_chunks(const struct guard *guard, const char *version, bool is_taken)
{
    return !guard->is_chunked || (is_taken && strcmp(version, "HTTP/1.1") == 0);
}
