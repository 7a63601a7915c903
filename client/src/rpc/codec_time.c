/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_time.h"

#include <inttypes.h>
#include <stdio.h>

#include "utc.h"

#define DURATION_MAX INT64_C(315576000000)

enum { NANOS = 1000000000, FRACTION_DIGITS = 9, SECONDS_DIGITS = 12, MINUTE = 60, HOUR = 3600 };

/* Text that is being taken from the left. */
struct cursor {
    const char *next;
    const char *end;
};

static bool take(struct cursor *cursor, char expected)
{
    if (cursor->next == cursor->end || *cursor->next != expected)
        return false;
    cursor->next++;
    return true;
}

/* Takes all digits there are; false unless their number is from `least` to `most`. */
static bool take_digits(struct cursor *cursor, int least, int most, int64_t *out)
{
    int count = 0;

    for (*out = 0; cursor->next < cursor->end && *cursor->next >= '0' && *cursor->next <= '9';
         cursor->next++) {
        if (++count > most)
            return false;
        *out = *out * 10 + (*cursor->next - '0');
    }
    return count >= least;
}

/* Exactly `width` digits, which may be followed by others. */
static bool take_number(struct cursor *cursor, int width, int low, int high, int *out)
{
    struct cursor part = *cursor;
    int64_t value = 0;

    if (part.end - part.next < width)
        return false;
    part.end = part.next + width;
    if (!take_digits(&part, width, width, &value) || value < low || value > high)
        return false;
    cursor->next = part.end;
    *out = (int)value;
    return true;
}

/* Nothing, or a point and one to nine digits. */
static bool take_fraction(struct cursor *cursor, int32_t *nanos)
{
    const char *start = cursor->next;
    int64_t value = 0;

    *nanos = 0;
    if (!take(cursor, '.'))
        return true;
    if (!take_digits(cursor, 1, FRACTION_DIGITS, &value))
        return false;
    for (ptrdiff_t digits = cursor->next - start - 1; digits < FRACTION_DIGITS; digits++)
        value *= 10;
    *nanos = (int32_t)value;
    return true;
}

static bool take_date(struct cursor *cursor, struct utc *out)
{
    return take_number(cursor, 4, 1, 9999, &out->year) && take(cursor, '-')
           && take_number(cursor, 2, 1, 12, &out->month) && take(cursor, '-')
           && take_number(cursor, 2, 1, 31, &out->day);
}

static bool take_time(struct cursor *cursor, struct utc *out)
{
    return take_number(cursor, 2, 0, 23, &out->hour) && take(cursor, ':')
           && take_number(cursor, 2, 0, 59, &out->minute) && take(cursor, ':')
           && take_number(cursor, 2, 0, 59, &out->second);
}

/* How far the clock that was written is ahead of UTC. */
static bool take_offset(struct cursor *cursor, int64_t *seconds)
{
    int hours = 0;
    int minutes = 0;
    int sign = 1;

    *seconds = 0;
    if (take(cursor, 'Z'))
        return true;
    if (take(cursor, '-'))
        sign = -1;
    else if (!take(cursor, '+'))
        return false;
    if (!take_number(cursor, 2, 0, 23, &hours) || !take(cursor, ':')
        || !take_number(cursor, 2, 0, 59, &minutes))
        return false;
    *seconds = (int64_t)sign * (hours * HOUR + minutes * MINUTE);
    return true;
}

/* A day that its month does not have comes back as one of the next month. */
static bool exists(const struct utc *date)
{
    return utc_from_time(utc_to_time(date)).day == date->day;
}

bool timestamp_parse(const char *text, size_t length, struct codec_time *out)
{
    struct cursor cursor = { text, text + length };
    struct utc utc = { 0 };
    int64_t offset = 0;

    if (!take_date(&cursor, &utc) || !take(&cursor, 'T') || !take_time(&cursor, &utc)
        || !take_fraction(&cursor, &out->nanos) || !take_offset(&cursor, &offset)
        || cursor.next != cursor.end || !exists(&utc))
        return false;
    out->seconds = utc_to_time(&utc) - offset;
    return out->seconds >= UTC_MIN && out->seconds <= UTC_MAX;
}

/* ".5" as ".500": as many groups of three digits as it takes. */
static void format_fraction(int32_t nanos, char out[FRACTION_DIGITS + 2])
{
    out[0] = '\0';
    if (nanos == 0)
        return;
    if (nanos % 1000000 == 0)
        (void)snprintf(out, FRACTION_DIGITS + 2, ".%03d", (int)(nanos / 1000000));
    else if (nanos % 1000 == 0)
        (void)snprintf(out, FRACTION_DIGITS + 2, ".%06d", (int)(nanos / 1000));
    else
        (void)snprintf(out, FRACTION_DIGITS + 2, ".%09d", (int)nanos);
}

bool timestamp_format(const struct codec_time *time, char out[CODEC_TIME_SIZE])
{
    char fraction[FRACTION_DIGITS + 2];
    char seconds[UTC_TEXT_SIZE];

    if (time->seconds < UTC_MIN || time->seconds > UTC_MAX || time->nanos < 0
        || time->nanos >= NANOS)
        return false;
    utc_format(time->seconds, seconds);
    format_fraction(time->nanos, fraction);
    (void)snprintf(out, CODEC_TIME_SIZE, "%.*s%sZ", UTC_TEXT_SIZE - 2, seconds, fraction);
    return true;
}

static bool is_duration(const struct codec_time *time)
{
    const bool mixed =
        (time->seconds > 0 && time->nanos < 0) || (time->seconds < 0 && time->nanos > 0);

    return !mixed && time->nanos > -NANOS && time->nanos < NANOS && time->seconds >= -DURATION_MAX
           && time->seconds <= DURATION_MAX;
}

bool duration_parse(const char *text, size_t length, struct codec_time *out)
{
    struct cursor cursor = { text, text + length };
    const bool negative = take(&cursor, '-');

    if (!take_digits(&cursor, 1, SECONDS_DIGITS, &out->seconds)
        || !take_fraction(&cursor, &out->nanos) || !take(&cursor, 's') || cursor.next != cursor.end)
        return false;
    if (negative) {
        out->seconds = -out->seconds;
        out->nanos = -out->nanos;
    }
    return is_duration(out);
}

bool duration_format(const struct codec_time *time, char out[CODEC_TIME_SIZE])
{
    char fraction[FRACTION_DIGITS + 2];
    const bool negative = time->seconds < 0 || time->nanos < 0;

    if (!is_duration(time))
        return false;
    format_fraction(negative ? -time->nanos : time->nanos, fraction);
    (void)snprintf(out, CODEC_TIME_SIZE, "%s%" PRId64 "%ss", negative ? "-" : "",
                   negative ? -time->seconds : time->seconds, fraction);
    return true;
}
