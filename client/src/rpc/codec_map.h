/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_MAP_H
#define ASAP_RPC_CODEC_MAP_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include <asap/error.h>

#include "codec_read.h"
#include "codec_write.h"

/* Maps: objects in JSON, lists of entries in protobuf-c. Of several entries with
 * one key the last counts. */

ASAP_MUST_CHECK enum asap_code map_read(struct reader *reader,
                                        const ProtobufCFieldDescriptor *field,
                                        json_t *value,
                                        ProtobufCMessage *message);

ASAP_MUST_CHECK enum asap_code map_write(struct writer *writer,
                                         const ProtobufCFieldDescriptor *field,
                                         const ProtobufCMessage *message);

#endif
