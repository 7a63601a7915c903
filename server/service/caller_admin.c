/* SPDX-License-Identifier: Apache-2.0 */
#include "caller_admin.h"

#include <stdlib.h>

#include "change_call.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "page.h"

DEFINE_SCOPED(rows, struct caller_row *, free)

static enum asap_code to_caller(const struct caller_row *row,
                                Asap__V1__Caller *out,
                                struct asap_error *err)
{
    out->state = row->enabled ? ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED
                              : ASAP__V1__CALLER_STATE__CALLER_STATE_DISABLED;
    TRY(codec_set_string(&out->name, row->name, err));
    TRY(codec_set_string(&out->description, row->description, err));
    return to_timestamp(row->create_time, &out->create_time, err);
}

static enum asap_code new_caller(Asap__V1__Caller **field, struct asap_error *err)
{
    *field = malloc(sizeof **field);
    if (*field == NULL)
        return fail_memory(err);
    asap__v1__caller__init(*field);
    return ASAP_OK;
}

/* With its credentials. */
static enum asap_code to_whole_caller(const struct caller_view *view,
                                      Asap__V1__Caller *out,
                                      struct asap_error *err)
{
    void **array = NULL;

    TRY(to_caller(&view->row, out, err));
    TRY(to_array(view->count, &array, err));
    out->credentials = (Asap__V1__Credential **)array;
    for (size_t i = 0; i < view->count; i++)
        TRY(to_new_credential(&view->credentials[i], view->row.name,
                              &out->credentials[out->n_credentials++], err));
    return ASAP_OK;
}

static enum asap_code create(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__CreateCallerRequest *request = (const Asap__V1__CreateCallerRequest *)in;
    struct caller_row row;

    TRY(access_create_caller(change, request->name, request->description, &row, err));
    return to_caller(&row, (Asap__V1__Caller *)out, err);
}

enum asap_code caller_admin_create(const struct rpc_call *call,
                                   const ProtobufCMessage *in,
                                   ProtobufCMessage *out,
                                   struct asap_error *err)
{
    return change_call_by(
        call, in, out, &(struct change_method){ .handler = create, .scope = CHANGE_ACCESS }, err);
}

/* The codec takes numbers that no state has. */
static enum asap_code choose_state(Asap__V1__CallerState state,
                                   struct caller_update *update,
                                   struct asap_error *err)
{
    update->enabled = state == ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED;
    update->has_enabled = update->enabled || state == ASAP__V1__CALLER_STATE__CALLER_STATE_DISABLED;
    if (update->has_enabled || state == ASAP__V1__CALLER_STATE__CALLER_STATE_UNSPECIFIED)
        return ASAP_OK;
    return fail_field(err, "state",
                      "no state of a caller has the number %d (1 is enabled, 2 is disabled)",
                      (int)state);
}

static enum asap_code update(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__UpdateCallerRequest *request = (const Asap__V1__UpdateCallerRequest *)in;
    struct caller_update wanted = { .name = request->name, .description = request->description };
    SCOPED(caller_view) struct caller_view view = { .credentials = NULL };

    TRY(choose_state(request->state, &wanted, err));
    TRY(access_update_caller(change, &wanted, &view, err));
    return to_whole_caller(&view, (Asap__V1__Caller *)out, err);
}

enum asap_code caller_admin_update(const struct rpc_call *call,
                                   const ProtobufCMessage *in,
                                   ProtobufCMessage *out,
                                   struct asap_error *err)
{
    return change_call_by(
        call, in, out, &(struct change_method){ .handler = update, .scope = CHANGE_ACCESS }, err);
}

static enum asap_code delete (struct change *change,
                              const ProtobufCMessage *in,
                              ProtobufCMessage *out,
                              struct asap_error *err) {
    const Asap__V1__DeleteCallerRequest *request = (const Asap__V1__DeleteCallerRequest *)in;
    Asap__V1__DeleteCallerResponse *response = (Asap__V1__DeleteCallerResponse *)out;
    SCOPED(caller_view) struct caller_view view = { .credentials = NULL };

    TRY(access_delete_caller(change, request->name, &view, err));
    TRY(new_caller(&response->caller, err));
    return to_whole_caller(&view, response->caller, err);
}

enum asap_code caller_admin_delete(const struct rpc_call *call,
                                   const ProtobufCMessage *in,
                                   ProtobufCMessage *out,
                                   struct asap_error *err)
{
    return change_call_by(
        call, in, out, &(struct change_method){ .handler = delete, .scope = CHANGE_ACCESS }, err);
}

enum asap_code caller_admin_get(const struct rpc_call *call,
                                const ProtobufCMessage *in,
                                ProtobufCMessage *out,
                                struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__GetCallerRequest *request = (const Asap__V1__GetCallerRequest *)in;
    SCOPED(caller_view) struct caller_view view = { .credentials = NULL };
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin_read(&txn, service->admin.store, err));
    TRY(access_view_caller(&txn, request->name, &view, err));
    return to_whole_caller(&view, (Asap__V1__Caller *)out, err);
}

static enum asap_code to_callers(const struct caller_row *rows,
                                 size_t count,
                                 Asap__V1__ListCallersResponse *out,
                                 struct asap_error *err)
{
    void **array = NULL;

    TRY(to_array(count, &array, err));
    out->callers = (Asap__V1__Caller **)array;
    for (size_t i = 0; i < count; i++) {
        TRY(new_caller(&out->callers[i], err));
        out->n_callers = i + 1;
        TRY(to_caller(&rows[i], out->callers[i], err));
    }
    return ASAP_OK;
}

enum asap_code caller_admin_list(const struct rpc_call *call,
                                 const ProtobufCMessage *in,
                                 ProtobufCMessage *out,
                                 struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__ListCallersRequest *request = (const Asap__V1__ListCallersRequest *)in;
    Asap__V1__ListCallersResponse *response = (Asap__V1__ListCallersResponse *)out;
    SCOPED(txn) struct txn txn = { 0 };
    SCOPED(rows) struct caller_row *rows = NULL;
    struct page page;
    size_t count = 0;

    TRY(page_begin(service, in, request->page_size, &page, err));
    rows = calloc(page.limit + 1, sizeof *rows);
    if (rows == NULL)
        return fail_memory(err);
    TRY(txn_begin_read(&txn, service->admin.store, err));
    TRY(store_list_callers(&txn, page.after, rows, page.limit + 1, &count, err));
    TRY(page_end(&page, &count, rows[page.limit - 1].name, &response->next_page_token, err));
    return to_callers(rows, count, response, err);
}
