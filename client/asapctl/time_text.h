/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_TIME_TEXT_H
#define ASAPCTL_TIME_TEXT_H

#include <stdint.h>

#include <asap/error.h>

#include "google/protobuf/timestamp.pb-c.h"

/* Times for people. Times are seconds since 1970. */

enum { TIME_TEXT_SIZE = 64 };

/* "in 14m", "3h ago", "now": rounded down to one unit. */
void time_phrase(int64_t time, int64_t now, char out[static TIME_TEXT_SIZE]);

/* "2026-11-23 14:15:00 +0100" in the local zone. */
void time_local(int64_t time, char out[static TIME_TEXT_SIZE]);

/* "2026-11-23 14:15:00 +0100 (in 14m)" */
void time_full(int64_t time, int64_t now, char out[static TIME_TEXT_SIZE]);

/* "90s", "10m", "1h": exact, in the greatest unit that divides it. */
void time_duration(int64_t seconds, char out[static TIME_TEXT_SIZE]);

/* 600, 600s, 10m, 1h or 2d, more than nothing. ASAP_INVALID_ARGUMENT for anything else. */
ASAP_MUST_CHECK enum asap_code time_read_duration(const char *text,
                                                  int64_t *out,
                                                  struct asap_error *err);

/* Where a length of time leads from now. */
enum time_direction { TIME_AHEAD = 1, TIME_BACK = -1 };

/* A length of time as above from `now`, or a moment in RFC 3339 ("2026-11-23T13:15:00Z"). *out is
 * initialised. ASAP_INVALID_ARGUMENT for anything else. */
ASAP_MUST_CHECK enum asap_code time_read_moment(const char *text,
                                                int64_t now,
                                                enum time_direction direction,
                                                Google__Protobuf__Timestamp *out,
                                                struct asap_error *err);

#endif
