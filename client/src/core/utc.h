/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_UTC_H
#define ASAP_CORE_UTC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Calendar arithmetic in UTC without the locale or the C library's time zone.
 * Times are seconds since 1970. */

struct utc {
    int year, month, day, hour, minute, second; /* month and day from 1 */
    int weekday;                                /* 0 is Sunday */
};

/* The years 0001 to 9999; times outside are clamped to them. */
#define UTC_MIN INT64_C(-62135596800)
#define UTC_MAX INT64_C(253402300799)
struct utc utc_from_time(int64_t time);

/* The weekday is not looked at. */
int64_t utc_to_time(const struct utc *utc);

/* RFC 3339, "2026-11-23T13:15:00Z". */
enum { UTC_TEXT_SIZE = 21 };
void utc_format(int64_t time, char out[UTC_TEXT_SIZE]);

#endif
