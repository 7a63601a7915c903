/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_WRITE_H
#define ASAP_RPC_CODEC_WRITE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include <asap/error.h>

#include "buffer.h"

/* Messages as JSON. Whether it all fit into the buffer is asked once, at the end. */

struct writer {
    const ProtobufCMessageDescriptor *const *types; /* for Any; NULL for none */
    size_t depth;
    struct buffer *out;
    struct asap_error *err;
};

ASAP_MUST_CHECK enum asap_code writer_document(struct writer *writer,
                                               const ProtobufCMessage *message);

/* A message in the form that its type has in JSON. */
ASAP_MUST_CHECK enum asap_code writer_message(struct writer *writer,
                                              const ProtobufCMessage *message);

/* One more step of depth, which is taken back by counting writer->depth down. */
ASAP_MUST_CHECK enum asap_code writer_deeper(struct writer *writer);

/* Its fields as an object; or without the braces, and `separator` before the first. */
ASAP_MUST_CHECK enum asap_code writer_object(struct writer *writer,
                                             const ProtobufCMessage *message);
ASAP_MUST_CHECK enum asap_code writer_fields(struct writer *writer,
                                             const ProtobufCMessage *message,
                                             const char *separator);

/* One value of a field's type, or the elements of a list. */
ASAP_MUST_CHECK enum asap_code writer_value(struct writer *writer,
                                            const ProtobufCFieldDescriptor *field,
                                            const void *slot);
ASAP_MUST_CHECK enum asap_code writer_repeated(struct writer *writer,
                                               const ProtobufCFieldDescriptor *field,
                                               const ProtobufCMessage *message);

#endif
