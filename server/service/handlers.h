/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_HANDLERS_H
#define ASAPD_HANDLERS_H

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include "asap/v1/key_admin.pb-c.h"
#include "method.h"
#include "service.h"

/* The handlers behind service_methods, and what they share. */
rpc_handler issuer_admin_create;
rpc_handler issuer_admin_get;
rpc_handler issuer_admin_list;
rpc_handler key_repository_get;
rpc_handler key_repository_list;
rpc_handler key_repository_get_jwks;
rpc_handler key_admin_publish;
rpc_handler key_admin_rotate;
rpc_handler key_admin_revoke;
rpc_handler key_admin_get;
rpc_handler key_admin_list;
rpc_handler caller_admin_create;
rpc_handler caller_admin_get;
rpc_handler caller_admin_list;
rpc_handler caller_admin_update;
rpc_handler caller_admin_delete;
rpc_handler caller_admin_create_credential;
rpc_handler caller_admin_revoke_credential;
rpc_handler caller_admin_create_grant;
rpc_handler caller_admin_list_grants;
rpc_handler caller_admin_delete_grant;
rpc_handler caller_admin_test_grant;
rpc_handler server_get_status;

/* A new Timestamp; LIFECYCLE_NEVER leaves *field NULL. */
ASAP_MUST_CHECK enum asap_code to_timestamp(int64_t time,
                                            Google__Protobuf__Timestamp **field,
                                            struct asap_error *err);

ASAP_MUST_CHECK enum asap_code to_duration(int64_t seconds,
                                           Google__Protobuf__Duration **field,
                                           struct asap_error *err);

/* Whether `text` is a number from 0 to `most` in decimal, and which. */
bool from_decimal(const char *text, int64_t most, int64_t *out);

/* A key as the API shows it at `now`. `to_new_key` makes the message, too. */
ASAP_MUST_CHECK enum asap_code
to_key(const struct key_row *row, int64_t now, Asap__V1__Key *out, struct asap_error *err);
ASAP_MUST_CHECK enum asap_code
to_new_key(const struct key_row *row, int64_t now, Asap__V1__Key **field, struct asap_error *err);

/* The number of items of a page: 100 when none is named. ASAP_INVALID_ARGUMENT: negative. */
ASAP_MUST_CHECK enum asap_code to_page_size(int32_t requested, size_t *out, struct asap_error *err);

/* Room for `count` messages in a repeated field, NULL pointers at first. */
ASAP_MUST_CHECK enum asap_code to_array(size_t count, void ***field, struct asap_error *err);

/* For a field of the contract that nothing here honours: ASAP_UNIMPLEMENTED when it is set. */
ASAP_MUST_CHECK enum asap_code check_unset(const ProtobufCMessage *value,
                                           const char *field,
                                           struct asap_error *err);

#endif
