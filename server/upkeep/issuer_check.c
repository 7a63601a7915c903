/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer_check.h"

#include <inttypes.h>
#include <string.h>

#include "lifecycle_plan.h"
#include "utc.h"

struct view {
    const struct issuer_row *issuer;
    const struct key_row *keys;
    size_t count;
    struct report *report;
};

static bool is_time(int64_t time)
{
    return time != LIFECYCLE_NEVER;
}

/* What is set is in order; a standby that never signed may be withdrawn without the rest. */
static void check_windows(struct report *report, const struct key_row *key)
{
    const struct key_times *times = &key->times;

    if (is_time(times->revoke_time))
        return;
    if (is_time(times->sign_time) && times->publish_time > times->sign_time)
        report_problem(report, "%s signs before it is published", key->kid);
    if (is_time(times->sign_until) && times->sign_time > times->sign_until)
        report_problem(report, "%s stops signing before it begins", key->kid);
    if (is_time(times->unpublish_time) && times->publish_time > times->unpublish_time)
        report_problem(report, "%s is withdrawn before it is published", key->kid);
}

/* However the settings are now: less was never enough. */
static void check_end(struct report *report, const struct key_row *key)
{
    const struct key_times *times = &key->times;

    if (is_time(times->revoke_time) || !key->managed || !is_time(times->sign_time)
        || !is_time(times->unpublish_time))
        return;
    if (!is_time(times->sign_until))
        report_problem(report, "%s is to be withdrawn, but signs without an end", key->kid);
    else if (times->unpublish_time - key->max_lifetime < times->sign_until)
        report_problem(report, "%s is withdrawn while tokens of it live", key->kid);
}

struct moment {
    size_t signers;
    const char *first, *second; /* of the keys that sign */
    int64_t next_sign_time;     /* of those that will */
    bool has_signed;            /* some key has by then */
    bool has_revoked;           /* and one of them was revoked */
};

static void look_at_key(struct moment *moment, const struct key_row *key, int64_t at)
{
    const struct key_times *times = &key->times;
    const enum key_state state = lifecycle_state(times, at);

    if (state == KEY_ACTIVE) {
        moment->second = key->kid;
        moment->first = moment->signers++ == 0 ? key->kid : moment->first;
    }
    if ((state == KEY_STANDBY || state == KEY_SCHEDULED)
        && times->sign_time < moment->next_sign_time)
        moment->next_sign_time = times->sign_time;
    moment->has_signed |= times->sign_time <= at;
    moment->has_revoked |= times->sign_time <= at && times->revoke_time <= at;
}

static struct moment look_at(const struct view *view, int64_t at)
{
    struct moment moment = { .first = "", .second = "", .next_sign_time = LIFECYCLE_NEVER };

    for (size_t i = 0; i < view->count; i++)
        if (view->keys[i].managed)
            look_at_key(&moment, &view->keys[i], at);
    return moment;
}

static void check_gap(const struct view *view, const struct moment *moment, int64_t at)
{
    const char *issuer = view->issuer->name;
    char begin[UTC_TEXT_SIZE] = "";
    char end[UTC_TEXT_SIZE] = "";

    utc_format(at, begin);
    utc_format(moment->next_sign_time, end);
    if (!is_time(moment->next_sign_time))
        report_problem(view->report, "no key of %s signs from %s on, and none has a date", issuer,
                       begin);
    else if (!moment->has_signed)
        report_note(view->report, "the first key of %s signs from %s on", issuer, end);
    else if (moment->has_revoked)
        report_note(view->report, "no key of %s signs until %s: an emergency", issuer, end);
    else
        report_problem(view->report, "no key of %s signs from %s until %s", issuer, begin, end);
}

/* Whether no key signs then; a gap is told of once, where it begins. */
static bool check_moment(const struct view *view, int64_t at, bool is_in_gap)
{
    const struct moment moment = look_at(view, at);
    char text[UTC_TEXT_SIZE] = "";

    utc_format(at, text);
    if (moment.signers > 1)
        report_problem(view->report, "%s and %s both sign at %s", moment.first, moment.second,
                       text);
    if (moment.signers == 0 && !is_in_gap)
        check_gap(view, &moment, at);
    return moment.signers == 0;
}

static int64_t next_transition(const struct view *view, int64_t at)
{
    int64_t next = LIFECYCLE_NEVER;

    for (size_t i = 0; i < view->count; i++) {
        const int64_t change = lifecycle_next_transition(&view->keys[i].times, at);

        if (view->keys[i].managed && change < next)
            next = change;
    }
    return next;
}

/* Who signs changes only when a key's time comes. */
static void check_signers(const struct view *view, int64_t now)
{
    bool is_in_gap = false;

    for (int64_t at = now; is_time(at); at = next_transition(view, at))
        is_in_gap = check_moment(view, at, is_in_gap);
}

static void check_standbys(const struct view *view, int64_t now)
{
    size_t standbys = 0;

    for (size_t i = 0; i < view->count; i++) {
        const struct key_row *key = &view->keys[i];

        if (key->managed && lifecycle_state(&key->times, now) == KEY_STANDBY
            && !is_time(key->times.sign_time) && !is_time(key->times.unpublish_time))
            standbys++;
    }
    if (standbys < LIFECYCLE_STANDBYS)
        report_problem(view->report,
                       "%s has %zu standbys instead of %d (the next rotation adds one)",
                       view->issuer->name, standbys, (int)LIFECYCLE_STANDBYS);
}

void issuer_check(const struct issuer_row *issuer,
                  const struct key_row *keys,
                  size_t count,
                  int64_t now,
                  struct report *report)
{
    const struct view view = { issuer, keys, count, report };

    for (size_t i = 0; i < count; i++) {
        check_windows(report, &keys[i]);
        check_end(report, &keys[i]);
    }
    if (!issuer->managed)
        return;
    check_signers(&view, now);
    check_standbys(&view, now);
}
