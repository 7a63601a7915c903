/* SPDX-License-Identifier: Apache-2.0 */
#include "mint_fixture.h"

#include <curl/curl.h>
#include <pthread.h>

#define HEADERS_END "\r\n\r\n"

enum { THREADS = 8 };

static char first[9000], second[9000];

static void ck_asks_anew(const struct asap_token_request *request)
{
    const size_t before = asked();
    struct asap_error err = { 0 };

    ck_assert_succeeds(mint_request(request, second, &err));
    ck_assert_uint_eq(asked(), before + 1);
}

START_TEST(asks_asapd_for_a_token_and_hands_it_out)
{
    char *signed_there = sign_token(fixture.key, 60);
    struct asap_error err = { 0 };
    const char *request = NULL;

    say_token_text(fixture.asapd, signed_there, 60, 48);
    ck_assert_succeeds(mint_for_orders(first, &err));
    ck_assert_str_eq(first, signed_there);
    request = http_server_last_request(fixture.asapd);
    ck_assert_ptr_eq(strstr(request, "POST /asap.v1.TokenService/MintToken HTTP/1.1\r\n"), request);
    ck_assert_ptr_null(strstr(request, "Authorization"));
    ck_assert_str_eq(strstr(request, HEADERS_END) + 4,
                     "{\"issuer\":\"web\",\"audience\":[\"orders\"],\"lifetime\":\"60s\"}");
    free(signed_there);
}
END_TEST

START_TEST(asks_for_all_that_the_request_says)
{
    static const char *const audiences[] = { "orders", "billing", NULL };
    const struct asap_token_request request = {
        .audiences = audiences,
        .subject = "bob",
        .lifetime_seconds = 600,
        .additional_claims = "{\"role\":[\"a\",{\"b\":null}],\"n\":9007199254740992}",
    };
    struct asap_error err = { 0 };

    say_token(600);
    ck_assert_succeeds(mint_request(&request, first, &err));
    ck_assert_str_eq(strstr(http_server_last_request(fixture.asapd), HEADERS_END) + 4,
                     "{\"issuer\":\"web\",\"audience\":[\"orders\",\"billing\"],"
                     "\"lifetime\":\"600s\",\"subject\":\"bob\","
                     "\"additionalClaims\":{\"role\":[\"a\",{\"b\":null}],"
                     "\"n\":9007199254740992}}");
}
END_TEST

static const char *const nobody[] = { NULL };

static const struct {
    const char *field;
    struct asap_token_request request;
} refused[] = {
    { "audiences", { .audiences = NULL } },
    { "audiences", { .audiences = nobody } },
    { "lifetime_seconds", { .audiences = orders, .lifetime_seconds = 3601 } },
    { "lifetime_seconds", { .audiences = orders, .lifetime_seconds = -1 } },
    { "subject", { .audiences = orders, .subject = "" } },
    { "additional_claims", { .audiences = orders, .additional_claims = "{\"exp\":1}" } },
    { "additional_claims", { .audiences = orders, .additional_claims = "role" } },
};

START_TEST(refuses_what_every_signer_refuses_without_asking)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(mint_request(&refused[_i].request, first, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, refused[_i].field);
    ck_assert_uint_eq(asked(), 0);
}
END_TEST

