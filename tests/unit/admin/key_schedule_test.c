/* SPDX-License-Identifier: Apache-2.0 */
#include "key_schedule.h"

#include <stdio.h>
#include <string.h>

#include "admin_fixture.h"
#include "key_destruction.h"
#include "manage_issuers.h"
#include "store_audit.h"
#include "store_server.h"

/* What happens to keys by itself, by the hour. */

#define PERIOD INT64_C(86400)

static int64_t elapsed_ms;
static int64_t step_ms; /* how long each look at the clock takes */

static int64_t fake_monotonic_ms(void)
{
    elapsed_ms += step_ms;
    return elapsed_ms;
}

static struct key_schedule schedule;

static void set_up_schedule(void)
{
    set_up();
    elapsed_ms = 0;
    step_ms = 0;
    schedule = (struct key_schedule){ .admin = &fixture.admin,
                                      .log = &fixture.log,
                                      .monotonic_ms = fake_monotonic_ms };
}

static void tear_down_schedule(void)
{
    key_schedule_clear(&schedule);
    tear_down();
}

static enum asap_code finish(enum asap_code code, struct change *change, struct asap_error *err)
{
    if (code == ASAP_OK)
        code = change_finish(change, err);
    change_scope_exit(change);
    return code;
}

static void create(const char *name, int64_t period)
{
    struct asap_error err = { 0 };
    struct issuer_row row = {
        .managed = true, .algorithm = "ES256", .max_lifetime = 3600, .rotation_period = period
    };
    struct change change = { .admin = &fixture.admin, .now = CREATED };

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    ck_assert_succeeds(finish(keys_create_issuer(&change, &row, &err), &change, &err));
}

static void rotate(const char *issuer, int64_t now)
{
    struct asap_error err = { 0 };
    struct change change = { .admin = &fixture.admin, .now = now };
    SCOPED(key_plan) struct key_plan plan = { 0 };

    ck_assert_succeeds(finish(
        keys_rotate(&change, &(struct rotation){ issuer, "", NULL }, &plan, &err), &change, &err));
}

static int64_t generation(void)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct server_row server;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_get_server(&txn, &server, &err));
    return server.generation;
}

static int64_t first_signature(const char *issuer, int64_t now)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    const struct published_key *active = NULL;
    int64_t time = 0;

    (void)key_schedule_due(snapshot_find_issuer(snapshot, issuer), 1, now, &active);
    time = active == NULL ? -1 : active->times.sign_time;
    keyring_release(fixture.admin.keyring, snapshot);
    return time;
}

struct counted {
    int64_t count;
    struct audit_row last;
};

static struct counted count_events(const char *method)
{
    enum { EVENTS_MOST = 64 };
    static struct audit_row rows[EVENTS_MOST];
    const struct audit_filter all = { .caller = "", .issuer = "" };
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct counted counted = { .count = 0 };
    size_t count = 0;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_list_audit_events(&txn, &all, rows, EVENTS_MOST, &count, &err));
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].method, method) == 0) {
            counted.count++;
            counted.last = rows[i];
        }
    return counted;
}

START_TEST(keys_rotate_in_the_second_in_which_the_period_is_over)
{
    create("a", PERIOD);
    create("b", 0);
    key_schedule_run(&schedule, CREATED);
    key_schedule_run(&schedule, CREATED + PERIOD - 1);
    ck_assert_int_eq(first_signature("a", CREATED + PERIOD - 1), CREATED);
    key_schedule_run(&schedule, CREATED + PERIOD);
    ck_assert_int_eq(first_signature("a", CREATED + PERIOD), CREATED + PERIOD);
    ck_assert_int_eq(first_signature("b", CREATED + PERIOD), CREATED);
    key_schedule_run(&schedule, CREATED + 2 * PERIOD - 1);
    ck_assert_int_eq(generation(), 3);
    key_schedule_run(&schedule, CREATED + 2 * PERIOD);
    ck_assert_int_eq(generation(), 4);
}
END_TEST

START_TEST(a_rotation_that_was_missed_happens_at_the_start)
{
    create("a", PERIOD);
    key_schedule_run(&schedule, CREATED + 10 * PERIOD);
    ck_assert_int_eq(first_signature("a", CREATED + 10 * PERIOD), CREATED + 10 * PERIOD);
    key_schedule_run(&schedule, CREATED + 10 * PERIOD + 1);
    ck_assert_int_eq(generation(), 2);
}
END_TEST

