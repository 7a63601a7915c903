/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/token_service.pb-c.h"

#include <stdlib.h>
#include <string.h>

#include <asap/verifier.h>

#include "algorithm.h"
#include "claims.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"

enum { NO_LEEWAY = -1 };

DEFINE_SCOPED(names, const char **, free)
DEFINE_SCOPED(verifier, struct asap_verifier *, asap_verifier_free)

static enum asap_code to_claims(const struct asap_claims *claims,
                                Google__Protobuf__Struct **field,
                                struct asap_error *err)
{
    char *json = asap_claims_json(claims);
    ProtobufCMessage *message = NULL;
    enum asap_code code = ASAP_OK;

    if (json == NULL)
        return fail_memory(err);
    code =
        codec_read_json(&google__protobuf__struct__descriptor, json, strlen(json), &message, err);
    free(json);
    *field = (Google__Protobuf__Struct *)message;
    return code;
}

static enum asap_code to_audiences(const struct asap_claims *claims,
                                   Asap__V1__VerifyTokenResponse *out,
                                   struct asap_error *err)
{
    const size_t count = asap_claims_audience_count(claims);
    void **array = NULL;

    TRY(to_array(count, &array, err));
    out->audience = (char **)array;
    for (; out->n_audience < count; out->n_audience++)
        TRY(codec_set_string(&out->audience[out->n_audience],
                             asap_claims_audience(claims, out->n_audience), err));
    return ASAP_OK;
}

static enum asap_code to_verified(const struct asap_claims *claims,
                                  Asap__V1__VerifyTokenResponse *out,
                                  struct asap_error *err)
{
    TRY(codec_set_string(&out->issuer, asap_claims_issuer(claims), err));
    TRY(codec_set_string(&out->subject, asap_claims_subject(claims), err));
    TRY(codec_set_string(&out->key_id, asap_claims_key_id(claims), err));
    TRY(codec_set_string(&out->token_id, asap_claims_jti(claims), err));
    TRY(to_timestamp(asap_claims_issued_at(claims), &out->issue_time, err));
    TRY(to_timestamp(asap_claims_expires_at(claims), &out->expire_time, err));
    TRY(to_audiences(claims, out, err));
    return to_claims(claims, &out->claims, err);
}

/* The verifier's options by their names in the request. */
static enum asap_code refuse_options(struct asap_error *err)
{
    if (err != NULL && strcmp(err->field, "leeway_seconds") == 0)
        return fail_field(err, "leeway", "leeway is 0 to %d s", CLAIMS_MAX_LEEWAY);
    return ASAP_INVALID_ARGUMENT;
}

/* Whether "*" is among them. */
static bool allow_any(const char *const *subjects)
{
    while (*subjects != NULL && strcmp(*subjects, "*") != 0)
        subjects++;
    return *subjects != NULL;
}

static enum asap_code new_verifier(const struct service *service,
                                   const Asap__V1__VerifyTokenRequest *request,
                                   struct asap_verifier **out,
                                   struct asap_error *err)
{
    SCOPED(names) const char **audiences = NULL;
    SCOPED(names) const char **issuers = NULL;
    SCOPED(names) const char **subjects = NULL;
    struct asap_verifier_options options = { .clock = service->admin.clock };
    int64_t leeway = 0;
    enum asap_code code = ASAP_OK;

    *out = NULL;
    TRY(to_seconds(request->leeway, 0, "leeway", &leeway, err));
    if (leeway < 0)
        return fail_field(err, "leeway", "leeway is 0 to %d s", CLAIMS_MAX_LEEWAY);
    TRY(to_list(request->audiences, request->n_audiences, &audiences, err));
    TRY(to_list(request->issuers, request->n_issuers, &issuers, err));
    TRY(to_list(request->subjects, request->n_subjects, &subjects, err));
    options.audiences = audiences;
    options.issuers = request->n_issuers == 0 ? NULL : issuers;
    options.subjects = request->n_subjects == 0 ? NULL : subjects;
    options.allow_any_subject = allow_any(subjects);
    options.algorithms = algorithm_names;
    options.leeway_seconds = leeway == 0 ? NO_LEEWAY : leeway;
    code = asap_verifier_new(service->retriever, &options, out, err);
    return code == ASAP_INVALID_ARGUMENT ? refuse_options(err) : code;
}

/* A bad token is the request's mistake: "unauthenticated" would say that the caller is. */
static enum asap_code blame_token(enum asap_code code, struct asap_error *err)
{
    if (code != ASAP_UNAUTHENTICATED && code != ASAP_PERMISSION_DENIED)
        return code;
    return fail_as(err, ASAP_INVALID_ARGUMENT);
}

enum asap_code token_service_verify(const struct rpc_call *call,
                                    const ProtobufCMessage *in,
                                    ProtobufCMessage *out,
                                    struct asap_error *err)
{
    const Asap__V1__VerifyTokenRequest *request = (const Asap__V1__VerifyTokenRequest *)in;
    SCOPED(verifier) struct asap_verifier *verifier = NULL;
    SCOPED(claims) struct asap_claims *claims = NULL;

    TRY(new_verifier(call->service, request, &verifier, err));
    TRY(blame_token(
        asap_verifier_check(verifier, request->token, strlen(request->token), &claims, err), err));
    return to_verified(claims, (Asap__V1__VerifyTokenResponse *)out, err);
}
