/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch_header.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool names(const char *value, const char *type)
{
    const size_t length = strlen(type);

    return strncasecmp(value, type, length) == 0 && strchr("; \t", value[length]) != NULL;
}

static void take_type(struct fetch_header *header, const char *value)
{
    bool is_wanted = false;

    for (const char *const *type = header->types; *type != NULL; type++)
        is_wanted = is_wanted || names(value, *type);
    header->is_wanted = is_wanted && (!header->has_type || header->is_wanted);
    header->has_type = true;
}

/* Half a validator matches nothing, and a control character must not come back to the server. */
static void take_text(char *out, size_t size, const char *value)
{
    out[0] = '\0';
    if (strlen(value) >= size)
        return;
    for (const char *at = value; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == '\x7f')
            return;
    (void)snprintf(out, size, "%s", value);
}

static void take_etag(struct fetch_header *header, const char *value)
{
    take_text(header->validators->etag, sizeof header->validators->etag, value);
}

static void take_last_modified(struct fetch_header *header, const char *value)
{
    take_text(header->validators->last_modified, sizeof header->validators->last_modified, value);
}

static const struct {
    const char *name;
    void (*take)(struct fetch_header *header, const char *value);
} fields[] = {
    { "Content-Type", take_type },
    { "ETag", take_etag },
    { "Last-Modified", take_last_modified },
};

static void take_field(struct fetch_header *header, const char *name, const char *value)
{
    cache_headers_add(header->headers, name, value);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcasecmp(name, fields[i].name) == 0)
            fields[i].take(header, value);
}

void fetch_header_take(struct fetch_header *header, char *line)
{
    char *colon = strchr(line, ':');
    char *value = NULL;
    size_t length = 0;

    if (colon == NULL)
        return;
    *colon = '\0';
    value = colon + 1 + strspn(colon + 1, " \t");
    length = strlen(value);
    while (length > 0 && strchr(" \t\r\n", value[length - 1]) != NULL)
        length--;
    value[length] = '\0';
    take_field(header, line, value);
}
