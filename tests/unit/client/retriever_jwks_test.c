/* SPDX-License-Identifier: Apache-2.0 */
/* strcasestr() finds a header whatever its case. */
#define _GNU_SOURCE
#include "retriever_fixture.h"

#include "jwk.h"

#define JSON_TYPE "Content-Type: application/jwk-set+json\r\n"
#define FRESH JSON_TYPE "Cache-Control: max-age=600\r\n"

static char jwk_a[1024]; /* of web/a, and pem_a */
static char jwk_b[1024]; /* of web/b, and pem_b */

static void make_jwk(const char *kid, const char *pem, char *out, size_t size)
{
    SCOPED(buffer) struct buffer text = BUFFER(1000);
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(pem_read_public(pem, strlen(pem), &key, &err));
    ck_assert_succeeds(jwk_write(key, kid, "ES256", &text, &err));
    (void)snprintf(out, size, "%s", text.bytes);
}

static void start_set(void)
{
    struct asap_https_options options = { .allow_http_loopback = true };
    struct asap_error err = { 0 };

    start();
    make_jwk("web/a", pem_a, jwk_a, sizeof jwk_a);
    make_jwk("web/b", pem_b, jwk_b, sizeof jwk_b);
    options.clock = fake_clock_of(&wall_clock);
    options.age_clock = fake_clock_of(&age_clock);
    asap_retriever_free(retriever);
    ck_assert_succeeds(asap_retriever_jwks(http_server_url(server), &options, &retriever, &err));
}

/* A set of these keys; `second` may be NULL. */
static void serve_set(const char *headers, const char *first, const char *second)
{
    char body[4096];

    (void)snprintf(body, sizeof body, "{\"keys\":[%s%s%s]}\n", first, second != NULL ? "," : "",
                   second != NULL ? second : "");
    serve("200 OK", headers, body);
}