START_TEST(refuses_a_request_that_is_over_any_token)
{
    static char claims[100000];
    const struct asap_token_request request = { .audiences = orders, .additional_claims = claims };
    struct asap_error err = { 0 };

    (void)snprintf(claims, sizeof claims, "{\"a\":\"%0*d\"}", (int)sizeof claims - 100, 0);
    ck_assert_int_eq(mint_request(&request, first, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "additional_claims");
    ck_assert_uint_eq(asked(), 0);
}
END_TEST

START_TEST(a_token_is_reused_until_its_refresh_time)
{
    struct asap_error err = { 0 };

    say_token(100);
    ck_assert_succeeds(mint_for_orders(first, &err));
    pass(79);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(asked(), 1);
    http_server_forget(fixture.asapd);
    pass(1);
    say_token(100);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_ne(first, second);
    ck_assert_uint_eq(asked(), 2);
    pass(79);
    ck_assert_succeeds(mint_for_orders(first, &err));
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(asked(), 2);
}
END_TEST

START_TEST(a_clock_that_goes_back_ends_reuse)
{
    const struct asap_token_request request = { .audiences = orders };

    say_token(100);
    ck_asks_anew(&request);
    fake_clock_advance(&fixture.here, -1);
    ck_asks_anew(&request);
}
END_TEST

/* Each row differs from the first in one thing. */
static const char *const orders_and_billing[] = { "orders", "billing", NULL };
static const char *const billing_and_orders[] = { "billing", "orders", NULL };
static const char *const run_together[] = { "ordersbilling", NULL };
static const struct asap_token_request requests[] = {
    { .audiences = orders_and_billing },
    { .audiences = billing_and_orders },
    { .audiences = run_together },
    { .audiences = orders },
    { .audiences = orders_and_billing, .subject = "bob" },
    { .audiences = orders_and_billing, .subject = "{}" },
    { .audiences = orders_and_billing, .additional_claims = "{}" },
    { .audiences = orders_and_billing, .additional_claims = "{\"a\":1}" },
    { .audiences = orders_and_billing, .lifetime_seconds = 61 },
};

START_TEST(a_token_is_reused_for_the_same_request_only)
{
    struct asap_error err = { 0 };

    say_token(100);
    for (size_t i = 0; i < COUNT(requests); i++)
        ck_asks_anew(&requests[i]);
    for (size_t i = 0; i < COUNT(requests); i++)
        ck_assert_succeeds(mint_request(&requests[i], second, &err));
    ck_assert_uint_eq(asked(), COUNT(requests));
}
END_TEST

START_TEST(the_default_lifetime_is_60_seconds_also_when_said)
{
    const struct asap_token_request request = { .audiences = orders, .lifetime_seconds = 60 };
    struct asap_error err = { 0 };

    say_token(60);
    ck_assert_succeeds(mint_for_orders(first, &err));
    ck_assert_succeeds(mint_request(&request, second, &err));
    ck_assert_uint_eq(asked(), 1);
}
END_TEST

START_TEST(only_so_many_tokens_are_kept)
{
    struct asap_minter_options options = options_of_socket();
    struct asap_error err = { 0 };

    options.cache_entries = 2;
    open_minter(&options);
    say_token(100);
    ck_asks_anew(&requests[0]);
    ck_asks_anew(&requests[1]);
    ck_assert_succeeds(mint_request(&requests[0], second, &err)); /* is used later than [1] */
    ck_asks_anew(&requests[2]);
    ck_assert_succeeds(mint_request(&requests[0], second, &err));
    ck_assert_uint_eq(asked(), 3);
    ck_asks_anew(&requests[1]);
}
END_TEST

START_TEST(tries_again_at_growing_intervals_while_asapd_is_unavailable)
{
    static const int64_t expected[] = { 50, 100, 200, 400, 800, 1000, 1000, 1000 };
    struct asap_error err = { 0 };

    say_unavailable();
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_UNAVAILABLE);
    ck_assert_str_eq(err.message, "asapd says unavailable");
    ck_assert_uint_eq(fixture.wait_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++)
        ck_assert_int_eq(fixture.waits[i], expected[i]);
    ck_assert_uint_eq(asked(), COUNT(expected) + 1);
}
END_TEST

static const uint32_t randoms[] = { 1, 49, 50, 51, 1000, 77777, INT32_MAX, UINT32_MAX };

START_TEST(intervals_vary_by_chance_up_to_their_double)
{
    int64_t half = 50;
    struct asap_error err = { 0 };

    fixture.random = randoms[_i];
    say_unavailable();
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_UNAVAILABLE);
    ck_assert_uint_ge(fixture.wait_count, 4);
    for (size_t i = 0; i < fixture.wait_count; i++) {
        ck_assert_int_eq(fixture.waits[i], half + fixture.random % (half + 1));
        half = half * 2 < 1000 ? half * 2 : 1000;
    }
    ck_assert_int_lt(fixture.elapsed_ms, TIMEOUT_MS);
}
END_TEST

