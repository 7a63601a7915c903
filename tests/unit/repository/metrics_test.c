/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <semaphore.h>

#include "clock.h"
#include "fake_clock.h"
#include "key_metrics.h"
#include "keyring_fixture.h"

/* What Prometheus is told, over a real store. */

#define KEY "{issuer=\"web\",key_id=\"web/one\",kind="

static struct fake_clock now;
static struct meters meters;
static int64_t later_ms; /* than the system's monotonic clock */

static int64_t monotonic_ms(void)
{
    return clock_monotonic_ms() + later_ms;
}

static struct ops ops;
static struct http_response response;
static struct secret audit_key;

static void enter(void)
{
    struct asap_error err = { 0 };

    set_up();
    atomic_store(&now.seconds, NOW);
    ck_assert_succeeds(secret_init(&audit_key, 32, &err));
    later_ms = 0;
    ck_assert_succeeds(meters_init(&fixture.log, &meters, &err));
    ops = (struct ops){ .keyring = fixture.keyring,
                        .store = store_health_of(fixture.store),
                        .meters = &meters,
                        .version = "1.2",
                        .clock = fake_clock_of(&now),
                        .monotonic_ms = monotonic_ms };
    ck_assert_succeeds(callers_new(&ops.callers, &err));
    ck_assert_succeeds(audit_open(fixture.store, &audit_key, 30, &fixture.log, &ops.audit, &err));
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
}

static void leave(void)
{
    buffer_clear(&response.body);
    audit_close(ops.audit);
    callers_free(ops.callers);
    meters_clear(&meters);
    meters = (struct meters){ 0 };
    secret_clear(&audit_key);
    tear_down();
}

static const char *ask(enum http_method method)
{
    const struct http_request request = { .method = method, .path = "/metrics" };

    buffer_clear(&response.body);
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
    metrics_handle(&ops, &request, &response);
    return response.body.bytes;
}

static void assert_line(const char *line)
{
    SCOPED(buffer) struct buffer whole = BUFFER(1024);

    buffer_printf(&whole, "\n%s\n", line);
    ck_assert_msg(strstr(ask(HTTP_GET), whole.bytes) != NULL, "no %s in %s", line,
                  response.body.bytes);
}

static void assert_lacks(const char *text)
{
    ck_assert_msg(strstr(ask(HTTP_GET), text) == NULL, "%s in %s", text, response.body.bytes);
}

static size_t count_lines(const char *begin)
{
    size_t count = 0;

    for (const char *at = strstr(ask(HTTP_GET), begin); at != NULL; at = strstr(at + 1, begin))
        count++;
    return count;
}

START_TEST(what_is_not_known_yet_is_not_told)
{
    assert_lacks("asap_published_keys");
    assert_lacks("asap_keyring_generation");
    assert_line("asap_ready 0");
    assert_line("asap_callers_ready 0");
    assert_line("asap_audit_writable 1");
}
END_TEST

START_TEST(the_server_tells_how_it_is)
{
    struct asap_error err = { 0 };

    (void)add_ec_key("web", "one");
    reload();
    ck_assert_succeeds(callers_reload(ops.callers, fixture.store, &err));
    assert_line("asap_ready 1");
    assert_line("asap_callers_ready 1");
    assert_line("asap_published_keys 1");
    assert_line("asap_keyring_generation 2");
    assert_line("asap_key_series_omitted 0");
    run_sql("UPDATE server SET generation = generation + 1; ALTER TABLE key RENAME TO hidden");
    ck_assert_int_ne(keyring_reload(fixture.keyring, fixture.store, NOW, &err), ASAP_OK);
    assert_line("asap_ready 0");
    assert_line("asap_published_keys 1");
}
END_TEST

static sem_t recorded;

static void tell(struct audit_entry *entry)
{
    (void)entry;
    ck_assert_int_eq(sem_post(&recorded), 0);
}

START_TEST(an_audit_log_that_cannot_be_written_is_told)
{
    struct audit_entry entry = { .done = tell };

    run_sql("ALTER TABLE audit_event RENAME TO hidden");
    ck_assert_int_eq(sem_init(&recorded, 0, 0), 0);
    audit_submit(ops.audit, &entry);
    ck_assert_int_eq(sem_wait(&recorded), 0);
    assert_line("asap_audit_writable 0");
    ck_assert_int_eq(sem_destroy(&recorded), 0);
}
END_TEST

