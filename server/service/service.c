/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/server.pb-c.h"
#include "handlers.h"

const struct rpc_method service_methods[] = {
    { "/asap.v1.IssuerAdmin/CreateIssuer", &asap__v1__create_issuer_request__descriptor,
      &asap__v1__issuer__descriptor, issuer_admin_create, .admin_only = true },
    { "/asap.v1.IssuerAdmin/GetIssuer", &asap__v1__get_issuer_request__descriptor,
      &asap__v1__issuer__descriptor, issuer_admin_get, .admin_only = true },
    { "/asap.v1.IssuerAdmin/ListIssuers", &asap__v1__list_issuers_request__descriptor,
      &asap__v1__list_issuers_response__descriptor, issuer_admin_list, .admin_only = true },
    { "/asap.v1.KeyAdmin/PublishKey", &asap__v1__publish_key_request__descriptor,
      &asap__v1__publish_key_response__descriptor, key_admin_publish, .admin_only = true },
    { "/asap.v1.KeyAdmin/RotateKey", &asap__v1__rotate_key_request__descriptor,
      &asap__v1__rotate_key_response__descriptor, key_admin_rotate, .admin_only = true },
    { "/asap.v1.KeyAdmin/RevokeKey", &asap__v1__revoke_key_request__descriptor,
      &asap__v1__revoke_key_response__descriptor, key_admin_revoke, .admin_only = true },
    { "/asap.v1.KeyAdmin/GetKey", &asap__v1__get_key_request__descriptor,
      &asap__v1__key__descriptor, key_admin_get, .admin_only = true },
    { "/asap.v1.KeyAdmin/ListKeys", &asap__v1__list_keys_request__descriptor,
      &asap__v1__list_keys_response__descriptor, key_admin_list, .admin_only = true },
    { "/asap.v1.Server/GetStatus", &asap__v1__get_status_request__descriptor,
      &asap__v1__status__descriptor, server_get_status, .admin_only = true },
    { 0 },
};
