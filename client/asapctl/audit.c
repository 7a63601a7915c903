/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/audit_log.pb-c.h"

#include <inttypes.h>
#include <string.h>

#include "audit_verbs.h"
#include "codec.h"
#include "fail.h"
#include "input.h"
#include "show.h"

enum { PAGE_SIZE = 1000, POLL_SECONDS = 2, HEAD_MAX = 4096, DETAIL_MAX = 1 << 16, COLUMNS = 8 };

/* Of events that come a few at a time, so that the columns of most of them align. */
static const size_t followed_widths[TABLE_COLUMNS_MAX] = { 6, 25, 10, 12, 24, 6, 12, 0 };

static const char *const proof_kinds[] = { "-", "token", "certificate", "api-key", "uid" };

enum { PROOF_KINDS = sizeof proof_kinds / sizeof proof_kinds[0] };

enum asap_code audit_list_check(const struct arguments *arguments, struct asap_error *err)
{
    if (arguments->options[OPTION_FOLLOW] == NULL || arguments->options[OPTION_UNTIL] == NULL)
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT,
                "--follow goes on until it is interrupted (leave --until out)");
}

/* "api-key 8f3a", "-" for none. */
static void write_proof(const Asap__V1__Event *event, struct buffer *out)
{
    const int kind = (int)event->proof_kind;

    buffer_puts(out, kind >= 0 && kind < PROOF_KINDS ? proof_kinds[kind] : "unknown");
    if (event->proof[0] != '\0')
        buffer_printf(out, " %s", event->proof);
}

/* Why it failed, or else what it was about. */
static void write_detail(const Asap__V1__Event *event, struct buffer *out)
{
    const struct {
        const char *label;
        const char *value;
    } details[] = {
        { "", event->message },
        { "kid ", event->key_id },
        { "jti ", event->token_id },
    };

    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++)
        if (details[i].value[0] != '\0')
            buffer_printf(out, "%s%s%s", out->length == 0 ? "" : ", ", details[i].label,
                          details[i].value);
    if (out->length == 0)
        buffer_puts(out, "-");
}

/* "KeyAdmin/RotateKey": all of ours are in one package. */
static const char *short_method(const char *method)
{
    static const char package[] = "asap.v1.";
    const size_t length = sizeof package - 1;

    return strncmp(method, package, length) == 0 ? method + length : method;
}

static enum asap_code add_event(struct table *table,
                                const Asap__V1__Event *event,
                                struct asap_error *err)
{
    SCOPED(buffer) struct buffer proof = BUFFER(DETAIL_MAX);
    SCOPED(buffer) struct buffer detail = BUFFER(DETAIL_MAX);
    char sequence[TIME_TEXT_SIZE] = "";
    char time[TIME_TEXT_SIZE] = "-";

    write_proof(event, &proof);
    write_detail(event, &detail);
    TRY(buffer_check(&proof, "an event", err));
    TRY(buffer_check(&detail, "an event", err));
    (void)snprintf(sequence, sizeof sequence, "%" PRId64, event->sequence);
    if (event->create_time != NULL)
        time_local(event->create_time->seconds, time);
    table_add(table, sequence);
    table_add(table, time);
    table_add(table, show_text(event->caller));
    table_add(table, proof.bytes);
    table_add(table, show_text(short_method(event->method)));
    table_add(table, show_text(event->result));
    table_add(table, show_text(event->issuer));
    table_add(table, detail.bytes);
    return ASAP_OK;
}

static const char *const titles[] = { "SEQ",    "TIME",   "CALLER", "PROOF", "METHOD",
                                      "RESULT", "ISSUER", "DETAIL", NULL };

static enum asap_code view_list(const struct ctl *ctl,
                                const ProtobufCMessage *response,
                                struct asap_error *err)
{
    const Asap__V1__ListEventsResponse *list = (const Asap__V1__ListEventsResponse *)response;
    SCOPED(table) struct table table = TABLE(COLUMNS);

    if (list->n_events == 0) {
        ctl_say(ctl, "no such events");
        return ASAP_OK;
    }
    table_add_row(&table, titles);
    for (size_t i = 0; i < list->n_events; i++)
        TRY(add_event(&table, list->events[i], err));
    return table_print(&table, ctl->host->out, err);
}

static enum asap_code view_verified(const struct ctl *ctl,
                                    const ProtobufCMessage *message,
                                    struct asap_error *err)
{
    const Asap__V1__VerifyChainResponse *response = (const Asap__V1__VerifyChainResponse *)message;

