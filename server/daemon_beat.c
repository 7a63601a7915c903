/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "fail.h"

/* What the daemon does by itself. */

enum { HEAD_PERIOD_MS = 60 * 1000, PRUNING_PERIOD_MS = 60 * 60 * 1000 };

/* Neither waits for the other: a key that cannot be read keeps no grant alive. */
static enum asap_code refresh(struct daemon *daemon, struct asap_error *err)
{
    const int64_t now = clock_now(daemon->clock);
    const enum asap_code callers = callers_refresh(daemon->callers, daemon->store, err);
    const enum asap_code keys = keyring_refresh(daemon->keyring, daemon->store, now, err);

    return keys != ASAP_OK ? keys : callers;
}

static void refresh_and_tell(struct daemon *daemon)
{
    struct asap_error err = { 0 };
    const bool failed = refresh(daemon, &err) != ASAP_OK;

    if (failed && !daemon->is_stale)
        log_write(daemon->log, LOG_ERROR,
                  "the keys and callers cannot be read, so those in service stay, if any; trying"
                  " again: %s",
                  err.message);
    if (!failed && daemon->is_stale)
        log_write(daemon->log, LOG_INFO,
                  "the keys and callers in service are those of the database again");
    daemon->is_stale = failed;
}

static void close_retired_keys(struct daemon *daemon)
{
    const struct snapshot *snapshot = keyring_acquire(daemon->keyring);

    if (snapshot == NULL)
        return;
    signing_keys_retain(daemon->signing_keys, snapshot,
                        snapshot_time(snapshot, clock_now(daemon->clock)));
    keyring_release(daemon->keyring, snapshot);
}

static bool is_due(int64_t *next, int64_t period_ms)
{
    const int64_t now_ms = clock_monotonic_ms();

    if (now_ms < *next)
        return false;
    *next = now_ms + period_ms;
    return true;
}

/* Looked at in each beat, so that the audit log knows what it has had. Kept apart from the
 * database, a head proves later that the log was not cut off before it. */
static void look_at_head(struct daemon *daemon)
{
    struct daemon_schedule *schedule = &daemon->schedule;
    char head[AUDIT_HEAD_TEXT_SIZE] = "";

    if (audit_get_head(daemon->audit, head, NULL) != ASAP_OK
        || !is_due(&schedule->next_head, HEAD_PERIOD_MS) || strcmp(head, schedule->last_head) == 0)
        return;
    memcpy(schedule->last_head, head, sizeof head);
    log_write(daemon->log, LOG_INFO, "audit head %s", head);
}

/* In a copy that nobody has accepted everything stays as it is. */
static bool is_copy(struct daemon *daemon)
{
    const struct snapshot *snapshot = keyring_acquire(daemon->keyring);
    int64_t sign_time = 0;
    enum asap_code code = ASAP_OK;

    if (snapshot == NULL)
        return true;
    code = snapshot_may_sign(snapshot, clock_now(daemon->clock), &sign_time, NULL);
    keyring_release(daemon->keyring, snapshot);
    return code == ASAP_FAILED_PRECONDITION;
}

static void prune(struct daemon *daemon)
{
    const int64_t now = clock_now(daemon->clock);
    struct asap_error err = { 0 };
    int64_t removed = 0;

    if (daemon->config->audit_retention == 0 || is_copy(daemon))
        return;
    if (audit_prune(daemon->audit, now - daemon->config->audit_retention, now, &removed, &err)
        != ASAP_OK)
        log_write(daemon->log, LOG_ERROR,
                  "old events stay in the audit log; trying again in an hour: %s", err.message);
    else if (removed > 0)
        log_write(daemon->log, LOG_INFO,
                  "removed %" PRId64 " events older than audit_retention from the audit log",
                  removed);
    /* Signals wait meanwhile, and so does the start: the rest goes with the next beat. */
    if (removed >= AUDIT_PRUNE_MAX)
        daemon->schedule.next_pruning = 0;
}

void daemon_beat(struct daemon *daemon)
{
    refresh_and_tell(daemon);
    key_schedule_run(&daemon->key_schedule, clock_now(daemon->clock));
    close_retired_keys(daemon);
    look_at_head(daemon);
    if (is_due(&daemon->schedule.next_pruning, PRUNING_PERIOD_MS))
        prune(daemon);
}
