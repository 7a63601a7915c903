/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "caller_admin.h"
#include "change_call.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"

static enum asap_code to_api_key(const char *prefix,
                                 Asap__V1__Credential *out,
                                 struct asap_error *err)
{
    out->api_key = malloc(sizeof *out->api_key);
    if (out->api_key == NULL)
        return fail_memory(err);
    asap__v1__api_key__init(out->api_key);
    out->proof_case = ASAP__V1__CREDENTIAL__PROOF_API_KEY;
    return codec_set_string(&out->api_key->key_prefix, prefix, err);
}

static enum asap_code to_uid(const char *text, Asap__V1__Credential *out, struct asap_error *err)
{
    int64_t uid = 0;

    if (!from_decimal(text, UINT32_MAX, &uid))
        return fail(err, ASAP_DATA_LOSS,
                    "a credential's user id is damaged (restore the database from a backup)");
    out->uid = (uint32_t)uid;
    out->proof_case = ASAP__V1__CREDENTIAL__PROOF_UID;
    return ASAP_OK;
}

/* The case is set once the member is, so that what is freed was made. */
static enum asap_code set_text(char **field,
                               const char *text,
                               Asap__V1__Credential__ProofCase proof,
                               Asap__V1__Credential *out,
                               struct asap_error *err)
{
    *field = NULL;
    TRY(codec_set_string(field, text, err));
    out->proof_case = proof;
    return ASAP_OK;
}

static enum asap_code to_proof(const struct credential_row *row,
                               Asap__V1__Credential *out,
                               struct asap_error *err)
{
    switch ((enum credential_kind)row->kind) {
    case CREDENTIAL_ISSUER:
        return set_text(&out->issuer, row->name, ASAP__V1__CREDENTIAL__PROOF_ISSUER, out, err);
    case CREDENTIAL_URI:
        return set_text(&out->certificate_uri, row->name,
                        ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_URI, out, err);
    case CREDENTIAL_DNS_NAME:
        return set_text(&out->certificate_dns_name, row->name,
                        ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_DNS_NAME, out, err);
    case CREDENTIAL_UID:
        return to_uid(row->name, out, err);
    case CREDENTIAL_API_KEY:
        break;
    }
    return to_api_key(row->name, out, err);
}

enum asap_code to_credential(const struct credential_row *row,
                             const char *caller,
                             Asap__V1__Credential *out,
                             struct asap_error *err)
{
    TRY(codec_set_string(&out->credential_id, row->credential_id, err));
    TRY(codec_set_string(&out->caller, caller, err));
    TRY(to_timestamp(row->create_time, &out->create_time, err));
    TRY(to_timestamp(row->expire_time, &out->expire_time, err));
    TRY(to_timestamp(row->revoke_time, &out->revoke_time, err));
    return to_proof(row, out, err);
}

enum asap_code to_new_credential(const struct credential_row *row,
                                 const char *caller,
                                 Asap__V1__Credential **field,
                                 struct asap_error *err)
{
    *field = malloc(sizeof **field);
    if (*field == NULL)
        return fail_memory(err);
    asap__v1__credential__init(*field);
    return to_credential(row, caller, *field, err);
}

enum { UID_TEXT_SIZE = 12 };

/* `uid` is room for the name of a user id. */
static enum asap_code choose_proof(const Asap__V1__CreateCredentialRequest *request,
                                   struct new_credential *out,
                                   char uid[UID_TEXT_SIZE],
                                   struct asap_error *err)
{
    switch (request->proof_case) {
    case ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_ISSUER:
        out->kind = CREDENTIAL_ISSUER;
        out->name = request->issuer;
        return ASAP_OK;
    case ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_CERTIFICATE_URI:
        out->kind = CREDENTIAL_URI;
        out->name = request->certificate_uri;
        return ASAP_OK;
    case ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_CERTIFICATE_DNS_NAME:
        out->kind = CREDENTIAL_DNS_NAME;
        out->name = request->certificate_dns_name;
        return ASAP_OK;
    case ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_UID:
        (void)snprintf(uid, UID_TEXT_SIZE, "%" PRIu32, request->uid);
        out->kind = CREDENTIAL_UID;
        out->name = uid;
        return ASAP_OK;
    case ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_API_KEY:
        out->kind = CREDENTIAL_API_KEY;
        if (request->api_key->key_prefix[0] == '\0')
            return ASAP_OK;
        return fail_field(err, "api_key.key_prefix", "the server chooses it (leave it out)");
    case ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF__NOT_SET:
    case _ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF__CASE_IS_INT_SIZE:
        break;
    }
    return fail_field(err, "proof",
                      "say what the caller shows: issuer, certificate_uri, certificate_dns_name,"
                      " uid or api_key");
}

/* Nobody is shown a key that will not exist. */
static enum asap_code show_key(const struct change *change,
                               const struct api_key *key,
                               Asap__V1__CreateCredentialResponse *out,
                               struct asap_error *err)
{
    return codec_set_string(&out->api_key, change->validate_only ? "" : key->text, err);
}

static enum asap_code create(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__CreateCredentialRequest *request =
        (const Asap__V1__CreateCredentialRequest *)in;
    Asap__V1__CreateCredentialResponse *response = (Asap__V1__CreateCredentialResponse *)out;
    const Google__Protobuf__Timestamp *expiry = request->expire_time;
    struct new_credential wanted = { .caller = request->caller,
                                     .name = "",
                                     .expire_time =
                                         expiry == NULL ? LIFECYCLE_NEVER : expiry->seconds };
    SCOPED(api_key) struct api_key key = { .text = "" };
    char uid[UID_TEXT_SIZE];
    struct credential_row row;

    TRY(choose_proof(request, &wanted, uid, err));
    TRY(access_create_credential(change, &wanted, &row, &key, err));
    TRY(show_key(change, &key, response, err));
    return to_new_credential(&row, request->caller, &response->credential, err);
}

enum asap_code caller_admin_create_credential(const struct rpc_call *call,
                                              const ProtobufCMessage *in,
                                              ProtobufCMessage *out,
                                              struct asap_error *err)
{
    return change_call_by(call, in, out,
                          &(struct change_method){
                              .handler = create, .scope = CHANGE_ACCESS, .shown_once = "api_key" },
                          err);
}

static enum asap_code revoke(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__RevokeCredentialRequest *request =
        (const Asap__V1__RevokeCredentialRequest *)in;
    char caller[CALLER_NAME_MAX + 1];
    struct credential_row row;

    TRY(access_revoke_credential(change, request->credential_id, &row, caller, err));
    return to_credential(&row, caller, (Asap__V1__Credential *)out, err);
}

enum asap_code caller_admin_revoke_credential(const struct rpc_call *call,
                                              const ProtobufCMessage *in,
                                              ProtobufCMessage *out,
                                              struct asap_error *err)
{
    return change_call_by(
        call, in, out, &(struct change_method){ .handler = revoke, .scope = CHANGE_ACCESS }, err);
}
