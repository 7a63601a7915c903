/* SPDX-License-Identifier: Apache-2.0 */
/* A message that reads can be written, and what was written reads as the same message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_test.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const types[] = {
    &asap__test__everything__descriptor,      &asap__test__known__descriptor,
    &google__protobuf__any__descriptor,       &google__protobuf__struct__descriptor,
    &google__protobuf__timestamp__descriptor, NULL,
};

static const struct codec json = { CODEC_JSON, types };

static ProtobufCMessage *read_message(const ProtobufCMessageDescriptor *type,
                                      const char *text,
                                      size_t length)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;
    const enum asap_code code = codec_read(&json, type, text, length, &message, &err);

    if ((code == ASAP_OK) != (message != NULL))
        abort();
    if (code != ASAP_OK && (code != ASAP_INVALID_ARGUMENT || err.message[0] == '\0'))
        abort();
    return message;
}

static void write_message(const ProtobufCMessage *message, struct buffer *out)
{
    struct asap_error err = { 0 };

    if (codec_write(&json, message, out, &err) != ASAP_OK)
        abort();
}

static void run(const ProtobufCMessageDescriptor *type, const char *data, size_t size)
{
    SCOPED(buffer) struct buffer first = BUFFER(TEXT_MAX);
    SCOPED(buffer) struct buffer second = BUFFER(TEXT_MAX);
    SCOPED(message) ProtobufCMessage *message = read_message(type, data, size);
    SCOPED(message) ProtobufCMessage *again = NULL;

    if (message == NULL)
        return;
    write_message(message, &first);
    again = read_message(type, first.bytes, first.length);
    if (again == NULL)
        abort();
    write_message(again, &second);
    if (first.length != second.length || memcmp(first.bytes, second.bytes, first.length) != 0)
        abort();
    if (!protobuf_c_message_check(again)
        || protobuf_c_message_get_packed_size(message) != protobuf_c_message_get_packed_size(again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(&asap__test__everything__descriptor, (const char *)data, size);
    run(&asap__test__known__descriptor, (const char *)data, size);
    return 0;
}
