/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "audit_fixture.h"

/* Event i is of NOW + i; what is removed is recorded at LATER. */

#define LATER (NOW + 100000)

static int64_t prune(int64_t before)
{
    struct asap_error err = { 0 };
    int64_t removed = -1;

    ck_assert_succeeds(audit_prune(fixture.audit, before, LATER, &removed, &err));
    return removed;
}

static int64_t count_events(void)
{
    const struct audit_filter all = { .caller = "", .issuer = "" };
    static struct audit_row rows[64];
    struct asap_error err = { 0 };
    struct txn txn = { 0 };
    size_t count = 0;

    begin(&txn);
    ck_assert_succeeds(store_list_audit_events(&txn, &all, rows, COUNT(rows), &count, &err));
    txn_rollback(&txn);
    return (int64_t)count;
}

START_TEST(what_is_too_old_goes_and_the_rest_stays_verifiable)
{
    struct audit_row event;

    append_events(10);
    ck_assert_int_eq(prune(NOW + 5), 4);
    assert_intact(7);
    ck_assert_int_eq(get_head_row().checkpoint_sequence, 4);
    ck_assert_int_eq(get_event(5).create_time, NOW + 5);
    event = get_event(11);
    ck_assert_int_eq(event.create_time, LATER);
    ck_assert_str_eq(event.caller, "asapd");
    ck_assert_int_eq(event.proof_kind, 0);
    ck_assert_str_eq(event.method, "asap.v1.AuditLog/Prune");
    ck_assert_str_eq(event.result, "ok");
    ck_assert_str_eq(event.message, "removed 4 events, up to event 4");
    ck_assert_int_eq(prune(NOW + 7), 2);
    ck_assert_str_eq(get_event(12).message, "removed 2 events, up to event 6");
    assert_intact(6);
}
END_TEST

START_TEST(nothing_is_recorded_when_nothing_is_removed)
{
    ck_assert_int_eq(prune(LATER), 0);
    append_events(3);
    ck_assert_int_eq(prune(NOW), 0);
    ck_assert_int_eq(prune(NOW + 1), 0);
    ck_assert_int_eq(get_head_row().sequence, 3);
    ck_assert(!get_head_row().has_checkpoint);
}
END_TEST

START_TEST(the_newest_event_stays)
{
    append_events(1);
    ck_assert_int_eq(prune(LATER + 1), 0);
    append_events(4);
    ck_assert_int_eq(prune(INT64_MAX), 4);
    ck_assert_int_eq(get_event(5).create_time, NOW + 4);
    ck_assert_int_eq(get_head_row().sequence, 6);
    ck_assert_int_eq(count_events(), 2);
    assert_intact(2);
}
END_TEST

START_TEST(a_long_log_is_pruned_in_several_transactions)
{
    append_events(4500);
    ck_assert_int_eq(prune(NOW + 4491), 4490);
    ck_assert_str_eq(get_event(4501).message, "removed 2000 events, up to event 2000");
    ck_assert_str_eq(get_event(4502).message, "removed 2000 events, up to event 4000");
    ck_assert_str_eq(get_event(4503).message, "removed 490 events, up to event 4490");
    assert_intact(13);
}
END_TEST

START_TEST(a_very_long_log_is_pruned_by_several_calls)
{
    append_events(AUDIT_PRUNE_MAX + 10);
    ck_assert_int_eq(prune(INT64_MAX), AUDIT_PRUNE_MAX);
    ck_assert_int_eq(get_head_row().checkpoint_sequence, AUDIT_PRUNE_MAX);
    assert_intact(20);
    ck_assert_int_eq(prune(INT64_MAX), 19);
    assert_intact(2);
}
END_TEST

static const struct {
    int64_t signed_sequence;
    const char *problem;
} heads[] = {
    { 3, "the head is of event 3, which cannot be checked any more, since the events up to 5 have"
         " been removed" },
    { 5, "" },
    { 6, "" },
    { 10, "" },
};

