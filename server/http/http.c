/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

/* What is sent when there is no memory, or the message is not UTF-8. */
static const char indescribable[] = "{\"code\":\"internal\",\"message\":\"internal error\"}\n";

const char *http_request_header(const struct http_request *request, const char *name)
{
    return request->find_header == NULL ? NULL : request->find_header(request->transport, name);
}

/* Where the value of the next header goes. */
static char *take_header(struct http_response *response, const char *name)
{
    if (response->header_count >= HTTP_HEADERS_MAX)
        abort();
    response->headers[response->header_count].name = name;
    return response->headers[response->header_count++].value;
}

void http_set_header(struct http_response *response, const char *name, const char *format, ...)
{
    char *value = take_header(response, name);
    va_list args;
    int length = 0;

    va_start(args, format);
    length = vsnprintf(value, HTTP_HEADER_SIZE, format, args);
    va_end(args);
    if (length < 0 || length >= HTTP_HEADER_SIZE)
        abort();
}

void http_copy_header(struct http_response *response, const char *name, const char *value)
{
    const size_t length = strlen(value);

    if (length >= HTTP_HEADER_SIZE)
        abort();
    memcpy(take_header(response, name), value, length + 1);
}

void http_add_header(struct http_response *response, const char *name, const char *value)
{
    response->lines.limit = HTTP_LINES_MAX;
    buffer_append(&response->lines, name, strlen(name) + 1);
    buffer_append(&response->lines, value, strlen(value) + 1);
}

const char *http_next_header(const struct http_response *response, const char *name)
{
    const struct buffer *lines = &response->lines;
    const char *next = lines->bytes;

    if (lines->length == 0)
        return NULL;
    if (name != NULL) {
        const char *value = name + strlen(name) + 1;

        next = value + strlen(value) + 1;
    }
    return next < lines->bytes + lines->length ? next : NULL;
}

static void remove_header(struct http_response *response, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0)
            continue;
        if (kept != i)
            response->headers[kept] = response->headers[i];
        kept++;
    }
    response->header_count = kept;
}

static bool write_error(struct http_response *response, const char *name, const char *message)
{
    const char *id = response->trace == NULL ? NULL : response->trace->request_id;
    struct buffer *body = &response->body;
    json_t *object =
        json_pack("{s:s, s:s, s:s*}", "code", name, "message", message, "request_id", id);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);

    if (text != NULL)
        buffer_printf(body, "%s\n", text);
    free(text);
    json_decref(object);
    return text != NULL && !body->failed;
}

void http_set_error(struct http_response *response, enum asap_code code, const char *message)
{
    const struct status *status = status_of(code);

    response->status = status->http_status;
    remove_header(response, "Content-Type");
    http_set_header(response, "Content-Type", "application/json");
    buffer_clear(&response->body);
    response->body.limit = HTTP_BODY_MAX;
    if (write_error(response, status->name, message))
        return;
    response->status = 500;
    buffer_clear(&response->body);
    buffer_puts(&response->body, indescribable);
}

void http_clear_response(struct http_response *response)
{
    struct http_hold *hold = MOVE(response->hold);

    if (hold != NULL)
        hold->free(hold);
    buffer_clear(&response->body);
    buffer_clear(&response->lines);
    response->header_count = 0;
    response->status = 0;
    response->wants_worker = false;
    response->has_begun = false;
}

static int hex_digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* The byte that an escape at the start of `text` stands for; -1 if it is none. */
static int unescape(const char *text, size_t length)
{
    const int high = length < 3 ? -1 : hex_digit(text[1]);
    const int low = high < 0 ? -1 : hex_digit(text[2]);

    return low < 0 ? -1 : high * 16 + low;
}

bool http_decode_path(const char *text, size_t length, char *out, size_t size)
{
    size_t written = 0;

    for (size_t i = 0; i < length; i++) {
        int byte = (unsigned char)text[i];

        if (text[i] == '%') {
            byte = unescape(text + i, length - i);
            i += 2;
        }
        if (byte <= 0 || written + 1 >= size)
            return false;
        out[written++] = (char)byte;
    }
    if (size == 0)
        return false;
    out[written] = '\0';
    return true;
}
