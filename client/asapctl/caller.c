/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/caller_admin.pb-c.h"

#include "caller_verbs.h"
#include "fail.h"
#include "proof.h"
#include "show.h"

enum { PAGE_SIZE = 1000 };

enum asap_code caller_update_check(const struct arguments *arguments, struct asap_error *err)
{
    const bool enable = arguments->options[OPTION_ENABLE] != NULL;
    const bool disable = arguments->options[OPTION_DISABLE] != NULL;

    if (enable && disable)
        return fail(err, ASAP_INVALID_ARGUMENT, "--enable and --disable contradict each other");
    if (!enable && !disable && arguments->options[OPTION_DESCRIPTION] == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "caller update needs --description TEXT, --enable or --disable");
    return ASAP_OK;
}

static enum asap_code view_created(const struct ctl *ctl,
                                   const ProtobufCMessage *response,
                                   struct asap_error *err)
{
    const Asap__V1__Caller *caller = (const Asap__V1__Caller *)response;

    (void)err;
    ctl_say(ctl,
            "created caller %s (it can do nothing until it has a credential and a grant:"
            " asapctl credential create, asapctl grant create)",
            caller->name);
    return ASAP_OK;
}

static enum asap_code view_updated(const struct ctl *ctl,
                                   const ProtobufCMessage *response,
                                   struct asap_error *err)
{
    const Asap__V1__Caller *caller = (const Asap__V1__Caller *)response;

    (void)err;
    ctl_say(ctl, "updated caller %s (%s%s%s)", caller->name, show_caller_state(caller->state),
            caller->description[0] == '\0' ? "" : ", ", caller->description);
    return ASAP_OK;
}

static enum asap_code view_deleted(const struct ctl *ctl,
                                   const ProtobufCMessage *response,
                                   struct asap_error *err)
{
    (void)response;
    (void)err;
    ctl_say(ctl, "deleted caller %s, its credentials and its grants", ctl->arguments->operand);
    return ASAP_OK;
}

static void add_caller(struct table *table, const Asap__V1__Caller *caller, int64_t now)
{
    char created[TIME_TEXT_SIZE] = "";

    show_phrase(caller->create_time, now, created);
    table_add(table, caller->name);
    table_add(table, show_caller_state(caller->state));
    table_add(table, created);
    table_add(table, show_text(caller->description));
}

static enum asap_code view_list(const struct ctl *ctl,
                                const ProtobufCMessage *response,
                                struct asap_error *err)
{
    const Asap__V1__ListCallersResponse *list = (const Asap__V1__ListCallersResponse *)response;
    static const char *const titles[] = { "CALLER", "STATE", "CREATED", "DESCRIPTION", NULL };
    SCOPED(table) struct table table = TABLE(4);

    if (list->n_callers == 0) {
        ctl_say(ctl, "no callers yet (asapctl caller create NAME makes one)");
        return ASAP_OK;
    }
    table_add_row(&table, titles);
    for (size_t i = 0; i < list->n_callers; i++)
        add_caller(&table, list->callers[i], ctl_now(ctl));
    return table_print(&table, ctl->host->out, err);
}

static void add_credential(struct table *table, const Asap__V1__Credential *credential, int64_t now)
{
    char scratch[PROOF_TEXT_SIZE] = "";
    char created[TIME_TEXT_SIZE] = "";
    char expires[TIME_TEXT_SIZE] = "";

    show_phrase(credential->create_time, now, created);
    show_phrase(credential->expire_time, now, expires);
    table_add(table, credential->credential_id);
    table_add(table, proof_kind(credential));
    table_add(table, show_text(proof_value(credential, scratch)));
    table_add(table, created);
    table_add(table, expires);
    table_add(table, proof_state(credential, now));
}

static enum asap_code print_credentials(const struct ctl *ctl,
                                        const Asap__V1__Caller *caller,
                                        struct asap_error *err)
{
    static const char *const titles[] = { "CREDENTIAL", "KIND",  "VALUE", "CREATED",
                                          "EXPIRES",    "STATE", NULL };
    SCOPED(table) struct table table = TABLE(6);

    if (caller->n_credentials == 0) {
        ctl_say(ctl, "no credentials (asapctl credential create %s makes one)", caller->name);
        return ASAP_OK;
    }
    (void)fputc('\n', ctl->host->out);
    table_add_row(&table, titles);
    for (size_t i = 0; i < caller->n_credentials; i++)
        add_credential(&table, caller->credentials[i], ctl_now(ctl));
    return table_print(&table, ctl->host->out, err);
}

static enum asap_code view_caller(const struct ctl *ctl,
                                  const ProtobufCMessage *response,
                                  struct asap_error *err)
{
    const Asap__V1__Caller *caller = (const Asap__V1__Caller *)response;
    SCOPED(table) struct table table = TABLE(2);

    show_row(&table, "caller", caller->name);
    show_row(&table, "description", caller->description);
    show_row(&table, "state", show_caller_state(caller->state));
    show_time_row(&table, "created", caller->create_time, ctl_now(ctl));
    TRY(table_print(&table, ctl->host->out, err));
    return print_credentials(ctl, caller, err);
}

static const struct ctl_method create_method = { "/asap.v1.CallerAdmin/CreateCaller",
                                                 &asap__v1__caller__descriptor, view_created };
static const struct ctl_method get_method = { "/asap.v1.CallerAdmin/GetCaller",
                                              &asap__v1__caller__descriptor, view_caller };
static const struct ctl_method list_method = { "/asap.v1.CallerAdmin/ListCallers",
                                               &asap__v1__list_callers_response__descriptor,
                                               view_list };
static const struct ctl_method update_method = { "/asap.v1.CallerAdmin/UpdateCaller",
                                                 &asap__v1__caller__descriptor, view_updated };
static const struct ctl_method delete_method = { "/asap.v1.CallerAdmin/DeleteCaller",
                                                 &asap__v1__delete_caller_response__descriptor,
                                                 view_deleted };

enum asap_code caller_create(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__CreateCallerRequest request = { 0 };

    asap__v1__create_caller_request__init(&request);
    request.name = ctl->arguments->operand;
    ctl_set(ctl, OPTION_DESCRIPTION, &request.description);
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &create_method, &request.base, err);
}

enum asap_code caller_list(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__ListCallersRequest request = { 0 };

    asap__v1__list_callers_request__init(&request);
    request.page_size = PAGE_SIZE;
    return ctl_run_list(ctl, &list_method, &request.base, err);
}

enum asap_code caller_show(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__GetCallerRequest request = { 0 };

    asap__v1__get_caller_request__init(&request);
    request.name = ctl->arguments->operand;
    return ctl_run(ctl, &get_method, &request.base, err);
}

enum asap_code caller_update(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__UpdateCallerRequest request = { 0 };

    asap__v1__update_caller_request__init(&request);
    request.name = ctl->arguments->operand;
    ctl_set(ctl, OPTION_DESCRIPTION, &request.description);
    if (ctl_has(ctl, OPTION_ENABLE))
        request.state = ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED;
    if (ctl_has(ctl, OPTION_DISABLE))
        request.state = ASAP__V1__CALLER_STATE__CALLER_STATE_DISABLED;
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &update_method, &request.base, err);
}

enum asap_code caller_delete(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__DeleteCallerRequest request = { 0 };

    asap__v1__delete_caller_request__init(&request);
    request.name = ctl->arguments->operand;
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &delete_method, &request.base, err);
}
