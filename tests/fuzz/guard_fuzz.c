/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte `wanted` of the text, or its end. */
static size_t find(const char *text, size_t length, char wanted)
{
    const char *found = memchr(text, wanted, length);

    return found == NULL ? length : (size_t)(found - text);
}

static bool is_named(const char *name, size_t length, const char *wanted)
{
    return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

/* Lines of "name:value". What passes has one host, no control byte, and chunks at most once and not
 * beside a length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct guard guard = { .content_length = 0 };
    unsigned hosts = 0;
    unsigned framings = 0;
    bool is_hostile = false;

    while (size > 0) {
        const size_t line = find(text, size, '\n');
        const size_t name = find(text, line, ':');
        const size_t value = name < line ? name + 1 : line;

        guard_header(&guard, text, name, text + value, line - value);
        hosts += is_named(text, name, "host") ? 1 : 0;
        framings += is_named(text, name, "transfer-encoding") ? 1 : 0;
        framings += is_named(text, name, "content-length") ? 1 : 0;
        is_hostile =
            is_hostile || memchr(text, '\r', line) != NULL || memchr(text, '\0', line) != NULL;
        text += line < size ? line + 1 : line;
        size -= line < size ? line + 1 : line;
    }
    if (guard_accepts_headers(&guard) && (hosts != 1 || framings > 1 || is_hostile))
        abort();
    return 0;
}
