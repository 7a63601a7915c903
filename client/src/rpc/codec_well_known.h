/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_WELL_KNOWN_H
#define ASAP_RPC_CODEC_WELL_KNOWN_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

#include "codec_read.h"
#include "codec_write.h"

/* The messages of google.protobuf that have a form of their own in JSON. */

struct well_known {
    const ProtobufCMessageDescriptor *type;
    enum asap_code (*read)(struct reader *reader, json_t *value, ProtobufCMessage *message);
    enum asap_code (*write)(struct writer *writer, const ProtobufCMessage *message);
};

/* NULL for a message that is an object of its fields. */
const struct well_known *well_known_find(const ProtobufCMessageDescriptor *type);

/* Whether a field is a google.protobuf.NullValue; whether null is a value of it and not its
 * absence. */
bool well_known_is_null(const ProtobufCFieldDescriptor *field);
bool well_known_takes_null(const ProtobufCFieldDescriptor *field);

/* Any as JSON: its "@type", and what it holds. */
enum asap_code any_read(struct reader *reader, json_t *value, ProtobufCMessage *message);
enum asap_code any_write(struct writer *writer, const ProtobufCMessage *message);

/* Value, Struct and ListValue as the JSON that they stand for. */
enum asap_code value_read(struct reader *reader, json_t *value, ProtobufCMessage *message);
enum asap_code value_write(struct writer *writer, const ProtobufCMessage *message);
enum asap_code struct_read(struct reader *reader, json_t *value, ProtobufCMessage *message);
enum asap_code struct_write(struct writer *writer, const ProtobufCMessage *message);
enum asap_code list_read(struct reader *reader, json_t *value, ProtobufCMessage *message);
enum asap_code list_write(struct writer *writer, const ProtobufCMessage *message);

/* FieldMask as its paths, in lowerCamel and with commas between. */
enum asap_code mask_read(struct reader *reader, json_t *value, ProtobufCMessage *message);
enum asap_code mask_write(struct writer *writer, const ProtobufCMessage *message);

#endif
