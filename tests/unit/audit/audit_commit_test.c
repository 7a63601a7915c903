/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "audit_fixture.h"
#include "audit_parts.h"

/* Events that are handed to the thread that commits them. */

struct submission {
    struct audit_entry entry; /* the first member: done() is told of it */
    atomic_int done_count;
    int64_t head_sequence; /* as it was when it was done */
    pthread_t thread;      /* that said so */
};

static void finish(struct audit_entry *entry)
{
    struct submission *submission = (struct submission *)entry;

    submission->thread = pthread_self();
    (void)atomic_fetch_add(&submission->done_count, 1);
    ck_assert_int_eq(sem_post(&fixture.done), 0);
}

static void look_and_finish(struct audit_entry *entry)
{
    ((struct submission *)entry)->head_sequence = get_head_row().sequence;
    finish(entry);
}

static void prepare(struct submission *submission)
{
    *submission = (struct submission){
        .entry = { .event = { .create_time = NOW, .caller = "ci", .result = "ok" }, .done = finish }
    };
}

static void submit(struct submission *submission)
{
    audit_submit(fixture.audit, &submission->entry);
}

static void wait_for(int count)
{
    for (int i = 0; i < count; i++)
        while (sem_wait(&fixture.done) != 0)
            continue;
}

static enum asap_code record(struct submission *submission)
{
    submit(submission);
    wait_for(1);
    ck_assert_int_eq(atomic_load(&submission->done_count), 1);
    return submission->entry.code;
}

START_TEST(an_event_is_durable_when_it_is_done)
{
    struct submission submission;
    struct audit_row stored;

    prepare(&submission);
    submission.entry.done = look_and_finish;
    ck_assert_int_eq(record(&submission), ASAP_OK);
    ck_assert_int_eq(submission.head_sequence, 1);
    ck_assert_int_eq(submission.entry.event.sequence, 1);
    stored = get_event(1);
    ck_assert_str_eq(stored.caller, "ci");
    assert_intact(1);
}
END_TEST

/* While a transaction is open the thread can begin one group, of whatever waited then; all others
 * wait until it ends and are the second group. */
START_TEST(what_waits_is_committed_together)
{
    static struct submission submissions[50];
    struct txn txn = { 0 };
    int64_t seen[COUNT(submissions) + 1] = { 0 };
    int groups = 0;

    begin(&txn);
    for (int i = 0; i < COUNT(submissions); i++) {
        prepare(&submissions[i]);
        submissions[i].entry.done = look_and_finish;
        submit(&submissions[i]);
    }
    txn_rollback(&txn);
    wait_for(COUNT(submissions));
    for (int i = 0; i < COUNT(submissions); i++) {
        ck_assert_int_eq(submissions[i].entry.code, ASAP_OK);
        ck_assert_int_eq(submissions[i].entry.event.sequence, i + 1);
        ck_assert_int_eq(atomic_load(&submissions[i].done_count), 1);
        if (seen[submissions[i].head_sequence]++ == 0)
            groups++;
    }
    ck_assert_int_le(groups, 2);
    assert_intact(COUNT(submissions));
}
END_TEST

/* The next group is due in an hour, which no test waits for; the `hurried` first ones are not
 * waited for. */
static void postpone(unsigned hurried)
{
    struct committer *committer = &fixture.audit->committer;

    ck_assert_int_eq(pthread_mutex_lock(&committer->mutex), 0);
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &committer->due), 0);
    committer->due.tv_sec += 3600;
    committer->hurried = hurried;
    ck_assert_int_eq(pthread_mutex_unlock(&committer->mutex), 0);
}

static unsigned count_hurried(void)
{
    struct committer *committer = &fixture.audit->committer;
    unsigned hurried = 0;

    ck_assert_int_eq(pthread_mutex_lock(&committer->mutex), 0);
    hurried = committer->hurried;
    ck_assert_int_eq(pthread_mutex_unlock(&committer->mutex), 0);
    return hurried;
}

/* Several times, for the thread may see the first entry only after the last. */
START_TEST(a_group_is_begun_before_it_is_due_when_it_is_complete)
{
    static struct submission submissions[GROUP_MAX];

    for (int round = 1; round <= 10; round++) {
        postpone(0);
        for (int i = 0; i < GROUP_MAX; i++) {
            prepare(&submissions[i]);
            submissions[i].entry.done = look_and_finish;
            submit(&submissions[i]);
            (void)sched_yield();
        }
        wait_for(GROUP_MAX);
        for (int i = 0; i < GROUP_MAX; i++)
            ck_assert_int_eq(submissions[i].head_sequence, round * GROUP_MAX);
    }
}
END_TEST

