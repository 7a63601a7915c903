/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

enum { SMALLEST = 512 };

static bool reserve(struct buffer *buffer, size_t length)
{
    size_t capacity = buffer->capacity > SMALLEST ? buffer->capacity : SMALLEST;
    char *grown = NULL;

    if (buffer->failed || buffer->length > buffer->limit
        || length > buffer->limit - buffer->length) {
        buffer->failed = true;
        return false;
    }
    if (buffer->length + length < buffer->capacity)
        return true;
    while (capacity <= buffer->length + length)
        capacity *= 2;
    grown = realloc(buffer->bytes, capacity);
    if (grown == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->bytes = grown;
    buffer->capacity = capacity;
    return true;
}

void *buffer_extend(struct buffer *buffer, size_t length)
{
    char *room = NULL;

    if (!reserve(buffer, length))
        return NULL;
    room = buffer->bytes + buffer->length;
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
    return room;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    void *room = buffer_extend(buffer, length);

    if (room != NULL && length > 0)
        memcpy(room, bytes, length);
}

void buffer_puts(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    const size_t room = buffer->capacity - buffer->length;
    char *end = room > 0 ? buffer->bytes + buffer->length : NULL;
    va_list args;
    int length = 0;

    va_start(args, format);
    length = vsnprintf(end, room, format, args);
    va_end(args);
    if (length < 0 || !reserve(buffer, (size_t)length)) {
        buffer->failed = true;
        if (end != NULL)
            *end = '\0';
        return;
    }
    if ((size_t)length >= room) {
        va_start(args, format);
        (void)vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, args);
        va_end(args);
    }
    buffer->length += (size_t)length;
}

enum asap_code buffer_check(const struct buffer *buffer, const char *what, struct asap_error *err)
{
    if (!buffer->failed)
        return ASAP_OK;
    return fail(err, ASAP_RESOURCE_EXHAUSTED, "%s is over %zu bytes, or memory ran out", what,
                buffer->limit);
}

enum asap_code
buffer_take(struct buffer *buffer, const char *what, char **out, struct asap_error *err)
{
    *out = NULL;
    buffer_append(buffer, "", 0);
    TRY(buffer_check(buffer, what, err));
    *out = MOVE(buffer->bytes);
    buffer_clear(buffer);
    return ASAP_OK;
}

void buffer_clear(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){ .limit = buffer->limit };
}
