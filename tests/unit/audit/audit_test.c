/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_fixture.h"

/* Events that a change records in its own transaction, and the signed head. */

static struct audit_row append(struct txn *txn, int64_t time)
{
    struct audit_row event = { .create_time = time, .caller = "ci", .result = "ok" };
    struct asap_error err = { 0 };

    ck_assert_succeeds(audit_append(fixture.audit, txn, &event, &err));
    return event;
}

START_TEST(events_are_numbered_from_1_and_each_has_its_hash)
{
    struct txn txn = { 0 };
    struct audit_row events[3];

    begin(&txn);
    for (int i = 0; i < 3; i++)
        events[i] = append(&txn, NOW);
    commit(&txn);
    for (int i = 0; i < 3; i++) {
        const struct audit_row stored = get_event(i + 1);

        ck_assert_int_eq(events[i].sequence, i + 1);
        ck_assert_mem_eq(stored.chain_hash, events[i].chain_hash, AUDIT_HASH_SIZE);
    }
    ck_assert_mem_ne(events[0].chain_hash, events[1].chain_hash, AUDIT_HASH_SIZE);
    ck_assert_mem_eq(get_head_row().chain_hash, events[2].chain_hash, AUDIT_HASH_SIZE);
    ck_assert_int_eq(get_head_row().sequence, 3);
}
END_TEST

START_TEST(the_order_of_events_is_that_of_their_times)
{
    struct txn txn = { 0 };

    begin(&txn);
    ck_assert_int_eq(append(&txn, NOW).create_time, NOW);
    ck_assert_int_eq(append(&txn, NOW - 5).create_time, NOW);
    ck_assert_int_eq(append(&txn, NOW + 1).create_time, NOW + 1);
    commit(&txn);
    begin(&txn);
    ck_assert_int_eq(append(&txn, NOW).create_time, NOW + 1);
    commit(&txn);
    assert_intact(4);
}
END_TEST

START_TEST(a_change_that_is_undone_leaves_no_event)
{
    struct txn txn = { 0 };

    append_events(1);
    begin(&txn);
    (void)append(&txn, NOW);
    txn_rollback(&txn);
    ck_assert_int_eq(get_head_row().sequence, 1);
    append_events(1);
    assert_intact(2);
}
END_TEST

START_TEST(texts_that_no_log_can_hold_do_not_stop_it)
{
    struct audit_row event;
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    memset(&event, 0xff, sizeof event);
    begin(&txn);
    ck_assert_succeeds(audit_append(fixture.audit, &txn, &event, &err));
    commit(&txn);
    assert_intact(1);
}
END_TEST

START_TEST(the_log_goes_on_after_a_restart)
{
    append_events(2);
    close_audit();
    open_audit();
    append_events(2);
    assert_intact(4);
}
END_TEST

START_TEST(an_empty_log_is_intact_and_has_no_head)
{
    char head[AUDIT_HEAD_TEXT_SIZE];
    struct asap_error err = { 0 };

    assert_intact(0);
    ck_assert_str_eq(verify("").head, "");
    ck_assert_int_eq(audit_get_head(fixture.audit, head, &err), ASAP_NOT_FOUND);
    ck_assert_str_eq(head, "");
}
END_TEST

START_TEST(the_head_is_that_of_the_newest_event)
{
    char head[AUDIT_HEAD_TEXT_SIZE];
    struct asap_error err = { 0 };

    append_events(12);
    ck_assert_succeeds(audit_get_head(fixture.audit, head, &err));
    ck_assert_int_eq(strncmp(head, "v1.12.", 6), 0);
    ck_assert_str_eq(verify(head).head, head);
}
END_TEST

START_TEST(a_short_key_opens_no_log)
{
    struct audit *other = NULL;
    struct asap_error err = { 0 };

    fixture.key.length = 16;
    ck_assert_int_eq(audit_open(fixture.store, &fixture.key, SKEW, &fixture.log, &other, &err),
                     ASAP_INTERNAL);
    ck_assert_ptr_null(other);
    fixture.key.length = 32;
}
END_TEST

START_TEST(another_key_finds_every_event_altered)
{
    append_events(3);
    close_audit();
    fixture.key.bytes[0] ^= 1;
    open_audit();
    ck_assert_int_eq(verify("").broken_sequence, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit log");
    TCase *cases = tcase_create("events");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, events_are_numbered_from_1_and_each_has_its_hash);
    tcase_add_test(cases, the_order_of_events_is_that_of_their_times);
    tcase_add_test(cases, a_change_that_is_undone_leaves_no_event);
    tcase_add_test(cases, texts_that_no_log_can_hold_do_not_stop_it);
    tcase_add_test(cases, the_log_goes_on_after_a_restart);
    tcase_add_test(cases, an_empty_log_is_intact_and_has_no_head);
    tcase_add_test(cases, the_head_is_that_of_the_newest_event);
    tcase_add_test(cases, a_short_key_opens_no_log);
    tcase_add_test(cases, another_key_finds_every_event_altered);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