START_TEST(nothing_is_waited_for_where_that_gathers_nothing)
{
    struct submission submissions[3];

    for (int i = 0; i < COUNT(submissions); i++) {
        prepare(&submissions[i]);
        ck_assert_int_eq(record(&submissions[i]), ASAP_OK);
        postpone(count_hurried());
    }
}
END_TEST

START_TEST(waiting_is_tried_again_and_ends_with_the_server)
{
    struct submission submissions[2];

    prepare(&submissions[0]);
    prepare(&submissions[1]);
    postpone(1);
    ck_assert_int_eq(record(&submissions[0]), ASAP_OK);
    postpone(count_hurried());
    submit(&submissions[1]);
    ck_assert_int_eq(atomic_load(&submissions[1].done_count), 0);
    close_audit();
    ck_assert_int_eq(submissions[1].entry.code, ASAP_OK);
    ck_assert_int_eq(atomic_load(&submissions[1].done_count), 1);
    ck_assert_int_eq(get_head_row().sequence, 2);
}
END_TEST

enum { THREADS = 8, EACH = 100 };

/* Entries are gone as soon as they are done. */
static void finish_and_free(struct audit_entry *entry)
{
    const bool is_recorded = entry->code == ASAP_OK;

    free(entry);
    ck_assert(is_recorded);
    ck_assert_int_eq(sem_post(&fixture.done), 0);
}

static void *submit_many(void *context)
{
    (void)context;
    for (int i = 0; i < EACH; i++) {
        struct submission *submission = malloc(sizeof *submission);

        if (submission == NULL)
            abort();
        prepare(submission);
        submission->entry.done = finish_and_free;
        submit(submission);
    }
    return NULL;
}

START_TEST(many_threads_record_into_one_chain)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, submit_many, NULL), 0);
    append_events(20);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    wait_for(THREADS * EACH);
    assert_intact(THREADS * EACH + 20);
}
END_TEST

static void record_changes(int changes, int access_changes)
{
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    begin(&txn);
    for (int i = 0; i < changes; i++)
        ck_assert_succeeds(store_record_change(&txn, NOW, &err));
    for (int i = 0; i < access_changes; i++)
        ck_assert_succeeds(store_record_access_change(&txn, NOW, &err));
    commit(&txn);
}

static struct server_row get_server(void)
{
    struct server_row server;
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    begin(&txn);
    ck_assert_succeeds(store_get_server(&txn, &server, &err));
    txn_rollback(&txn);
    return server;
}

/* The generations are 2 and 3 here, the latest time NOW. */
static const struct {
    const char *why;
    int64_t generation, access_generation, time;
    enum asap_code code;
    enum asap_reason reason;
} conditions[] = {
    { "as it is", 2, 3, NOW, ASAP_OK, ASAP_REASON_NONE },
    { "keys have changed", 1, 3, NOW, ASAP_ABORTED, ASAP_REASON_NONE },
    { "keys of the future", 3, 3, NOW, ASAP_ABORTED, ASAP_REASON_NONE },
    { "grants have changed", 2, 2, NOW, ASAP_ABORTED, ASAP_REASON_NONE },
    { "a little behind", 2, 3, NOW - SKEW, ASAP_OK, ASAP_REASON_NONE },
    { "far behind", 2, 3, NOW - SKEW - 1, ASAP_FAILED_PRECONDITION, ASAP_REASON_CLOCK_WENT_BACK },
    { "in 1970", 2, 3, 0, ASAP_FAILED_PRECONDITION, ASAP_REASON_CLOCK_WENT_BACK },
    { "later", 2, 3, NOW + 1000, ASAP_OK, ASAP_REASON_NONE },
};

START_TEST(a_conditional_event_is_recorded_only_if_nothing_has_changed)
{
    struct submission submission;
    int64_t wanted = 0;

    record_changes(2, 3);
    prepare(&submission);
    submission.entry.is_conditional = true;
    submission.entry.generation = conditions[_i].generation;
    submission.entry.access_generation = conditions[_i].access_generation;
    submission.entry.event.create_time = conditions[_i].time;
    ck_assert_msg(record(&submission) == conditions[_i].code, "%s", conditions[_i].why);
    ck_assert_int_eq(submission.entry.error.reason, conditions[_i].reason);
    ck_assert_int_eq(submission.entry.error.message[0] == '\0', conditions[_i].code == ASAP_OK);
    ck_assert_int_eq(get_head_row().sequence, conditions[_i].code == ASAP_OK ? 1 : 0);
    wanted =
        conditions[_i].code == ASAP_OK && conditions[_i].time > NOW ? conditions[_i].time : NOW;
    ck_assert_int_eq(get_server().latest_time, wanted);
    ck_assert_int_eq(get_server().generation, 2);
}
END_TEST