START_TEST(one_set_has_many_keys)
{
    serve_set(FRESH, jwk_a, jwk_b);
    ck_assert_int_eq(find_held("web/a", NULL), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/b", pem_b), ASAP_REASON_NONE);
    ck_assert_int_eq(find_held("web/b", pem_b), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/c", NULL), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_int_eq(find_held("web/c", NULL), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_uint_eq(http_server_requests(server), 1);
    ck_assert_ptr_nonnull(strcasestr(http_server_last_request(server),
                                     "\r\nAccept: application/jwk-set+json, application/json\r\n"));
}
END_TEST

START_TEST(a_set_is_fetched_for_an_unknown_key_once_per_interval)
{
    char text[32];

    serve_set(FRESH, jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve_set(FRESH, jwk_a, jwk_b);
    pass(19);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof text, "web/forged-%d", i);
        ck_assert_int_eq(find(text, NULL), ASAP_REASON_KEY_NOT_FOUND);
    }
    ck_assert_int_eq(find("web/b", pem_b), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_uint_eq(http_server_requests(server), 1);
    pass(1);
    ck_assert_int_eq(find_held("web/b", NULL), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/b", pem_b), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/c", NULL), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(an_unknown_key_is_not_missing_when_the_set_could_not_be_fetched)
{
    serve_set(FRESH, jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve("500 Oh", "", "");
    pass(20);
    ck_assert_int_eq(find("web/b", NULL), ASAP_REASON_KEY_UNAVAILABLE);
    ck_assert_int_eq(find("web/b", NULL), ASAP_REASON_KEY_UNAVAILABLE);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(a_clock_that_goes_back_trusts_no_set)
{
    serve_set(FRESH, jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve_set(FRESH, jwk_b, NULL);
    pass(-1);
    ck_assert_int_eq(find("web/a", NULL), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(a_stale_set_is_revalidated_by_its_etag)
{
    serve_set(JSON_TYPE "ETag: \"1\"\r\nCache-Control: max-age=60\r\n", jwk_a, NULL);
    http_server_say_text(server, "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n");
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    pass(60);
    ck_assert_int_eq(find_held("web/a", NULL), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_ptr_nonnull(strstr(http_server_last_request(server), "\r\nIf-None-Match: \"1\"\r\n"));
    pass(47);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(a_key_that_left_the_set_is_gone)
{
    serve_set(JSON_TYPE "Cache-Control: max-age=60\r\n", jwk_a, jwk_b);
    ck_assert_int_eq(find("web/b", pem_b), ASAP_REASON_NONE);
    serve_set(FRESH, jwk_a, NULL);
    pass(60);
    ck_assert_int_eq(find("web/b", pem_b), ASAP_REASON_KEY_NOT_FOUND);
}
END_TEST

START_TEST(a_set_is_used_for_5_seconds_whatever_its_header_says)
{
    serve_set(JSON_TYPE "Cache-Control: no-store, no-cache, max-age=0\r\n", jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    pass(3);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 1);
    pass(2);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(a_set_is_renewed_in_the_background)
{
    serve_set(JSON_TYPE "Cache-Control: max-age=100\r\n", jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve_set(FRESH, jwk_a, jwk_b);
    http_server_hold(server);
    pass(80);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_await(server, 2);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_release(server);
    ck_assert_int_eq(find("web/b", pem_b), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(a_renewal_that_failed_ends_the_stale_set)
{
    serve_set(JSON_TYPE "Cache-Control: max-age=60, stale-while-revalidate=60\r\n", jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve("503 Busy", "", "");
    pass(60);
    while (find("web/a", pem_a) == ASAP_REASON_NONE)
        (void)sched_yield();
    pass(5);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

START_TEST(a_stale_set_is_used_as_long_as_allowed_when_the_server_fails)
{
    serve_set(JSON_TYPE "Cache-Control: max-age=60, stale-if-error=30\r\n", jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve("503 Busy", "", "");
    pass(60);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_uint_eq(http_server_requests(server), 2);
    pass(30);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

static const struct {
    const char *status, *headers, *body;
    enum asap_reason reason;
} bad_sets[] = {
    { "404 Not Found", "", "", ASAP_REASON_KEY_UNAVAILABLE },
    { "500 Oh", "", "", ASAP_REASON_KEY_UNAVAILABLE },
    { "200 OK", "Content-Type: text/html\r\n", "{\"keys\":[]}", ASAP_REASON_KEY_REFUSED },
    { "200 OK", JSON_TYPE, "", ASAP_REASON_KEY_REFUSED },
    { "200 OK", JSON_TYPE, "[]", ASAP_REASON_KEY_REFUSED },
    { "200 OK", JSON_TYPE, "{\"keys\":{}}", ASAP_REASON_KEY_REFUSED },
    { "200 OK", JSON_TYPE, "{\"keys\":[],\"keys\":[]}", ASAP_REASON_KEY_REFUSED },
    { "200 OK", JSON_TYPE, "{\"keys\":[]} {}", ASAP_REASON_KEY_REFUSED },
};

/* Whatever is no set ends the one that was held, unless the server just failed. */
START_TEST(what_is_no_set_is_refused)
{
    const bool has_failed = strcmp(bad_sets[_i].status, "500 Oh") == 0;

    serve(bad_sets[_i].status, bad_sets[_i].headers, bad_sets[_i].body);
    ck_assert_int_eq(find("web/a", pem_a), bad_sets[_i].reason);
    serve_set(JSON_TYPE "Cache-Control: max-age=60, stale-if-error=600\r\n", jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve(bad_sets[_i].status, bad_sets[_i].headers, bad_sets[_i].body);
    pass(60);
    ck_assert_int_eq(find("web/a", pem_a), has_failed ? ASAP_REASON_NONE : bad_sets[_i].reason);
}
END_TEST

/* The whole set, padded to `length` bytes. */
static void serve_padded(size_t length)
{
    SCOPED(buffer) struct buffer body = BUFFER(300000);

    buffer_printf(&body, "{\"keys\":[%s]}", jwk_a);
    while (body.length < length)
        buffer_puts(&body, " ");
    serve("200 OK", FRESH, body.bytes);
}

START_TEST(a_set_has_256_kib_at_most)
{
    serve_padded(256 * 1024 + 1);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_KEY_REFUSED);
    serve_padded(256 * 1024);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
}
END_TEST

START_TEST(forged_key_ids_fetch_little_while_the_server_fails)
{
    char text[32];

    serve("500 Oh", "", "");
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof text, "web/forged-%d", i);
        ck_assert_int_eq(find(text, NULL),
                         i < 10 ? ASAP_REASON_KEY_UNAVAILABLE : ASAP_REASON_OVERLOADED);
    }
    ck_assert_uint_eq(http_server_requests(server), 10);
    serve_set(FRESH, jwk_a, NULL);
    pass(1);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
}
END_TEST

START_TEST(threads_share_one_fetch)
{
    enum { THREADS = 100 };
    pthread_t threads[THREADS];
    char text[] = "web/a";

    serve_set(FRESH, jwk_a, NULL);
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

START_TEST(a_known_key_does_not_wait_for_a_fetch_for_an_unknown_one)
{
    pthread_t thread;
    char text[] = "web/b";

    serve_set(FRESH, jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    serve_set(FRESH, jwk_a, jwk_b);
    http_server_hold(server);
    pass(20);
    begin(&thread, 1, text);
    http_server_await(server, 2);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    http_server_release(server);
    EVP_PKEY_free(finish(thread));
}
END_TEST

/* One of them fetches. */
START_TEST(few_threads_wait_for_unknown_keys_at_once)
{
    serve_set(FRESH, jwk_a, NULL);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    pass(20);
    crowd_for_unknown_keys(1 + AT_ONCE, "web/a");
    ck_assert_uint_eq(http_server_requests(server), 2);
}
END_TEST

START_TEST(the_url_follows_the_rules_of_a_repository)
{
    struct asap_retriever *made = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(asap_retriever_jwks("http://keys.example.com/jwks", NULL, &made, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(made);
    ck_assert_succeeds(asap_retriever_jwks("https://keys.example.com/jwks", NULL, &made, &err));
    asap_retriever_free(made);
}
END_TEST

static TCase *faults_case(void)
{
    TCase *faults = tcase_create("faults");

    tcase_add_checked_fixture(faults, start_set, stop);
    tcase_add_test(faults, an_unknown_key_is_not_missing_when_the_set_could_not_be_fetched);
    tcase_add_test(faults, a_stale_set_is_used_as_long_as_allowed_when_the_server_fails);
    tcase_add_test(faults, a_renewal_that_failed_ends_the_stale_set);
    tcase_add_loop_test(faults, what_is_no_set_is_refused, 0, COUNT(bad_sets));
    tcase_add_test(faults, a_set_has_256_kib_at_most);
    tcase_add_test(faults, forged_key_ids_fetch_little_while_the_server_fails);
    tcase_add_test(faults, threads_share_one_fetch);
    tcase_add_test(faults, a_known_key_does_not_wait_for_a_fetch_for_an_unknown_one);
    tcase_add_test(faults, few_threads_wait_for_unknown_keys_at_once);
    tcase_add_test(faults, the_url_follows_the_rules_of_a_repository);
    tcase_set_timeout(faults, 60);
    return faults;
}

int main(void)
{
    Suite *suite = suite_create("retriever_jwks");
    TCase *sets = tcase_create("sets");

    tcase_add_checked_fixture(sets, start_set, stop);
    tcase_add_test(sets, one_set_has_many_keys);
    tcase_add_test(sets, a_set_is_fetched_for_an_unknown_key_once_per_interval);
    tcase_add_test(sets, a_clock_that_goes_back_trusts_no_set);
    tcase_add_test(sets, a_stale_set_is_revalidated_by_its_etag);
    tcase_add_test(sets, a_key_that_left_the_set_is_gone);
    tcase_add_test(sets, a_set_is_used_for_5_seconds_whatever_its_header_says);
    tcase_add_test(sets, a_set_is_renewed_in_the_background);
    tcase_set_timeout(sets, 60);
    suite_add_tcase(suite, sets);
    suite_add_tcase(suite, faults_case());
    return check_main(suite);
}
