/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_REQUEST_BYTES_H
#define ASAPD_REQUEST_BYTES_H

#include <protobuf-c/protobuf-c.h>

#include <asap/error.h>

#include "buffer.h"

/* What a request asks for, as bytes: its type, and its fields less those that
 * say how the answer is to be delivered. Requests that ask for the same are the
 * same bytes, whichever codec they came by. */

enum { REQUEST_BYTES_MAX = 4 * 1024 * 1024 };

/* `less` names the fields to leave out, of type string or int32, and ends with NULL. The caller
 * clears *out also after a failure. */
ASAP_MUST_CHECK enum asap_code request_bytes(const ProtobufCMessage *request,
                                             const char *const *less,
                                             struct buffer *out,
                                             struct asap_error *err);

/* Where a request or response has the field of this name and type; NULL when it has none, or only
 * as one of several. */
const void *request_field(const ProtobufCMessage *message, const char *name, ProtobufCType type);

#endif
