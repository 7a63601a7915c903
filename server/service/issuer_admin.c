/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/issuer_admin.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change_call.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "manage_issuers.h"
#include "page.h"

DEFINE_SCOPED(rows, struct issuer_row *, free)

static enum asap_code to_issuer(const struct issuer_row *row,
                                Asap__V1__Issuer *out,
                                struct asap_error *err)
{
    out->kind = row->managed ? ASAP__V1__ISSUER_KIND__ISSUER_KIND_MANAGED
                             : ASAP__V1__ISSUER_KIND__ISSUER_KIND_EXTERNAL;
    TRY(codec_set_string(&out->name, row->name, err));
    TRY(codec_set_string(&out->algorithm, row->algorithm, err));
    TRY(to_duration(row->max_lifetime, &out->max_token_lifetime, err));
    if (row->rotation_period != 0)
        TRY(to_duration(row->rotation_period, &out->rotation_period, err));
    return to_timestamp(row->create_time, &out->create_time, err);
}

static enum asap_code check_algorithm(const char *name, struct asap_error *err)
{
    if (algorithm_find(name, strlen(name)) != NULL)
        return ASAP_OK;
    return fail_field(err, "algorithm",
                      "no algorithm is called \"%.32s\"; ASAP's are RS256, RS384, RS512, PS256,"
                      " PS384, PS512, ES256, ES384 and ES512, and EdDSA as an extension",
                      name);
}

static enum asap_code choose_algorithm(const Asap__V1__CreateIssuerRequest *request,
                                       struct issuer_row *row,
                                       struct asap_error *err)
{
    const char *name = request->algorithm[0] == '\0' ? "RS256" : request->algorithm;

    if (!row->managed && request->algorithm[0] != '\0')
        return fail_field(err, "algorithm", "an external issuer has no algorithm of its own");
    if (!row->managed)
        return ASAP_OK;
    TRY(check_algorithm(name, err));
    (void)snprintf(row->algorithm, sizeof row->algorithm, "%s", name);
    return ASAP_OK;
}

static enum asap_code choose_lifetime(const Google__Protobuf__Duration *requested,
                                      int64_t maximum,
                                      int64_t *out,
                                      struct asap_error *err)
{
    *out = requested == NULL ? maximum : requested->seconds;
    if (*out < 1 || *out > maximum || (requested != NULL && requested->nanos != 0))
        return fail_field(err, "max_token_lifetime",
                          "a token lives from 1 to %lld whole seconds here", (long long)maximum);
    return ASAP_OK;
}

/* The codec takes numbers that no kind has. */
static enum asap_code choose_kind(Asap__V1__IssuerKind kind, bool *managed, struct asap_error *err)
{
    *managed = kind == ASAP__V1__ISSUER_KIND__ISSUER_KIND_MANAGED
               || kind == ASAP__V1__ISSUER_KIND__ISSUER_KIND_UNSPECIFIED;
    if (*managed || kind == ASAP__V1__ISSUER_KIND__ISSUER_KIND_EXTERNAL)
        return ASAP_OK;
    return fail_field(err, "kind",
                      "no kind of issuer has the number %d (1 is managed, 2 is external)",
                      (int)kind);
}

static enum asap_code create(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__CreateIssuerRequest *request = (const Asap__V1__CreateIssuerRequest *)in;
    struct issuer_row row = { 0 };

    TRY(choose_kind(request->kind, &row.managed, err));
    TRY(issuer_check_registrable(request->name, "name", err));
    (void)snprintf(row.name, sizeof row.name, "%s", request->name);
    TRY(choose_algorithm(request, &row, err));
    TRY(choose_lifetime(request->max_token_lifetime, change->admin->policy->max_token_lifetime,
                        &row.max_lifetime, err));
    TRY(to_seconds(request->rotation_period, 0, "rotation_period", &row.rotation_period, err));
    TRY(keys_create_issuer(change, &row, err));
    return to_issuer(&row, (Asap__V1__Issuer *)out, err);
}

enum asap_code issuer_admin_create(const struct rpc_call *call,
                                   const ProtobufCMessage *in,
                                   ProtobufCMessage *out,
                                   struct asap_error *err)
{
    return change_call(call, in, out, create, err);
}