static const struct {
    const char *what, *text;
} passing[] = {
    { "unavailable", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" },
    { "a connection that breaks", "" },
    { "a server that does not know itself",
      "HTTP/1.1 500 Oh\r\n" JSON_TYPE "Content-Length: 18\r\n\r\n{\"code\":\"unknown\"}" },
};

START_TEST(what_may_pass_is_tried_again_until_it_does)
{
    struct asap_error err = { 0 };

    http_server_say_text(fixture.asapd, passing[_i].text);
    http_server_say_text(fixture.asapd, passing[_i].text);
    say_token(60);
    ck_assert_msg(mint_for_orders(first, &err) == ASAP_OK, "%s: %s", passing[_i].what, err.message);
    ck_assert_uint_eq(asked(), 3);
    ck_assert_uint_eq(fixture.wait_count, 2);
}
END_TEST

START_TEST(waits_as_long_as_asapd_asks)
{
    struct asap_error err = { 0 };

    say_error("503 Busy", "Retry-After: 3\r\n", "unavailable");
    say_token(60);
    ck_assert_succeeds(mint_for_orders(first, &err));
    ck_assert_uint_eq(fixture.wait_count, 1);
    ck_assert_int_eq(fixture.waits[0], 3000);
}
END_TEST

START_TEST(does_not_wait_beyond_its_time)
{
    struct asap_error err = { 0 };

    say_error("503 Busy", "Retry-After: 5\r\n", "unavailable");
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_UNAVAILABLE);
    ck_assert_uint_eq(fixture.wait_count, 0);
    ck_assert_uint_eq(asked(), 1);
}
END_TEST

START_TEST(an_asapd_that_hangs_costs_no_more_than_the_timeout)
{
    struct asap_minter_options options = options_of_socket();
    struct asap_error err = { 0 };

    options.timeout_ms = 50;
    open_minter(&options);
    http_server_hold(fixture.asapd);
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_DEADLINE_EXCEEDED);
    ck_assert_uint_eq(fixture.wait_count, 0);
}
END_TEST

static const struct {
    const char *status, *name;
    enum asap_code code;
} denials[] = {
    { "403 Forbidden", "permission_denied", ASAP_PERMISSION_DENIED },
    { "401 Unauthorized", "unauthenticated", ASAP_UNAUTHENTICATED },
    { "400 Bad Request", "invalid_argument", ASAP_INVALID_ARGUMENT },
    { "400 Bad Request", "failed_precondition", ASAP_FAILED_PRECONDITION },
    { "429 Too Many Requests", "resource_exhausted", ASAP_RESOURCE_EXHAUSTED },
    { "404 Not Found", "not_found", ASAP_NOT_FOUND },
    { "500 Oh", "internal", ASAP_INTERNAL },
};

START_TEST(an_answer_that_is_final_comes_back_at_once)
{
    char expected[80];
    struct asap_error err = { 0 };

    (void)snprintf(expected, sizeof expected, "asapd says %s", denials[_i].name);
    say_error(denials[_i].status, "Retry-After: 1\r\n", denials[_i].name);
    ck_assert_int_eq(mint_for_orders(first, &err), denials[_i].code);
    ck_assert_int_eq(err.code, denials[_i].code);
    ck_assert_str_eq(err.message, expected);
    ck_assert_uint_eq(asked(), 1);
    ck_assert_uint_eq(fixture.wait_count, 0);
}
END_TEST

START_TEST(an_error_keeps_its_reason_and_field)
{
    struct asap_error err = { 0 };

    /* ErrorInfo{reason: "AUDIENCE"} and BadRequest{field_violations: [{field: "audience[0]"}]} */
    http_server_reply(fixture.asapd, "403 Forbidden", JSON_TYPE,
                      "{\"code\":\"permission_denied\",\"message\":\"no grant\",\"details\":["
                      "{\"type\":\"google.rpc.ErrorInfo\",\"value\":\"CghBVURJRU5DRQ\"},"
                      "{\"type\":\"google.rpc.BadRequest\",\"value\":\"Cg0KC2F1ZGllbmNlWzBd\"}]}");
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_PERMISSION_DENIED);
    ck_assert_int_eq(err.reason, ASAP_REASON_AUDIENCE);
    ck_assert_str_eq(err.field, "audience[0]");
    ck_assert_str_eq(err.message, "no grant");
}
END_TEST

/* Mints a token of 100 s, which is due for refresh after 80 and old until 95. */
static void mint_old_token(void)
{
    struct asap_error err = { 0 };

    say_token(100);
    ck_assert_succeeds(mint_for_orders(first, &err));
    pass(80);
}

