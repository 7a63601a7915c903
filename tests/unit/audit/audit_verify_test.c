/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_fixture.h"
#include "walk.h"

/* What whoever has the database, but not the key, can do to the log. */

#define ALTER(assignment) "UPDATE audit_event SET " assignment " WHERE sequence = 5"
#define UNCHECKED "PRAGMA ignore_check_constraints = ON;"
#define HASH_OF(sequence) "(SELECT chain_hash FROM audit_event WHERE sequence = " #sequence ")"

static const struct {
    const char *why, *sql;
    int64_t broken;
    const char *problem;
} attacks[] = {
    { "caller", ALTER("caller = 'ops'"), 5, "event 5 is not as it was recorded" },
    { "time", ALTER("create_time = create_time + 1"), 5, "event 5 is not as it was recorded" },
    { "kind of proof", ALTER("proof_kind = 1"), 5, "event 5 is not as it was recorded" },
    { "result", ALTER("result = 'ok '"), 5, "event 5 is not as it was recorded" },
    { "message", ALTER("message = 'x'"), 5, "event 5 is not as it was recorded" },
    { "id of a token", ALTER("token_id = 'x'"), 5, "event 5 is not as it was recorded" },
    { "hash", ALTER("chain_hash = randomblob(32)"), 5, "event 5 is not as it was recorded" },
    { "hash of another", ALTER("chain_hash = " HASH_OF(4)), 5, "event 5 is not as it was" },
    { "too long", UNCHECKED ALTER("caller = hex(zeroblob(200))"), 5, "event 5 is not as it was" },
    { "short hash", UNCHECKED ALTER("chain_hash = x'00'"), 5, "event 5 is not as it was" },
    { "no UTF-8", ALTER("caller = CAST(x'ff' AS TEXT)"), 5, "event 5 is not as it was recorded" },
    { "a NUL", ALTER("caller = CAST(x'636900' AS TEXT)"), 5, "event 5 is not as it was" },
    { "too long where nothing was", UNCHECKED ALTER("issuer = hex(zeroblob(200))"), 5,
      "event 5 is not as it was recorded" },
    { "no UTF-8 where nothing was", ALTER("issuer = CAST(x'ff' AS TEXT)"), 5,
      "event 5 is not as it was recorded" },
    { "a NUL where nothing was", ALTER("issuer = CAST(x'00' AS TEXT)"), 5,
      "event 5 is not as it was recorded" },
    { "negative time", UNCHECKED ALTER("create_time = -1"), 5,
      "event 5 is not as it was recorded" },
    { "first removed", "DELETE FROM audit_event WHERE sequence = 1", 1, "event 1 is missing" },
    { "one removed", "DELETE FROM audit_event WHERE sequence = 5", 5, "event 5 is missing" },
    { "some removed", "DELETE FROM audit_event WHERE sequence < 5", 1, "event 1 is missing" },
    { "newest removed", "DELETE FROM audit_event WHERE sequence = 10", 10,
      "the newest events, from 10 on, are missing" },
    { "all removed", "DELETE FROM audit_event", 1, "the newest events, from 1 on, are missing" },
    { "two swapped",
      "UPDATE audit_event SET sequence = 99 WHERE sequence = 5;"
      "UPDATE audit_event SET sequence = 5 WHERE sequence = 6;"
      "UPDATE audit_event SET sequence = 6 WHERE sequence = 99",
      5, "event 5 is not as it was recorded" },
    { "closed up",
      "DELETE FROM audit_event WHERE sequence = 5;"
      "UPDATE audit_event SET sequence = 5 WHERE sequence = 6",
      5, "event 5 is not as it was recorded" },
    { "moved to the end",
      "UPDATE audit_event SET sequence = 11 WHERE sequence = 5;"
      "UPDATE audit_head SET sequence = 11",
      5, "event 5 is missing" },
    { "one added",
      "INSERT INTO audit_event SELECT 11, create_time, caller, proof_kind, proof, method, result,"
      " message, issuer, key_id, token_id, request_id, chain_hash FROM audit_event"
      " WHERE sequence = 10; UPDATE audit_head SET sequence = 11",
      11, "event 11 is not as it was recorded" },
    { "head of another", "UPDATE audit_head SET chain_hash = " HASH_OF(9), 10,
      "the log's head is forged" },
    { "earlier head", "UPDATE audit_head SET sequence = 9, chain_hash = " HASH_OF(9), 10,
      "event 10 is there, but the log's head says that 9 is the newest" },
    { "later head", "UPDATE audit_head SET sequence = 12", 11,
      "the newest events, from 11 on, are missing" },
    { "no head", "DELETE FROM audit_head", 1, "damaged" },
    { "damaged head", UNCHECKED "UPDATE audit_head SET chain_hash = x'00'", 1, "damaged" },
    { "head without a successor", "UPDATE audit_head SET sequence = 9223372036854775807", 1,
      "damaged" },
    { "old end removed",
      "UPDATE audit_head SET checkpoint_sequence = 3, checkpoint_hash = " HASH_OF(
          3) ", checkpoint_mac = randomblob(32); DELETE FROM audit_event WHERE sequence <= 3",
      3, "the checkpoint at event 3 is forged" },
    { "old end removed, no MAC",
      "UPDATE audit_head SET checkpoint_sequence = 3, checkpoint_hash = " HASH_OF(
          3) "; DELETE FROM audit_event WHERE sequence <= 3",
      3, "the checkpoint at event 3 is forged" },
    { "all removed, head as checkpoint",
      "UPDATE audit_head SET checkpoint_sequence = 10, checkpoint_hash = chain_hash,"
      " checkpoint_mac = randomblob(32); DELETE FROM audit_event",
      10, "the checkpoint at event 10 is forged" },
    { "another beginning", "UPDATE audit_head SET checkpoint_hash = randomblob(32)", 1,
      "is forged" },
};

