/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_WIRE_H
#define ASAP_RPC_CODEC_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

/* The binary form, looked at before anything is made of it: protobuf-c recurses
 * as deep as a message goes and takes memory for whatever it announces. */

/* Whether protobuf-c may unpack these bytes; takes no memory. Codes as codec_read_binary() has
 * them. */
ASAP_MUST_CHECK enum asap_code wire_check(const ProtobufCMessageDescriptor *type,
                                          const uint8_t *bytes,
                                          size_t length,
                                          struct asap_error *err);

#endif
