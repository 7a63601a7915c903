/* SPDX-License-Identifier: Apache-2.0 */
#include "time_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec_time.h"
#include "fail.h"
#include "utc.h"

/* Greatest first. */
static const struct unit {
    char letter;
    int64_t seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

enum { UNITS = sizeof units / sizeof units[0] };

/* A unit is worth using from two of it on: 90 minutes say more than one hour. */
static const struct unit *unit_for(int64_t seconds)
{
    const struct unit *unit = units;

    while (unit->seconds > 1 && seconds < 2 * unit->seconds)
        unit++;
    return unit;
}

void time_phrase(int64_t time, int64_t now, char out[static TIME_TEXT_SIZE])
{
    /* Whoever made the token chose its time, which may be further off than an integer can say. */
    const int64_t since = now - (time < now - INT64_MAX ? now - INT64_MAX : time);
    const int64_t distance = time > now ? time - now : since;
    const struct unit *unit = unit_for(distance);

    if (distance == 0)
        (void)snprintf(out, TIME_TEXT_SIZE, "now");
    else
        (void)snprintf(out, TIME_TEXT_SIZE, "%s%" PRId64 "%c%s", time > now ? "in " : "",
                       distance / unit->seconds, unit->letter, time > now ? "" : " ago");
}

void time_local(int64_t time, char out[static TIME_TEXT_SIZE])
{
    const time_t seconds = (time_t)time;
    struct tm local = { 0 };

    if (localtime_r(&seconds, &local) == NULL
        || strftime(out, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M:%S %z", &local) == 0)
        utc_format(time, out);
}

void time_full(int64_t time, int64_t now, char out[static TIME_TEXT_SIZE])
{
    char local[TIME_TEXT_SIZE] = "";
    char phrase[TIME_TEXT_SIZE] = "";

    time_local(time, local);
    time_phrase(time, now, phrase);
    (void)snprintf(out, TIME_TEXT_SIZE, "%.32s (%.28s)", local, phrase);
}

void time_duration(int64_t seconds, char out[static TIME_TEXT_SIZE])
{
    const struct unit *unit = units;

    while (unit->seconds > 1 && (seconds == 0 || seconds % unit->seconds != 0))
        unit++;
    (void)snprintf(out, TIME_TEXT_SIZE, "%" PRId64 "%c", seconds / unit->seconds, unit->letter);
}

/* Seconds in the unit that `suffix` names, 0 when it names none. */
static int64_t unit_named(const char *suffix)
{
    if (suffix[0] == '\0')
        return 1;
    for (size_t i = 0; i < UNITS; i++)
        if (suffix[0] == units[i].letter && suffix[1] == '\0')
            return units[i].seconds;
    return 0;
}

enum asap_code time_read_duration(const char *text, int64_t *out, struct asap_error *err)
{
    const size_t digits = strspn(text, "0123456789");
    const int64_t unit = unit_named(text + digits);
    int64_t count = 0;

    *out = 0;
    for (size_t i = 0; i < digits && digits <= 9; i++)
        count = count * 10 + (text[i] - '0');
    if (count == 0 || unit == 0)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%.32s is no length of time (write 600, 600s, 10m, 1h or 2d)", text);
    *out = count * unit;
    return ASAP_OK;
}

enum asap_code time_read_moment(const char *text,
                                int64_t now,
                                enum time_direction direction,
                                Google__Protobuf__Timestamp *out,
                                struct asap_error *err)
{
    struct codec_time moment = { 0 };
    int64_t seconds = 0;

    if (time_read_duration(text, &seconds, NULL) == ASAP_OK)
        moment = (struct codec_time){ .seconds = now + (int64_t)direction * seconds };
    else if (!timestamp_parse(text, strlen(text), &moment))
        moment.seconds = UTC_MAX + 1;
    if (moment.seconds < UTC_MIN || moment.seconds > UTC_MAX)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%.32s is no time (write 90d, 12h, 10m or 2026-11-23T13:15:00Z)", text);
    out->seconds = moment.seconds;
    out->nanos = moment.nanos;
    return ASAP_OK;
}
