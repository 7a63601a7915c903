/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_well_known.h"

#include "codec_time.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

static bool parse_timestamp(const char *text, size_t length, ProtobufCMessage *out)
{
    Google__Protobuf__Timestamp *message = (Google__Protobuf__Timestamp *)out;
    struct codec_time time = { 0 };

    if (!timestamp_parse(text, length, &time))
        return false;
    message->seconds = time.seconds;
    message->nanos = time.nanos;
    return true;
}

static bool format_timestamp(const ProtobufCMessage *message, char out[WELL_KNOWN_SIZE])
{
    const Google__Protobuf__Timestamp *timestamp = (const Google__Protobuf__Timestamp *)message;

    return timestamp_format(&(struct codec_time){ timestamp->seconds, timestamp->nanos }, out);
}

static bool parse_duration(const char *text, size_t length, ProtobufCMessage *out)
{
    Google__Protobuf__Duration *message = (Google__Protobuf__Duration *)out;
    struct codec_time time = { 0 };

    if (!duration_parse(text, length, &time))
        return false;
    message->seconds = time.seconds;
    message->nanos = time.nanos;
    return true;
}

static bool format_duration(const ProtobufCMessage *message, char out[WELL_KNOWN_SIZE])
{
    const Google__Protobuf__Duration *duration = (const Google__Protobuf__Duration *)message;

    return duration_format(&(struct codec_time){ duration->seconds, duration->nanos }, out);
}

static const struct well_known table[] = {
    { &google__protobuf__timestamp__descriptor, "a time such as \"2026-11-23T13:15:00Z\"",
      parse_timestamp, format_timestamp },
    { &google__protobuf__duration__descriptor, "a duration such as \"3600s\" or \"1.5s\"",
      parse_duration, format_duration },
};

_Static_assert((int)WELL_KNOWN_SIZE >= (int)CODEC_TIME_SIZE, "times fit");

const struct well_known *well_known_find(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].type == type)
            return &table[i];
    return NULL;
}
