/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/token_service.pb-c.h"

#include <stdlib.h>
#include <string.h>

#include "audit_describe.h"
#include "audit_hold.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "mint.h"

enum { DEFAULT_LIFETIME = 60 };

/* The names of the additional claims, which a grant has to allow. */
static enum asap_code to_claim_names(const Google__Protobuf__Struct *claims,
                                     const char ***out,
                                     struct asap_error *err)
{
    const size_t count = claims == NULL ? 0 : claims->n_fields;

    *out = calloc(count + 1, sizeof **out);
    if (*out == NULL)
        return fail_memory(err);
    for (size_t i = 0; i < count; i++)
        (*out)[i] = claims->fields[i]->key;
    return ASAP_OK;
}

static enum asap_code to_claims_json(const Google__Protobuf__Struct *claims,
                                     struct buffer *out,
                                     struct asap_error *err)
{
    struct asap_error cause = { 0 };
    enum asap_code code = ASAP_OK;

    if (claims == NULL)
        return ASAP_OK;
    code = codec_write_json(&claims->base, out, &cause);
    if (code == ASAP_RESOURCE_EXHAUSTED)
        return fail_field(err, "additional_claims", "the additional claims have over %d bytes",
                          MINT_TOKEN_MAX);
    /* The binary form can hold numbers and gaps that JSON has not. */
    return code == ASAP_OK ? ASAP_OK : fail_field(err, "additional_claims", "%s", cause.message);
}

/* What the request was turned into; all of it is freed with the scope. */
struct minting_texts {
    const char **audiences;
    const char **claims;
    struct buffer additional;
};

static void minting_texts_scope_exit(struct minting_texts *texts)
{
    free(texts->audiences);
    free(texts->claims);
    buffer_clear(&texts->additional);
}

static enum asap_code read_request(const struct rpc_call *call,
                                   const Asap__V1__MintTokenRequest *request,
                                   struct minting_texts *texts,
                                   struct mint_request *out,
                                   struct asap_error *err)
{
    TRY(to_list(request->audience, request->n_audience, &texts->audiences, err));
    TRY(to_claim_names(request->additional_claims, &texts->claims, err));
    TRY(to_claims_json(request->additional_claims, &texts->additional, err));
    *out = (struct mint_request){ .caller = call->caller,
                                  .issuer = request->issuer,
                                  .audiences = texts->audiences,
                                  .subject = request->subject,
                                  .additional = texts->additional.bytes,
                                  .claims = texts->claims,
                                  .now = call->now,
                                  .validate_only = request->validate_only,
                                  .may_block = call->may_block,
                                  .is_repeated = call->is_repeated };
    return to_seconds(request->lifetime, DEFAULT_LIFETIME, "lifetime", &out->lifetime, err);
}

/* The token leaves once this is durable, and only if the keys and grants are still those by which
 * it was made. */
static enum asap_code hold_until_recorded(const struct rpc_call *call,
                                          const Asap__V1__MintTokenRequest *request,
                                          const struct minted *minted,
                                          struct asap_error *err)
{
    const struct service *service = call->service;
    struct audit_entry *entry = audit_hold_new(service->admin.audit, call->reply);

    if (entry == NULL)
        return fail_memory(err);
    entry->event = audit_describe(call, &request->base);
    memcpy(entry->event.key_id, minted->key_id, sizeof entry->event.key_id);
    memcpy(entry->event.token_id, minted->jti, sizeof minted->jti);
    entry->is_conditional = true;
    entry->generation = minted->generation;
    entry->access_generation = minted->access_generation;
    return ASAP_OK;
}

static enum asap_code to_response(const struct minted *minted,
                                  Asap__V1__MintTokenResponse *out,
                                  struct asap_error *err)
{
    if (minted->token.length > 0)
        TRY(codec_set_string(&out->token, minted->token.bytes, err));
    TRY(codec_set_string(&out->key_id, minted->key_id, err));
    TRY(to_timestamp(minted->expire_time, &out->expire_time, err));
    return to_timestamp(minted->refresh_time, &out->refresh_time, err);
}

/* An issuer that does not exist is somebody's word, of which there are any number. */
static void have_counted(const struct rpc_call *call,
                         const struct mint_request *wanted,
                         const struct minted *minted)
{
    const struct service *service = call->service;

    if (service->mints != NULL && !wanted->validate_only)
        call->reply->outcomes =
            outcome_table_find(service->mints, minted->has_issuer ? wanted->issuer : NULL);
}

/* Whoever was overtaken by a change may be so before that is served. Made from the same keys and
 * grants again, the token would not leave either. */
static enum asap_code catch_up(const struct rpc_call *call, struct asap_error *err)
{
    const struct admin *admin = &((const struct service *)call->service)->admin;

    if (!call->is_repeated)
        return ASAP_OK;
    TRY(keyring_refresh(admin->keyring, admin->store, call->now, err));
    return callers_refresh(admin->callers, admin->store, err);
}

enum asap_code token_service_mint(const struct rpc_call *call,
                                  const ProtobufCMessage *in,
                                  ProtobufCMessage *out,
                                  struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__MintTokenRequest *request = (const Asap__V1__MintTokenRequest *)in;
    SCOPED(minting_texts)
    struct minting_texts texts = { .additional = BUFFER(MINT_TOKEN_MAX) };
    SCOPED(minted) struct minted minted = { .wants_worker = false };
    struct mint_request wanted;
    enum asap_code code = ASAP_OK;

    TRY(check_request_id(request->request_id, err));
    TRY(read_request(call, request, &texts, &wanted, err));
    TRY(catch_up(call, err));
    code = mint_token(service->mint, &wanted, &minted, err);
    call->reply->retry_ms = minted.retry_ms;
    call->reply->wants_worker = minted.wants_worker;
    have_counted(call, &wanted, &minted);
    if (code != ASAP_OK || minted.wants_worker)
        return code;
    TRY(to_response(&minted, (Asap__V1__MintTokenResponse *)out, err));
    return request->validate_only ? ASAP_OK : hold_until_recorded(call, request, &minted, err);
}
