/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/issuer_admin.pb-c.h"

#include "codec.h"
#include "fail.h"
#include "issuer_verbs.h"
#include "show.h"

enum { PAGE_SIZE = 1000 };

static void write_lifetime(const Asap__V1__Issuer *issuer, char out[static TIME_TEXT_SIZE])
{
    if (issuer->max_token_lifetime == NULL)
        (void)snprintf(out, TIME_TEXT_SIZE, "-");
    else
        time_duration(issuer->max_token_lifetime->seconds, out);
}

static enum asap_code view_created(const struct ctl *ctl,
                                   const ProtobufCMessage *response,
                                   struct asap_error *err)
{
    const Asap__V1__Issuer *issuer = (const Asap__V1__Issuer *)response;
    char lifetime[TIME_TEXT_SIZE] = "";

    (void)err;
    write_lifetime(issuer, lifetime);
    ctl_say(ctl, "created issuer %s (%s%s%s, tokens live at most %s)", issuer->name,
            show_issuer_kind(issuer->kind), issuer->algorithm[0] == '\0' ? "" : ", ",
            issuer->algorithm, lifetime);
    return ASAP_OK;
}

static enum asap_code view_issuer(const struct ctl *ctl,
                                  const ProtobufCMessage *response,
                                  struct asap_error *err)
{
    const Asap__V1__Issuer *issuer = (const Asap__V1__Issuer *)response;
    SCOPED(table) struct table table = TABLE(2);
    char lifetime[TIME_TEXT_SIZE] = "";

    write_lifetime(issuer, lifetime);
    show_row(&table, "issuer", issuer->name);
    show_row(&table, "kind", show_issuer_kind(issuer->kind));
    show_row(&table, "algorithm", issuer->algorithm);
    show_row(&table, "token lifetime", lifetime);
    show_time_row(&table, "created", issuer->create_time, ctl_now(ctl));
    return table_print(&table, ctl->host->out, err);
}

static void add_issuer(struct table *table, const Asap__V1__Issuer *issuer, int64_t now)
{
    char lifetime[TIME_TEXT_SIZE] = "";
    char created[TIME_TEXT_SIZE] = "";

    write_lifetime(issuer, lifetime);
    show_phrase(issuer->create_time, now, created);
    table_add(table, issuer->name);
    table_add(table, show_issuer_kind(issuer->kind));
    table_add(table, show_text(issuer->algorithm));
    table_add(table, lifetime);
    table_add(table, created);
}

static enum asap_code view_list(const struct ctl *ctl,
                                const ProtobufCMessage *response,
                                struct asap_error *err)
{
    const Asap__V1__ListIssuersResponse *list = (const Asap__V1__ListIssuersResponse *)response;
    static const char *const titles[] = {
        "ISSUER", "KIND", "ALGORITHM", "LIFETIME", "CREATED", NULL
    };
    SCOPED(table) struct table table = TABLE(5);

    if (list->n_issuers == 0) {
        ctl_say(ctl, "no issuers yet (asapctl issuer create NAME makes one)");
        return ASAP_OK;
    }
    table_add_row(&table, titles);
    for (size_t i = 0; i < list->n_issuers; i++)
        add_issuer(&table, list->issuers[i], ctl_now(ctl));
    return table_print(&table, ctl->host->out, err);
}

static const struct ctl_method create_method = { "/asap.v1.IssuerAdmin/CreateIssuer",
                                                 &asap__v1__issuer__descriptor, view_created };
static const struct ctl_method get_method = { "/asap.v1.IssuerAdmin/GetIssuer",
                                              &asap__v1__issuer__descriptor, view_issuer };
static const struct ctl_method list_method = { "/asap.v1.IssuerAdmin/ListIssuers",
                                               &asap__v1__list_issuers_response__descriptor,
                                               view_list };

enum asap_code issuer_create(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__CreateIssuerRequest request = { 0 };
    Google__Protobuf__Duration lifetime = { 0 };

    asap__v1__create_issuer_request__init(&request);
    request.name = ctl->arguments->operand;
    if (ctl_has(ctl, OPTION_EXTERNAL))
        request.kind = ASAP__V1__ISSUER_KIND__ISSUER_KIND_EXTERNAL;
    ctl_set(ctl, OPTION_ALGORITHM, &request.algorithm);
    TRY(ctl_set_duration(ctl, OPTION_MAX_LIFETIME, &lifetime, &request.max_token_lifetime, err));
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &create_method, &request.base, err);
}

enum asap_code issuer_show(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__GetIssuerRequest request = { 0 };

    asap__v1__get_issuer_request__init(&request);
    request.name = ctl->arguments->operand;
    return ctl_run(ctl, &get_method, &request.base, err);
}

enum asap_code issuer_list(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__ListIssuersRequest request = { 0 };

    asap__v1__list_issuers_request__init(&request);
    request.page_size = PAGE_SIZE;
    return ctl_run_list(ctl, &list_method, &request.base, err);
}
