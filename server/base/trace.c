/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <string.h>

/* version "-" trace-id "-" parent-id "-" trace-flags */
enum {
    TRACE_AT = 3,
    PARENT_AT = TRACE_AT + TRACE_ID_LENGTH + 1,
    FLAGS_AT = PARENT_AT + PARENT_ID_LENGTH + 1,
    PARENT_LENGTH = FLAGS_AT + 2
};

static const char request_id_signs[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~:/+=@;";

bool trace_take_request_id(struct trace *trace, const char *text, size_t length)
{
    if (length == 0 || length > REQUEST_ID_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0' || strchr(request_id_signs, text[i]) == NULL)
            return false;
    memcpy(trace->request_id, text, length);
    trace->request_id[length] = '\0';
    return true;
}

static bool is_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((text[i] < '0' || text[i] > '9') && (text[i] < 'a' || text[i] > 'f'))
            return false;
    return true;
}

/* An id of zeroes is none. */
static bool is_id(const char *text, size_t length)
{
    size_t zeroes = 0;

    while (zeroes < length && text[zeroes] == '0')
        zeroes++;
    return zeroes < length && is_hex(text, length);
}

/* Version 00 ends with the flags; what a later one adds follows behind a dash. */
static bool has_known_end(const char *text, size_t length)
{
    if (!is_hex(text, 2) || memcmp(text, "ff", 2) == 0)
        return false;
    if (length == PARENT_LENGTH)
        return true;
    return memcmp(text, "00", 2) != 0 && text[PARENT_LENGTH] == '-';
}

bool trace_take_parent(struct trace *trace, const char *text, size_t length)
{
    if (length < PARENT_LENGTH || !has_known_end(text, length) || text[TRACE_AT - 1] != '-'
        || text[PARENT_AT - 1] != '-' || text[FLAGS_AT - 1] != '-'
        || !is_id(text + TRACE_AT, TRACE_ID_LENGTH) || !is_id(text + PARENT_AT, PARENT_ID_LENGTH)
        || !is_hex(text + FLAGS_AT, 2))
        return false;
    memcpy(trace->trace_id, text + TRACE_AT, TRACE_ID_LENGTH);
    trace->trace_id[TRACE_ID_LENGTH] = '\0';
    memcpy(trace->parent_id, text + PARENT_AT, PARENT_ID_LENGTH);
    trace->parent_id[PARENT_ID_LENGTH] = '\0';
    return true;
}