    (void)err;
    if (response->intact)
        ctl_say(ctl, "intact: %" PRId64 " events", response->event_count);
    else if (response->broken_sequence > 0)
        ctl_say(ctl, "broken at event %" PRId64 ": %s", response->broken_sequence,
                show_text(response->problem));
    else
        ctl_say(ctl, "broken: %s", show_text(response->problem));
    if (response->head[0] != '\0')
        ctl_say(ctl, "head: %s", response->head);
    return ASAP_OK;
}

static const struct ctl_method list_method = { "/asap.v1.AuditLog/ListEvents",
                                               &asap__v1__list_events_response__descriptor,
                                               view_list };
static const struct ctl_method verify_method = { "/asap.v1.AuditLog/VerifyChain",
                                                 &asap__v1__verify_chain_response__descriptor,
                                                 view_verified };

static enum asap_code print_followed(const struct ctl *ctl,
                                     const Asap__V1__ListEventsResponse *list,
                                     bool first,
                                     struct asap_error *err)
{
    static const struct ctl_method event_method = { NULL, &asap__v1__event__descriptor, NULL };
    SCOPED(table) struct table table = TABLE(COLUMNS);

    table.least = followed_widths;
    if (first)
        table_add_row(&table, titles);
    for (size_t i = 0; i < list->n_events; i++)
        if (ctl_wants_json(ctl))
            TRY(ctl_print(ctl, &event_method, &list->events[i]->base, err));
        else
            TRY(add_event(&table, list->events[i], err));
    if (!ctl_wants_json(ctl))
        TRY(table_print(&table, ctl->host->out, err));
    if (fflush(ctl->host->out) != 0)
        return fail(err, ASAP_INTERNAL, "the output could not be written (is the disk full?)");
    return ASAP_OK;
}

/* A full page is followed by the next one at once; after the last one the wait is for more. */
static enum asap_code follow(const struct ctl *ctl,
                             Asap__V1__ListEventsRequest *request,
                             struct asap_error *err)
{
    const struct ctl_clock *clock = ctl->host->clock;

    for (bool first = true;; first = false) {
        SCOPED(message) ProtobufCMessage *message = NULL;
        const Asap__V1__ListEventsResponse *list = NULL;

        TRY(ctl_ask(ctl, &list_method, &request->base, &message, err));
        list = (const Asap__V1__ListEventsResponse *)message;
        TRY(print_followed(ctl, list, first, err));
        if (list->n_events > 0)
            request->after_sequence = list->events[list->n_events - 1]->sequence;
        if (list->n_events > 0 && list->next_page_token[0] != '\0')
            continue;
        for (const int64_t end = ctl_now(ctl) + POLL_SECONDS; ctl_now(ctl) < end;)
            if (!clock->sleep_until(clock, end))
                return ASAP_OK;
    }
}

enum asap_code audit_list(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__ListEventsRequest request = { 0 };
    Google__Protobuf__Timestamp since = { 0 };
    Google__Protobuf__Timestamp until = { 0 };

    asap__v1__list_events_request__init(&request);
    request.page_size = PAGE_SIZE;
    ctl_set(ctl, OPTION_CALLER, &request.caller);
    ctl_set(ctl, OPTION_ISSUER, &request.issuer);
    TRY(ctl_set_moment(ctl, OPTION_SINCE, TIME_BACK, &since, &request.start_time, err));
    TRY(ctl_set_moment(ctl, OPTION_UNTIL, TIME_BACK, &until, &request.end_time, err));
    return ctl_has(ctl, OPTION_FOLLOW) ? follow(ctl, &request, err)
                                       : ctl_run_list(ctl, &list_method, &request.base, err);
}

enum asap_code audit_verify(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__VerifyChainRequest request = { 0 };
    SCOPED(secret) struct secret head = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;

    asap__v1__verify_chain_request__init(&request);
    if (ctl_has(ctl, OPTION_HEAD)) {
        TRY(input_read_value(ctl->arguments->options[OPTION_HEAD], HEAD_MAX, &head, err));
        request.head = (char *)head.bytes;
    }
    TRY(ctl_ask(ctl, &verify_method, &request.base, &message, err));
    TRY(ctl_print(ctl, &verify_method, message, err));
    return ((const Asap__V1__VerifyChainResponse *)message)->intact ? ASAP_OK : ctl_answer_no(err);
}
