/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "doctor_verbs.h"
#include "doctor_visit.h"
#include "fail.h"

/* Where --repository does not say where the keys are, they are at the server, if that is public. */
static enum asap_code list_urls(const struct ctl *ctl,
                                const char *urls[static REPEATED_MAX + 1],
                                struct asap_error *err)
{
    const char *server = ctl->access.endpoint.url;
    char *given[REPEATED_MAX + 1] = { NULL };
    const size_t count = arguments_values(ctl->arguments, OPTION_REPOSITORY, given);

    for (size_t i = 0; i < count; i++)
        urls[i] = given[i];
    urls[count] = NULL;
    if (count > 0)
        return ASAP_OK;
    if (strncmp(server, "https:", 6) != 0)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "where do verifiers fetch keys? (--repository URL, several times for mirrors)");
    urls[0] = server;
    urls[1] = NULL;
    return ASAP_OK;
}

static enum asap_code look_at_server(const struct ctl *ctl,
                                     struct doctor_subject subject,
                                     struct doctor_report *report,
                                     struct asap_error *err)
{
    doctor_report_judge(report, DOCTOR_SERVER, &subject);
    for (size_t i = 0; subject.view->status != NULL && i < subject.view->count; i++) {
        subject.issuer = &subject.view->issuers[i];
        doctor_report_judge(report, DOCTOR_ISSUER, &subject);
    }
    return doctor_report_end_place(report, ctl->access.endpoint.url, err);
}

static enum asap_code
open_prober(const struct ctl *ctl, const char *url, struct prober **out, struct asap_error *err)
{
    return prober_new(url, ctl->access.endpoint.ca_file, out, err);
}

/* Without a server, the first repository tells which keys there are. */
static enum asap_code
see(const struct ctl *ctl, const char *first, struct doctor_view *view, struct asap_error *err)
{
    SCOPED(prober) struct prober *prober = NULL;

    TRY(doctor_view_ask(ctl, view, err));
    if (view->status != NULL)
        return ASAP_OK;
    TRY(open_prober(ctl, first, &prober, err));
    return doctor_view_discover(ctl, prober, view, err);
}

enum asap_code doctor_run(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(doctor_view) struct doctor_view view = { .count = 0 };
    SCOPED(doctor_report) struct doctor_report report = { .lines = NULL };
    const char *urls[REPEATED_MAX + 1] = { NULL };
    struct doctor_subject subject = { .view = &view };

    TRY(doctor_report_init(&report, err));
    TRY(list_urls(ctl, urls, err));
    TRY(see(ctl, urls[0], &view, err));
    subject.now = ctl_now(ctl);
    TRY(look_at_server(ctl, subject, &report, err));
    for (size_t i = 0; urls[i] != NULL; i++) {
        SCOPED(prober) struct prober *prober = NULL;

        TRY(open_prober(ctl, urls[i], &prober, err));
        subject.now = ctl_now(ctl);
        TRY(doctor_visit(prober, subject, &report, err));
    }
    return doctor_report_print(&report, ctl, err);
}