static enum asap_code update(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__UpdateIssuerRequest *request = (const Asap__V1__UpdateIssuerRequest *)in;
    struct issuer_update wanted = { .name = request->name,
                                    .algorithm = request->algorithm,
                                    .has_rotation_period = request->rotation_period != NULL };
    struct issuer_row row;

    if (request->algorithm[0] != '\0')
        TRY(check_algorithm(request->algorithm, err));
    if (request->max_token_lifetime != NULL)
        TRY(choose_lifetime(request->max_token_lifetime, change->admin->policy->max_token_lifetime,
                            &wanted.max_lifetime, err));
    TRY(to_seconds(request->rotation_period, 0, "rotation_period", &wanted.rotation_period, err));
    TRY(keys_update_issuer(change, &wanted, &row, err));
    return to_issuer(&row, (Asap__V1__Issuer *)out, err);
}

enum asap_code issuer_admin_update(const struct rpc_call *call,
                                   const ProtobufCMessage *in,
                                   ProtobufCMessage *out,
                                   struct asap_error *err)
{
    return change_call(call, in, out, update, err);
}

static enum asap_code to_new_issuer(const struct issuer_row *row,
                                    Asap__V1__Issuer **field,
                                    struct asap_error *err)
{
    *field = malloc(sizeof **field);
    if (*field == NULL)
        return fail_memory(err);
    asap__v1__issuer__init(*field);
    return to_issuer(row, *field, err);
}

static enum asap_code delete (struct change *change,
                              const ProtobufCMessage *in,
                              ProtobufCMessage *out,
                              struct asap_error *err) {
    const Asap__V1__DeleteIssuerRequest *request = (const Asap__V1__DeleteIssuerRequest *)in;
    Asap__V1__DeleteIssuerResponse *response = (Asap__V1__DeleteIssuerResponse *)out;
    const struct issuer_deletion deletion = { request->name, request->force != 0 };
    struct issuer_row row;
    size_t published = 0;

    TRY(keys_delete_issuer(change, &deletion, &row, &published, err));
    if (published > 0) TRY(to_timestamp(lifecycle_trusted_until(change->admin->policy, change->now),
                                        &response->trusted_until,
                                        err));
    return to_new_issuer(&row, &response->issuer, err);
}

enum asap_code issuer_admin_delete(const struct rpc_call *call,
                                   const ProtobufCMessage *in,
                                   ProtobufCMessage *out,
                                   struct asap_error *err)
{
    return change_call_by(call, in, out,
                          &(struct change_method){ .handler = delete, .scope = CHANGE_BOTH }, err);
}

enum asap_code issuer_admin_get(const struct rpc_call *call,
                                const ProtobufCMessage *in,
                                ProtobufCMessage *out,
                                struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__GetIssuerRequest *request = (const Asap__V1__GetIssuerRequest *)in;
    SCOPED(txn) struct txn txn = { 0 };
    struct issuer_row row;

    TRY(txn_begin_read(&txn, service->admin.store, err));
    TRY(store_get_issuer(&txn, request->name, &row, err));
    return to_issuer(&row, (Asap__V1__Issuer *)out, err);
}

static enum asap_code to_issuers(const struct issuer_row *rows,
                                 size_t count,
                                 Asap__V1__ListIssuersResponse *out,
                                 struct asap_error *err)
{
    void **array = NULL;

    TRY(to_array(count, &array, err));
    out->issuers = (Asap__V1__Issuer **)array;
    for (size_t i = 0; i < count; i++)
        TRY(to_new_issuer(&rows[i], &out->issuers[out->n_issuers++], err));
    return ASAP_OK;
}

enum asap_code issuer_admin_list(const struct rpc_call *call,
                                 const ProtobufCMessage *in,
                                 ProtobufCMessage *out,
                                 struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__ListIssuersRequest *request = (const Asap__V1__ListIssuersRequest *)in;
    Asap__V1__ListIssuersResponse *response = (Asap__V1__ListIssuersResponse *)out;
    SCOPED(txn) struct txn txn = { 0 };
    SCOPED(rows) struct issuer_row *rows = NULL;
    struct page page;
    size_t count = 0;

    TRY(page_begin(service, in, request->page_size, &page, err));
    rows = calloc(page.limit + 1, sizeof *rows);
    if (rows == NULL)
        return fail_memory(err);
    TRY(txn_begin_read(&txn, service->admin.store, err));
    TRY(store_list_issuers(&txn, page.after, rows, page.limit + 1, &count, err));
    TRY(page_end(&page, &count, rows[page.limit - 1].name, &response->next_page_token, err));
    return to_issuers(rows, count, response, err);
}
