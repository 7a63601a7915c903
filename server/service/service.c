/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "asap/v1/audit_log.pb-c.h"
#include "asap/v1/caller_admin.pb-c.h"
#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_repository.pb-c.h"
#include "asap/v1/server.pb-c.h"
#include "asap/v1/token_service.pb-c.h"
#include "fail.h"
#include "handlers.h"

static enum asap_code unimplemented(const struct rpc_call *call,
                                    const ProtobufCMessage *in,
                                    ProtobufCMessage *out,
                                    struct asap_error *err)
{
    (void)call;
    (void)in;
    (void)out;
    return fail(err, ASAP_UNIMPLEMENTED, "this version of asapd does not have this method yet");
}

const struct rpc_method service_methods[] = {
    { "/asap.v1.KeyRepository/GetPublicKey", &asap__v1__get_public_key_request__descriptor,
      &asap__v1__public_key__descriptor, key_repository_get, .no_side_effects = true },
    { "/asap.v1.KeyRepository/ListPublicKeys", &asap__v1__list_public_keys_request__descriptor,
      &asap__v1__list_public_keys_response__descriptor, key_repository_list,
      .no_side_effects = true },
    { "/asap.v1.KeyRepository/GetJwks", &asap__v1__get_jwks_request__descriptor,
      &asap__v1__jwks__descriptor, key_repository_get_jwks, .no_side_effects = true },
    { "/asap.v1.TokenService/MintToken", &asap__v1__mint_token_request__descriptor,
      &asap__v1__mint_token_response__descriptor, unimplemented, .role = RPC_CALLER },
    { "/asap.v1.TokenService/VerifyToken", &asap__v1__verify_token_request__descriptor,
      &asap__v1__verify_token_response__descriptor, unimplemented, .role = RPC_CALLER },
    { "/asap.v1.IssuerAdmin/CreateIssuer", &asap__v1__create_issuer_request__descriptor,
      &asap__v1__issuer__descriptor, issuer_admin_create, .role = RPC_ADMIN },
    { "/asap.v1.IssuerAdmin/GetIssuer", &asap__v1__get_issuer_request__descriptor,
      &asap__v1__issuer__descriptor, issuer_admin_get, .role = RPC_ADMIN, .no_side_effects = true },
    { "/asap.v1.IssuerAdmin/ListIssuers", &asap__v1__list_issuers_request__descriptor,
      &asap__v1__list_issuers_response__descriptor, issuer_admin_list, .role = RPC_ADMIN,
      .no_side_effects = true },
    { "/asap.v1.IssuerAdmin/UpdateIssuer", &asap__v1__update_issuer_request__descriptor,
      &asap__v1__issuer__descriptor, unimplemented, .role = RPC_ADMIN },
    { "/asap.v1.IssuerAdmin/DeleteIssuer", &asap__v1__delete_issuer_request__descriptor,
      &asap__v1__delete_issuer_response__descriptor, unimplemented, .role = RPC_ADMIN },
    { "/asap.v1.KeyAdmin/PublishKey", &asap__v1__publish_key_request__descriptor,
      &asap__v1__publish_key_response__descriptor, key_admin_publish, .role = RPC_ADMIN },
    { "/asap.v1.KeyAdmin/RotateKey", &asap__v1__rotate_key_request__descriptor,
      &asap__v1__rotate_key_response__descriptor, key_admin_rotate, .role = RPC_ADMIN },
    { "/asap.v1.KeyAdmin/RetireKey", &asap__v1__retire_key_request__descriptor,
      &asap__v1__key__descriptor, unimplemented, .role = RPC_ADMIN },
    { "/asap.v1.KeyAdmin/RevokeKey", &asap__v1__revoke_key_request__descriptor,
      &asap__v1__revoke_key_response__descriptor, key_admin_revoke, .role = RPC_ADMIN },
    { "/asap.v1.KeyAdmin/GetKey", &asap__v1__get_key_request__descriptor,
      &asap__v1__key__descriptor, key_admin_get, .role = RPC_ADMIN, .no_side_effects = true },
    { "/asap.v1.KeyAdmin/ListKeys", &asap__v1__list_keys_request__descriptor,
      &asap__v1__list_keys_response__descriptor, key_admin_list, .role = RPC_ADMIN,
      .no_side_effects = true },
    { "/asap.v1.CallerAdmin/CreateCaller", &asap__v1__create_caller_request__descriptor,
      &asap__v1__caller__descriptor, caller_admin_create, .role = RPC_ADMIN, .is_audited = true },
    { "/asap.v1.CallerAdmin/GetCaller", &asap__v1__get_caller_request__descriptor,
      &asap__v1__caller__descriptor, caller_admin_get, .role = RPC_ADMIN, .no_side_effects = true },
    { "/asap.v1.CallerAdmin/ListCallers", &asap__v1__list_callers_request__descriptor,
      &asap__v1__list_callers_response__descriptor, caller_admin_list, .role = RPC_ADMIN,
      .no_side_effects = true },
    { "/asap.v1.CallerAdmin/UpdateCaller", &asap__v1__update_caller_request__descriptor,
      &asap__v1__caller__descriptor, caller_admin_update, .role = RPC_ADMIN, .is_audited = true },
    { "/asap.v1.CallerAdmin/DeleteCaller", &asap__v1__delete_caller_request__descriptor,
      &asap__v1__delete_caller_response__descriptor, caller_admin_delete, .role = RPC_ADMIN,
      .is_audited = true },
    { "/asap.v1.CallerAdmin/CreateCredential", &asap__v1__create_credential_request__descriptor,
      &asap__v1__create_credential_response__descriptor, caller_admin_create_credential,
      .role = RPC_ADMIN, .is_audited = true },
    { "/asap.v1.CallerAdmin/RevokeCredential", &asap__v1__revoke_credential_request__descriptor,
      &asap__v1__credential__descriptor, caller_admin_revoke_credential, .role = RPC_ADMIN,
      .is_audited = true },
    { "/asap.v1.CallerAdmin/CreateGrant", &asap__v1__create_grant_request__descriptor,
      &asap__v1__grant__descriptor, caller_admin_create_grant, .role = RPC_ADMIN,
      .is_audited = true },
    { "/asap.v1.CallerAdmin/ListGrants", &asap__v1__list_grants_request__descriptor,
      &asap__v1__list_grants_response__descriptor, caller_admin_list_grants, .role = RPC_ADMIN,
      .no_side_effects = true },
    { "/asap.v1.CallerAdmin/DeleteGrant", &asap__v1__delete_grant_request__descriptor,
      &asap__v1__delete_grant_response__descriptor, caller_admin_delete_grant, .role = RPC_ADMIN,
      .is_audited = true },
    { "/asap.v1.CallerAdmin/TestGrant", &asap__v1__test_grant_request__descriptor,
      &asap__v1__test_grant_response__descriptor, caller_admin_test_grant, .role = RPC_ADMIN,
      .no_side_effects = true },
    { "/asap.v1.AuditLog/ListEvents", &asap__v1__list_events_request__descriptor,
      &asap__v1__list_events_response__descriptor, unimplemented, .role = RPC_ADMIN,
      .no_side_effects = true },
    { "/asap.v1.AuditLog/VerifyChain", &asap__v1__verify_chain_request__descriptor,
      &asap__v1__verify_chain_response__descriptor, unimplemented, .role = RPC_ADMIN,
      .no_side_effects = true },
    { "/asap.v1.Server/GetStatus", &asap__v1__get_status_request__descriptor,
      &asap__v1__status__descriptor, server_get_status, .role = RPC_ADMIN,
      .no_side_effects = true },
    { 0 },
};
