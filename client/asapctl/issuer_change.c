/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "due.h"
#include "fail.h"
#include "issuer_list.h"
#include "issuer_verbs.h"
#include "show.h"

enum asap_code issuer_update_check(const struct arguments *arguments, struct asap_error *err)
{
    if (arguments->options[OPTION_ALGORITHM] != NULL
        || arguments->options[OPTION_MAX_LIFETIME] != NULL
        || arguments->options[OPTION_ROTATION_PERIOD] != NULL)
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT,
                "issuer update needs --algorithm ALG, --max-token-lifetime TIME or"
                " --rotation-period TIME");
}

/* "managed, RS256, tokens live at most 1h, rotated every 30d" */
static void say_policy(const struct ctl *ctl, const char *what, const Asap__V1__Issuer *issuer)
{
    char lifetime[TIME_TEXT_SIZE] = "";
    char period[TIME_TEXT_SIZE] = "";
    const bool periodic = due_is_periodic(issuer);

    issuer_write_lifetime(issuer, lifetime);
    due_write_period(issuer, period);
    ctl_say(ctl, "%s issuer %s (%s%s%s, tokens live at most %s%s%s)", what, issuer->name,
            show_issuer_kind(issuer->kind), issuer->algorithm[0] == '\0' ? "" : ", ",
            issuer->algorithm, lifetime, periodic ? ", rotated every " : "",
            periodic ? period : "");
}

static enum asap_code view_created(const struct ctl *ctl,
                                   const ProtobufCMessage *response,
                                   struct asap_error *err)
{
    (void)err;
    say_policy(ctl, "created", (const Asap__V1__Issuer *)response);
    return ASAP_OK;
}

static enum asap_code view_updated(const struct ctl *ctl,
                                   const ProtobufCMessage *response,
                                   struct asap_error *err)
{
    (void)err;
    say_policy(ctl, "updated", (const Asap__V1__Issuer *)response);
    return ASAP_OK;
}

static enum asap_code view_deleted(const struct ctl *ctl,
                                   const ProtobufCMessage *message,
                                   struct asap_error *err)
{
    const Asap__V1__DeleteIssuerResponse *response =
        (const Asap__V1__DeleteIssuerResponse *)message;
    char until[TIME_TEXT_SIZE] = "";

    (void)err;
    ctl_say(ctl, "deleted issuer %s (neither its name nor those of its keys are ever used again)",
            ctl->arguments->operand);
    if (response->trusted_until == NULL)
        return ASAP_OK;
    show_time(response->trusted_until, ctl_now(ctl), until);
    (void)fprintf(ctl->host->out, "caches may trust its keys until %s\n", until);
    return ASAP_OK;
}

static const struct ctl_method create_method = { "/asap.v1.IssuerAdmin/CreateIssuer",
                                                 &asap__v1__issuer__descriptor, view_created };
static const struct ctl_method update_method = { "/asap.v1.IssuerAdmin/UpdateIssuer",
                                                 &asap__v1__issuer__descriptor, view_updated };
static const struct ctl_method delete_method = { "/asap.v1.IssuerAdmin/DeleteIssuer",
                                                 &asap__v1__delete_issuer_response__descriptor,
                                                 view_deleted };

enum asap_code issuer_create(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__CreateIssuerRequest request = { 0 };
    Google__Protobuf__Duration lifetime = { 0 };
    Google__Protobuf__Duration period = { 0 };

    asap__v1__create_issuer_request__init(&request);
    request.name = ctl->arguments->operand;
    if (ctl_has(ctl, OPTION_EXTERNAL))
        request.kind = ASAP__V1__ISSUER_KIND__ISSUER_KIND_EXTERNAL;
    ctl_set(ctl, OPTION_ALGORITHM, &request.algorithm);
    TRY(ctl_set_duration(ctl, OPTION_MAX_LIFETIME, &lifetime, &request.max_token_lifetime, err));
    TRY(ctl_set_duration(ctl, OPTION_ROTATION_PERIOD, &period, &request.rotation_period, err));
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &create_method, &request.base, err);
}

/* On the wire no time at all is never, and a field that is not there leaves it as it is. */
static enum asap_code set_period(const struct ctl *ctl,
                                 Google__Protobuf__Duration *held,
                                 Google__Protobuf__Duration **field,
                                 struct asap_error *err)
{
    const char *text = ctl->arguments->options[OPTION_ROTATION_PERIOD];

    if (text == NULL || strcmp(text, "never") != 0)
        return ctl_set_duration(ctl, OPTION_ROTATION_PERIOD, held, field, err);
    google__protobuf__duration__init(held);
    *field = held;
    return ASAP_OK;
}

enum asap_code issuer_update(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__UpdateIssuerRequest request = { 0 };
    Google__Protobuf__Duration lifetime = { 0 };
    Google__Protobuf__Duration period = { 0 };

    asap__v1__update_issuer_request__init(&request);
    request.name = ctl->arguments->operand;
    ctl_set(ctl, OPTION_ALGORITHM, &request.algorithm);
    TRY(ctl_set_duration(ctl, OPTION_MAX_LIFETIME, &lifetime, &request.max_token_lifetime, err));
    TRY(set_period(ctl, &period, &request.rotation_period, err));
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &update_method, &request.base, err);
}

enum asap_code issuer_delete(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__DeleteIssuerRequest request = { 0 };

    asap__v1__delete_issuer_request__init(&request);
    request.name = ctl->arguments->operand;
    request.force = ctl_has(ctl, OPTION_FORCE);
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &delete_method, &request.base, err);
}