START_TEST(an_unconditional_event_is_always_recorded_and_moves_no_time)
{
    static const int64_t times[] = { 0, NOW - 1000, NOW + INT64_C(1000000000) };
    struct submission submission;

    record_changes(2, 3);
    for (int i = 0; i < COUNT(times); i++) {
        prepare(&submission);
        submission.entry.event.create_time = times[i];
        ck_assert_int_eq(record(&submission), ASAP_OK);
    }
    ck_assert_int_eq(get_server().latest_time, NOW);
    prepare(&submission);
    submission.entry.is_conditional = true;
    submission.entry.generation = 2;
    submission.entry.access_generation = 3;
    submission.entry.event.create_time = NOW + 1;
    ck_assert_int_eq(record(&submission), ASAP_OK);
    ck_assert_int_eq(get_server().latest_time, NOW + 1);
}
END_TEST

START_TEST(one_that_is_refused_does_not_take_its_group_along)
{
    static struct submission submissions[9];
    struct txn txn = { 0 };

    begin(&txn);
    for (int i = 0; i < COUNT(submissions); i++) {
        prepare(&submissions[i]);
        submissions[i].entry.is_conditional = i % 3 != 0;
        submissions[i].entry.generation = i % 3 == 1 ? 77 : 0;
        submit(&submissions[i]);
    }
    txn_rollback(&txn);
    wait_for(COUNT(submissions));
    for (int i = 0; i < COUNT(submissions); i++)
        ck_assert_int_eq(submissions[i].entry.code, i % 3 == 1 ? ASAP_ABORTED : ASAP_OK);
    assert_intact(6);
}
END_TEST

/* A number that changes with each commit by another connection. */
static int64_t get_data_version(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    int64_t version = 0;

    ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA data_version", -1, &statement, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    version = sqlite3_column_int64(statement, 0);
    ck_assert_int_eq(sqlite3_finalize(statement), SQLITE_OK);
    return version;
}

