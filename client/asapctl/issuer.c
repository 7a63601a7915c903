/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/issuer_admin.pb-c.h"

#include "due.h"
#include "fail.h"
#include "issuer_list.h"
#include "issuer_verbs.h"
#include "key_list.h"
#include "show.h"

enum { PAGE_SIZE = 1000 };

/* Only an issuer that has a period costs a further call. */
static enum asap_code write_due(const struct ctl *ctl,
                                const Asap__V1__Issuer *issuer,
                                char out[static TIME_TEXT_SIZE],
                                struct asap_error *err)
{
    SCOPED(key_list) Asap__V1__ListKeysResponse *list = NULL;
    struct key_overview keys = { .active = NULL };
    struct due due = { .state = DUE_NEVER };

    if (due_is_periodic(issuer)) {
        TRY(key_list_ask(ctl, issuer->name, false, &list, err));
        keys = key_list_overview(list);
        due = due_find(issuer, &keys, ctl_now(ctl));
    }
    due_write(&due, ctl_now(ctl), out);
    return ASAP_OK;
}

static enum asap_code view_issuer(const struct ctl *ctl,
                                  const ProtobufCMessage *response,
                                  struct asap_error *err)
{
    const Asap__V1__Issuer *issuer = (const Asap__V1__Issuer *)response;
    SCOPED(table) struct table table = TABLE(2);
    char lifetime[TIME_TEXT_SIZE] = "";
    char period[TIME_TEXT_SIZE] = "";
    char due[TIME_TEXT_SIZE] = "";

    issuer_write_lifetime(issuer, lifetime);
    due_write_period(issuer, period);
    TRY(write_due(ctl, issuer, due, err));
    show_row(&table, "issuer", issuer->name);
    show_row(&table, "kind", show_issuer_kind(issuer->kind));
    show_row(&table, "algorithm", issuer->algorithm);
    show_row(&table, "token lifetime", lifetime);
    show_row(&table, "rotated every", period);
    show_row(&table, "next rotation", due);
    show_time_row(&table, "created", issuer->create_time, ctl_now(ctl));
    return table_print(&table, ctl->host->out, err);
}

static enum asap_code add_issuer(const struct ctl *ctl,
                                 struct table *table,
                                 const Asap__V1__Issuer *issuer,
                                 struct asap_error *err)
{
    char lifetime[TIME_TEXT_SIZE] = "";
    char created[TIME_TEXT_SIZE] = "";
    char period[TIME_TEXT_SIZE] = "";
    char due[TIME_TEXT_SIZE] = "";

    issuer_write_lifetime(issuer, lifetime);
    show_phrase(issuer->create_time, ctl_now(ctl), created);
    due_write_period(issuer, period);
    TRY(write_due(ctl, issuer, due, err));
    table_add(table, issuer->name);
    table_add(table, show_issuer_kind(issuer->kind));
    table_add(table, show_text(issuer->algorithm));
    table_add(table, lifetime);
    table_add(table, created);
    table_add(table, period);
    table_add(table, due);
    return ASAP_OK;
}

static enum asap_code view_list(const struct ctl *ctl,
                                const ProtobufCMessage *response,
                                struct asap_error *err)
{
    const Asap__V1__ListIssuersResponse *list = (const Asap__V1__ListIssuersResponse *)response;
    static const char *const titles[] = { "ISSUER",  "KIND",  "ALGORITHM",     "LIFETIME",
                                          "CREATED", "EVERY", "NEXT ROTATION", NULL };
    SCOPED(table) struct table table = TABLE(7);

    if (list->n_issuers == 0) {
        ctl_say(ctl, "no issuers yet (asapctl issuer create NAME makes one)");
        return ASAP_OK;
    }
    table_add_row(&table, titles);
    for (size_t i = 0; i < list->n_issuers; i++)
        TRY(add_issuer(ctl, &table, list->issuers[i], err));
    return table_print(&table, ctl->host->out, err);
}

static const struct ctl_method get_method = { "/asap.v1.IssuerAdmin/GetIssuer",
                                              &asap__v1__issuer__descriptor, view_issuer };
static const struct ctl_method list_method = { "/asap.v1.IssuerAdmin/ListIssuers",
                                               &asap__v1__list_issuers_response__descriptor,
                                               view_list };

enum asap_code issuer_show(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__GetIssuerRequest request = { 0 };

    asap__v1__get_issuer_request__init(&request);
    request.name = ctl->arguments->operand;
    return ctl_run(ctl, &get_method, &request.base, err);
}

enum asap_code issuer_list_ask(const struct ctl *ctl,
                               Asap__V1__ListIssuersResponse **out,
                               struct asap_error *err)
{
    Asap__V1__ListIssuersRequest request = { 0 };
    ProtobufCMessage *message = NULL;

    *out = NULL;
    asap__v1__list_issuers_request__init(&request);
    request.page_size = PAGE_SIZE;
    TRY(ctl_ask_list(ctl, &list_method, &request.base, &message, err));
    *out = (Asap__V1__ListIssuersResponse *)message;
    return ASAP_OK;
}

enum asap_code issuer_list(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(issuer_list) Asap__V1__ListIssuersResponse *list = NULL;

    TRY(issuer_list_ask(ctl, &list, err));
    return ctl_print(ctl, &list_method, &list->base, err);
}
