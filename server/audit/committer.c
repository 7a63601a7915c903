/* SPDX-License-Identifier: Apache-2.0 */
#include "committer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit_parts.h"
#include "fail.h"
#include "store_server.h"
#include "tip.h"

/* After a failure the log is tried again this often, so that a server that is given no work while
 * it has a problem finds out that it is over. */
enum { RETRY_SECONDS = 1 };

/* Whoever calls again only when the answer has come is kept waiting once in so many groups. */
enum { INTERVAL_NS = 2 * 1000 * 1000, SECOND_NS = 1000 * 1000 * 1000, HURRIED_GROUPS = 32 };

/* What one transaction adds. */
struct group {
    struct audit_entry *first;
    bool is_trial; /* there is no entry: only whether the log can be written */
};

static enum asap_code check_clock(const struct committer *committer,
                                  const struct audit_entry *entry,
                                  const struct server_row *server,
                                  struct asap_error *err)
{
    const int64_t behind = server->latest_time - entry->event.create_time;

    if (entry->event.create_time >= server->latest_time - committer->clock_skew)
        return ASAP_OK;
    return fail_reason(err, ASAP_FAILED_PRECONDITION, ASAP_REASON_CLOCK_WENT_BACK,
                       "the server's clock is %" PRId64 " seconds behind a time that the server has"
                       " recorded (set the clock right)",
                       behind);
}

/* Whether an entry still may be recorded. */
static enum asap_code check_entry(const struct committer *committer,
                                  const struct audit_entry *entry,
                                  const struct server_row *server,
                                  struct asap_error *err)
{
    if (!entry->is_conditional)
        return ASAP_OK;
    if (entry->generation != server->generation
        || entry->access_generation != server->access_generation)
        return fail(err, ASAP_ABORTED,
                    "keys, callers or grants were changed meanwhile (call again)");
    return check_clock(committer, entry, server, err);
}

/* Unconditional entries do not move the latest time: nobody has looked at their clock. */
static int64_t later(int64_t latest, const struct audit_entry *entry)
{
    return entry->is_conditional && entry->event.create_time > latest ? entry->event.create_time
                                                                      : latest;
}

/* What a group came to. */
struct outcome {
    struct tip tip;
    int64_t latest; /* the greatest time of what was added, 0 for none */
    size_t count;   /* how many were */
};

static enum asap_code append_all(const struct committer *committer,
                                 struct txn *txn,
                                 struct audit_entry *first,
                                 struct outcome *out,
                                 struct asap_error *err)
{
    struct server_row server;

    TRY(store_get_server(txn, &server, err));
    TRY(tip_read(&out->tip, txn, err));
    TRY(witness_check(committer->witness, &out->tip, txn, err));
    for (struct audit_entry *entry = first; entry != NULL; entry = entry->next) {
        entry->code = check_entry(committer, entry, &server, &entry->error);
        if (entry->code != ASAP_OK)
            continue;
        out->latest = later(out->latest, entry);
        TRY(tip_append(&out->tip, committer->chain, txn, &entry->event, err));
        out->count++;
    }
    return tip_write(&out->tip, txn, err);
}

static void note(const struct committer *committer, const struct audit_head_row *head)
{
    struct chain_place place = { .sequence = head->sequence };

    memcpy(place.hash, head->chain_hash, AUDIT_HASH_SIZE);
    witness_note(committer->witness, &place);
}

/* Nothing is written, and no time lost on the disk, when no entry may be recorded. */
static enum asap_code record(const struct committer *committer,
                             const struct group *group,
                             bool *is_written,
                             struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct outcome outcome = { .latest = 0 };

    TRY(txn_begin(&txn, committer->store, err));
    TRY(append_all(committer, &txn, group->first, &outcome, err));
    if (outcome.count == 0 && !group->is_trial)
        return ASAP_OK;
    TRY(store_record_time(&txn, outcome.latest, err));
    TRY(txn_commit(&txn, err));
    note(committer, &outcome.tip.head);
    *is_written = true;
    return ASAP_OK;
}

static void set_problem(struct committer *committer, const char *text)
{
    bool is_new = false;
    bool is_over = false;

    (void)pthread_mutex_lock(&committer->mutex);
    is_new = committer->problem[0] == '\0' && text[0] != '\0';
    is_over = committer->problem[0] != '\0' && text[0] == '\0';
    (void)snprintf(committer->problem, sizeof committer->problem, "%s", text);
    (void)pthread_mutex_unlock(&committer->mutex);
    if (is_new)
        log_write(committer->log, LOG_ERROR, "the audit log cannot be written: %s", text);
    if (is_over)
        log_write(committer->log, LOG_WARNING, "the audit log can be written again");
}

static void fail_undecided(struct audit_entry *entry, const char *cause)
{
    if (entry->code == ASAP_OK)
        entry->code = fail_reason(&entry->error, ASAP_UNAVAILABLE, ASAP_REASON_AUDIT_UNAVAILABLE,
                                  "the audit log cannot be written: %s", cause);
}

/* An entry is its owner's again, and may be gone, once done() is called. */
static void finish_all(struct audit_entry *first)
{
    for (struct audit_entry *entry = first, *next = NULL; entry != NULL; entry = next) {
        next = entry->next;
        entry->done(entry);
    }
}

static void commit(struct committer *committer, const struct group *group)
{
    struct asap_error error = { 0 };
    bool is_written = false;
    const enum asap_code code = record(committer, group, &is_written, &error);

    for (struct audit_entry *entry = group->first; code != ASAP_OK && entry != NULL;
         entry = entry->next)
        fail_undecided(entry, error.message);
    if (code != ASAP_OK || is_written)
        set_problem(committer, error.message);
    finish_all(group->first);
}