/* Published at NOW, to be revoked never. */
static const struct {
    const char *why;
    const char *set; /* what the row is changed to */
    int64_t later;   /* how long after NOW */
    const char *end; /* behind KEY; NULL: no line */
    const char *next;
} lives[] = {
    { "stays", "sign_time = 1795440000", 0, NULL, NULL },
    { "ends", "sign_time = 1795440000, unpublish_time = 1795440060", 0,
      "\"external\",state=\"active\"} 1795440060", "\"external\",state=\"active\"} 1795440060" },
    { "ended", "sign_time = 1795440000, unpublish_time = 1795440060", 60, NULL, NULL },
    { "will sign", "managed = 1, sign_time = 1795440060", 0, NULL,
      "\"managed\",state=\"standby\"} 1795440060" },
    { "retires",
      "managed = 1, sign_time = 1795440000, sign_until = 1795440030,"
      " unpublish_time = 1795440060",
      30, "\"managed\",state=\"retiring\"} 1795440060",
      "\"managed\",state=\"retiring\"} 1795440060" },
    { "is not published yet", "publish_time = 1795440030, unpublish_time = 1795440060", 0, NULL,
      "\"external\",state=\"scheduled\"} 1795440030" },
};

static void assert_metric(const char *name, const char *expected)
{
    SCOPED(buffer) struct buffer line = BUFFER(1024);

    buffer_printf(&line, "asap_key_%s_timestamp_seconds" KEY "%s", name,
                  expected == NULL ? "" : expected);
    if (expected == NULL)
        assert_lacks(line.bytes);
    else
        assert_line(line.bytes);
}

START_TEST(a_key_has_lines_where_it_has_dates_ahead)
{
    SCOPED(buffer) struct buffer sql = BUFFER(1024);

    (void)add_ec_key("web", "one");
    buffer_printf(&sql, "UPDATE key SET %s", lives[_i].set);
    run_sql(sql.bytes);
    reload();
    atomic_store(&now.seconds, NOW + lives[_i].later);
    assert_metric("unpublish", lives[_i].end);
    assert_metric("next_transition", lives[_i].next);
}
END_TEST

START_TEST(a_clock_that_goes_back_revives_no_key)
{
    (void)add_ec_key("web", "one");
    run_sql("UPDATE key SET unpublish_time = 1795440000");
    reload();
    atomic_store(&now.seconds, NOW - 60);
    assert_line("asap_published_keys 0");
    assert_lacks(KEY);
}
END_TEST

/* A store that somebody else wrote to. */
START_TEST(texts_cannot_leave_their_label)
{
    (void)add_ec_key("web", "one");
    run_sql("UPDATE key SET unpublish_time = 1795440060, kid = 'web/a\"b\\c' || char(10) || 'd'");
    reload();
    assert_line(
        "asap_key_unpublish_timestamp_seconds{issuer=\"web\",key_id=\"web/a\\\"b\\\\c\\nd\","
        "kind=\"external\",state=\"standby\"} 1795440060");
}
END_TEST

START_TEST(lines_of_keys_are_bounded_and_what_is_left_out_is_counted)
{
    (void)add_ec_key("web", "one");
    run_sql("UPDATE key SET sign_time = 1795440030");
    run_sql("WITH RECURSIVE n(i) AS (VALUES(2) UNION ALL SELECT i + 1 FROM n WHERE i < 10003)"
            " INSERT INTO key SELECT i, issuer_id, 'web/' || i, managed, algorithm,"
            " printf('%043d', i), pem, digest, create_time, publish_time, sign_time, sign_until,"
            " unpublish_time, revoke_time, max_lifetime, revoke_reason FROM key, n");
    reload();
    assert_line("asap_key_series_omitted 3");
    ck_assert_uint_eq(count_lines("\nasap_key_next_transition_timestamp_seconds{"),
                      METRICS_SERIES_MAX);
}
END_TEST

START_TEST(the_age_of_the_snapshot_is_that_of_the_last_look_at_the_database)
{
    struct asap_error err = { 0 };

    assert_lacks("asap_snapshot");
    (void)add_ec_key("web", "one");
    reload();
    later_ms = 42000;
    assert_line("asap_snapshot_age_seconds 42");
    assert_line("asap_snapshot_keys 1");
    assert_line("asap_snapshot_issuers 1");
    run_sql("ALTER TABLE server RENAME TO hidden");
    ck_assert_int_ne(keyring_refresh(fixture.keyring, fixture.store, NOW, &err), ASAP_OK);
    later_ms = 7000;
    assert_line("asap_snapshot_age_seconds 7");
}
END_TEST

START_TEST(a_look_at_the_database_that_finds_no_change_confirms_the_snapshot)
{
    struct asap_error err = { 0 };
    int64_t before = 0;
    int64_t after = 0;

    reload();
    ck_assert(keyring_confirmed(fixture.keyring, &before));
    while (clock_monotonic_ms() <= before)
        continue;
    ck_assert_succeeds(keyring_refresh(fixture.keyring, fixture.store, NOW, &err));
    ck_assert(keyring_confirmed(fixture.keyring, &after));
    ck_assert_int_gt(after, before);
}
END_TEST

