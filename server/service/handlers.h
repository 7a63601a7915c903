/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_HANDLERS_H
#define ASAPD_HANDLERS_H

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include "asap/v1/key_admin.pb-c.h"
#include "method.h"
#include "service.h"

/* The handlers behind service_methods, and what they share. */
rpc_handler audit_log_list;
rpc_handler audit_log_verify;
rpc_handler issuer_admin_create;
rpc_handler issuer_admin_get;
rpc_handler issuer_admin_list;
rpc_handler issuer_admin_update;
rpc_handler issuer_admin_delete;
rpc_handler key_repository_get;
rpc_handler key_repository_list;
rpc_handler key_repository_get_jwks;
rpc_handler key_admin_publish;
rpc_handler key_admin_rotate;
rpc_handler key_admin_retire;
rpc_handler key_admin_revoke;
rpc_handler key_admin_get;
rpc_handler key_admin_list;
rpc_handler token_service_mint;
rpc_handler token_service_verify;
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

Asap__V1__KeyState to_state(enum key_state state);

/* A key as the API shows it at `now`. `to_new_key` makes the message, too. */
ASAP_MUST_CHECK enum asap_code
to_key(const struct key_row *row, int64_t now, Asap__V1__Key *out, struct asap_error *err);
ASAP_MUST_CHECK enum asap_code
to_new_key(const struct key_row *row, int64_t now, Asap__V1__Key **field, struct asap_error *err);

/* Whole seconds; `otherwise` when unset. ASAP_INVALID_ARGUMENT, field `field`: a fraction. */
ASAP_MUST_CHECK enum asap_code to_seconds(const Google__Protobuf__Duration *duration,
                                          int64_t otherwise,
                                          const char *field,
                                          int64_t *out,
                                          struct asap_error *err);

/* Whole seconds since 1970, a fraction left out; LIFECYCLE_NEVER when unset. ASAP_INVALID_ARGUMENT,
 * field `field`: before 1970. */
ASAP_MUST_CHECK enum asap_code to_time(const Google__Protobuf__Timestamp *timestamp,
                                       const char *field,
                                       int64_t *out,
                                       struct asap_error *err);

/* What a repeated string field holds, ended by NULL; the texts stay the message's, the list is
 * freed with free(). */
ASAP_MUST_CHECK enum asap_code
to_list(char *const *texts, size_t count, const char ***out, struct asap_error *err);

/* ASAP_INVALID_ARGUMENT, field request_id: longer than such an id may be, or with spaces or other
 * characters than printable ASCII ones. "" is fine. */
ASAP_MUST_CHECK enum asap_code check_request_id(const char *id, struct asap_error *err);

/* The number of items of a page: 100 when none is named. ASAP_INVALID_ARGUMENT: negative. */
ASAP_MUST_CHECK enum asap_code to_page_size(int32_t requested, size_t *out, struct asap_error *err);

/* Room for `count` messages in a repeated field, NULL pointers at first. */
ASAP_MUST_CHECK enum asap_code to_array(size_t count, void ***field, struct asap_error *err);

#endif