START_TEST(whatever_was_altered_removed_or_moved_is_named)
{
    struct audit_finding finding;

    append_events(10);
    assert_intact(10);
    run_sql(attacks[_i].sql);
    finding = verify("");
    ck_assert_msg(!finding.is_intact, "%s", attacks[_i].why);
    ck_assert_msg(finding.broken_sequence == attacks[_i].broken, "%s: %d: %s", attacks[_i].why,
                  (int)finding.broken_sequence, finding.problem);
    ck_assert_msg(strstr(finding.problem, attacks[_i].problem) != NULL, "%s: %s", attacks[_i].why,
                  finding.problem);
    ck_assert_str_eq(finding.head, "");
}
END_TEST

/* These leave a whole log: only a head that was written down before shows what is missing. */
static const struct {
    const char *why, *sql;
    int64_t broken;
    const char *problem;
} cuts[] = {
    { "the tail",
      "DELETE FROM audit_event WHERE sequence > 7;"
      "UPDATE audit_head SET sequence = 7, chain_hash = " HASH_OF(7),
      8, "the log ends at 7, but there was an event 10" },
    { "everything",
      "DELETE FROM audit_event; UPDATE audit_head SET sequence = 0, chain_hash = zeroblob(32)", 1,
      "the log ends at 0, but there was an event 10" },
};

START_TEST(a_tail_that_was_cut_off_is_found_by_an_earlier_head)
{
    struct audit_finding finding;
    char head[AUDIT_HEAD_TEXT_SIZE];
    struct asap_error err = { 0 };

    append_events(10);
    ck_assert_succeeds(audit_get_head(fixture.audit, head, &err));
    run_sql(cuts[_i].sql);
    ck_assert(verify("").is_intact);
    finding = verify(head);
    ck_assert_msg(!finding.is_intact, "%s", cuts[_i].why);
    ck_assert_int_eq(finding.broken_sequence, cuts[_i].broken);
    ck_assert_msg(strstr(finding.problem, cuts[_i].problem) != NULL, "%s", finding.problem);
}
END_TEST

START_TEST(a_log_that_went_another_way_is_found_by_an_earlier_head)
{
    struct audit_finding finding;
    char head[AUDIT_HEAD_TEXT_SIZE];
    struct asap_error err = { 0 };

    append_events(10);
    ck_assert_succeeds(audit_get_head(fixture.audit, head, &err));
    close_audit(); /* a server that has seen the events would write no others in their place */
    run_sql(cuts[0].sql);
    open_audit();
    append_events(5);
    ck_assert(verify("").is_intact);
    finding = verify(head);
    ck_assert(!finding.is_intact);
    ck_assert_int_eq(finding.broken_sequence, 10);
    ck_assert_str_eq(finding.problem, "event 10 is another than when the head was signed");
}
END_TEST

/* What is left of ten events, one of them seen, after a failover that lost some. */
static const char *const forks[] = {
    "DELETE FROM audit_event WHERE sequence > 7;"
    "UPDATE audit_head SET sequence = 7, chain_hash = " HASH_OF(7),
    "UPDATE audit_event SET chain_hash = randomblob(32) WHERE sequence = 10;"
    "UPDATE audit_head SET chain_hash = " HASH_OF(10),
    "UPDATE audit_event SET chain_hash = randomblob(32) WHERE sequence = 10;"
    "INSERT INTO audit_event SELECT 11, create_time, caller, proof_kind, proof, method, result,"
    " message, issuer, key_id, token_id, request_id, randomblob(32) FROM audit_event"
    " WHERE sequence = 10;"
    "UPDATE audit_head SET sequence = 11, chain_hash = " HASH_OF(11),
};

