/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CODEC_PATH_H
#define ASAP_RPC_CODEC_PATH_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include <asap/error.h>

/* Where in a message reading is, as err->field gets it ("keys[2].publishTime");
 * what does not fit is cut off. */
struct codec_path {
    char text[sizeof(struct asap_error){ 0 }.field];
    size_t length;
};

/* Each goes one step down; the result leads back up with path_leave(). */
size_t path_enter_member(struct codec_path *path, const char *name);
size_t path_enter_element(struct codec_path *path, size_t index);

/* The key of a map, which came from outside: what is not printable ASCII becomes '?'. */
size_t path_enter_key(struct codec_path *path, const char *key);

/* Under the name that the field has in JSON. */
size_t path_enter_field(struct codec_path *path, const ProtobufCFieldDescriptor *field);

void path_leave(struct codec_path *path, size_t outer);

#endif
