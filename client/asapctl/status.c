/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "codec.h"
#include "fail.h"
#include "show.h"
#include "status_issuers.h"
#include "status_verbs.h"

enum { WATCH_SECONDS = 5 };

static void add_number(struct table *table, const char *label, int64_t number)
{
    char text[TIME_TEXT_SIZE] = "";

    (void)snprintf(text, sizeof text, "%" PRId64, number);
    show_row(table, label, text);
}

/* A second may pass while the answer is on its way. */
static void add_difference(struct table *table,
                           const Google__Protobuf__Timestamp *theirs,
                           int64_t now)
{
    const int64_t seconds = theirs == NULL ? 0 : theirs->seconds - now;
    char length[TIME_TEXT_SIZE] = "";
    char text[TIME_TEXT_SIZE] = "";

    if (theirs == NULL)
        return;
    time_duration(seconds < 0 ? -seconds : seconds, length);
    (void)snprintf(text, sizeof text, "%.32s %s this machine's", length,
                   seconds < 0 ? "behind" : "ahead of");
    show_row(table, "difference", seconds >= -1 && seconds <= 1 ? "none" : text);
}

static void add_server(const struct ctl *ctl, struct table *table, const Asap__V1__Status *status)
{
    show_row(table, "server", ctl->access.endpoint.url);
    show_row(table, "version", status->version);
    show_time_row(table, "its clock", status->current_time, ctl_now(ctl));
    add_difference(table, status->current_time, ctl_now(ctl));
    add_number(table, "published keys", status->published_key_count);
    add_number(table, "generation", status->generation);
    for (size_t i = 0; i < status->n_problems; i++)
        show_row(table, "problem", status->problems[i]);
    if (status->n_problems == 0)
        show_row(table, "problems", "none");
}

/* Everything is asked for before the screen is cleared, so that it does not flicker. */
static enum asap_code view_status(const struct ctl *ctl,
                                  const ProtobufCMessage *response,
                                  struct asap_error *err)
{
    SCOPED(table) struct table server = TABLE(2);
    SCOPED(table) struct table issuers = TABLE(STATUS_COLUMNS);
    SCOPED(buffer) struct buffer warnings = BUFFER(STATUS_WARNINGS_MAX);
    FILE *const out = ctl->host->out;

    add_server(ctl, &server, (const Asap__V1__Status *)response);
    TRY(status_add_issuers(ctl, &issuers, &warnings, err));
    if (ctl_has(ctl, OPTION_WATCH) && ctl->host->screen)
        (void)fputs("\033[H\033[2J", out);
    TRY(table_print(&server, out, err));
    if (issuers.cells.length > 0)
        (void)fputc('\n', out);
    TRY(table_print(&issuers, out, err));
    if (warnings.length > 0)
        (void)fprintf(out, "\n%s", warnings.bytes);
    return ASAP_OK;
}

static const struct ctl_method status_method = { "/asap.v1.Server/GetStatus",
                                                 &asap__v1__status__descriptor, view_status };

static enum asap_code show_once(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__GetStatusRequest request = { 0 };

    asap__v1__get_status_request__init(&request);
    return ctl_run(ctl, &status_method, &request.base, err);
}

enum asap_code status_ask(const struct ctl *ctl, Asap__V1__Status **out, struct asap_error *err)
{
    Asap__V1__GetStatusRequest request = { 0 };
    ProtobufCMessage *message = NULL;
    enum asap_code code = ASAP_OK;

    asap__v1__get_status_request__init(&request);
    code = ctl_ask(ctl, &status_method, &request.base, &message, err);
    *out = (Asap__V1__Status *)message;
    return code;
}

static enum asap_code read_period(const struct ctl *ctl, int64_t *out, struct asap_error *err)
{
    const char *text = ctl->arguments->options[OPTION_WATCH];

    *out = WATCH_SECONDS;
    return text[0] == '\0' ? ASAP_OK : time_read_duration(text, out, err);
}

/* A server that fails is what one watches for, and no reason to stop. */
static enum asap_code watch(const struct ctl *ctl, struct asap_error *err)
{
    const struct ctl_clock *clock = ctl->host->clock;
    int64_t period = 0;

    TRY(read_period(ctl, &period, err));
    for (;;) {
        const int64_t next = ctl_now(ctl) + period;
        struct asap_error why = { 0 };

        if (show_once(ctl, &why) != ASAP_OK)
            ctl_complain(ctl->host, "cannot tell the status: %s", why.message);
        else if (!ctl->host->screen && !ctl_wants_json(ctl))
            (void)fputc('\n', ctl->host->out);
        if (fflush(ctl->host->out) != 0 || ferror(ctl->host->out))
            return fail(err, ASAP_INTERNAL, "the output could not be written (is the disk full?)");
        for (int64_t left = period; left > 0 && ctl_now(ctl) < next; left--) /* if set back */
            if (!clock->sleep_until(clock, next))
                return ASAP_OK;
    }
}

enum asap_code status_show(const struct ctl *ctl, struct asap_error *err)
{
    return ctl_has(ctl, OPTION_WATCH) ? watch(ctl, err) : show_once(ctl, err);
}
