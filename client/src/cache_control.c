/* SPDX-License-Identifier: Apache-2.0 */
#include "cache_control.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "http_date.h"

struct text {
    const char *bytes;
    size_t length;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct text trim(const char *start, const char *end)
{
    while (start < end && is_blank(*start))
        start++;
    while (end > start && is_blank(end[-1]))
        end--;
    return (struct text){ .bytes = start, .length = (size_t)(end - start) };
}

/* The element up to the next comma outside a quoted string (RFC 9110 sections 5.6.1 and 5.6.4). */
static struct text next_element(const char **rest)
{
    const char *start = *rest;
    const char *at = start;
    bool quoted = false;

    for (; *at != '\0' && (quoted || *at != ','); at++) {
        if (quoted && at[0] == '\\' && at[1] != '\0')
            at++;
        else if (*at == '"')
            quoted = !quoted;
    }
    *rest = *at == ',' ? at + 1 : at;
    return trim(start, at);
}

static struct text unquoted(struct text text)
{
    if (text.length < 2 || text.bytes[0] != '"' || text.bytes[text.length - 1] != '"')
        return text;
    return (struct text){ .bytes = text.bytes + 1, .length = text.length - 2 };
}

/* Whole seconds (RFC 9111 section 1.2.2), cut to CACHE_SECONDS_MAX. */
static bool read_seconds(struct text text, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        *out = *out * 10 + (text.bytes[i] - '0');
        if (*out > CACHE_SECONDS_MAX)
            *out = CACHE_SECONDS_MAX;
    }
    return text.length > 0;
}

/* Of repeated values the smaller one holds. */
static void lower(struct cache_seconds *held, int64_t seconds)
{
    if (!held->given || seconds < held->seconds)
        *held = (struct cache_seconds){ .given = true, .seconds = seconds };
}

static const struct {
    const char *name;
    size_t offset; /* of a bool */
} flags[] = {
    { "no-store", offsetof(struct cache_directives, no_store) },
    { "no-cache", offsetof(struct cache_directives, no_cache) },
    { "must-revalidate", offsetof(struct cache_directives, must_revalidate) },
};

static const struct {
    const char *name;
    size_t offset; /* of a struct cache_seconds */
} durations[] = {
    { "max-age", offsetof(struct cache_directives, max_age) },
    { "stale-while-revalidate", offsetof(struct cache_directives, stale_while_revalidate) },
    { "stale-if-error", offsetof(struct cache_directives, stale_if_error) },
};

static bool is_named(struct text text, const char *name)
{
    return strlen(name) == text.length && strncasecmp(text.bytes, name, text.length) == 0;
}

static void add_directive(struct cache_directives *control, struct text name, struct text value)
{
    int64_t seconds = 0;

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (is_named(name, flags[i].name))
            *(bool *)(void *)((char *)control + flags[i].offset) = true;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        if (!is_named(name, durations[i].name))
            continue;
        if (!read_seconds(unquoted(value), &seconds))
            seconds = 0;
        lower((void *)((char *)control + durations[i].offset), seconds);
    }
}

static void add_control(struct cache_headers *headers, const char *value)
{
    headers->control.given = true;
    while (*value != '\0') {
        struct text element = next_element(&value);
        const char *end = element.bytes + element.length;
        const char *equals = memchr(element.bytes, '=', element.length);

        if (equals == NULL)
            equals = end;
        add_directive(&headers->control, trim(element.bytes, equals),
                      trim(equals < end ? equals + 1 : end, end));
    }
}

static void add_expires(struct cache_headers *headers, const char *value)
{
    int64_t time = 0;

    if (!http_date_parse(value, &time))
        time = 0;
    lower(&headers->expires, time);
}

/* Of several ages the greater one holds; what is no age is ignored (RFC 9111 section 5.1). */
static void add_age(struct cache_headers *headers, const char *value)
{
    int64_t seconds = 0;

    if (!read_seconds(trim(value, value + strlen(value)), &seconds))
        return;
    if (!headers->age.given || seconds > headers->age.seconds)
        headers->age = (struct cache_seconds){ .given = true, .seconds = seconds };
}

static void add_date(struct cache_headers *headers, const char *value)
{
    int64_t time = 0;

    if (http_date_parse(value, &time))
        lower(&headers->date, time);
}

static const struct {
    const char *name;
    void (*add)(struct cache_headers *headers, const char *value);
} fields[] = {
    { "Cache-Control", add_control },
    { "Expires", add_expires },
    { "Age", add_age },
    { "Date", add_date },
};

void cache_headers_add(struct cache_headers *headers, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcasecmp(name, fields[i].name) == 0)
            fields[i].add(headers, value);
}

void cache_headers_update(struct cache_headers *stored, const struct cache_headers *newer)
{
    if (newer->control.given)
        stored->control = newer->control;
    if (newer->expires.given)
        stored->expires = newer->expires;
    stored->age = newer->age;
    stored->date = newer->date;
}

static int64_t clamp(int64_t seconds)
{
    if (seconds < 0)
        return 0;
    return seconds < CACHE_SECONDS_MAX ? seconds : CACHE_SECONDS_MAX;
}

/* RFC 9111 section 4.2.1. */
static int64_t lifetime_of(const struct cache_headers *headers, int64_t now)
{
    if (headers->control.no_cache || headers->control.no_store)
        return 0;
    if (headers->control.max_age.given)
        return headers->control.max_age.seconds;
    if (headers->expires.given)
        return clamp(headers->expires.seconds
                     - (headers->date.given ? headers->date.seconds : now));
    return CACHE_SECONDS_DEFAULT;
}

enum { LONG_AGO = 2 * CACHE_SECONDS_MAX };

/* RFC 9111 section 4.2.3, the response delay aside: it is below the resolution of the clock. An age
 * that was cut may be any longer one, which ends the longest lifetime and the windows behind it. */
static int64_t age_of(const struct cache_headers *headers, int64_t now)
{
    const int64_t apparent = headers->date.given ? clamp(now - headers->date.seconds) : 0;
    const int64_t age = apparent > headers->age.seconds ? apparent : headers->age.seconds;

    return age < CACHE_SECONDS_MAX ? age : LONG_AGO;
}

struct cache_times cache_headers_times(const struct cache_headers *headers, int64_t now)
{
    const struct cache_directives *control = &headers->control;
    bool may_be_stale = !control->no_store && !control->no_cache && !control->must_revalidate;
    struct cache_times times = { .may_store = !control->no_store };

    times.stale = now + lifetime_of(headers, now) - age_of(headers, now);
    times.stale_while_revalidate =
        times.stale + (may_be_stale ? control->stale_while_revalidate.seconds : 0);
    times.stale_if_error = times.stale + (may_be_stale ? control->stale_if_error.seconds : 0);
    return times;
}
