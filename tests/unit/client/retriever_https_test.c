/* SPDX-License-Identifier: Apache-2.0 */
/* strcasestr() finds a header whatever its case. */
#define _GNU_SOURCE
#include "retriever_fixture.h"

enum { THREADS = 100 };

START_TEST(a_fresh_key_is_fetched_once)
{
    serve("200 OK", PEM_TYPE "Cache-Control: public, max-age=60\r\n", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    pass(47);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 1);
    pass(13);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(a_key_without_cache_headers_is_fresh_for_300_seconds)
{
    serve("200 OK", PEM_TYPE, pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    pass(239);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 1);
    pass(61);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(a_stale_key_is_revalidated_by_its_etag)
{
    serve("200 OK", PEM_TYPE "ETag: \"1\"\r\nCache-Control: max-age=60\r\n", pem_a);
    http_server_say_text(server, "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n");
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_ptr_null(strcasestr(http_server_last_request(server), "If-None-Match"));
    pass(60);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_ptr_nonnull(strstr(http_server_last_request(server), "\r\nIf-None-Match: \"1\"\r\n"));
    pass(47);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
    pass(13);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_ptr_nonnull(strstr(http_server_last_request(server), "\r\nIf-None-Match: \"1\"\r\n"));
}
END_TEST

START_TEST(a_key_that_may_not_be_stored_is_fetched_each_time)
{
    serve("200 OK", PEM_TYPE "Cache-Control: no-store\r\n", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

static const char *const failures[] = { "500 Oh", "503 Busy", "429 Slow" };

START_TEST(a_stale_key_is_used_when_the_repository_fails)
{
    serve("200 OK", PEM_TYPE "Cache-Control: max-age=60, stale-if-error=30\r\n", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve(failures[_i], "", "");
    pass(89);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
    pass(1);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

START_TEST(a_stale_key_is_used_when_the_repository_is_gone)
{
    serve("200 OK",
          PEM_TYPE "Connection: close\r\nCache-Control: max-age=60, stale-if-error=30\r\n", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_stop(server);
    server = NULL;
    pass(60);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/b", pem_a), ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

static const char *const absences[] = { "404 Not Found", "403 Forbidden", "410 Gone" };

START_TEST(a_key_that_is_gone_is_dropped_and_remembered_as_missing)
{
    serve("200 OK", PEM_TYPE "Cache-Control: max-age=60, stale-if-error=600\r\n", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve(absences[_i], "Cache-Control: no-store\r\n", "");
    pass(60);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_NOT_FOUND);
    serve("200 OK", PEM_TYPE, pem_b);
    pass(19);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_uint_eq(http_server_requests(server), 2);
    pass(1);
    ck_assert_int_eq(find("web/a", pem_b), ASAP_REASON_NONE);
}
END_TEST

START_TEST(a_failure_is_not_remembered)
{
    serve(failures[_i], "Cache-Control: max-age=60\r\n", "");
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_UNAVAILABLE);
    serve("200 OK", PEM_TYPE, pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
}
END_TEST

static const struct {
    const char *headers, *body;
} bad_keys[] = {
    { "Content-Type: text/html\r\n", "<html>" },
    { PEM_TYPE, "" },
    { PEM_TYPE, "no key" },
    { PEM_TYPE, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" },
};

START_TEST(a_bad_key_is_refused_and_not_kept)
{
    serve("200 OK", bad_keys[_i].headers, bad_keys[_i].body);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_REFUSED);
    serve("200 OK", PEM_TYPE, pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
}
END_TEST

START_TEST(a_bad_key_ends_the_stale_one)
{
    serve("200 OK", PEM_TYPE "Cache-Control: max-age=60, stale-if-error=600\r\n", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    pass(60);
    serve("200 OK", PEM_TYPE, "no key");
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_REFUSED);
    serve("500 Oh", "", "");
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

START_TEST(a_message_says_which_url_and_why)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct asap_error err;

    serve("200 OK", PEM_TYPE, "no key");
    ck_assert_int_eq(find_into("web/a", &key, &err), ASAP_UNAUTHENTICATED);
    ck_assert_ptr_nonnull(strstr(err.message, http_server_url(server)));
    ck_assert_ptr_nonnull(strstr(err.message, "/web/a is refused: "));
    serve("500 Oh", "", "");
    ck_assert_int_eq(find_into("web/a", &key, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, http_server_url(server)));
    ck_assert_ptr_nonnull(strstr(err.message, "answered 500"));
}
END_TEST

START_TEST(forged_key_ids_cost_a_bounded_number_of_fetches)
{
    char text[32];
    size_t unavailable = 0;

    open_retriever(100);
    serve("200 OK", PEM_TYPE "Cache-Control: max-age=600\r\n", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve("404 Not Found", "", "");
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(text, sizeof text, "web/forged-%d", i);
        unavailable += find(text, NULL) == ASAP_REASON_OVERLOADED;
    }
    ck_assert_uint_eq(http_server_requests(server), 1000);
    ck_assert_uint_eq(unavailable, 9001);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    pass(1);
    serve("200 OK", PEM_TYPE, pem_b);
    ck_assert_int_eq(find("web/b", pem_b), ASAP_REASON_NONE);
}
END_TEST

START_TEST(threads_that_want_one_key_share_a_fetch)
{
    pthread_t threads[THREADS];
    char text[] = "web/a";

    serve("200 OK", PEM_TYPE "Cache-Control: max-age=60\r\n", pem_a);
    http_server_hold(server);
    begin(threads, THREADS, text);
    http_server_await(server, 1);
    http_server_release(server);
    for (size_t i = 0; i < THREADS; i++) {
        EVP_PKEY *key = finish(threads[i]);

        ck_assert_ptr_nonnull(key);
        EVP_PKEY_free(key);
    }
    ck_assert_uint_eq(http_server_requests(server), 1);
}
END_TEST

START_TEST(threads_share_a_failure_too)
{
    pthread_t threads[THREADS];
    char text[] = "web/a";

    serve("404 Not Found", "", "");
    http_server_hold(server);
    begin(threads, THREADS, text);
    http_server_await(server, 1);
    http_server_release(server);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_ptr_null(finish(threads[i]));
    ck_assert_uint_eq(http_server_requests(server), 1);
}
END_TEST

/* Were a lock held during the fetch, this would wait for a server that is held. */
START_TEST(a_fresh_key_does_not_wait_for_another_fetch)
{
    pthread_t thread;
    char text[] = "web/b";

    serve("200 OK", PEM_TYPE "Cache-Control: max-age=60\r\n", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_hold(server);
    begin(&thread, 1, text);
    http_server_await(server, 2);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_release(server);
    EVP_PKEY_free(finish(thread));
}
END_TEST

START_TEST(a_stale_key_serves_others_while_one_revalidates)
{
    pthread_t thread;
    char text[] = "web/a";

    serve("200 OK", PEM_TYPE "Cache-Control: max-age=60, stale-while-revalidate=60\r\n", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    pass(60);
    http_server_hold(server);
    begin(&thread, 1, text);
    http_server_await(server, 2);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_release(server);
    EVP_PKEY_free(finish(thread));
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(what_is_held_is_found_without_a_request)
{
    serve("200 OK", PEM_TYPE "Cache-Control: max-age=60\r\n", pem_a);
    ck_assert_int_eq(find_held("web/a", NULL), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 0);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find_held("web/a", pem_a), ASAP_REASON_NONE);
    pass(60);
    ck_assert_int_eq(find_held("web/a", NULL), ASAP_REASON_NONE);
    serve("404 Not Found", "", "");
    ck_assert_int_eq(find("web/a", NULL), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_int_eq(find_held("web/a", NULL), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(plain_http_needs_the_option)
{
    struct asap_retriever *made = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(asap_retriever_https(http_server_url(server), NULL, &made, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(made);
    ck_assert_str_eq(err.field, "base_url");
    ck_assert_int_eq(asap_retriever_https(NULL, NULL, &made, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.message, "base_url is missing: where are the keys?");
    ck_assert_succeeds(asap_retriever_https("https://keys.example.com/", NULL, &made, &err));
    asap_retriever_free(made);
    asap_retriever_free(NULL);
}
END_TEST

static TCase *caching_case(void)
{
    TCase *caching = tcase_create("caching");

    tcase_add_checked_fixture(caching, start, stop);
    tcase_add_test(caching, a_fresh_key_is_fetched_once);
    tcase_add_test(caching, a_key_without_cache_headers_is_fresh_for_300_seconds);
    tcase_add_test(caching, a_stale_key_is_revalidated_by_its_etag);
    tcase_add_test(caching, a_key_that_may_not_be_stored_is_fetched_each_time);
    tcase_add_loop_test(caching, a_stale_key_is_used_when_the_repository_fails, 0, COUNT(failures));
    tcase_add_test(caching, a_stale_key_is_used_when_the_repository_is_gone);
    tcase_add_loop_test(caching, a_key_that_is_gone_is_dropped_and_remembered_as_missing, 0,
                        COUNT(absences));
    tcase_add_loop_test(caching, a_failure_is_not_remembered, 0, COUNT(failures));
    tcase_add_loop_test(caching, a_bad_key_is_refused_and_not_kept, 0, COUNT(bad_keys));
    tcase_add_test(caching, a_bad_key_ends_the_stale_one);
    tcase_add_test(caching, a_message_says_which_url_and_why);
    tcase_add_test(caching, forged_key_ids_cost_a_bounded_number_of_fetches);
    tcase_add_test(caching, what_is_held_is_found_without_a_request);
    tcase_add_test(caching, plain_http_needs_the_option);
    tcase_set_timeout(caching, 60);
    return caching;
}

static TCase *threads_case(void)
{
    TCase *threads = tcase_create("threads");

    tcase_add_checked_fixture(threads, start, stop);
    tcase_add_test(threads, threads_that_want_one_key_share_a_fetch);
    tcase_add_test(threads, threads_share_a_failure_too);
    tcase_add_test(threads, a_fresh_key_does_not_wait_for_another_fetch);
    tcase_add_test(threads, a_stale_key_serves_others_while_one_revalidates);
    return threads;
}

int main(void)
{
    Suite *suite = suite_create("retriever_https");

    suite_add_tcase(suite, caching_case());
    suite_add_tcase(suite, threads_case());
    return check_main(suite);
}
