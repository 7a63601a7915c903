/* SPDX-License-Identifier: Apache-2.0 */
#include "key_schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "fail.h"
#include "key_destruction.h"
#include "utc.h"

enum { TURN_MS = 200, FIRST_DELAY = 10, LONGEST_DELAY = 3600 };

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t key_schedule_due(const struct known_issuer *issuer,
                         int64_t period,
                         int64_t now,
                         const struct published_key **active)
{
    int64_t last = -1;

    *active = NULL;
    for (size_t i = 0; i < issuer->keys.count; i++) {
        const struct published_key *key = published_keys_at(issuer->keys, i);

        if (!key->is_managed)
            continue;
        last = later(last, lifecycle_first_signature(&key->times, now));
        if (lifecycle_state(&key->times, now) == KEY_ACTIVE)
            *active = key;
    }
    return lifecycle_due_after(last, period, now);
}

/* Setbacks. */

static struct setback *find_setback(const struct key_schedule *schedule, const char *issuer)
{
    for (size_t i = 0; i < schedule->setback_count; i++)
        if (strcmp(schedule->setbacks[i].issuer, issuer) == 0)
            return &schedule->setbacks[i];
    return NULL;
}

/* Until when an issuer, or everything, waits; 0: it does not. */
static int64_t setback_until(const struct key_schedule *schedule, const char *issuer)
{
    const struct setback *setback = find_setback(schedule, issuer);

    return setback == NULL ? 0 : setback->until;
}

static void forget_setback(struct key_schedule *schedule, const char *issuer)
{
    struct setback *setback = find_setback(schedule, issuer);

    if (setback != NULL)
        *setback = schedule->setbacks[--schedule->setback_count];
}

static struct setback *add_setback(struct key_schedule *schedule, const char *issuer)
{
    struct setback *grown =
        realloc(schedule->setbacks, (schedule->setback_count + 1) * sizeof *grown);

    if (grown == NULL)
        return NULL;
    schedule->setbacks = grown;
    grown += schedule->setback_count++;
    *grown = (struct setback){ .delay = FIRST_DELAY };
    (void)snprintf(grown->issuer, sizeof grown->issuer, "%s", issuer);
    return grown;
}

/* Neither the database nor the clock is a matter of one issuer. */
static bool concerns_all(const struct asap_error *err)
{
    return err->code == ASAP_UNAVAILABLE || err->reason == ASAP_REASON_CLOCK_WENT_BACK;
}

static void set_back(struct key_schedule *schedule,
                     const char *issuer,
                     int64_t now,
                     const struct asap_error *err)
{
    const char *whose = concerns_all(err) ? "" : issuer;
    struct setback *setback = find_setback(schedule, whose);

    if (setback == NULL) {
        log_write(schedule->log, LOG_ERROR, "cannot %s%s; trying again later and later: %s",
                  issuer[0] == '\0' ? "destroy retired private keys" : "rotate the keys of ",
                  issuer, err->message);
        setback = add_setback(schedule, whose);
    } else {
        setback->delay = earlier(2 * setback->delay, LONGEST_DELAY);
    }
    if (setback != NULL)
        setback->until = now + setback->delay;
}

/* Rotations. */

static struct audit_row describe_rotation(void)
{
    return (struct audit_row){ .caller = "asapd",
                               .method = "asap.v1.KeyAdmin/RotateKey",
                               .result = "ok",
                               .message = "the rotation period is over" };
}

static void tell(const struct key_schedule *schedule,
                 const char *issuer,
                 const struct key_plan *plan)
{
    const struct key_row *incoming = &plan->keys[plan->incoming];
    char text[UTC_TEXT_SIZE];

    utc_format(incoming->times.sign_time, text);
    log_write(schedule->log, LOG_INFO, "rotated the keys of %s: %s signs from %s on", issuer,
              incoming->kid, text);
}

/* Another daemon may have rotated since the snapshot: then its plan stands, and is no event. An
 * issuer may have been deleted, too. */
static enum asap_code rotate(const struct key_schedule *schedule,
                             const struct known_issuer *issuer,
                             const struct published_key *active,
                             int64_t now,
                             struct asap_error *err)
{
    const struct rotation rotation = { issuer->name, active == NULL ? "" : active->kid, NULL };
    struct audit_row event = describe_rotation();
    SCOPED(change)
    struct change change = { .admin = schedule->admin, .now = now, .event = &event };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    enum asap_code code = ASAP_OK;

    code = keys_rotate(&change, &rotation, &plan, err);
    if (code == ASAP_NOT_FOUND || (code == ASAP_OK && change.is_unchanged))
        return ASAP_OK;
    TRY(code);
    TRY(change_finish(&change, err));
    tell(schedule, issuer->name, &plan);
    return ASAP_OK;
}

struct turn {
    struct key_schedule *schedule;
    const struct snapshot *snapshot;
    int64_t now;
    int64_t end_ms;
    bool has_begun; /* one rotation at least fits in */
};

static bool is_over(const struct turn *turn)
{
    return turn->has_begun && turn->schedule->monotonic_ms() >= turn->end_ms;
}

