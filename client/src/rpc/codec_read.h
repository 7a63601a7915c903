/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_READ_H
#define ASAP_RPC_CODEC_READ_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include <asap/error.h>

/* JSON values into the fields of messages. Whatever happens, a message stays one that
 * protobuf_c_message_free_unpacked() can free. */

/* Where reading is, as err->field gets it; what does not fit is cut off. */
struct reader {
    char path[sizeof(struct asap_error){ 0 }.field];
    size_t path_length;
    struct asap_error *err;
};

/* Reads one value of a field's type into `slot`, which is in its initial state. */
ASAP_MUST_CHECK enum asap_code reader_value(struct reader *reader,
                                            const ProtobufCFieldDescriptor *field,
                                            const json_t *value,
                                            void *slot);

/* The same for a field whose type is a message. */
ASAP_MUST_CHECK enum asap_code reader_message(struct reader *reader,
                                              const ProtobufCFieldDescriptor *field,
                                              const json_t *value,
                                              void *slot);

/* A value of the wrong type, or one of the right type that is outside `expected`. */
enum asap_code reader_wrong_type(const struct reader *reader,
                                 const json_t *value,
                                 const char *expected);
enum asap_code reader_wrong_value(const struct reader *reader, const char *expected);

#endif
