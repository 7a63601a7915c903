/* SPDX-License-Identifier: Apache-2.0 */
#include "utc.h"

#include <stdio.h>

/* Days are counted in eras of 400 years, which are all alike; a year begins with March, so that
 * the leap day is its last. */
enum {
    SECONDS_PER_DAY = 86400,
    DAYS_PER_ERA = 146097,
    DAYS_PER_CENTURY = 36524,
    DAYS_PER_4_YEARS = 1460,
    DAYS_0000_TO_1970 = 719468, /* from 1 March 0000 */
    THURSDAY = 4                /* 1 January 1970 */
};

static int64_t clamp(int64_t time)
{
    if (time < UTC_MIN)
        return UTC_MIN;
    return time > UTC_MAX ? UTC_MAX : time;
}

/* Rounds down, where C rounds to zero. */
static int64_t divide(int64_t number, int64_t divisor)
{
    return number / divisor - (number % divisor < 0 ? 1 : 0);
}

static void set_date(struct utc *utc, int64_t days_since_1970)
{
    const int64_t days = days_since_1970 + DAYS_0000_TO_1970;
    const int64_t era = divide(days, DAYS_PER_ERA);
    const int day_of_era = (int)(days - era * DAYS_PER_ERA);
    const int year_of_era = (day_of_era - day_of_era / DAYS_PER_4_YEARS
                             + day_of_era / DAYS_PER_CENTURY - day_of_era / (DAYS_PER_ERA - 1))
                            / 365;
    const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int month_from_march = (5 * day_of_year + 2) / 153;

    utc->day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    utc->month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    utc->year = (int)(era * 400) + year_of_era + (utc->month <= 2 ? 1 : 0);
}

struct utc utc_from_time(int64_t time)
{
    const int64_t clamped = clamp(time);
    const int64_t days = divide(clamped, SECONDS_PER_DAY);
    const int second_of_day = (int)(clamped - days * SECONDS_PER_DAY);
    struct utc utc = { .hour = second_of_day / 3600,
                       .minute = second_of_day / 60 % 60,
                       .second = second_of_day % 60 };

    utc.weekday = (int)(days + THURSDAY - 7 * divide(days + THURSDAY, 7));
    set_date(&utc, days);
    return utc;
}

int64_t utc_to_time(const struct utc *utc)
{
    const int64_t year = (int64_t)utc->year - (utc->month <= 2 ? 1 : 0);
    const int64_t era = divide(year, 400);
    const int64_t year_of_era = year - era * 400;
    const int month_from_march = utc->month > 2 ? utc->month - 3 : utc->month + 9;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100
                               + (153 * month_from_march + 2) / 5 + utc->day - 1;
    const int64_t days = era * DAYS_PER_ERA + day_of_era - DAYS_0000_TO_1970;

    return days * SECONDS_PER_DAY + utc->hour * INT64_C(3600) + utc->minute * INT64_C(60)
           + utc->second;
}

void utc_format(int64_t time, char out[UTC_TEXT_SIZE])
{
    const struct utc utc = utc_from_time(time);

    (void)snprintf(out, UTC_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)utc.year % 10000,
                   (unsigned)utc.month % 100, (unsigned)utc.day % 100, (unsigned)utc.hour % 100,
                   (unsigned)utc.minute % 100, (unsigned)utc.second % 100);
}
