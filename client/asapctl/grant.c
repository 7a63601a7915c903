/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/caller_admin.pb-c.h"

#include <inttypes.h>
#include <string.h>

#include "codec.h"
#include "fail.h"
#include "grant_verbs.h"
#include "number.h"
#include "show.h"
#include "verb.h"

enum { PAGE_SIZE = 1000, LIMITS_MAX = 1 << 20 };

/* Options that say something about tokens. */
static const struct {
    enum option_id option;
    const char *name;
} mint_options[] = {
    { OPTION_AUDIENCE, "audience" }, { OPTION_MAX_LIFETIME, "max-lifetime" },
    { OPTION_LIFETIME, "lifetime" }, { OPTION_SUBJECT, "subject" },
    { OPTION_CLAIM, "claim" },       { OPTION_TOKENS_PER_MINUTE, "tokens-per-minute" },
};

static bool is_verb(const struct arguments *arguments, const char *name)
{
    return strcmp(arguments->options[OPTION_VERB], name) == 0;
}

enum asap_code grant_test_check(const struct arguments *arguments, struct asap_error *err)
{
    const bool has_issuer = arguments->options[OPTION_ISSUER] != NULL;

    if (is_verb(arguments, "admin") && has_issuer)
        return fail(err, ASAP_INVALID_ARGUMENT, "admin is for everything (leave --issuer out)");
    if (!is_verb(arguments, "admin") && !has_issuer)
        return fail(err, ASAP_INVALID_ARGUMENT, "--verb %s needs --issuer ISSUER",
                    arguments->options[OPTION_VERB]);
    if (is_verb(arguments, "mint"))
        return ASAP_OK;
    for (size_t i = 0; i < sizeof mint_options / sizeof mint_options[0]; i++)
        if (arguments->options[mint_options[i].option] != NULL)
            return fail(err, ASAP_INVALID_ARGUMENT, "--%s goes with --verb mint only",
                        mint_options[i].name);
    return ASAP_OK;
}

enum asap_code grant_create_check(const struct arguments *arguments, struct asap_error *err)
{
    TRY(grant_test_check(arguments, err));
    if (is_verb(arguments, "mint") && arguments->options[OPTION_AUDIENCE] == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "--verb mint needs --audience AUDIENCE (whom tokens may be for)");
    return ASAP_OK;
}

/* "audience orders/web, billing; " */
static void add_list(struct buffer *out, const char *name, char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%s%s", i == 0 ? name : ",", " ", values[i]);
    if (count > 0)
        buffer_puts(out, "; ");
}

/* By the names of the options that set them. */
static void write_limits(const Asap__V1__MintLimits *limits, struct buffer *out)
{
    char lifetime[TIME_TEXT_SIZE] = "";

    add_list(out, "audience", limits->audiences, limits->n_audiences);
    if (limits->max_lifetime != NULL) {
        time_duration(limits->max_lifetime->seconds, lifetime);
        buffer_printf(out, "max-lifetime %s; ", lifetime);
    }
    add_list(out, "subject", limits->subjects, limits->n_subjects);
    add_list(out, "claim", limits->additional_claims, limits->n_additional_claims);
    if (limits->tokens_per_minute > 0)
        buffer_printf(out, "tokens-per-minute %" PRId32 "; ", limits->tokens_per_minute);
    if (out->length >= 2)
        out->bytes[out->length - 2] = '\0';
}

static enum asap_code
add_grant(struct table *table, const Asap__V1__Grant *grant, int64_t now, struct asap_error *err)
{
    SCOPED(buffer) struct buffer limits = BUFFER(LIMITS_MAX);
    char created[TIME_TEXT_SIZE] = "";

    if (grant->mint_limits != NULL)
        write_limits(grant->mint_limits, &limits);
    TRY(buffer_check(&limits, "the limits of a grant", err));
    show_phrase(grant->create_time, now, created);
    table_add(table, grant->grant_id);
    table_add(table, grant->caller);
    table_add(table, verb_name(grant->verb));
    table_add(table, show_text(grant->issuer));
    table_add(table, created);
    table_add(table, limits.length == 0 ? "-" : limits.bytes);
    return ASAP_OK;
}

static enum asap_code view_list(const struct ctl *ctl,
                                const ProtobufCMessage *response,
                                struct asap_error *err)
{
    const Asap__V1__ListGrantsResponse *list = (const Asap__V1__ListGrantsResponse *)response;
    static const char *const titles[] = { "GRANT",   "CALLER", "VERB", "ISSUER",
                                          "CREATED", "LIMITS", NULL };
    SCOPED(table) struct table table = TABLE(6);

    if (list->n_grants == 0) {
        ctl_say(ctl, "no grants (asapctl grant create CALLER makes one)");
        return ASAP_OK;
    }
    table_add_row(&table, titles);
    for (size_t i = 0; i < list->n_grants; i++)
        TRY(add_grant(&table, list->grants[i], ctl_now(ctl), err));
    return table_print(&table, ctl->host->out, err);
}

/* "created grant 7: ci may mint for payments/api" */
static void say_grant(const struct ctl *ctl, const char *done, const Asap__V1__Grant *grant)
{
    ctl_say(ctl, "%s grant %s: %s may %s%s%s", done, grant->grant_id, grant->caller,
            verb_name(grant->verb), grant->issuer[0] == '\0' ? "" : " for ", grant->issuer);
}

static enum asap_code view_created(const struct ctl *ctl,
                                   const ProtobufCMessage *response,
                                   struct asap_error *err)
{
    (void)err;
    say_grant(ctl, "created", (const Asap__V1__Grant *)response);
    return ASAP_OK;
}