START_TEST(a_head_from_before_the_removal_still_serves)
{
    char head[AUDIT_HEAD_TEXT_SIZE];
    struct audit_finding finding;
    struct asap_error err = { 0 };

    append_events_between(1, heads[_i].signed_sequence);
    ck_assert_succeeds(audit_get_head(fixture.audit, head, &err));
    append_events_between(heads[_i].signed_sequence + 1, 10);
    ck_assert_int_eq(prune(NOW + 6), 5);
    finding = verify(head);
    ck_assert_msg(finding.is_intact, "%s", finding.problem);
    ck_assert_str_eq(finding.problem, heads[_i].problem);
    ck_assert_int_eq(finding.event_count, 6);
}
END_TEST

static const struct {
    const char *sql, *problem;
} attacks[] = {
    { "UPDATE audit_event SET caller = 'x' WHERE sequence = 5", "event 5 is not as it was" },
    { "DELETE FROM audit_event WHERE sequence = 5", "event 5 is missing" },
    { "DELETE FROM audit_event WHERE sequence = 7", "event 7 is missing" },
    { "UPDATE audit_head SET checkpoint_mac = randomblob(32)", "forged" },
    { "UPDATE audit_head SET checkpoint_sequence = 5", "forged" },
};

/* The removal would be genuine, and hide what was not. */
START_TEST(what_was_altered_is_not_removed)
{
    struct asap_error err = { 0 };
    int64_t removed = -1;
    int64_t count = 0;

    append_events(10);
    ck_assert_int_eq(prune(NOW + 4), 3);
    run_sql(attacks[_i].sql);
    count = count_events();
    ck_assert_int_eq(audit_prune(fixture.audit, NOW + 9, LATER, &removed, &err), ASAP_DATA_LOSS);
    ck_assert_msg(strstr(err.message, attacks[_i].problem) != NULL, "%s", err.message);
    ck_assert_int_eq(removed, 0);
    ck_assert_int_eq(count_events(), count);
    ck_assert(!verify("").is_intact);
}
END_TEST

static const struct {
    const char *sql;
    int64_t broken;
    const char *problem;
} returns[] = {
    { "INSERT INTO audit_event SELECT 2, create_time, caller, proof_kind, proof, method, result,"
      " message, issuer, key_id, token_id, request_id, chain_hash FROM audit_event"
      " WHERE sequence = 5",
      2, "event 2 was removed, and is there again" },
    { "UPDATE audit_head SET checkpoint_sequence = 5", 5, "the checkpoint at event 5 is forged" },
    { "UPDATE audit_head SET checkpoint_sequence = 0, checkpoint_hash = zeroblob(32),"
      " checkpoint_mac = x''",
      1, "event 1 is missing" },
    { "DELETE FROM audit_event WHERE sequence = 4", 4, "event 4 is missing" },
};

START_TEST(attacks_on_a_pruned_log_are_found)
{
    struct audit_finding finding;

    append_events(10);
    ck_assert_int_eq(prune(NOW + 4), 3);
    run_sql(returns[_i].sql);
    finding = verify("");
    ck_assert(!finding.is_intact);
    ck_assert_int_eq(finding.broken_sequence, returns[_i].broken);
    ck_assert_msg(strstr(finding.problem, returns[_i].problem) != NULL, "%s", finding.problem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit retention");
    TCase *cases = tcase_create("retention");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, what_is_too_old_goes_and_the_rest_stays_verifiable);
    tcase_add_test(cases, nothing_is_recorded_when_nothing_is_removed);
    tcase_add_test(cases, the_newest_event_stays);
    tcase_add_test(cases, a_long_log_is_pruned_in_several_transactions);
    tcase_add_test(cases, a_very_long_log_is_pruned_by_several_calls);
    tcase_add_loop_test(cases, a_head_from_before_the_removal_still_serves, 0, COUNT(heads));
    tcase_add_loop_test(cases, what_was_altered_is_not_removed, 0, COUNT(attacks));
    tcase_add_loop_test(cases, attacks_on_a_pruned_log_are_found, 0, COUNT(returns));
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
