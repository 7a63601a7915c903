/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/caller_admin.pb-c.h"

#include <string.h>

#include "codec.h"
#include "credential_verbs.h"
#include "fail.h"
#include "number.h"
#include "proof.h"
#include "show.h"

#define API_KEY_START "asapk_"

static const enum option_id proofs[] = { OPTION_API_KEY, OPTION_ISSUER, OPTION_CERTIFICATE_URI,
                                         OPTION_CERTIFICATE_DNS, OPTION_UID };

enum asap_code credential_create_check(const struct arguments *arguments, struct asap_error *err)
{
    int given = 0;

    for (size_t i = 0; i < sizeof proofs / sizeof proofs[0]; i++)
        given += arguments->options[proofs[i]] != NULL;
    if (given == 1)
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT,
                "credential create needs one of --api-key, --issuer, --certificate-uri,"
                " --certificate-dns and --uid%s",
                given == 0 ? "" : ", not several");
}

enum asap_code credential_revoke_check(const struct arguments *arguments, struct asap_error *err)
{
    if (strncmp(arguments->operand, API_KEY_START, strlen(API_KEY_START)) != 0)
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT,
                "an API key is revoked by the id of its credential, and never written out"
                " (asapctl caller show CALLER tells the id)");
}

/* A dry run has none that could be used. */
static bool has_key(const struct ctl *ctl, const Asap__V1__CreateCredentialResponse *response)
{
    return response->api_key[0] != '\0' && !ctl_has(ctl, OPTION_DRY_RUN);
}

/* On standard output the key and nothing else, so that it can be sent to a file. */
static enum asap_code print_key(const struct ctl *ctl,
                                const Asap__V1__CreateCredentialResponse *response,
                                struct asap_error *err)
{
    (void)fprintf(ctl->host->out, "%s\n", response->api_key);
    if (fflush(ctl->host->out) == 0 && !ferror(ctl->host->out))
        return ASAP_OK;
    return fail(err, ASAP_INTERNAL,
                "it was created, but its key could not be written (revoke it: asapctl credential"
                " revoke %.64s; then create another)",
                response->credential->credential_id);
}

static enum asap_code view_created(const struct ctl *ctl,
                                   const ProtobufCMessage *message,
                                   struct asap_error *err)
{
    const Asap__V1__CreateCredentialResponse *response =
        (const Asap__V1__CreateCredentialResponse *)message;
    const Asap__V1__Credential *credential = response->credential;
    char scratch[PROOF_TEXT_SIZE] = "";
    char expires[TIME_TEXT_SIZE] = "never";

    if (has_key(ctl, response))
        return print_key(ctl, response, err);
    if (credential->expire_time != NULL)
        show_time(credential->expire_time, ctl_now(ctl), expires);
    ctl_say(ctl, "created credential %s of %s (%s %s, expires %s)", credential->credential_id,
            credential->caller, proof_kind(credential), proof_value(credential, scratch), expires);
    return ASAP_OK;
}

/* What a key is, where it does not get into the key's file. */
static void tell_about_key(const struct ctl *ctl,
                           const Asap__V1__CreateCredentialResponse *response)
{
    char expires[TIME_TEXT_SIZE] = "never";

    if (!has_key(ctl, response))
        return;
    if (response->credential->expire_time != NULL)
        show_time(response->credential->expire_time, ctl_now(ctl), expires);
    (void)fprintf(ctl->host->err,
                  "the API key of %s is on standard output, this once only: keep it secret"
                  " (credential %s, expires %s)\n",
                  ctl->arguments->operand, response->credential->credential_id, expires);
}

/* A repetition of a request whose answer got lost is answered without the key. */
static enum asap_code check_created(const struct ctl *ctl,
                                    const Asap__V1__CreateCredentialResponse *response,
                                    struct asap_error *err)
{
    if (response->credential == NULL)
        return fail(err, ASAP_INTERNAL,
                    "the server's answer lacks the credential (is it a newer asapd?)");
    if (!ctl_has(ctl, OPTION_API_KEY) || ctl_has(ctl, OPTION_DRY_RUN) || has_key(ctl, response))
        return ASAP_OK;
    return fail(err, ASAP_DATA_LOSS,
                "it was created, but its key got lost with the server's first answer (revoke it:"
                " asapctl credential revoke %.64s; then create another)",
                response->credential->credential_id);
}

static enum asap_code view_revoked(const struct ctl *ctl,
                                   const ProtobufCMessage *response,
                                   struct asap_error *err)
{
    const Asap__V1__Credential *credential = (const Asap__V1__Credential *)response;
    char scratch[PROOF_TEXT_SIZE] = "";

    (void)err;
    ctl_say(ctl, "revoked credential %s of %s (%s %s)", ctl->arguments->operand, credential->caller,
            proof_kind(credential), proof_value(credential, scratch));
    return ASAP_OK;
}

static const struct ctl_method create_method = { "/asap.v1.CallerAdmin/CreateCredential",
                                                 &asap__v1__create_credential_response__descriptor,
                                                 view_created };
static const struct ctl_method revoke_method = { "/asap.v1.CallerAdmin/RevokeCredential",
                                                 &asap__v1__credential__descriptor, view_revoked };

/* The one that was given, which points into `api_key` where it is that. */
static void set_proof(const struct ctl *ctl,
                      Asap__V1__ApiKey *api_key,
                      Asap__V1__CreateCredentialRequest *request)
{
    char *const *options = ctl->arguments->options;

    if (ctl_has(ctl, OPTION_API_KEY)) {
        request->proof_case = ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_API_KEY;
        request->api_key = api_key;
    } else if (ctl_has(ctl, OPTION_ISSUER)) {
        request->proof_case = ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_ISSUER;
        request->issuer = options[OPTION_ISSUER];
    } else if (ctl_has(ctl, OPTION_CERTIFICATE_URI)) {
        request->proof_case = ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_CERTIFICATE_URI;
        request->certificate_uri = options[OPTION_CERTIFICATE_URI];
    } else if (ctl_has(ctl, OPTION_CERTIFICATE_DNS)) {
        request->proof_case = ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_CERTIFICATE_DNS_NAME;
        request->certificate_dns_name = options[OPTION_CERTIFICATE_DNS];
    } else if (number_read(options[OPTION_UID], UINT32_MAX, &request->uid)) {
        request->proof_case = ASAP__V1__CREATE_CREDENTIAL_REQUEST__PROOF_UID;
    }
}

enum asap_code credential_create(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__CreateCredentialRequest request = { 0 };
    Asap__V1__ApiKey api_key = { 0 };
    Google__Protobuf__Timestamp expires = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;
    const Asap__V1__CreateCredentialResponse *response = NULL;

    asap__v1__create_credential_request__init(&request);
    asap__v1__api_key__init(&api_key);
    request.caller = ctl->arguments->operand;
    set_proof(ctl, &api_key, &request);
    TRY(ctl_set_moment(ctl, OPTION_EXPIRES, TIME_AHEAD, &expires, &request.expire_time, err));
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    TRY(ctl_ask(ctl, &create_method, &request.base, &message, err));
    response = (const Asap__V1__CreateCredentialResponse *)message;
    TRY(check_created(ctl, response, err));
    TRY(ctl_print(ctl, &create_method, message, err));
    tell_about_key(ctl, response);
    return ASAP_OK;
}

enum asap_code credential_revoke(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__RevokeCredentialRequest request = { 0 };

    asap__v1__revoke_credential_request__init(&request);
    request.credential_id = ctl->arguments->operand;
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &revoke_method, &request.base, err);
}
