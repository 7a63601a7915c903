/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller_admin.h"
#include "change_call.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "page.h"
#include "store_grant_list.h"

static size_t count_lines(const char *text)
{
    size_t count = text[0] == '\0' ? 0 : 1;

    for (; *text != '\0'; text++)
        count += *text == '\n' ? 1 : 0;
    return count;
}

/* The lines of a list as a repeated string. */
static enum asap_code
to_strings(const char *text, char ***field, size_t *count, struct asap_error *err)
{
    const size_t lines = count_lines(text);
    void **array = NULL;

    TRY(to_array(lines, &array, err));
    *field = (char **)array;
    for (; *count < lines; ++*count) {
        const size_t length = strcspn(text, "\n");

        (*field)[*count] = strndup(text, length);
        if ((*field)[*count] == NULL)
            return fail_memory(err);
        text += length + 1;
    }
    return ASAP_OK;
}

static enum asap_code to_limits(const struct grant_row *row,
                                Asap__V1__MintLimits **field,
                                struct asap_error *err)
{
    Asap__V1__MintLimits *limits = malloc(sizeof *limits);

    *field = limits;
    if (limits == NULL)
        return fail_memory(err);
    asap__v1__mint_limits__init(limits);
    limits->tokens_per_minute = (int32_t)row->tokens_per_minute;
    TRY(to_strings(row->audiences, &limits->audiences, &limits->n_audiences, err));
    TRY(to_strings(row->subjects, &limits->subjects, &limits->n_subjects, err));
    TRY(to_strings(row->claims, &limits->additional_claims, &limits->n_additional_claims, err));
    if (row->max_lifetime == 0)
        return ASAP_OK;
    return to_duration(row->max_lifetime, &limits->max_lifetime, err);
}

static enum asap_code to_grant(const struct grant_row *row,
                               const char *caller,
                               Asap__V1__Grant *out,
                               struct asap_error *err)
{
    out->verb = (Asap__V1__Verb)row->verb;
    TRY(codec_set_string(&out->grant_id, row->grant_id, err));
    TRY(codec_set_string(&out->caller, caller, err));
    TRY(codec_set_string(&out->issuer, row->issuer, err));
    TRY(to_timestamp(row->create_time, &out->create_time, err));
    return row->verb == VERB_MINT ? to_limits(row, &out->mint_limits, err) : ASAP_OK;
}

static enum asap_code to_new_grant(const struct grant_row *row,
                                   const char *caller,
                                   Asap__V1__Grant **field,
                                   struct asap_error *err)
{
    *field = malloc(sizeof **field);
    if (*field == NULL)
        return fail_memory(err);
    asap__v1__grant__init(*field);
    return to_grant(row, caller, *field, err);
}

/* 0 stands for none, and what is none is negative. */
static int64_t choose_lifetime(const Google__Protobuf__Duration *requested)
{
    if (requested == NULL)
        return 0;
    return requested->seconds < 1 || requested->nanos != 0 ? -1 : requested->seconds;
}

static void choose_limits(const Asap__V1__MintLimits *limits, struct new_grant *out)
{
    if (limits == NULL)
        return;
    out->has_limits = true;
    out->audiences = (struct text_list){ limits->audiences, limits->n_audiences };
    out->subjects = (struct text_list){ limits->subjects, limits->n_subjects };
    out->claims = (struct text_list){ limits->additional_claims, limits->n_additional_claims };
    out->max_lifetime = choose_lifetime(limits->max_lifetime);
    out->tokens_per_minute = limits->tokens_per_minute;
}

static enum asap_code create(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__CreateGrantRequest *request = (const Asap__V1__CreateGrantRequest *)in;
    struct new_grant wanted = { .caller = request->caller,
                                .verb = (int64_t)request->verb,
                                .issuer = request->issuer };
    struct grant_row row;

    choose_limits(request->mint_limits, &wanted);
    TRY(access_create_grant(change, &wanted, &row, err));
    return to_grant(&row, request->caller, (Asap__V1__Grant *)out, err);
}

