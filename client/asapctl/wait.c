/* SPDX-License-Identifier: Apache-2.0 */
#include "wait.h"

#include <inttypes.h>

#include "fail.h"
#include "time_text.h"

static void show_left(const struct ctl_host *host, int64_t seconds)
{
    if (!host->progress)
        return;
    (void)fprintf(host->err, "\r%3" PRId64 "m %02" PRId64 "s left ", seconds / 60, seconds % 60);
    (void)fflush(host->err);
}

static void end_line(const struct ctl_host *host)
{
    if (host->progress)
        (void)fprintf(host->err, "\r%20s\r", "");
}

/* A second at a time: the line is to move, and the clock may be set. If it is set back, this ends
 * early rather than last as much longer. */
static bool sleep_through(const struct ctl *ctl, int64_t time, int64_t end)
{
    const struct ctl_clock *clock = ctl->host->clock;
    int64_t steps = time - ctl_now(ctl);

    for (int64_t now = ctl_now(ctl); now < time && steps > 0; now = ctl_now(ctl), steps--) {
        if (now < end)
            show_left(ctl->host, end - now);
        if (!clock->sleep_until(clock, now + 1))
            return false;
    }
    return true;
}

void wait_hold_interruptions(const struct ctl *ctl)
{
    const struct ctl_clock *clock = ctl->host->clock;

    (void)clock->sleep_until(clock, ctl_now(ctl));
}

enum asap_code wait_step(const struct ctl *ctl, int64_t time, int64_t end, struct asap_error *err)
{
    const bool waited = sleep_through(ctl, time, end);

    end_line(ctl->host);
    return waited ? ASAP_OK : fail(err, ASAP_CANCELED, "interrupted while waiting");
}

enum asap_code
wait_until(const struct ctl *ctl, int64_t time, const char *what, struct asap_error *err)
{
    char text[TIME_TEXT_SIZE] = "";

    if (ctl_now(ctl) >= time)
        return ASAP_OK;
    time_full(time, ctl_now(ctl), text);
    (void)fprintf(ctl->host->err, "%s: waiting until %s\n", what, text);
    while (ctl_now(ctl) < time)
        TRY(wait_step(ctl, time, time, err));
    return ASAP_OK;
}