START_TEST(a_log_without_an_event_that_was_seen_is_not_written_to)
{
    char head[AUDIT_HEAD_TEXT_SIZE];
    struct asap_error err = { 0 };
    struct audit_row event = { .create_time = NOW, .caller = "ci", .result = "ok" };
    SCOPED(txn) struct txn txn = { 0 };

    append_events(10);
    ck_assert_succeeds(audit_get_head(fixture.audit, head, &err));
    append_events(1);
    run_sql("DELETE FROM audit_event WHERE sequence = 11;"
            "UPDATE audit_head SET sequence = 10, chain_hash = " HASH_OF(10));
    append_events(1);
    run_sql("DELETE FROM audit_event WHERE sequence = 11;"
            "UPDATE audit_head SET sequence = 10, chain_hash = " HASH_OF(10));
    run_sql(forks[_i]);
    begin(&txn);
    ck_assert_int_eq(audit_append(fixture.audit, &txn, &event, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_ptr_nonnull(strstr(err.message, "the database went back"));
    txn_rollback(&txn);
    close_audit();
    open_audit();
    append_events(1);
}
END_TEST

START_TEST(an_earlier_head_fits_a_log_that_has_grown)
{
    char head[AUDIT_HEAD_TEXT_SIZE];
    struct audit_finding finding;
    struct asap_error err = { 0 };

    append_events(4);
    ck_assert_succeeds(audit_get_head(fixture.audit, head, &err));
    append_events(6);
    finding = verify(head);
    ck_assert_msg(finding.is_intact, "%s", finding.problem);
    ck_assert_str_eq(finding.problem, "");
    ck_assert_int_eq(finding.event_count, 10);
    ck_assert_int_eq(strncmp(finding.head, "v1.10.", 6), 0);
}
END_TEST

START_TEST(a_word_that_is_no_head_is_refused)
{
    struct audit_finding finding;
    struct asap_error err = { 0 };

    append_events(1);
    ck_assert_int_eq(audit_verify(fixture.audit, "v1.1.x.y", &finding, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "head");
}
END_TEST

static const int64_t places[] = { 1, WALK_SLICE, WALK_SLICE + 1, 2 * WALK_SLICE,
                                  2 * WALK_SLICE + 203 };

START_TEST(a_long_log_is_checked_to_its_end)
{
    const int64_t place = places[_i];
    struct audit_finding finding;
    char sql[128];

    append_events(2 * WALK_SLICE + 203);
    assert_intact(2 * WALK_SLICE + 203);
    (void)snprintf(sql, sizeof sql, "UPDATE audit_event SET caller = 'x' WHERE sequence = %d",
                   (int)place);
    run_sql(sql);
    finding = verify("");
    ck_assert_int_eq(finding.broken_sequence, place);
    ck_assert_int_eq(finding.event_count, place - 1);
}
END_TEST

START_TEST(a_log_that_ends_with_a_slice_is_intact)
{
    append_events(WALK_SLICE);
    assert_intact(WALK_SLICE);
}
END_TEST

START_TEST(a_log_that_cannot_be_read_is_not_called_broken)
{
    struct audit_finding finding;
    struct asap_error err = { 0 };

    append_events(1);
    run_sql("ALTER TABLE audit_event RENAME TO away");
    ck_assert_int_eq(audit_verify(fixture.audit, "", &finding, &err), ASAP_UNAVAILABLE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit verification");
    TCase *cases = tcase_create("verification");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, whatever_was_altered_removed_or_moved_is_named, 0, COUNT(attacks));
    tcase_add_loop_test(cases, a_tail_that_was_cut_off_is_found_by_an_earlier_head, 0, COUNT(cuts));
    tcase_add_test(cases, a_log_that_went_another_way_is_found_by_an_earlier_head);
    tcase_add_loop_test(cases, a_log_without_an_event_that_was_seen_is_not_written_to, 0,
                        COUNT(forks));
    tcase_add_test(cases, an_earlier_head_fits_a_log_that_has_grown);
    tcase_add_test(cases, a_word_that_is_no_head_is_refused);
    tcase_add_loop_test(cases, a_long_log_is_checked_to_its_end, 0, COUNT(places));
    tcase_add_test(cases, a_log_that_ends_with_a_slice_is_intact);
    tcase_add_test(cases, a_log_that_cannot_be_read_is_not_called_broken);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