START_TEST(a_rotation_by_hand_puts_the_next_one_off)
{
    create("a", PERIOD);
    rotate("a", CREATED + 5000);
    key_schedule_run(&schedule, CREATED + PERIOD);
    ck_assert_int_eq(first_signature("a", CREATED + PERIOD), CREATED + 5000);
    key_schedule_run(&schedule, CREATED + PERIOD + 5000);
    ck_assert_int_eq(first_signature("a", CREATED + PERIOD + 5000), CREATED + PERIOD + 5000);
}
END_TEST

START_TEST(keys_of_others_do_not_put_it_off)
{
    SCOPED(pkey) EVP_PKEY *pair = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    struct asap_error err = { 0 };
    struct change change = { .admin = &fixture.admin, .now = CREATED + 5000 };
    struct publication publication = { "a", "external", NULL, "", LIFECYCLE_NEVER };
    struct key_row row;

    create("a", PERIOD);
    ck_assert_succeeds(vault_generate(algorithm_find("ES256", 5), &pair, &err));
    ck_assert_succeeds(pem_write_public(pair, &pem, &err));
    publication.public_key = pem.bytes;
    ck_assert_succeeds(finish(keys_publish(&change, &publication, &row, &err), &change, &err));
    key_schedule_run(&schedule, CREATED + PERIOD);
    ck_assert_int_eq(first_signature("a", CREATED + PERIOD), CREATED + PERIOD);
}
END_TEST

START_TEST(a_planned_promotion_is_waited_for_and_counted_from)
{
    create("a", PERIOD);
    rotate("a", CREATED + 100); /* signs from the lead on */
    key_schedule_run(&schedule, CREATED + 200);
    key_schedule_run(&schedule, CREATED + PERIOD + 899);
    ck_assert_int_eq(generation(), 2);
    key_schedule_run(&schedule, CREATED + PERIOD + 900);
    ck_assert_int_eq(generation(), 3);
}
END_TEST

START_TEST(a_period_that_changes_takes_effect_at_once)
{
    struct asap_error err = { 0 };
    struct issuer_row row;
    struct change change = { .admin = &fixture.admin, .now = CREATED + 5000 };
    const struct issuer_update update = {
        .name = "a", .algorithm = "", .has_rotation_period = true, .rotation_period = 1800
    };

    create("a", PERIOD);
    key_schedule_run(&schedule, CREATED + 5000);
    ck_assert_succeeds(finish(keys_update_issuer(&change, &update, &row, &err), &change, &err));
    key_schedule_run(&schedule, CREATED + 5001);
    ck_assert_int_eq(first_signature("a", CREATED + 5001), CREATED + 5001);
}
END_TEST

START_TEST(a_rotation_by_itself_is_an_event_of_asapd)
{
    struct counted counted;

    create("a", PERIOD);
    key_schedule_run(&schedule, CREATED + PERIOD);
    counted = count_events("asap.v1.KeyAdmin/RotateKey");
    ck_assert_int_eq(counted.count, 1);
    ck_assert_str_eq(counted.last.caller, "asapd");
    ck_assert_str_eq(counted.last.issuer, "a");
    ck_assert_str_eq(counted.last.message, "the rotation period is over");
    ck_assert_int_eq(strncmp(counted.last.key_id, "a/", 2), 0);
}
END_TEST

/* Another daemon on the same database, whose keyring is its own. */
START_TEST(of_several_daemons_one_rotates)
{
    struct asap_error err = { 0 };
    struct admin other = fixture.admin;
    struct key_schedule others = { .log = &fixture.log, .monotonic_ms = fake_monotonic_ms };

    create("a", PERIOD);
    ck_assert_succeeds(keyring_new(&fixture.log, &other.keyring, &err));
    ck_assert_succeeds(keyring_reload(other.keyring, other.store, CREATED, &err));
    others.admin = &other;
    key_schedule_run(&schedule, CREATED + PERIOD);
    key_schedule_run(&others, CREATED + PERIOD);
    ck_assert_int_eq(generation(), 2);
    ck_assert_int_eq(count_events("asap.v1.KeyAdmin/RotateKey").count, 1);
    ck_assert_uint_eq(others.setback_count, 0);
    key_schedule_clear(&others);
    keyring_free(other.keyring);
}
END_TEST

/* By another daemon: this one's keyring has the issuer still. */
START_TEST(an_issuer_that_was_deleted_meanwhile_is_no_failure)
{
    struct asap_error err = { 0 };
    struct admin other = fixture.admin;
    struct change change = { .admin = &other, .now = CREATED + 5 };
    const struct issuer_deletion deletion = { "a", true };
    struct issuer_row row;
    size_t published = 0;

    create("a", PERIOD);
    ck_assert_succeeds(keyring_new(&fixture.log, &other.keyring, &err));
    ck_assert_succeeds(
        finish(keys_delete_issuer(&change, &deletion, &row, &published, &err), &change, &err));
    key_schedule_run(&schedule, CREATED + PERIOD);
    ck_assert_uint_eq(schedule.setback_count, 0);
    keyring_free(other.keyring);
}
END_TEST

