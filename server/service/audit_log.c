/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/audit_log.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "page.h"

DEFINE_SCOPED(rows, struct audit_row *, free)

static enum asap_code to_bytes(const unsigned char *bytes,
                               size_t length,
                               ProtobufCBinaryData *out,
                               struct asap_error *err)
{
    out->data = malloc(length);
    if (out->data == NULL)
        return fail_memory(err);
    memcpy(out->data, bytes, length);
    out->len = length;
    return ASAP_OK;
}

static enum asap_code to_texts(const struct audit_row *row,
                               Asap__V1__Event *out,
                               struct asap_error *err)
{
    TRY(codec_set_string(&out->caller, row->caller, err));
    TRY(codec_set_string(&out->proof, row->proof, err));
    TRY(codec_set_string(&out->method, row->method, err));
    TRY(codec_set_string(&out->result, row->result, err));
    TRY(codec_set_string(&out->message, row->message, err));
    TRY(codec_set_string(&out->issuer, row->issuer, err));
    TRY(codec_set_string(&out->key_id, row->key_id, err));
    TRY(codec_set_string(&out->token_id, row->token_id, err));
    return codec_set_string(&out->request_id, row->request_id, err);
}

static enum asap_code to_event(const struct audit_row *row,
                               Asap__V1__Event *out,
                               struct asap_error *err)
{
    out->sequence = row->sequence;
    out->proof_kind = (Asap__V1__ProofKind)row->proof_kind;
    TRY(to_timestamp(row->create_time, &out->create_time, err));
    TRY(to_texts(row, out, err));
    return to_bytes(row->chain_hash, AUDIT_HASH_SIZE, &out->chain_hash, err);
}

static enum asap_code to_events(const struct audit_row *rows,
                                size_t count,
                                Asap__V1__ListEventsResponse *out,
                                struct asap_error *err)
{
    void **array = NULL;

    TRY(to_array(count, &array, err));
    out->events = (Asap__V1__Event **)array;
    for (size_t i = 0; i < count; i++) {
        out->events[i] = malloc(sizeof *out->events[i]);
        if (out->events[i] == NULL)
            return fail_memory(err);
        asap__v1__event__init(out->events[i]);
        out->n_events = i + 1;
        TRY(to_event(&rows[i], out->events[i], err));
    }
    return ASAP_OK;
}

/* Events have whole seconds, and so have the times between which they are looked for. */
static enum asap_code choose_times(const Asap__V1__ListEventsRequest *request,
                                   struct audit_filter *out,
                                   struct asap_error *err)
{
    if (request->start_time != NULL)
        out->start_time = request->start_time->seconds;
    if (out->start_time < 0)
        return fail_field(err, "start_time", "there are no events from before 1970");
    if (request->end_time == NULL)
        return ASAP_OK;
    out->end_time = request->end_time->seconds;
    if (out->end_time <= out->start_time)
        return fail_field(err, "end_time", "the end must be at least a second after the start");
    return ASAP_OK;
}

static enum asap_code choose_filter(const Asap__V1__ListEventsRequest *request,
                                    const char *position,
                                    struct audit_filter *out,
                                    struct asap_error *err)
{
    *out = (struct audit_filter){ .caller = request->caller,
                                  .issuer = request->issuer,
                                  .after_sequence = request->after_sequence };
    if (request->after_sequence < 0)
        return fail_field(err, "after_sequence", "a place in the record cannot be negative");
    if (position[0] != '\0')
        out->after_sequence = strtoll(position, NULL, 10);
    return choose_times(request, out, err);
}

static enum asap_code list(const struct service *service,
                           const struct audit_filter *filter,
                           struct audit_row *rows,
                           size_t limit,
                           size_t *count,
                           struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin_read(&txn, service->admin.store, err));
    return store_list_audit_events(&txn, filter, rows, limit, count, err);
}

enum asap_code audit_log_list(const struct rpc_call *call,
                              const ProtobufCMessage *in,
                              ProtobufCMessage *out,
                              struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__ListEventsRequest *request = (const Asap__V1__ListEventsRequest *)in;
    Asap__V1__ListEventsResponse *response = (Asap__V1__ListEventsResponse *)out;
    SCOPED(rows) struct audit_row *rows = NULL;
    char last[PAGE_POSITION_MAX + 1] = "";
    struct audit_filter filter;
    struct page page;
    size_t count = 0;

    TRY(page_begin(service, in, request->page_size, &page, err));
    TRY(choose_filter(request, page.after, &filter, err));
    rows = calloc(page.limit + 1, sizeof *rows);
    if (rows == NULL)
        return fail_memory(err);
    TRY(list(service, &filter, rows, page.limit + 1, &count, err));
    (void)snprintf(last, sizeof last, "%" PRId64, rows[page.limit - 1].sequence);
    TRY(page_end(&page, &count, last, &response->next_page_token, err));
    return to_events(rows, count, response, err);
}

enum asap_code audit_log_verify(const struct rpc_call *call,
                                const ProtobufCMessage *in,
                                ProtobufCMessage *out,
                                struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__VerifyChainRequest *request = (const Asap__V1__VerifyChainRequest *)in;
    Asap__V1__VerifyChainResponse *response = (Asap__V1__VerifyChainResponse *)out;
    struct audit_finding finding;

    TRY(audit_verify(service->admin.audit, request->head, &finding, err));
    response->intact = finding.is_intact;
    response->event_count = finding.event_count;
    response->broken_sequence = finding.broken_sequence;
    TRY(codec_set_string(&response->problem, finding.problem, err));
    return codec_set_string(&response->head, finding.head, err);
}