/* Until something waits, the end has come, or the log is to be tried again. */
static void wait_for_work(struct committer *committer)
{
    struct timespec until = { 0 };
    int waited = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_SECONDS;
    while (committer->count == 0 && !committer->is_closing && waited == 0) {
        if (committer->problem[0] == '\0')
            (void)pthread_cond_wait(&committer->changed, &committer->mutex);
        else
            waited = pthread_cond_timedwait(&committer->changed, &committer->mutex, &until);
    }
}

/* With the mutex held: until the next group is due, or complete, which alone wakes this thread: see
 * enqueue(). */
static void wait_until_due(struct committer *committer)
{
    int waited = 0;

    while (committer->count < GROUP_MAX && !committer->is_closing && waited == 0)
        waited = pthread_cond_timedwait(&committer->changed, &committer->mutex, &committer->due);
    if (committer->count == 1)
        committer->hurried = HURRIED_GROUPS;
}

static void gather(struct committer *committer)
{
    if (committer->count == 0)
        return;
    if (committer->hurried > 0)
        committer->hurried--;
    else
        wait_until_due(committer);
    (void)clock_gettime(CLOCK_MONOTONIC, &committer->due);
    committer->due.tv_nsec += INTERVAL_NS;
    committer->due.tv_sec += committer->due.tv_nsec / SECOND_NS;
    committer->due.tv_nsec %= SECOND_NS;
}

/* With the mutex held: the oldest of what waits. */
static struct audit_entry *take_first(struct committer *committer)
{
    struct audit_entry *const first = committer->first;
    struct audit_entry *end = first;
    size_t taken = 1;

    if (first == NULL)
        return NULL;
    while (taken < GROUP_MAX && end->next != NULL) {
        end = end->next;
        taken++;
    }
    committer->first = end->next;
    committer->count -= taken;
    end->next = NULL;
    return first;
}

/* False when all is done and no more will come. */
static bool take(struct committer *committer, struct group *out)
{
    bool is_over = false;

    (void)pthread_mutex_lock(&committer->mutex);
    wait_for_work(committer);
    gather(committer);
    *out = (struct group){ .first = take_first(committer) };
    out->is_trial = out->first == NULL;
    is_over = out->first == NULL && committer->is_closing;
    (void)pthread_mutex_unlock(&committer->mutex);
    return !is_over;
}

static void *commit_groups(void *context)
{
    struct committer *committer = context;
    struct group group;

    while (take(committer, &group))
        commit(committer, &group);
    return NULL;
}

static void init_locks(struct committer *committer)
{
    pthread_condattr_t attributes;

    (void)pthread_mutex_init(&committer->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&committer->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static void destroy_locks(struct committer *committer)
{
    (void)pthread_cond_destroy(&committer->changed);
    (void)pthread_mutex_destroy(&committer->mutex);
}

enum asap_code committer_start(struct committer *committer, struct asap_error *err)
{
    init_locks(committer);
    if (pthread_create(&committer->thread, NULL, commit_groups, committer) == 0)
        return ASAP_OK;
    destroy_locks(committer);
    return fail(err, ASAP_UNAVAILABLE,
                "cannot start the audit log's thread: raise the limit on tasks");
}

void committer_stop(struct committer *committer)
{
    (void)pthread_mutex_lock(&committer->mutex);
    committer->is_closing = true;
    (void)pthread_cond_broadcast(&committer->changed);
    (void)pthread_mutex_unlock(&committer->mutex);
    (void)pthread_join(committer->thread, NULL);
    destroy_locks(committer);
}

static bool enqueue(struct committer *committer, struct audit_entry *entry)
{
    bool has_room = false;

    (void)pthread_mutex_lock(&committer->mutex);
    has_room = committer->count < QUEUE_MAX;
    if (has_room) {
        if (committer->first == NULL)
            committer->first = entry;
        else
            committer->last->next = entry;
        committer->last = entry;
        committer->count++;
        if (committer->count == 1 || committer->count == GROUP_MAX)
            (void)pthread_cond_signal(&committer->changed);
    }
    (void)pthread_mutex_unlock(&committer->mutex);
    return has_room;
}

void audit_submit(struct audit *audit, struct audit_entry *entry)
{
    entry->code = ASAP_OK;
    entry->error = (struct asap_error){ 0 };
    entry->next = NULL;
    if (enqueue(&audit->committer, entry))
        return;
    entry->code =
        fail_reason(&entry->error, ASAP_UNAVAILABLE, ASAP_REASON_OVERLOADED,
                    "%d events wait to be recorded already (call again later)", QUEUE_MAX);
    entry->done(entry);
}

bool audit_problem(struct audit *audit, char *out, size_t size)
{
    struct committer *committer = &audit->committer;

    (void)pthread_mutex_lock(&committer->mutex);
    (void)snprintf(out, size, "%s%s",
                   committer->problem[0] == '\0' ? "" : "the audit log cannot be written: ",
                   committer->problem);
    (void)pthread_mutex_unlock(&committer->mutex);
    return out[0] != '\0';
}

size_t audit_queue_length(struct audit *audit)
{
    struct committer *committer = &audit->committer;
    size_t count = 0;

    (void)pthread_mutex_lock(&committer->mutex);
    count = committer->count;
    (void)pthread_mutex_unlock(&committer->mutex);
    return count;
}

size_t audit_queue_capacity(void)
{
    return QUEUE_MAX;
}
