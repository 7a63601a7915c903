/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_WELL_KNOWN_H
#define ASAP_RPC_CODEC_WELL_KNOWN_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

/* The messages of google.protobuf that are a string in JSON and not an object. */

enum { WELL_KNOWN_SIZE = 40 };

struct well_known {
    const ProtobufCMessageDescriptor *type;
    const char *expected; /* "a time such as ..." */

    /* False for text that is no such value. */
    bool (*parse)(const char *text, size_t length, ProtobufCMessage *out);

    /* False for a message that has no such text. */
    bool (*format)(const ProtobufCMessage *message, char out[WELL_KNOWN_SIZE]);
};

/* NULL for a message that is an object. */
const struct well_known *well_known_find(const ProtobufCMessageDescriptor *type);

#endif
