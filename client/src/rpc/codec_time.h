/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_TIME_H
#define ASAP_RPC_CODEC_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* google.protobuf.Timestamp and Duration as text, as in the proto3 JSON mapping. */

struct codec_time {
    int64_t seconds;
    int32_t nanos; /* of a Timestamp 0 to 999999999; of a Duration the sign of its seconds */
};

enum { CODEC_TIME_SIZE = 40 };

/* RFC 3339 with "T", "Z" or an offset, and up to nine digits of fraction, between the years 0001
 * and 9999. False for anything else; then *out is undefined. */
bool timestamp_parse(const char *text, size_t length, struct codec_time *out);

/* In UTC with 0, 3, 6 or 9 digits of fraction. False when out of range. */
bool timestamp_format(const struct codec_time *time, char out[CODEC_TIME_SIZE]);

/* Seconds with up to nine digits of fraction and an "s", at most 10,000 years either way. */
bool duration_parse(const char *text, size_t length, struct codec_time *out);
bool duration_format(const struct codec_time *time, char out[CODEC_TIME_SIZE]);

#endif