START_TEST(a_turn_ends_after_a_while_and_the_next_one_goes_on)
{
    create("a", PERIOD);
    create("b", PERIOD);
    create("c", PERIOD);
    step_ms = 1000;
    for (int64_t turn = 1; turn <= 3; turn++) {
        key_schedule_run(&schedule, CREATED + PERIOD);
        ck_assert_int_eq(generation(), 3 + turn);
    }
    key_schedule_run(&schedule, CREATED + PERIOD);
    ck_assert_int_eq(generation(), 6);
    rotate("a", CREATED + PERIOD + 1);
    step_ms = 0;
    key_schedule_run(&schedule, CREATED + 3 * PERIOD);
    ck_assert_int_eq(generation(), 10);
}
END_TEST

/* Whatever is read while nothing is due needs the store. */
START_TEST(nothing_is_read_while_nothing_is_due)
{
    struct admin storeless = fixture.admin;

    create("a", PERIOD);
    key_schedule_run(&schedule, CREATED);
    storeless.store = NULL;
    schedule.admin = &storeless;
    key_schedule_run(&schedule, CREATED + 1);
    key_schedule_run(&schedule, CREATED + PERIOD - 1);
    ck_assert_uint_eq(schedule.setback_count, 0);
}
END_TEST

/* Though the snapshot still has a key that retired before a change of others. */
START_TEST(what_has_retired_costs_nothing_more)
{
    const int64_t end = lifecycle_end_of_tokens(&policy, CREATED + 5000, 3600);
    struct admin storeless = fixture.admin;

    create("a", 0);
    create("b", 0);
    rotate("a", CREATED + 5000);
    key_schedule_run(&schedule, end);
    rotate("b", end + 1);
    storeless.store = NULL;
    schedule.admin = &storeless;
    key_schedule_run(&schedule, end + 2);
    ck_assert_uint_eq(schedule.setback_count, 0);
}
END_TEST

