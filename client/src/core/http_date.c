/* SPDX-License-Identifier: Apache-2.0 */
#include "http_date.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "utc.h"

static const char *const day_names[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday" };
static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

enum { DAYS = 7, MONTHS = 12, SHORT_NAME = 3 };

/* IMF-fixdate, RFC 850 and asctime. A letter stands for a field, all else for itself. */
static const char *const forms[] = { "w, d m Y H:M:S Z", "W, d-m-y H:M:S Z", "w m D H:M:S Y" };

static void put_digits(char *out, size_t count, int number)
{
    for (size_t i = count; i > 0; i--, number /= 10)
        out[i - 1] = (char)('0' + number % 10);
}

/* By hand, since every download has a date and printf would be a twentieth of its time. */
void http_date_format(int64_t time, char out[HTTP_DATE_SIZE])
{
    const struct utc utc = utc_from_time(time);

    memcpy(out, "Sun, 00 Jan 0000 00:00:00 GMT", HTTP_DATE_SIZE);
    memcpy(out, day_names[utc.weekday], SHORT_NAME);
    put_digits(out + 5, 2, utc.day);
    memcpy(out + 8, month_names[utc.month - 1], SHORT_NAME);
    put_digits(out + 12, 4, utc.year);
    put_digits(out + 17, 2, utc.hour);
    put_digits(out + 20, 2, utc.minute);
    put_digits(out + 23, 2, utc.second);
}

static bool take_text(const char **text, const char *expected, size_t length)
{
    if (strncmp(*text, expected, length) != 0)
        return false;
    *text += length;
    return true;
}

static bool take_day_name(const char **text, size_t length)
{
    for (size_t i = 0; i < DAYS; i++)
        if (take_text(text, day_names[i], length != 0 ? length : strlen(day_names[i])))
            return true;
    return false;
}

static bool take_month(const char **text, int *out)
{
    for (int i = 0; i < MONTHS; i++) {
        if (take_text(text, month_names[i], SHORT_NAME)) {
            *out = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_number(const char **text, int digits, int *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *out = *out * 10 + (**text - '0');
    }
    return true;
}

/* Without a clock, "more than 50 years in the future" (RFC 9110) is the customary turn at 69. */
static bool take_short_year(const char **text, int *out)
{
    if (!take_number(text, 2, out))
        return false;
    *out += *out < 69 ? 2000 : 1900;
    return true;
}

static bool take_padded_day(const char **text, int *out)
{
    if (take_text(text, " ", 1))
        return take_number(text, 1, out);
    return take_number(text, 2, out);
}

static bool take_field(char field, const char **text, struct utc *utc)
{
    switch (field) {
    case 'w':
        return take_day_name(text, SHORT_NAME);
    case 'W':
        return take_day_name(text, 0);
    case 'd':
        return take_number(text, 2, &utc->day);
    case 'D':
        return take_padded_day(text, &utc->day);
    case 'm':
        return take_month(text, &utc->month);
    case 'Y':
        return take_number(text, 4, &utc->year);
    case 'y':
        return take_short_year(text, &utc->year);
    case 'H':
        return take_number(text, 2, &utc->hour);
    case 'M':
        return take_number(text, 2, &utc->minute);
    case 'S':
        return take_number(text, 2, &utc->second);
    case 'Z':
        return take_text(text, "GMT", 3);
    default:
        return take_text(text, &field, 1);
    }
}

static bool has_form(const char *text, const char *form, struct utc *utc)
{
    for (; *form != '\0'; form++)
        if (!take_field(*form, &text, utc))
            return false;
    return *text == '\0';
}

/* A leap second is the second after it. */
static bool is_time_of_day(const struct utc *utc)
{
    return utc->hour < 24 && utc->minute < 60 && utc->second <= 60;
}

/* 31 April would come back as 1 May. */
static bool is_date(const struct utc *utc)
{
    const struct utc date = { .year = utc->year, .month = utc->month, .day = utc->day };
    const struct utc again = utc_from_time(utc_to_time(&date));

    return again.year == utc->year && again.month == utc->month && again.day == utc->day;
}

bool http_date_parse(const char *text, int64_t *out)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct utc utc = { 0 };

        if (has_form(text, forms[i], &utc) && is_time_of_day(&utc) && is_date(&utc)) {
            *out = utc_to_time(&utc);
            return *out <= UTC_MAX;
        }
    }
    return false;
}
