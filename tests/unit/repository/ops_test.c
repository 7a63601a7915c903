/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <semaphore.h>

#include "fake_clock.h"
#include "keyring_fixture.h"

/* What probes are told, over a real store. */

#define WELL "keys: ok\ncallers: ok\naudit: ok\ndatabase: ok\n"

static struct fake_clock now;
static struct ops ops;
static struct http_response response;
static struct secret audit_key;

static void enter(void)
{
    struct asap_error err = { 0 };

    set_up();
    ck_assert_succeeds(secret_init(&audit_key, 32, &err));
    atomic_store(&now.seconds, NOW);
    ops = (struct ops){ .keyring = fixture.keyring,
                        .store = store_health_of(fixture.store),
                        .clock = fake_clock_of(&now) };
    ck_assert_succeeds(callers_new(&ops.callers, &err));
    ck_assert_succeeds(audit_open(fixture.store, &audit_key, 30, &fixture.log, &ops.audit, &err));
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
}

static void leave(void)
{
    buffer_clear(&response.body);
    audit_close(ops.audit);
    callers_free(ops.callers);
    secret_clear(&audit_key);
    tear_down();
}

static void load_callers(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(callers_reload(ops.callers, fixture.store, &err));
}

static void assert_answer(unsigned status, const char *text)
{
    ck_assert_uint_eq(response.status, status);
    ck_assert_str_eq(response.body.bytes, text);
    ck_assert_str_eq(response.headers[0].value, "text/plain; charset=utf-8");
    ck_assert_str_eq(response.headers[1].name, "Cache-Control");
    ck_assert_str_eq(response.headers[1].value, "no-store");
}

static void ask(http_handler *handler)
{
    const struct http_request request = { .path = "/" };

    buffer_clear(&response.body);
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
    handler(&ops, &request, &response);
}

START_TEST(the_server_is_ready_while_its_keys_are_those_of_the_database)
{
    struct asap_error err = { 0 };

    ask(ops_readyz);
    assert_answer(503,
                  "keys: the keys are not loaded yet\ncallers: the callers are not loaded yet\n"
                  "audit: ok\ndatabase: ok\n");
    load_callers();
    (void)add_ec_key("web/api", "one.pem");
    reload();
    ask(ops_readyz);
    assert_answer(200, WELL);
    run_sql("UPDATE server SET generation = generation + 1; ALTER TABLE key RENAME TO hidden");
    ck_assert_int_ne(keyring_reload(fixture.keyring, fixture.store, NOW, &err), ASAP_OK);
    ask(ops_readyz);
    ck_assert_uint_eq(response.status, 503);
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "keys: the keys could not be reloaded: "));
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "\ndatabase: "));
    ck_assert_ptr_null(strstr(response.body.bytes, "\ndatabase: ok"));
    run_sql("ALTER TABLE hidden RENAME TO key");
    reload();
    ask(ops_readyz);
    assert_answer(200, WELL);
}
END_TEST

START_TEST(a_certificate_says_until_when_and_leaves_it_ready)
{
    reload();
    load_callers();
    ops.certificates[0].listener = "public";
    atomic_store(&ops.certificates[0].ends, NOW + 1);
    ask(ops_readyz);
    assert_answer(200, WELL "certificate of public: ok until 2026-11-23T13:20:01Z\n");
    atomic_store(&ops.certificates[0].ends, NOW);
    ask(ops_readyz);
    assert_answer(200,
                  WELL "certificate of public: it has ended: renew it and send SIGHUP; its end "
                       "was 2026-11-23T13:20:00Z\n");
}
END_TEST

START_TEST(damaged_keys_are_named_and_leave_it_ready)
{
    load_callers();
    (void)add_ec_key("web/api", "one.pem");
    run_sql("UPDATE key SET pem = 'x'");
    reload();
    ask(ops_readyz);
    ck_assert_uint_eq(response.status, 200);
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "web/api/one.pem"));
}
END_TEST

START_TEST(callers_that_cannot_be_loaded_leave_it_ready)
{
    struct asap_error err = { 0 };

    reload();
    load_callers();
    run_sql("ALTER TABLE caller RENAME TO hidden");
    ck_assert_int_ne(callers_reload(ops.callers, fixture.store, &err), ASAP_OK);
    ask(ops_readyz);
    ck_assert_uint_eq(response.status, 200);
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "\ncallers: the callers could not be re"));
}
END_TEST

static sem_t recorded;

static void tell(struct audit_entry *entry)
{
    (void)entry;
    ck_assert_int_eq(sem_post(&recorded), 0);
}

START_TEST(an_audit_log_that_cannot_be_written_leaves_it_ready)
{
    struct audit_entry entry = { .done = tell };

    reload();
    load_callers();
    run_sql("ALTER TABLE audit_event RENAME TO hidden");
    ck_assert_int_eq(sem_init(&recorded, 0, 0), 0);
    audit_submit(ops.audit, &entry);
    ck_assert_int_eq(sem_wait(&recorded), 0);
    ck_assert_int_eq(entry.code, ASAP_UNAVAILABLE);
    ask(ops_readyz);
    ck_assert_uint_eq(response.status, 200);
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "\naudit: the audit log cannot be written"));
    ck_assert_int_eq(sem_destroy(&recorded), 0);
}
END_TEST

START_TEST(the_server_is_healthy_whatever_its_keys_are)
{
    ask(ops_healthz);
    assert_answer(200, "ok\n");
    ck_assert(ops_matches_healthz("/healthz") && !ops_matches_healthz("/healthz/"));
    ck_assert(ops_matches_readyz("/readyz") && !ops_matches_readyz("/healthz"));
}
END_TEST

START_TEST(the_ops_listener_says_what_it_has)
{
    ask(ops_not_found);
    ck_assert_uint_eq(response.status, 404);
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "/readyz"));
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "/metrics"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops");
    TCase *tests = tcase_create("ops");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, the_server_is_ready_while_its_keys_are_those_of_the_database);
    tcase_add_test(tests, a_certificate_says_until_when_and_leaves_it_ready);
    tcase_add_test(tests, damaged_keys_are_named_and_leave_it_ready);
    tcase_add_test(tests, callers_that_cannot_be_loaded_leave_it_ready);
    tcase_add_test(tests, an_audit_log_that_cannot_be_written_leaves_it_ready);
    tcase_add_test(tests, the_server_is_healthy_whatever_its_keys_are);
    tcase_add_test(tests, the_ops_listener_says_what_it_has);
    return check_main(suite);
}
