/* SPDX-License-Identifier: Apache-2.0 */
/* A message that reads from its binary form can be written in it, what was written reads as the
 * same message, and if JSON can hold it, so does that. */
#include <stdbool.h>
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
static const struct codec binary = { CODEC_BINARY, NULL };

static ProtobufCMessage *read_message(const struct codec *codec,
                                      const ProtobufCMessageDescriptor *type,
                                      const void *bytes,
                                      size_t length)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;
    const enum asap_code code = codec_read(codec, type, bytes, length, &message, &err);

    if ((code == ASAP_OK) != (message != NULL))
        abort();
    if (code != ASAP_OK && (code != ASAP_INVALID_ARGUMENT || err.message[0] == '\0'))
        abort();
    return message;
}

static bool equal(const struct buffer *left, const struct buffer *right)
{
    return left->length == right->length
           && (left->length == 0 || memcmp(left->bytes, right->bytes, left->length) == 0);
}

/* The message by way of one format, written in it; false when the format cannot hold it. */
static bool write_twice(const struct codec *codec,
                        const ProtobufCMessage *message,
                        struct buffer *out)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer second = BUFFER(TEXT_MAX);
    SCOPED(message) ProtobufCMessage *again = NULL;

    if (codec_write(codec, message, out, &err) != ASAP_OK)
        return false;
    again = read_message(codec, message->descriptor, out->bytes, out->length);
    if (again == NULL || codec_write(codec, again, &second, &err) != ASAP_OK
        || !equal(out, &second))
        abort();
    return true;
}

static void run(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size)
{
    SCOPED(buffer) struct buffer bytes = BUFFER(TEXT_MAX);
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);
    SCOPED(message) ProtobufCMessage *message = read_message(&binary, type, data, size);

    if (message == NULL)
        return;
    if (!protobuf_c_message_check(message) || !write_twice(&binary, message, &bytes))
        abort();
    (void)write_twice(&json, message, &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(&asap__test__everything__descriptor, data, size);
    run(&asap__test__known__descriptor, data, size);
    return 0;
}