START_TEST(only_a_key_that_signs_has_an_age)
{
    (void)add_ec_key("web", "one");
    (void)add_ec_key("web", "two");
    run_sql("UPDATE key SET managed = 1, sign_time = 1795439000 WHERE kid = 'web/one'");
    reload();
    atomic_store(&now.seconds, NOW + 60);
    assert_line("asap_key_age_seconds" KEY "\"managed\",state=\"active\"} 1060");
    assert_lacks("asap_key_age_seconds{issuer=\"web\",key_id=\"web/two\"");
}
END_TEST

START_TEST(a_managed_issuer_tells_its_keys_and_its_period)
{
    (void)add_ec_key("web", "one");
    (void)add_ec_key("web", "two");
    (void)add_ec_key("ext", "one");
    run_sql("UPDATE issuer SET managed = 1, algorithm = 'ES256', rotation_period = 86400"
            " WHERE name = 'web'");
    run_sql("UPDATE key SET managed = 1, sign_time = 1795439000 WHERE kid = 'web/one'");
    reload();
    assert_line("asap_issuer_keys{issuer=\"web\",state=\"standby\"} 1");
    assert_line("asap_issuer_keys{issuer=\"web\",state=\"active\"} 1");
    assert_line("asap_issuer_keys{issuer=\"web\",state=\"retiring\"} 0");
    assert_line("asap_issuer_rotation_period_seconds{issuer=\"web\"} 86400");
    assert_lacks("{issuer=\"ext\",state");
    run_sql("UPDATE issuer SET rotation_period = 0");
    reload();
    assert_lacks("asap_issuer_rotation_period_seconds{");
}
END_TEST

START_TEST(failures_of_the_database_are_counted_by_what_failed)
{
    struct asap_error err = { 0 };

    assert_line("asap_store_errors_total{operation=\"query\"} 0");
    run_sql("UPDATE server SET generation = generation + 1; ALTER TABLE key RENAME TO hidden");
    ck_assert_int_ne(keyring_reload(fixture.keyring, fixture.store, NOW, &err), ASAP_OK);
    assert_line("asap_store_errors_total{operation=\"query\"} 1");
    assert_line("asap_store_errors_total{operation=\"commit\"} 0");
}
END_TEST

START_TEST(listeners_with_a_certificate_tell_its_end)
{
    ops.certificates[0].listener = "public";
    atomic_store(&ops.certificates[0].ends, NOW + 9);
    ops.certificates[1].listener = "admin";
    assert_line("asap_certificate_expiry_timestamp_seconds{listener=\"public\"} 1795440009");
    assert_lacks("listener=\"admin\"");
}
END_TEST

START_TEST(what_waits_to_be_recorded_is_told)
{
    assert_line("asap_audit_queue_events 0");
    assert_line("asap_audit_queue_capacity_events 4096");
    assert_line("asap_build_info{version=\"1.2\"} 1");
    assert_line("# TYPE asap_http_requests_total counter");
    assert_line("# TYPE asap_mints_total counter");
}
END_TEST

START_TEST(prometheus_can_read_it)
{
    (void)ask(HTTP_GET);
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(response.headers[0].name, "Content-Type");
    ck_assert_str_eq(response.headers[0].value, "text/plain; version=0.0.4; charset=utf-8");
    ck_assert_str_eq(response.headers[1].value, "no-store");
    (void)ask(HTTP_HEAD);
    ck_assert_uint_eq(response.status, 200);
    ck_assert(metrics_matches("/metrics") && !metrics_matches("/metrics/"));
}
END_TEST

START_TEST(nothing_can_be_sent_to_it)
{
    (void)ask(HTTP_POST);
    ck_assert_uint_eq(response.status, 405);
    ck_assert_ptr_null(strstr(response.body.bytes, "asap_ready"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, what_is_not_known_yet_is_not_told);
    tcase_add_test(tests, the_server_tells_how_it_is);
    tcase_add_test(tests, an_audit_log_that_cannot_be_written_is_told);
    tcase_add_loop_test(tests, a_key_has_lines_where_it_has_dates_ahead, 0,
                        sizeof lives / sizeof lives[0]);
    tcase_add_test(tests, a_clock_that_goes_back_revives_no_key);
    tcase_add_test(tests, texts_cannot_leave_their_label);
    tcase_add_test(tests, lines_of_keys_are_bounded_and_what_is_left_out_is_counted);
    tcase_add_test(tests, the_age_of_the_snapshot_is_that_of_the_last_look_at_the_database);
    tcase_add_test(tests, a_look_at_the_database_that_finds_no_change_confirms_the_snapshot);
    tcase_add_test(tests, only_a_key_that_signs_has_an_age);
    tcase_add_test(tests, a_managed_issuer_tells_its_keys_and_its_period);
    tcase_add_test(tests, failures_of_the_database_are_counted_by_what_failed);
    tcase_add_test(tests, listeners_with_a_certificate_tell_its_end);
    tcase_add_test(tests, what_waits_to_be_recorded_is_told);
    tcase_add_test(tests, prometheus_can_read_it);
    tcase_add_test(tests, nothing_can_be_sent_to_it);
    return check_main(suite);
}