START_TEST(an_old_token_is_used_while_asapd_is_unavailable)
{
    struct asap_error err = { 0 };

    mint_old_token();
    http_server_forget(fixture.asapd);
    http_server_say_text(fixture.asapd, passing[_i].text);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(asked(), 2);
    ck_assert_uint_eq(fixture.wait_count, 0);
    pass(14);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(asked(), 3);
}
END_TEST

START_TEST(an_old_token_is_used_when_asapd_is_gone)
{
    struct asap_error err = { 0 };

    mint_old_token();
    http_server_stop(fixture.asapd);
    fixture.asapd = NULL;
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_eq(first, second);
    pass(15);
    ck_assert_int_eq(mint_for_orders(second, &err), ASAP_UNAVAILABLE);
}
END_TEST

START_TEST(an_old_token_is_used_when_asapd_hangs)
{
    struct asap_minter_options options = options_of_socket();
    struct asap_error err = { 0 };

    options.timeout_ms = 50;
    open_minter(&options);
    mint_old_token();
    http_server_hold(fixture.asapd);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(asked(), 2);
    ck_assert_succeeds(mint_for_orders(second, &err)); /* at once */
    ck_assert_uint_eq(asked(), 2);
}
END_TEST

START_TEST(an_old_token_is_not_used_when_it_is_about_to_expire)
{
    struct asap_error err = { 0 };

    mint_old_token();
    say_unavailable();
    ck_assert_succeeds(mint_for_orders(second, &err));
    pass(15);
    ck_assert_int_eq(mint_for_orders(second, &err), ASAP_UNAVAILABLE);
    ck_assert_uint_gt(fixture.wait_count, 0);
}
END_TEST

START_TEST(an_asapd_that_is_away_is_asked_again_after_a_while)
{
    struct asap_error err = { 0 };

    mint_old_token();
    say_unavailable();
    ck_assert_succeeds(mint_for_orders(second, &err));
    pass(4);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_uint_eq(asked(), 2);
    pass(1);
    http_server_forget(fixture.asapd);
    say_token(100);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_ne(first, second);
    ck_assert_uint_eq(asked(), 3);
}
END_TEST

START_TEST(an_asapd_that_asks_for_patience_gets_it)
{
    struct asap_error err = { 0 };

    mint_old_token();
    say_error("503 Busy", "Retry-After: 10\r\n", "unavailable");
    ck_assert_succeeds(mint_for_orders(second, &err));
    pass(9);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_uint_eq(asked(), 2);
    pass(1);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_uint_eq(asked(), 3);
}
END_TEST

START_TEST(an_old_token_does_not_survive_a_denial)
{
    struct asap_error err = { 0 };

    mint_old_token();
    say_error(denials[_i].status, "", denials[_i].name);
    ck_assert_int_eq(mint_for_orders(second, &err), denials[_i].code);
    say_unavailable();
    ck_assert_int_eq(mint_for_orders(second, &err), ASAP_UNAVAILABLE);
}
END_TEST

START_TEST(an_old_token_is_used_while_the_rate_is_limited)
{
    struct asap_error err = { 0 };

    mint_old_token();
    say_error("429 Slow", "Retry-After: 10\r\n", "resource_exhausted");
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_eq(first, second);
    pass(9);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_uint_eq(asked(), 2);
    pass(6);
    ck_assert_int_eq(mint_for_orders(second, &err), ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

/* Threads */

static void *mint_in_thread(void *context)
{
    struct asap_error err = { 0 };
    char *token = NULL;

    return asap_signer_sign(fixture.minter, context, &token, &err) == ASAP_OK ? token : NULL;
}

static void begin(pthread_t *threads, size_t count, const struct asap_token_request *request)
{
    static struct asap_token_request wanted;

    wanted = *request;
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, mint_in_thread, &wanted), 0);
}

static char *finish(pthread_t thread)
{
    void *token = NULL;

    ck_assert_int_eq(pthread_join(thread, &token), 0);
    return token;
}

START_TEST(threads_that_want_one_token_ask_once)
{
    pthread_t threads[THREADS];
    char *tokens[THREADS];

    say_token(100);
    http_server_hold(fixture.asapd);
    begin(threads, THREADS, &requests[0]);
    http_server_await(fixture.asapd, 1);
    http_server_release(fixture.asapd);
    for (size_t i = 0; i < THREADS; i++)
        tokens[i] = finish(threads[i]);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_ptr_nonnull(tokens[i]);
        ck_assert_str_eq(tokens[i], tokens[0]);
    }
    for (size_t i = 0; i < THREADS; i++)
        free(tokens[i]);
    ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* Were a lock held during the mint, this would wait for a server that is held. */
