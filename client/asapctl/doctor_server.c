/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "doctor_check.h"
#include "due.h"
#include "key_list.h"

/* What the server says of itself and of its issuers. */

/* Requests take time, and clocks are read in whole seconds. */
enum { CLOCK_READING_SECONDS = 2 };

enum doctor_verdict doctor_server(const struct doctor_subject *subject,
                                  char seen[static DOCTOR_TEXT_SIZE])
{
    const Asap__V1__Status *status = subject->view->status;

    if (status == NULL)
        return subject->view->why.code == ASAP_OK
                   ? DOCTOR_NOTHING
                   : doctor_ill(seen, "%s", subject->view->why.message);
    if (status->n_problems > 0)
        return doctor_ill(seen, "%s", status->problems[0]);
    return doctor_well(seen, "asapd %.32s, %" PRId64 " keys published", status->version,
                       status->published_key_count);
}

enum doctor_verdict doctor_server_clock(const struct doctor_subject *subject,
                                        char seen[static DOCTOR_TEXT_SIZE])
{
    const Asap__V1__Status *status = subject->view->status;
    int64_t ahead = 0;

    if (status == NULL || status->current_time == NULL)
        return DOCTOR_NOTHING;
    ahead = status->current_time->seconds - subject->now;
    if (llabs(ahead) > doctor_timing_of(subject->view).clock_skew + CLOCK_READING_SECONDS)
        return doctor_ill(seen, "it is %lld s %s this machine's", llabs(ahead),
                          ahead < 0 ? "behind" : "ahead of");
    return doctor_well(seen, "as this machine's");
}

enum doctor_verdict doctor_known(const struct doctor_subject *subject,
                                 char seen[static DOCTOR_TEXT_SIZE])
{
    const struct doctor_view *view = subject->view;

    if (view->count > 0)
        return doctor_well(seen, "%zu, %s", view->count,
                           view->status != NULL ? "by the server" : "by their key sets");
    if (view->status != NULL)
        return doctor_well(seen, "none yet");
    return doctor_ill(seen, "none is known, so that no key was looked for");
}

static bool is_managed(const struct doctor_issuer *issuer)
{
    return issuer->issuer != NULL
           && issuer->issuer->kind == ASAP__V1__ISSUER_KIND__ISSUER_KIND_MANAGED;
}

enum doctor_verdict doctor_active(const struct doctor_subject *subject,
                                  char seen[static DOCTOR_TEXT_SIZE])
{
    const struct key_overview keys = key_list_overview(subject->issuer->keys);

    if (!is_managed(subject->issuer))
        return DOCTOR_NOTHING;
    if (keys.active == NULL || !key_list_is_managed(keys.active))
        return doctor_ill(seen, "no key of %.190s signs, so nothing is minted for it",
                          subject->issuer->name);
    return DOCTOR_WELL;
}

enum doctor_verdict doctor_standbys(const struct doctor_subject *subject,
                                    char seen[static DOCTOR_TEXT_SIZE])
{
    if (!is_managed(subject->issuer))
        return DOCTOR_NOTHING;
    if (key_list_overview(subject->issuer->keys).standby_count == 0)
        return doctor_ill(seen, "no key stands by for %.190s: an emergency would stop it",
                          subject->issuer->name);
    return DOCTOR_WELL;
}

enum doctor_verdict doctor_rotation(const struct doctor_subject *subject,
                                    char seen[static DOCTOR_TEXT_SIZE])
{
    const struct doctor_issuer *issuer = subject->issuer;
    const struct key_overview keys = key_list_overview(issuer->keys);
    char phrase[TIME_TEXT_SIZE] = "";

    if (!is_managed(issuer))
        return DOCTOR_NOTHING;

    const struct due due = due_find(issuer->issuer, &keys, subject->now);

    if (due.state != DUE_PASSED)
        return DOCTOR_WELL;
    time_phrase(due.time, subject->now, phrase);
    return doctor_ill(seen, "that of %.190s was due %s", issuer->name, phrase);
}