enum asap_code caller_admin_create_grant(const struct rpc_call *call,
                                         const ProtobufCMessage *in,
                                         ProtobufCMessage *out,
                                         struct asap_error *err)
{
    return change_call_by(
        call, in, out, &(struct change_method){ .handler = create, .scope = CHANGE_ACCESS }, err);
}

static enum asap_code delete (struct change *change,
                              const ProtobufCMessage *in,
                              ProtobufCMessage *out,
                              struct asap_error *err) {
    const Asap__V1__DeleteGrantRequest *request = (const Asap__V1__DeleteGrantRequest *)in;
    Asap__V1__DeleteGrantResponse *response = (Asap__V1__DeleteGrantResponse *)out;
    char caller[CALLER_NAME_MAX + 1];
    struct grant_row row;

    TRY(access_delete_grant(change, request->grant_id, &row, caller, err));
    return to_new_grant(&row, caller, &response->grant, err);
}

enum asap_code caller_admin_delete_grant(const struct rpc_call *call,
                                         const ProtobufCMessage *in,
                                         ProtobufCMessage *out,
                                         struct asap_error *err)
{
    return change_call_by(
        call, in, out, &(struct change_method){ .handler = delete, .scope = CHANGE_ACCESS }, err);
}

/* A page on its way. */
struct grant_page {
    Asap__V1__ListGrantsResponse *response;
    struct page page;
    char last[PAGE_POSITION_MAX + 1]; /* the position of its last grant */
    size_t count;                     /* one that is too many for it is counted, too */
};

static enum asap_code
add_grant(void *context, const struct grant_row *row, const char *caller, struct asap_error *err)
{
    struct grant_page *list = context;
    Asap__V1__ListGrantsResponse *response = list->response;

    list->count++;
    if (list->count > list->page.limit)
        return ASAP_OK;
    (void)snprintf(list->last, sizeof list->last, "%s/%" PRId64, caller, row->id);
    return to_new_grant(row, caller, &response->grants[response->n_grants++], err);
}

/* A position is "caller/id", where the id stands for age and is there no more if that grant is
 * deleted. Splits `position`. */
static enum asap_code read_position(char *position, struct grant_range *out, struct asap_error *err)
{
    char *slash = strchr(position, '/');

    out->after_caller = position;
    if (position[0] == '\0')
        return ASAP_OK;
    if (slash == NULL || !from_decimal(slash + 1, INT64_MAX, &out->after_id))
        return fail_field(err, "page_token", "this is no page token of this list");
    *slash = '\0';
    return ASAP_OK;
}

/* An empty list of a caller that is not there would look like one that may do nothing. */
static enum asap_code check_caller(struct txn *txn, const char *name, struct asap_error *err)
{
    struct caller_row row;
    enum asap_code code = ASAP_OK;

    if (name[0] != '\0')
        code = store_get_caller(txn, name, &row, err);
    if (code == ASAP_NOT_FOUND && err != NULL)
        (void)snprintf(err->field, sizeof err->field, "caller");
    return code;
}

enum asap_code caller_admin_list_grants(const struct rpc_call *call,
                                        const ProtobufCMessage *in,
                                        ProtobufCMessage *out,
                                        struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__ListGrantsRequest *request = (const Asap__V1__ListGrantsRequest *)in;
    struct grant_page list = { .response = (Asap__V1__ListGrantsResponse *)out };
    struct grant_range range = { .caller = request->caller };
    SCOPED(txn) struct txn txn = { 0 };
    void **array = NULL;

    TRY(page_begin(service, in, request->page_size, &list.page, err));
    TRY(read_position(list.page.after, &range, err));
    TRY(to_array(list.page.limit, &array, err));
    list.response->grants = (Asap__V1__Grant **)array;
    TRY(txn_begin_read(&txn, service->admin.store, err));
    TRY(check_caller(&txn, request->caller, err));
    range.limit = list.page.limit + 1;
    TRY(store_list_grants(&txn, &range, add_grant, &list, err));
    return page_end(&list.page, &list.count, list.last, &list.response->next_page_token, err);
}