START_TEST(nothing_is_written_when_nothing_may_be_recorded)
{
    struct submission submission;
    sqlite3 *db = NULL;
    int64_t version = 0;

    append_events(1);
    ck_assert_int_eq(sqlite3_open(fixture.path, &db), SQLITE_OK);
    version = get_data_version(db);
    prepare(&submission);
    submission.entry.is_conditional = true;
    submission.entry.generation = 77;
    ck_assert_int_eq(record(&submission), ASAP_ABORTED);
    ck_assert_int_eq(get_data_version(db), version);
    prepare(&submission);
    ck_assert_int_eq(record(&submission), ASAP_OK);
    ck_assert_int_ne(get_data_version(db), version);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
END_TEST

/* Nobody has to submit anything for that. */
static void wait_until_well(void)
{
    const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
    char problem[256];

    for (int i = 0; i < 500 && audit_problem(fixture.audit, problem, sizeof problem); i++)
        (void)nanosleep(&pause, NULL);
    ck_assert_str_eq(problem, "");
}

START_TEST(a_log_that_cannot_be_written_says_so_and_recovers)
{
    struct submission submission;
    char problem[256];

    ck_assert(!audit_problem(fixture.audit, problem, sizeof problem));
    append_events(1);
    run_sql("ALTER TABLE audit_event RENAME TO away");
    for (int i = 0; i < 3; i++) {
        prepare(&submission);
        ck_assert_int_eq(record(&submission), ASAP_UNAVAILABLE);
        ck_assert_int_eq(submission.entry.error.reason, ASAP_REASON_AUDIT_UNAVAILABLE);
        ck_assert_ptr_nonnull(strstr(submission.entry.error.message, "no such table"));
        ck_assert(audit_problem(fixture.audit, problem, sizeof problem));
        ck_assert_ptr_nonnull(strstr(problem, "no such table"));
    }
    run_sql("ALTER TABLE away RENAME TO audit_event");
    wait_until_well();
    prepare(&submission);
    ck_assert_int_eq(record(&submission), ASAP_OK);
    assert_intact(2);
    close_audit();
    ck_assert_int_eq(count_logged("the audit log cannot be written: "), 1);
    ck_assert_int_eq(count_logged("the audit log can be written again"), 1);
}
END_TEST

/* One event of this caller is there, so that another fails only when it is added. */
START_TEST(a_refusal_stays_one_when_the_log_fails)
{
    static struct submission submissions[9];
    struct txn txn = { 0 };

    append_events(1);
    run_sql("CREATE UNIQUE INDEX once ON audit_event (caller)");
    begin(&txn);
    for (int i = 0; i < COUNT(submissions); i++) {
        prepare(&submissions[i]);
        submissions[i].entry.is_conditional = true;
        submissions[i].entry.generation = i < 8 ? 77 : 0;
        submit(&submissions[i]);
    }
    txn_rollback(&txn);
    wait_for(COUNT(submissions));
    for (int i = 0; i < COUNT(submissions); i++)
        ck_assert_int_eq(submissions[i].entry.code, i < 8 ? ASAP_ABORTED : ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(submissions[8].entry.error.message, "refuses the row"));
    ck_assert_int_eq(get_head_row().sequence, 1);
}
END_TEST

START_TEST(nothing_is_added_to_a_log_whose_head_was_set_back)
{
    struct submission submission;
    struct audit_row event = { .create_time = NOW, .result = "ok" };
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    append_events(3);
    run_sql("UPDATE audit_head SET sequence = 2, chain_hash = (SELECT chain_hash FROM audit_event"
            " WHERE sequence = 2)");
    prepare(&submission);
    ck_assert_int_eq(record(&submission), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(submission.entry.error.message, "event 3"));
    begin(&txn);
    ck_assert_int_eq(audit_append(fixture.audit, &txn, &event, &err), ASAP_DATA_LOSS);
    txn_rollback(&txn);
}
END_TEST

START_TEST(a_full_queue_refuses_at_once)
{
    enum { MOST = QUEUE_MAX + GROUP_MAX + 1 };
    struct submission *submissions = calloc(MOST, sizeof *submissions);
    struct txn txn = { 0 };
    int count = 0;

    ck_assert_ptr_nonnull(submissions);
    begin(&txn);
    do {
        prepare(&submissions[count]);
        submit(&submissions[count]);
    } while (atomic_load(&submissions[count++].done_count) == 0 && count < MOST);
    ck_assert_int_gt(count, QUEUE_MAX);
    ck_assert_int_eq(submissions[count - 1].entry.code, ASAP_UNAVAILABLE);
    ck_assert_int_eq(submissions[count - 1].entry.error.reason, ASAP_REASON_OVERLOADED);
    ck_assert(pthread_equal(submissions[count - 1].thread, pthread_self()));
    txn_rollback(&txn);
    wait_for(count);
    for (int i = 0; i < count - 1; i++)
        ck_assert_int_eq(submissions[i].entry.code, ASAP_OK);
    assert_intact(count - 1);
    free(submissions);
}
END_TEST

START_TEST(closing_commits_what_was_submitted)
{
    static struct submission submissions[600];

    for (int i = 0; i < COUNT(submissions); i++) {
        prepare(&submissions[i]);
        submit(&submissions[i]);
    }
    close_audit();
    for (int i = 0; i < COUNT(submissions); i++) {
        ck_assert_int_eq(atomic_load(&submissions[i].done_count), 1);
        ck_assert_int_eq(submissions[i].entry.code, ASAP_OK);
    }
    ck_assert_int_eq(get_head_row().sequence, COUNT(submissions));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit commits");
    TCase *cases = tcase_create("commits");

    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, an_event_is_durable_when_it_is_done);
    tcase_add_test(cases, what_waits_is_committed_together);
    tcase_add_test(cases, a_group_is_begun_before_it_is_due_when_it_is_complete);
    tcase_add_test(cases, nothing_is_waited_for_where_that_gathers_nothing);
    tcase_add_test(cases, waiting_is_tried_again_and_ends_with_the_server);
    tcase_add_test(cases, many_threads_record_into_one_chain);
    tcase_add_loop_test(cases, a_conditional_event_is_recorded_only_if_nothing_has_changed, 0,
                        COUNT(conditions));
    tcase_add_test(cases, an_unconditional_event_is_always_recorded_and_moves_no_time);
    tcase_add_test(cases, one_that_is_refused_does_not_take_its_group_along);
    tcase_add_test(cases, nothing_is_written_when_nothing_may_be_recorded);
    tcase_add_test(cases, a_log_that_cannot_be_written_says_so_and_recovers);
    tcase_add_test(cases, a_refusal_stays_one_when_the_log_fails);
    tcase_add_test(cases, nothing_is_added_to_a_log_whose_head_was_set_back);
    tcase_add_test(cases, a_full_queue_refuses_at_once);
    tcase_add_test(cases, closing_commits_what_was_submitted);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
