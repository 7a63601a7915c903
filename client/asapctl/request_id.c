/* SPDX-License-Identifier: Apache-2.0 */
#include "request_id.h"

#include <openssl/rand.h>
#include <stdio.h>

#include "fail.h"

enum asap_code request_id_new(char out[REQUEST_ID_SIZE], struct asap_error *err)
{
    unsigned char bytes[16] = { 0 };
    size_t at = 0;

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return fail(err, ASAP_INTERNAL, "no random bytes to be had");
    bytes[6] = (unsigned char)((bytes[6] & 0x0fU) | 0x40U);
    bytes[8] = (unsigned char)((bytes[8] & 0x3fU) | 0x80U);
    for (size_t i = 0; i < sizeof bytes; i++) {
        const char *dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";

        at += (size_t)snprintf(out + at, REQUEST_ID_SIZE - at, "%s%02x", dash, bytes[i]);
    }
    return ASAP_OK;
}

char **request_id_field(ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "request_id");
    char *const at = (char *)request;

    return field == NULL ? NULL : (char **)(void *)(at + field->offset);
}
