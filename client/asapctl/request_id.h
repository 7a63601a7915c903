/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_REQUEST_ID_H
#define ASAPCTL_REQUEST_ID_H

#include <protobuf-c/protobuf-c.h>

#include <asap/error.h>

/* Names for requests, so that one whose answer was lost can be sent again. */

enum { REQUEST_ID_SIZE = 37 };

/* A random UUID (RFC 9562 section 5.4). */
ASAP_MUST_CHECK enum asap_code request_id_new(char out[REQUEST_ID_SIZE], struct asap_error *err);

/* The field request_id of a request, or NULL where it changes nothing and has none. */
char **request_id_field(ProtobufCMessage *request);

#endif
