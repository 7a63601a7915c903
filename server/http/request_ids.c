/* SPDX-License-Identifier: Apache-2.0 */
#include "request_ids.h"

#include <openssl/rand.h>
#include <string.h>
#include <strings.h>

static const char digits[] = "0123456789abcdef";

/* Without random numbers, ids are those of one process only. */
void request_ids_init(struct request_ids *ids)
{
    unsigned char bytes[REQUEST_IDS_PREFIX] = { 0 };

    (void)RAND_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        ids->prefix[i] = digits[bytes[i] & 15];
    ids->prefix[REQUEST_IDS_PREFIX] = '\0';
    atomic_init(&ids->count, 0);
}

static void take(struct request_mark *mark, const char *value, size_t length)
{
    mark->value = value;
    mark->length = value == NULL ? 0 : length;
    mark->count++;
}

static bool is_name(const char *name, size_t length, const char *expected, size_t expected_length)
{
    return length == expected_length && strncasecmp(name, expected, length) == 0;
}

void request_marks_see(struct request_marks *marks,
                       const char *name,
                       size_t name_length,
                       const char *value,
                       size_t value_length)
{
    static const char request_id[] = "X-Request-Id";
    static const char parent[] = "traceparent";

    if (is_name(name, name_length, request_id, sizeof request_id - 1))
        take(&marks->request_id, value, value_length);
    else if (is_name(name, name_length, parent, sizeof parent - 1))
        take(&marks->parent, value, value_length);
}

/* PREFIX-NUMBER */
static void make_request_id(struct request_ids *ids, struct trace *out)
{
    uint64_t number = atomic_fetch_add_explicit(&ids->count, 1, memory_order_relaxed);
    char reversed[2 * sizeof number];
    size_t length = 0;
    char *end = out->request_id + REQUEST_IDS_PREFIX;

    memcpy(out->request_id, ids->prefix, REQUEST_IDS_PREFIX);
    do {
        reversed[length++] = digits[number & 15];
        number >>= 4;
    } while (number > 0);
    *end++ = '-';
    while (length > 0)
        *end++ = reversed[--length];
    *end = '\0';
}

void request_ids_read(struct request_ids *ids, const struct request_marks *marks, struct trace *out)
{
    const struct request_mark *id = &marks->request_id;
    const struct request_mark *parent = &marks->parent;

    out->trace_id[0] = '\0';
    out->parent_id[0] = '\0';
    if (parent->count == 1)
        (void)trace_take_parent(out, parent->value, parent->length);
    if (id->count != 1 || !trace_take_request_id(out, id->value, id->length))
        make_request_id(ids, out);
}
