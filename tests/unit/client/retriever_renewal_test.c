/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever_fixture.h"

#include <stdatomic.h>
#include <time.h>

static void hold_a_key(const char *control)
{
    char headers[256];

    (void)snprintf(headers, sizeof headers, "%sCache-Control: %s\r\n", PEM_TYPE, control);
    serve("200 OK", headers, pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
}

/* Yields until another thread got there; the test's own time limit ends it. */
static void await_held(const char *text, const char *pem)
{
    while (find_held(text, pem) != ASAP_REASON_NONE)
        (void)sched_yield();
}

/* The server is held, so that whoever waited for the renewal would wait for ever. */
START_TEST(a_key_is_renewed_in_the_background_before_it_is_stale)
{
    hold_a_key("max-age=100");
    pass(79);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 1);
    serve("200 OK", PEM_TYPE "Cache-Control: max-age=100\r\n", pem_b);
    http_server_hold(server);
    pass(1);
    ck_assert_int_eq(_i == 0 ? find("web/a", pem_a) : find_held("web/a", pem_a), ASAP_REASON_NONE);
    http_server_await(server, 2);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find_held("web/a", pem_a), ASAP_REASON_NONE);
    http_server_release(server);
    await_held("web/a", pem_b);
    pass(79);
    ck_assert_int_eq(find("web/a", pem_b), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(a_stale_key_serves_all_while_it_is_revalidated)
{
    hold_a_key("max-age=60, stale-while-revalidate=30");
    serve("200 OK", PEM_TYPE "Cache-Control: max-age=60\r\n", pem_b);
    http_server_hold(server);
    pass(89);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_await(server, 2);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_release(server);
    await_held("web/a", pem_b);
}
END_TEST

START_TEST(a_key_found_gone_by_the_renewal_is_dropped)
{
    hold_a_key("max-age=100, stale-if-error=100");
    serve("404 Not Found", "", "");
    pass(80);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    while (find_held("web/a", pem_a) != ASAP_REASON_KEY_NOT_FOUND)
        (void)sched_yield();
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_NOT_FOUND);
}
END_TEST

/* Otherwise each token would cost a request that fails. One key is renewed after another: when the
 * second one was, the failure of the first has been dealt with. */
START_TEST(a_renewal_that_fails_is_tried_again_after_a_moment)
{
    hold_a_key("max-age=100");
    ck_assert_int_eq(find("web/b", pem_a), ASAP_REASON_NONE);
    serve("500 Oh", "", "");
    http_server_reply(server, "200 OK", PEM_TYPE, pem_b);
    pass(80);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_await(server, 3);
    ck_assert_int_eq(find("web/b", pem_a), ASAP_REASON_NONE);
    await_held("web/b", pem_b);
    pass(4);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 4);
    pass(1);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    await_held("web/a", pem_b);
    ck_assert_uint_eq(http_server_requests(server), 5);
}
END_TEST

START_TEST(peeking_renews_nothing)
{
    const struct kid kid = { .text = "web/a", .length = 5 };
    struct asap_error err = { 0 };

    hold_a_key("max-age=100, stale-while-revalidate=100");
    pass(80);
    for (int i = 0; i < 2; i++) {
        SCOPED(pkey) EVP_PKEY *key = NULL;

        ck_assert_int_eq(retriever->peek(retriever, &kid, &key, &err), ASAP_OK);
        ck_assert(i == 0 ? is_pem(key, pem_a) : key == NULL);
        pass(20);
    }
    asap_retriever_free(retriever);
    retriever = NULL;
    ck_assert_uint_eq(http_server_requests(server), 1);
}
END_TEST

static int64_t seconds_passed(void)
{
    struct timespec now = { 0 };

    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec;
}

/* curl looks once a second; slow answers are given up after five. */
START_TEST(freeing_does_not_wait_for_a_repository_that_hangs)
{
    struct asap_https_options options = { .allow_http_loopback = true, .timeout_ms = 600000 };
    struct asap_error err = { 0 };
    int64_t begun = 0;

    options.clock = fake_clock_of(&wall_clock);
    options.age_clock = fake_clock_of(&age_clock);
    asap_retriever_free(retriever);
    ck_assert_succeeds(asap_retriever_https(http_server_url(server), &options, &retriever, &err));
    hold_a_key("max-age=100");
    http_server_hold(server);
    pass(80);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_await(server, 2);
    begun = seconds_passed();
    asap_retriever_free(retriever);
    retriever = NULL;
    ck_assert_int_le(seconds_passed() - begun, 3);
    http_server_release(server);
}
END_TEST

START_TEST(a_wall_clock_set_back_keeps_no_key_alive)
{
    hold_a_key("max-age=60");
    fake_clock_advance(&age_clock, 60);
    fake_clock_advance(&wall_clock, 10);
    ck_assert_int_eq(find_held("web/a", NULL), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

/* The rest are told so while the repository hangs, and known keys are renewed beside them. */
START_TEST(few_threads_wait_for_unknown_keys_at_once)
{
    hold_a_key("max-age=600");
    serve("404 Not Found", "", "");
    crowd_for_unknown_keys(AT_ONCE, "web/a");
    ck_assert_uint_eq(http_server_requests(server), 1 + AT_ONCE);
    ck_assert_int_eq(find("web/later", NULL), ASAP_REASON_KEY_NOT_FOUND);
}
END_TEST

START_TEST(a_spent_budget_does_not_stop_a_known_key_from_being_revalidated)
{
    char text[32];

    hold_a_key("max-age=60");
    pass(60);
    serve("404 Not Found", "", "");
    for (int i = 0; i < 1001; i++) {
        (void)snprintf(text, sizeof text, "web/forged-%d", i);
        (void)find(text, NULL);
    }
    ck_assert_int_eq(find("web/new", NULL), ASAP_REASON_OVERLOADED);
    hold_a_key("max-age=60");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retriever_renewal");
    TCase *renewal = tcase_create("renewal");

    tcase_add_checked_fixture(renewal, start, stop);
    tcase_add_loop_test(renewal, a_key_is_renewed_in_the_background_before_it_is_stale, 0, 2);
    tcase_add_test(renewal, a_stale_key_serves_all_while_it_is_revalidated);
    tcase_add_test(renewal, a_key_found_gone_by_the_renewal_is_dropped);
    tcase_add_test(renewal, a_renewal_that_fails_is_tried_again_after_a_moment);
    tcase_add_test(renewal, peeking_renews_nothing);
    tcase_add_test(renewal, freeing_does_not_wait_for_a_repository_that_hangs);
    tcase_add_test(renewal, a_wall_clock_set_back_keeps_no_key_alive);
    tcase_add_test(renewal, few_threads_wait_for_unknown_keys_at_once);
    tcase_add_test(renewal, a_spent_budget_does_not_stop_a_known_key_from_being_revalidated);
    tcase_set_timeout(renewal, 60);
    suite_add_tcase(suite, renewal);
    return check_main(suite);
}