static enum asap_code view_deleted(const struct ctl *ctl,
                                   const ProtobufCMessage *message,
                                   struct asap_error *err)
{
    const Asap__V1__DeleteGrantResponse *response = (const Asap__V1__DeleteGrantResponse *)message;
    const Asap__V1__Grant *grant = response->grant;

    (void)err;
    if (grant == NULL)
        ctl_say(ctl, "deleted grant %s", ctl->arguments->operand);
    else
        ctl_say(ctl, "deleted grant %s: %s could %s%s%s by it", grant->grant_id, grant->caller,
                verb_name(grant->verb), grant->issuer[0] == '\0' ? "" : " for ", grant->issuer);
    return ASAP_OK;
}

static enum asap_code view_tested(const struct ctl *ctl,
                                  const ProtobufCMessage *message,
                                  struct asap_error *err)
{
    const Asap__V1__TestGrantResponse *response = (const Asap__V1__TestGrantResponse *)message;

    (void)err;
    if (response->allowed)
        ctl_say(ctl, "allowed by grant %s", response->grant_id);
    else
        ctl_say(ctl, "denied: %s", response->reason);
    return ASAP_OK;
}

static const struct ctl_method create_method = { "/asap.v1.CallerAdmin/CreateGrant",
                                                 &asap__v1__grant__descriptor, view_created };
static const struct ctl_method list_method = { "/asap.v1.CallerAdmin/ListGrants",
                                               &asap__v1__list_grants_response__descriptor,
                                               view_list };
static const struct ctl_method delete_method = { "/asap.v1.CallerAdmin/DeleteGrant",
                                                 &asap__v1__delete_grant_response__descriptor,
                                                 view_deleted };
static const struct ctl_method test_method = { "/asap.v1.CallerAdmin/TestGrant",
                                               &asap__v1__test_grant_response__descriptor,
                                               view_tested };

/* What a request of limits points to. */
struct limits {
    Asap__V1__MintLimits message;
    Google__Protobuf__Duration lifetime;
    char *audiences[REPEATED_MAX + 1];
    char *subjects[REPEATED_MAX + 1];
    char *claims[REPEATED_MAX + 1];
};

static enum asap_code read_limits(const struct ctl *ctl, struct limits *out, struct asap_error *err)
{
    const struct arguments *arguments = ctl->arguments;
    Asap__V1__MintLimits *message = &out->message;
    uint32_t rate = 0;

    asap__v1__mint_limits__init(message);
    message->n_audiences = arguments_values(arguments, OPTION_AUDIENCE, out->audiences);
    message->audiences = out->audiences;
    message->n_subjects = arguments_values(arguments, OPTION_SUBJECT, out->subjects);
    message->subjects = out->subjects;
    message->n_additional_claims = arguments_values(arguments, OPTION_CLAIM, out->claims);
    message->additional_claims = out->claims;
    TRY(ctl_set_duration(ctl, OPTION_MAX_LIFETIME, &out->lifetime, &message->max_lifetime, err));
    if (ctl_has(ctl, OPTION_TOKENS_PER_MINUTE)
        && number_read(arguments->options[OPTION_TOKENS_PER_MINUTE], INT32_MAX, &rate))
        message->tokens_per_minute = (int32_t)rate;
    return ASAP_OK;
}

static Asap__V1__Verb given_verb(const struct ctl *ctl)
{
    const struct verb *verb = verb_find(ctl->arguments->options[OPTION_VERB]);

    return verb == NULL ? ASAP__V1__VERB__VERB_UNSPECIFIED : verb->value;
}

enum asap_code grant_create(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__CreateGrantRequest request = { 0 };
    struct limits limits = { 0 };

    asap__v1__create_grant_request__init(&request);
    request.caller = ctl->arguments->operand;
    request.verb = given_verb(ctl);
    ctl_set(ctl, OPTION_ISSUER, &request.issuer);
    if (request.verb == ASAP__V1__VERB__VERB_MINT) {
        TRY(read_limits(ctl, &limits, err));
        request.mint_limits = &limits.message;
    }
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &create_method, &request.base, err);
}

enum asap_code grant_list(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__ListGrantsRequest request = { 0 };

    asap__v1__list_grants_request__init(&request);
    ctl_set(ctl, OPTION_CALLER, &request.caller);
    request.page_size = PAGE_SIZE;
    return ctl_run_list(ctl, &list_method, &request.base, err);
}

enum asap_code grant_delete(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__DeleteGrantRequest request = { 0 };

    asap__v1__delete_grant_request__init(&request);
    request.grant_id = ctl->arguments->operand;
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &delete_method, &request.base, err);
}

enum asap_code grant_test(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__TestGrantRequest request = { 0 };
    Google__Protobuf__Duration lifetime = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;

    asap__v1__test_grant_request__init(&request);
    request.verb = given_verb(ctl);
    ctl_set(ctl, OPTION_CALLER, &request.caller);
    ctl_set(ctl, OPTION_ISSUER, &request.issuer);
    ctl_set(ctl, OPTION_AUDIENCE, &request.audience);
    ctl_set(ctl, OPTION_SUBJECT, &request.subject);
    TRY(ctl_set_duration(ctl, OPTION_LIFETIME, &lifetime, &request.lifetime, err));
    TRY(ctl_ask(ctl, &test_method, &request.base, &message, err));
    TRY(ctl_print(ctl, &test_method, message, err));
    return ((const Asap__V1__TestGrantResponse *)message)->allowed ? ASAP_OK : ctl_answer_no(err);
}
