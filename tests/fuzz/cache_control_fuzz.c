/* SPDX-License-Identifier: Apache-2.0 */
#include "cache_control.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1795000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

/* Property: whatever the fields say, a response is used no longer than a day, and a day more where
 * staleness is allowed; and one that may not be stored, or not without asking, is never fresh. */
static void check_times(const struct cache_headers *headers)
{
    const struct cache_times times = cache_headers_times(headers, NOW);

    require(times.stale >= NOW - 2 * (int64_t)CACHE_SECONDS_MAX
            && times.stale <= NOW + CACHE_SECONDS_MAX);
    require(times.stale_if_error >= times.stale
            && times.stale_if_error <= times.stale + CACHE_SECONDS_MAX);
    require(times.stale_while_revalidate >= times.stale
            && times.stale_while_revalidate <= times.stale + CACHE_SECONDS_MAX);
    require(times.may_store || times.stale_if_error <= NOW);
    require(!headers->control.no_cache || times.stale_if_error <= NOW);
}

/* The input is lines of "Name: value". */
static void add_line(struct cache_headers *headers, char *line)
{
    char *colon = strchr(line, ':');

    if (colon == NULL)
        return;
    *colon = '\0';
    cache_headers_add(headers, line, colon + 1 + strspn(colon + 1, " \t"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    struct cache_headers headers = { .control = { .given = false } };
    struct cache_headers stored = { .control = { .given = false } };
    char *line = text;

    while (line != NULL) {
        char *end = strchr(line, '\n');

        if (end != NULL)
            *end++ = '\0';
        add_line(&headers, line);
        line = end;
    }
    check_times(&headers);
    cache_headers_update(&stored, &headers);
    check_times(&stored);
    free(text);
    return 0;
}
