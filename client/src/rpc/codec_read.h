/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_READ_H
#define ASAP_RPC_CODEC_READ_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include <asap/error.h>

#include "codec_path.h"

/* JSON values into the fields of messages. Whatever happens, a message stays one that
 * protobuf_c_message_free_unpacked() can free. */

struct reader {
    const ProtobufCMessageDescriptor *const *types; /* for Any; NULL for none */
    struct codec_path path;
    size_t depth;
    size_t messages;
    struct asap_error *err;
};

/* A whole document; its limits are checked first. */
ASAP_MUST_CHECK enum asap_code reader_document(struct reader *reader,
                                               const ProtobufCMessageDescriptor *type,
                                               const char *text,
                                               size_t length,
                                               ProtobufCMessage **out);

/* Reads one value of a field's type into `slot`, which is in its initial state. */
ASAP_MUST_CHECK enum asap_code reader_value(struct reader *reader,
                                            const ProtobufCFieldDescriptor *field,
                                            json_t *value,
                                            void *slot);

/* The same for a field whose type is a message. */
ASAP_MUST_CHECK enum asap_code reader_message(struct reader *reader,
                                              const ProtobufCFieldDescriptor *field,
                                              json_t *value,
                                              void *slot);

/* The elements of a list. */
ASAP_MUST_CHECK enum asap_code reader_repeated(struct reader *reader,
                                               const ProtobufCFieldDescriptor *field,
                                               json_t *value,
                                               ProtobufCMessage *message);

/* A message counted against CODEC_MESSAGES_MAX, and one more step of depth, which is taken back by
 * counting reader->depth down. */
ASAP_MUST_CHECK enum asap_code reader_new(struct reader *reader,
                                          const ProtobufCMessageDescriptor *type,
                                          ProtobufCMessage **out);
ASAP_MUST_CHECK enum asap_code reader_deeper(struct reader *reader);

/* What a message holds, in the form that its type has in JSON; or as an object, whatever it is. */
ASAP_MUST_CHECK enum asap_code reader_content(struct reader *reader,
                                              json_t *value,
                                              ProtobufCMessage *message);
ASAP_MUST_CHECK enum asap_code reader_object(struct reader *reader,
                                             json_t *value,
                                             ProtobufCMessage *message);

/* A value of the wrong type, or one of the right type that is outside `expected`. */
enum asap_code reader_wrong_type(const struct reader *reader,
                                 const json_t *value,
                                 const char *expected);
enum asap_code reader_wrong_value(const struct reader *reader, const char *expected);

#endif