/* When to look at the issuer again. */
static int64_t look_at(struct turn *turn, const struct known_issuer *issuer)
{
    struct key_schedule *schedule = turn->schedule;
    const struct published_key *active = NULL;
    const int64_t due = key_schedule_due(issuer, issuer->rotation_period, turn->now, &active);
    const int64_t until = setback_until(schedule, issuer->name);
    struct asap_error err = { 0 };

    if (due > turn->now || until > turn->now)
        return later(due, until);
    if (is_over(turn) || setback_until(schedule, "") > turn->now)
        return turn->now;
    turn->has_begun = true;
    if (rotate(schedule, issuer, active, turn->now, &err) != ASAP_OK) {
        set_back(schedule, issuer->name, turn->now, &err);
        return later(turn->now, setback_until(schedule, issuer->name));
    }
    forget_setback(schedule, issuer->name);
    forget_setback(schedule, "");
    return turn->now + 1; /* the next snapshot tells more */
}

static void rotate_due(struct turn *turn)
{
    struct shards_cursor cursor = { 0 };
    const struct known_issuer *issuer = NULL;
    int64_t next = LIFECYCLE_NEVER;

    while ((issuer = snapshot_next_issuer(turn->snapshot, &cursor)) != NULL)
        if (issuer->is_managed && issuer->rotation_period != 0)
            next = earlier(next, look_at(turn, issuer));
    turn->schedule->next_rotation = next;
}

/* Destructions. */

static int64_t find_end_of(struct published_keys keys, int64_t from)
{
    int64_t next = LIFECYCLE_NEVER;

    for (size_t i = 0; i < keys.count; i++) {
        const struct published_key *key = published_keys_at(keys, i);

        if (key->is_managed && key->times.unpublish_time >= from)
            next = earlier(next, key->times.unpublish_time);
    }
    return next;
}

/* When a private key in this snapshot is of no use any more, not before `from`. */
static int64_t find_end(const struct snapshot *snapshot, int64_t from)
{
    struct shards_cursor cursor = { 0 };
    const struct known_issuer *issuer = NULL;
    int64_t next = LIFECYCLE_NEVER;

    while ((issuer = snapshot_next_issuer(snapshot, &cursor)) != NULL)
        if (issuer->is_managed)
            next = earlier(next, find_end_of(issuer->keys, from));
    return next;
}

/* A daemon before this one may have left some. */
static int64_t next_destruction(const struct key_schedule *schedule,
                                const struct snapshot *snapshot,
                                int64_t now)
{
    return schedule->destroyed_until == 0 ? now : find_end(snapshot, schedule->destroyed_until + 1);
}

static void destroy_due(struct turn *turn)
{
    struct key_schedule *schedule = turn->schedule;
    struct asap_error err = { 0 };
    size_t destroyed = 0;

    if (keys_destroy_unused(schedule->admin, turn->now, &destroyed, &err) != ASAP_OK) {
        set_back(schedule, "", turn->now, &err);
        return;
    }
    forget_setback(schedule, "");
    if (destroyed > 0)
        log_write(schedule->log, LOG_INFO, "destroyed %zu private keys of retired keys", destroyed);
    schedule->destroyed_until = destroyed < DESTROYED_MOST ? turn->now : 0;
    schedule->next_destruction = next_destruction(schedule, turn->snapshot, turn->now);
}

/* The turn's. */

/* What was to wait for a time that was wrong may never be done. */
static void notice_clock(struct key_schedule *schedule, int64_t now)
{
    if (now < schedule->last_turn) {
        schedule->is_known = false;
        schedule->destroyed_until = 0;
        schedule->setback_count = 0;
    }
    schedule->last_turn = now;
}

static void learn(struct key_schedule *schedule, const struct snapshot *snapshot, int64_t now)
{
    const int64_t generation = snapshot_generation(snapshot);

    if (schedule->is_known && schedule->generation == generation)
        return;
    schedule->is_known = true;
    schedule->generation = generation;
    schedule->next_rotation = now;
    /* A snapshot may lack a key that had retired by then, though its private half is left. */
    schedule->next_destruction =
        earlier(schedule->next_destruction, next_destruction(schedule, snapshot, now));
}

static void take_turn(struct turn *turn)
{
    struct key_schedule *schedule = turn->schedule;
    int64_t sign_time = 0;

    /* Nothing may be changed in a backup that nobody has accepted. */
    if (snapshot_may_sign(turn->snapshot, turn->now, &sign_time, NULL) == ASAP_FAILED_PRECONDITION)
        return;
    notice_clock(schedule, turn->now);
    learn(schedule, turn->snapshot, turn->now);
    if (setback_until(schedule, "") > turn->now)
        return;
    if (schedule->next_destruction <= turn->now)
        destroy_due(turn);
    if (schedule->next_rotation <= turn->now)
        rotate_due(turn);
}

void key_schedule_run(struct key_schedule *schedule, int64_t now)
{
    const struct snapshot *snapshot = keyring_acquire(schedule->admin->keyring);
    struct turn turn = { .schedule = schedule,
                         .snapshot = snapshot,
                         .now = now,
                         .end_ms = schedule->monotonic_ms() + TURN_MS };

    if (snapshot == NULL)
        return;
    take_turn(&turn);
    keyring_release(schedule->admin->keyring, snapshot);
}