static void break_algorithm(const char *issuer, const char *algorithm)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct issuer_row row;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_get_issuer(&txn, issuer, &row, &err));
    (void)snprintf(row.algorithm, sizeof row.algorithm, "%s", algorithm);
    ck_assert_succeeds(store_update_issuer(&txn, &row, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
}

static void silence(void)
{
    fixture.log.stream = tmpfile();
    ck_assert_ptr_nonnull(fixture.log.stream);
}

/* How many lines were logged. */
static size_t unsilence(void)
{
    size_t lines = 0;

    rewind(fixture.log.stream);
    for (int c = 0; (c = fgetc(fixture.log.stream)) != EOF;)
        lines += c == '\n' ? 1 : 0;
    (void)fclose(fixture.log.stream);
    fixture.log.stream = stderr;
    return lines;
}

START_TEST(what_fails_is_logged_once_and_tried_again_later_and_later)
{
    static const int64_t tried[] = { 0, 10, 30, 70, 150 };
    const int64_t start = CREATED + PERIOD;
    size_t failures = 0;
    int64_t until = 0;

    create("a", PERIOD);
    create("b", PERIOD);
    break_algorithm("a", "XY");
    silence();
    for (int64_t second = 0; second < 200; second++) {
        key_schedule_run(&schedule, start + second);
        ck_assert_uint_eq(schedule.setback_count, 1);
        if (schedule.setbacks[0].until == until)
            continue;
        until = schedule.setbacks[0].until;
        ck_assert_int_eq(second, tried[failures]);
        failures++;
    }
    ck_assert_uint_eq(failures, COUNT(tried));
    ck_assert_uint_eq(unsilence(), 1);
    ck_assert_int_eq(first_signature("b", start), start);
    break_algorithm("a", "ES256");
    key_schedule_run(&schedule, until);
    ck_assert_int_eq(first_signature("a", until), until);
    ck_assert_uint_eq(schedule.setback_count, 0);
}
END_TEST

START_TEST(what_failed_while_the_clock_was_ahead_does_not_wait_for_that_time)
{
    create("a", PERIOD);
    break_algorithm("a", "XY");
    silence();
    key_schedule_run(&schedule, CREATED + 365 * PERIOD);
    (void)unsilence();
    break_algorithm("a", "ES256");
    key_schedule_run(&schedule, CREATED + PERIOD);
    ck_assert_int_eq(first_signature("a", CREATED + PERIOD), CREATED + PERIOD);
}
END_TEST

START_TEST(a_clock_that_went_back_stops_everything_with_one_line)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    create("a", PERIOD);
    create("b", PERIOD);
    key_schedule_run(&schedule, CREATED);
    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_record_time(&txn, CREATED + 3 * PERIOD, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
    silence();
    key_schedule_run(&schedule, CREATED + 2 * PERIOD);
    key_schedule_run(&schedule, CREATED + 2 * PERIOD + 1);
    ck_assert_uint_eq(unsilence(), 1);
    ck_assert_int_eq(generation(), 2);
    key_schedule_run(&schedule, CREATED + 3 * PERIOD);
    ck_assert_int_eq(generation(), 4);
}
END_TEST

static size_t destroy(int64_t now)
{
    struct asap_error err = { 0 };
    size_t count = 0;

    ck_assert_succeeds(keys_destroy_unused(&fixture.admin, now, &count, &err));
    return count;
}

START_TEST(a_private_key_is_destroyed_in_the_second_in_which_its_key_is_retired)
{
    const int64_t end = lifecycle_end_of_tokens(&policy, CREATED + 5000, 3600);
    struct counted counted;

    create("a", 0);
    rotate("a", CREATED + 5000);
    key_schedule_run(&schedule, CREATED + 5001);
    key_schedule_run(&schedule, end - 1);
    ck_assert_int_eq(count_events("asap.v1.KeyAdmin/DestroyKey").count, 0);
    key_schedule_run(&schedule, end);
    counted = count_events("asap.v1.KeyAdmin/DestroyKey");
    ck_assert_int_eq(counted.count, 1);
    ck_assert_str_eq(counted.last.caller, "asapd");
    ck_assert_str_eq(counted.last.issuer, "a");
    ck_assert_uint_eq(destroy(end), 0);
    ck_assert_int_eq(generation(), 2);
}
END_TEST

START_TEST(private_keys_that_were_retired_meanwhile_are_destroyed_at_the_start)
{
    struct asap_error err = { 0 };

    create("a", 0);
    rotate("a", CREATED + 5000);
    ck_assert_succeeds(
        keyring_reload(fixture.admin.keyring, fixture.admin.store, CREATED + PERIOD, &err));
    key_schedule_run(&schedule, CREATED + PERIOD);
    ck_assert_int_eq(count_events("asap.v1.KeyAdmin/DestroyKey").count, 1);
}
END_TEST

/* Whatever is loaded after that moment does not have the key any more. */
START_TEST(a_change_in_the_second_of_the_retirement_puts_no_destruction_off)
{
    const int64_t end = lifecycle_end_of_tokens(&policy, CREATED + 5000, 3600);

    create("a", 0);
    create("b", 0);
    rotate("a", CREATED + 5000);
    key_schedule_run(&schedule, CREATED + 5001);
    rotate("b", end);
    key_schedule_run(&schedule, end);
    ck_assert_int_eq(count_events("asap.v1.KeyAdmin/DestroyKey").count, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key_schedule");
    TCase *tests = tcase_create("turns");

    tcase_add_checked_fixture(tests, set_up_schedule, tear_down_schedule);
    tcase_add_test(tests, keys_rotate_in_the_second_in_which_the_period_is_over);
    tcase_add_test(tests, a_rotation_that_was_missed_happens_at_the_start);
    tcase_add_test(tests, a_rotation_by_hand_puts_the_next_one_off);
    tcase_add_test(tests, keys_of_others_do_not_put_it_off);
    tcase_add_test(tests, a_planned_promotion_is_waited_for_and_counted_from);
    tcase_add_test(tests, a_period_that_changes_takes_effect_at_once);
    tcase_add_test(tests, a_rotation_by_itself_is_an_event_of_asapd);
    tcase_add_test(tests, of_several_daemons_one_rotates);
    tcase_add_test(tests, an_issuer_that_was_deleted_meanwhile_is_no_failure);
    tcase_add_test(tests, a_turn_ends_after_a_while_and_the_next_one_goes_on);
    tcase_add_test(tests, nothing_is_read_while_nothing_is_due);
    tcase_add_test(tests, what_has_retired_costs_nothing_more);
    tcase_add_test(tests, what_fails_is_logged_once_and_tried_again_later_and_later);
    tcase_add_test(tests, what_failed_while_the_clock_was_ahead_does_not_wait_for_that_time);
    tcase_add_test(tests, a_clock_that_went_back_stops_everything_with_one_line);
    tcase_add_test(tests, a_private_key_is_destroyed_in_the_second_in_which_its_key_is_retired);
    tcase_add_test(tests, private_keys_that_were_retired_meanwhile_are_destroyed_at_the_start);
    tcase_add_test(tests, a_change_in_the_second_of_the_retirement_puts_no_destruction_off);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
