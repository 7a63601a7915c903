/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "asap/v1/server.pb-c.h"
#include "show.h"
#include "status_verbs.h"

static void add_number(struct table *table, const char *label, int64_t number)
{
    char text[TIME_TEXT_SIZE] = "";

    (void)snprintf(text, sizeof text, "%" PRId64, number);
    show_row(table, label, text);
}

static enum asap_code view_status(const struct ctl *ctl,
                                  const ProtobufCMessage *response,
                                  struct asap_error *err)
{
    const Asap__V1__Status *status = (const Asap__V1__Status *)response;
    SCOPED(table) struct table table = TABLE(2);

    show_row(&table, "server", ctl->access.endpoint.url);
    show_row(&table, "version", status->version);
    show_time_row(&table, "its clock", status->current_time, ctl_now(ctl));
    add_number(&table, "published keys", status->published_key_count);
    add_number(&table, "generation", status->generation);
    for (size_t i = 0; i < status->n_problems; i++)
        show_row(&table, "problem", status->problems[i]);
    if (status->n_problems == 0)
        show_row(&table, "problems", "none");
    return table_print(&table, ctl->host->out, err);
}

static const struct ctl_method status_method = { "/asap.v1.Server/GetStatus",
                                                 &asap__v1__status__descriptor, view_status };

enum asap_code status_show(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__GetStatusRequest request = { 0 };

    asap__v1__get_status_request__init(&request);
    return ctl_run(ctl, &status_method, &request.base, err);
}