START_TEST(a_token_that_is_there_does_not_wait_for_another)
{
    pthread_t thread;
    struct asap_error err = { 0 };

    say_token(100);
    ck_assert_succeeds(mint_for_orders(first, &err));
    http_server_hold(fixture.asapd);
    begin(&thread, 1, &requests[0]);
    http_server_await(fixture.asapd, 2);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_eq(first, second);
    http_server_release(fixture.asapd);
    free(finish(thread));
}
END_TEST

START_TEST(an_old_token_serves_others_while_one_asks)
{
    const struct asap_token_request request = { .audiences = orders };
    pthread_t thread;
    struct asap_error err = { 0 };

    mint_old_token();
    http_server_forget(fixture.asapd);
    say_token(100);
    http_server_hold(fixture.asapd);
    begin(&thread, 1, &request);
    http_server_await(fixture.asapd, 2);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_eq(first, second);
    http_server_release(fixture.asapd);
    free(finish(thread));
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_ne(first, second);
    ck_assert_uint_eq(asked(), 2);
}
END_TEST

static TCase *requests_case(void)
{
    TCase *tests = tcase_create("requests");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, asks_asapd_for_a_token_and_hands_it_out);
    tcase_add_test(tests, asks_for_all_that_the_request_says);
    tcase_add_loop_test(tests, refuses_what_every_signer_refuses_without_asking, 0, COUNT(refused));
    tcase_add_test(tests, refuses_a_request_that_is_over_any_token);
    tcase_add_test(tests, a_token_is_reused_until_its_refresh_time);
    tcase_add_test(tests, a_clock_that_goes_back_ends_reuse);
    tcase_add_test(tests, a_token_is_reused_for_the_same_request_only);
    tcase_add_test(tests, the_default_lifetime_is_60_seconds_also_when_said);
    tcase_add_test(tests, only_so_many_tokens_are_kept);
    return tests;
}

static TCase *failures_case(void)
{
    TCase *tests = tcase_create("failures");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, tries_again_at_growing_intervals_while_asapd_is_unavailable);
    tcase_add_loop_test(tests, intervals_vary_by_chance_up_to_their_double, 0, COUNT(randoms));
    tcase_add_loop_test(tests, what_may_pass_is_tried_again_until_it_does, 0, COUNT(passing));
    tcase_add_test(tests, waits_as_long_as_asapd_asks);
    tcase_add_test(tests, does_not_wait_beyond_its_time);
    tcase_add_test(tests, an_asapd_that_hangs_costs_no_more_than_the_timeout);
    tcase_add_loop_test(tests, an_answer_that_is_final_comes_back_at_once, 0, COUNT(denials));
    tcase_add_test(tests, an_error_keeps_its_reason_and_field);
    return tests;
}

static TCase *old_case(void)
{
    TCase *tests = tcase_create("old tokens");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, an_old_token_is_used_while_asapd_is_unavailable, 0, COUNT(passing));
    tcase_add_test(tests, an_old_token_is_used_when_asapd_is_gone);
    tcase_add_test(tests, an_old_token_is_used_when_asapd_hangs);
    tcase_add_test(tests, an_old_token_is_not_used_when_it_is_about_to_expire);
    tcase_add_test(tests, an_asapd_that_is_away_is_asked_again_after_a_while);
    tcase_add_test(tests, an_asapd_that_asks_for_patience_gets_it);
    tcase_add_loop_test(tests, an_old_token_does_not_survive_a_denial, 0, 2);
    tcase_add_test(tests, an_old_token_is_used_while_the_rate_is_limited);
    return tests;
}

static TCase *threads_case(void)
{
    TCase *tests = tcase_create("threads");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, threads_that_want_one_token_ask_once);
    tcase_add_test(tests, a_token_that_is_there_does_not_wait_for_another);
    tcase_add_test(tests, an_old_token_serves_others_while_one_asks);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("minter");
    int failed = 0;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    suite_add_tcase(suite, requests_case());
    suite_add_tcase(suite, failures_case());
    suite_add_tcase(suite, old_case());
    suite_add_tcase(suite, threads_case());
    failed = check_main(suite);
    curl_global_cleanup();
    return failed;
}
