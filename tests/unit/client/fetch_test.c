/* SPDX-License-Identifier: Apache-2.0 */
/* strcasestr() finds a header whatever its case. */
#define _GNU_SOURCE
#include "fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "http_server.h"

#define PEM_TYPE "Content-Type: application/x-pem-file\r\n"
#define KID "web/api/2026.pem"

static const struct cache_validators no_validators = { .etag = "" };

static struct http_server *server = NULL;
static struct fetcher *fetcher = NULL;

static struct fetcher *fetcher_to(const char *url)
{
    const struct asap_https_options options = { .allow_http_loopback = true };
    struct fetcher *made = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(fetcher_new(url, &options, &made, &err));
    return made;
}

static void start(void)
{
    server = http_server_start(NULL);
    fetcher = fetcher_to(http_server_url(server));
}

static void stop(void)
{
    fetcher_free(fetcher);
    http_server_stop(server);
}

static enum asap_code fetch_if(const struct cache_validators *validators,
                               struct fetch_answer *out,
                               struct asap_error *err)
{
    const struct kid kid = { .text = KID "and more", .length = sizeof KID - 1 };

    *err = (struct asap_error){ .code = ASAP_OK };
    return fetch_key(fetcher, &kid, validators, out, err);
}

static enum asap_code fetch(struct fetch_answer *out, struct asap_error *err)
{
    return fetch_if(&no_validators, out, err);
}

START_TEST(asks_for_the_key_and_nothing_else)
{
    struct fetch_answer answer;
    struct asap_error err;
    const char *asked = NULL;

    http_server_reply(server, "200 OK", PEM_TYPE, "a key");
    ck_assert_succeeds(fetch(&answer, &err));
    ck_assert(!answer.not_modified);
    ck_assert_uint_eq(answer.body_length, 5);
    ck_assert_mem_eq(answer.body, "a key", 5);
    asked = http_server_last_request(server);
    ck_assert_ptr_eq(strstr(asked, "GET /" KID " HTTP/1.1\r\n"), asked);
    ck_assert_ptr_nonnull(strstr(asked, "\r\nAccept: application/x-pem-file\r\n"));
    ck_assert_ptr_null(strcasestr(asked, "\r\nAccept-Encoding:"));
    ck_assert_ptr_null(strcasestr(asked, "\r\nCookie:"));
    ck_assert_ptr_null(strcasestr(asked, "\r\nAuthorization:"));
    ck_assert_ptr_null(strcasestr(asked, "\r\nIf-"));
}
END_TEST

static const char *const pem_types[] = {
    "Content-Type: application/x-pem-file\r\n",
    "content-type:application/x-pem-file; charset=utf-8\r\n",
    "Content-Type: Application/X-PEM-File ;charset=utf-8\r\n",
    "Content-Type: application/x-pem-file\t \r\n",
};

START_TEST(a_pem_type_may_have_parameters_and_any_case)
{
    struct fetch_answer answer;
    struct asap_error err;

    http_server_reply(server, "200 OK", pem_types[_i], "a key");
    ck_assert_succeeds(fetch(&answer, &err));
}
END_TEST

static const char *const other_types[] = {
    "",
    "Content-Type:\r\n",
    "Content-Type: text/plain\r\n",
    "Content-Type: application/x-pem-files\r\n",
    "Content-Type: application/x-pem-fil\r\n",
    "Content-Type: text/html; x=application/x-pem-file\r\n",
    "Content-Type: application/x-pem-file\r\nContent-Type: text/html\r\n",
    "Content-Type: text/html\r\nContent-Type: application/x-pem-file\r\n",
};

START_TEST(another_type_is_refused)
{
    struct fetch_answer answer;
    struct asap_error err;

    http_server_reply(server, "200 OK", other_types[_i], "a key");
    ck_assert_msg(fetch(&answer, &err) == ASAP_UNAUTHENTICATED, "%s", other_types[_i]);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    ck_assert_ptr_nonnull(strstr(err.message, KID));
}
END_TEST

/* A body of this length, after its head and before its end. */
static void say_body(const char *head, size_t length, const char *end)
{
    SCOPED(buffer) struct buffer text = BUFFER(8192);

    buffer_printf(&text, "HTTP/1.1 200 OK\r\n%s%s\r\n", PEM_TYPE, head);
    for (size_t i = 0; i < length; i++)
        buffer_puts(&text, "k");
    buffer_puts(&text, end);
    http_server_say(server, text.bytes, text.length);
}

static const struct {
    const char *head, *longer_head, *end;
} framings[] = {
    { "Transfer-Encoding: chunked\r\n\r\n1000", "Transfer-Encoding: chunked\r\n\r\n1001",
      "\r\n0\r\n\r\n" },
    { "Content-Length: 4096\r\n", "Content-Length: 4097\r\n", "" },
    { "Connection: close\r\n", "Connection: close\r\n", "" },
};

START_TEST(a_body_of_4096_bytes_is_read_and_a_longer_one_refused)
{
    struct fetch_answer answer;
    struct asap_error err;

    say_body(framings[_i].head, PEM_PUBLIC_MAX, framings[_i].end);
    say_body(framings[_i].longer_head, PEM_PUBLIC_MAX + 1, framings[_i].end);
    ck_assert_succeeds(fetch(&answer, &err));
    ck_assert_uint_eq(answer.body_length, PEM_PUBLIC_MAX);
    ck_assert_int_eq(fetch(&answer, &err), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
}
END_TEST

START_TEST(header_fields_are_taken_from_the_final_response)
{
    struct fetch_answer answer;
    struct asap_error err;

    http_server_say_text(
        server, "HTTP/1.1 103 Early Hints\r\nETag: \"early\"\r\nCache-Control: max-age=9\r\n"
                "Content-Type: text/html\r\n\r\n"
                "HTTP/1.1 200 OK\r\n" PEM_TYPE "ETag:  \"1\" \r\n"
                "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                "Cache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n"
                "Trailer: ETag\r\n\r\n5\r\na key\r\n0\r\nETag: \"late\"\r\n"
                "Cache-Control: max-age=1\r\n\r\n");
    ck_assert_succeeds(fetch(&answer, &err));
    ck_assert_str_eq(answer.validators.etag, "\"1\"");
    ck_assert_str_eq(answer.validators.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
    ck_assert_int_eq(answer.headers.control.max_age.seconds, 60);
}
END_TEST

START_TEST(a_validator_that_is_too_long_is_none)
{
    struct fetch_answer answer;
    struct asap_error err;
    char field[400];

    (void)snprintf(field, sizeof field, PEM_TYPE "ETag: \"%0300d\"\r\n", 1);
    http_server_reply(server, "200 OK", field, "a key");
    ck_assert_succeeds(fetch(&answer, &err));
    ck_assert_str_eq(answer.validators.etag, "");
}
END_TEST

START_TEST(a_304_counts_only_if_a_validator_was_sent)
{
    static const struct cache_validators tag = { .etag = "\"1\"" };
    static const struct cache_validators date = { .last_modified =
                                                      "Sun, 06 Nov 1994 08:49:37 GMT" };
    struct fetch_answer answer;
    struct asap_error err;

    http_server_say_text(server, "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n");
    ck_assert_succeeds(fetch_if(&tag, &answer, &err));
    ck_assert(answer.not_modified);
    ck_assert_int_eq(answer.headers.control.max_age.seconds, 60);
    ck_assert_ptr_nonnull(strstr(http_server_last_request(server), "\r\nIf-None-Match: \"1\"\r\n"));
    ck_assert_succeeds(fetch_if(&date, &answer, &err));
    ck_assert_ptr_nonnull(strstr(http_server_last_request(server),
                                 "\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    ck_assert_int_eq(fetch(&answer, &err), ASAP_UNAVAILABLE);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

static const struct {
    const char *status;
    enum asap_code code;
    enum asap_reason reason;
} statuses[] = {
    { "404 Not Found", ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_NOT_FOUND },
    { "403 Forbidden", ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_NOT_FOUND },
    { "410 Gone", ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_NOT_FOUND },
    { "500 Oh", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE },
    { "503 Busy", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE },
    { "429 Slow", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE },
    { "400 Bad", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE },
    { "201 Created", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE },
    { "206 Partial", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE },
    { "302 Found", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE },
};

START_TEST(a_status_says_whether_the_key_is_missing_or_unknown)
{
    struct fetch_answer answer;
    struct asap_error err;
    char fields[256];

    (void)snprintf(fields, sizeof fields,
                   PEM_TYPE "Cache-Control: max-age=7\r\nLocation: %s/elsewhere\r\n",
                   http_server_url(server));
    http_server_reply(server, statuses[_i].status, fields, "a key");
    ck_assert_msg(fetch(&answer, &err) == statuses[_i].code, "%s", statuses[_i].status);
    ck_assert_int_eq(err.code, statuses[_i].code);
    ck_assert_int_eq(err.reason, statuses[_i].reason);
    ck_assert_int_eq(answer.headers.control.max_age.seconds, 7);
    ck_assert_ptr_nonnull(strstr(err.message, http_server_url(server)));
    ck_assert_uint_eq(http_server_requests(server), 1);
}
END_TEST

START_TEST(a_long_error_page_does_not_hide_the_status)
{
    struct fetch_answer answer;
    struct asap_error err;
    char page[3 * PEM_PUBLIC_MAX];

    memset(page, 'x', sizeof page - 1);
    page[sizeof page - 1] = '\0';
    http_server_reply(server, "404 Not Found", "", page);
    http_server_reply(server, "502 Bad Gateway", "", page);
    ck_assert_int_eq(fetch(&answer, &err), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_int_eq(fetch(&answer, &err), ASAP_UNAVAILABLE);
}
END_TEST

/* Padding in one field, in many, and in interim responses. */
static const struct {
    const char *begin, *repeated;
    size_t times;
    const char *end;
    bool accepted;
} floods[] = {
    { "HTTP/1.1 200 OK\r\n" PEM_TYPE "X: ", "xxxxxxxx", 990, "\r\nContent-Length: 0\r\n\r\n",
      true },
    { "HTTP/1.1 200 OK\r\n" PEM_TYPE "X: ", "xxxxxxxx", 1024, "\r\nContent-Length: 0\r\n\r\n",
      false },
    { "HTTP/1.1 200 OK\r\n" PEM_TYPE, "X: x\r\n", 1300, "Content-Length: 0\r\n\r\n", true },
    { "HTTP/1.1 200 OK\r\n" PEM_TYPE, "X: x\r\n", 1366, "Content-Length: 0\r\n\r\n", false },
    { "HTTP/1.1 500 No\r\n", "ETag: 1\r\n", 2000, "Content-Length: 0\r\n\r\n", false },
    { "", "HTTP/1.1 103 Hints\r\nX: x\r\n\r\n", 400, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
      false },
};

START_TEST(a_flood_of_header_fields_is_cut_off)
{
    struct fetch_answer answer;
    struct asap_error err;
    SCOPED(buffer) struct buffer text = BUFFER(65536);
    enum asap_code code = ASAP_OK;

    buffer_puts(&text, floods[_i].begin);
    for (size_t i = 0; i < floods[_i].times; i++)
        buffer_puts(&text, floods[_i].repeated);
    buffer_puts(&text, floods[_i].end);
    http_server_say(server, text.bytes, text.length);
    code = fetch(&answer, &err);
    if (floods[_i].accepted) {
        ck_assert_succeeds(code);
        return;
    }
    ck_assert_int_eq(code, ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "header is over 8192 bytes"));
}
END_TEST

static const char *const broken[] = {
    "",
    "SSH-2.0-OpenSSH\r\nConnection: close\r\n",
    "HTTP/1.1 200 OK\r\n" PEM_TYPE "Content-Length: 500\r\nConnection: close\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\n" PEM_TYPE "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
};

START_TEST(a_broken_answer_tells_nothing)
{
    struct fetch_answer answer;
    struct asap_error err;

    http_server_say_text(server, broken[_i]);
    ck_assert_msg(fetch(&answer, &err) == ASAP_UNAVAILABLE, "%s", broken[_i]);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

START_TEST(a_key_that_is_gone_is_gone_however_its_page_ends)
{
    struct fetch_answer answer;
    struct asap_error err;

    http_server_say_text(server, "HTTP/1.1 404 Not Found\r\nContent-Length: 500\r\n"
                                 "Connection: close\r\n\r\nhalf");
    ck_assert_int_eq(fetch(&answer, &err), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_NOT_FOUND);
}
END_TEST

START_TEST(one_connection_serves_one_fetch_after_another)
{
    struct fetch_answer answer;
    struct asap_error err;

    http_server_reply(server, "200 OK", PEM_TYPE, "a key");
    for (int i = 0; i < 5; i++)
        ck_assert_succeeds(fetch(&answer, &err));
    ck_assert_uint_eq(http_server_requests(server), 5);
    ck_assert_uint_eq(http_server_connections(server), 1);
}
END_TEST

START_TEST(a_repository_that_is_down_is_named)
{
    struct fetch_answer answer;
    struct asap_error err;
    char url[160];

    (void)snprintf(url, sizeof url, "%s", http_server_url(server));
    http_server_stop(server);
    server = NULL;
    ck_assert_int_eq(fetch(&answer, &err), ASAP_UNAVAILABLE);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, url));
}
END_TEST

/* One thread sets and fetches. NOLINTBEGIN(concurrency-mt-unsafe) */
START_TEST(the_environment_sets_no_proxy)
{
    struct http_server *proxy = http_server_start(NULL);
    struct fetch_answer answer;
    struct asap_error err;

    ck_assert_int_eq(setenv("http_proxy", http_server_url(proxy), 1), 0);
    ck_assert_int_eq(setenv("all_proxy", http_server_url(proxy), 1), 0);
    http_server_reply(proxy, "200 OK", PEM_TYPE, "another key");
    http_server_reply(server, "200 OK", PEM_TYPE, "a key");
    ck_assert_succeeds(fetch(&answer, &err));
    ck_assert_uint_eq(http_server_requests(proxy), 0);
    ck_assert_uint_eq(answer.body_length, 5);
    ck_assert_int_eq(unsetenv("http_proxy"), 0);
    ck_assert_int_eq(unsetenv("all_proxy"), 0);
    http_server_stop(proxy);
}
END_TEST
/* NOLINTEND(concurrency-mt-unsafe) */

START_TEST(cookies_are_not_sent_back)
{
    struct fetch_answer answer;
    struct asap_error err;

    http_server_reply(server, "200 OK", PEM_TYPE "Set-Cookie: a=b; Path=/\r\n", "a key");
    ck_assert_succeeds(fetch(&answer, &err));
    ck_assert_succeeds(fetch(&answer, &err));
    ck_assert_ptr_null(strcasestr(http_server_last_request(server), "Cookie"));
}
END_TEST

START_TEST(plain_http_does_not_pass_for_https)
{
    struct fetch_answer answer;
    struct asap_error err;
    char url[160];

    (void)snprintf(url, sizeof url, "https%s", http_server_url(server) + 4);
    fetcher_free(fetcher);
    fetcher = fetcher_to(url);
    http_server_reply(server, "200 OK", PEM_TYPE, "a key");
    ck_assert_int_eq(fetch(&answer, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "SSL"));
}
END_TEST

static const struct {
    const char *url, *base;
    bool allow_http;
} good_urls[] = {
    { "https://keys.example.com", "https://keys.example.com", false },
    { "https://keys.example.com/", "https://keys.example.com", false },
    { "https://keys.example.com:8443/a/b//", "https://keys.example.com:8443/a/b", false },
    { "HTTPS://[2001:db8::1]/k", "HTTPS://[2001:db8::1]/k", false },
    { "http://127.0.0.1:80/k", "http://127.0.0.1:80/k", true },
    { "http://[::1]", "http://[::1]", true },
    { "http://localhost:8080", "http://localhost:8080", true },
};

START_TEST(a_repository_url_needs_no_slash_at_its_end)
{
    const struct asap_https_options options = { .allow_http_loopback = good_urls[_i].allow_http };
    struct asap_error err = { 0 };
    struct fetcher *made = NULL;

    ck_assert_succeeds(fetcher_new(good_urls[_i].url, &options, &made, &err));
    ck_assert_str_eq(fetcher_base_url(made), good_urls[_i].base);
    fetcher_free(made);
}
END_TEST

static const struct {
    const char *url;
    bool allow_http;
} bad_urls[] = {
    { "", false },
    { "keys.example.com", false },
    { "https://", false },
    { "https:///k", false },
    { "https:/keys.example.com", false },
    { "http://127.0.0.1", false },
    { "http://keys.example.com", true },
    { "http://127.0.0.2", true },
    { "http://localhost.example.com", true },
    { "ftp://localhost", true },
    { "file:///etc/passwd", true },
    { "https://user@keys.example.com", false },
    { "https://user:secret@keys.example.com", false },
    { "https://keys.example.com?x=", false },
    { "https://keys.example.com/?", false },
    { "https://keys.example.com/#", false },
    { "https://keys.example.com/a b", false },
    { "https://keys.example.com/a\r\nX: y", false },
    { "https://keys.example.com/\\", false },
    { "https://k\xc3\xa9ys.example.com", false },
    { "https://keys.example.com:99999", false },
    { " https://keys.example.com", false },
};

START_TEST(what_is_no_repository_url_is_refused)
{
    const struct asap_https_options options = { .allow_http_loopback = bad_urls[_i].allow_http };
    struct asap_error err = { 0 };
    struct fetcher *made = NULL;

    ck_assert_msg(fetcher_new(bad_urls[_i].url, &options, &made, &err) == ASAP_INVALID_ARGUMENT,
                  "accepted %s", bad_urls[_i].url);
    ck_assert_ptr_null(made);
    ck_assert_str_eq(err.field, "base_url");
    ck_assert_ptr_null(strstr(err.message, "secret"));
}
END_TEST

START_TEST(a_url_of_1024_bytes_is_the_longest)
{
    const struct asap_https_options options = { .cache_entries = 0 };
    struct asap_error err = { 0 };
    struct fetcher *made = NULL;
    char url[FETCH_URL_MAX + 2] = "https://keys.example.com/";

    memset(url + strlen(url), 'k', FETCH_URL_MAX + 1 - strlen(url));
    ck_assert_int_eq(fetcher_new(url, &options, &made, &err), ASAP_INVALID_ARGUMENT);
    url[FETCH_URL_MAX] = '\0';
    ck_assert_succeeds(fetcher_new(url, &options, &made, &err));
    fetcher_free(made);
}
END_TEST

static const char *const bad_ca_files[] = { "/nonexistent/ca.pem", "/dev/null", "/" };

START_TEST(a_ca_file_without_certificates_is_refused)
{
    const struct asap_https_options options = { .ca_file = bad_ca_files[_i] };
    struct asap_error err = { 0 };
    struct fetcher *made = NULL;

    ck_assert_int_eq(fetcher_new("https://keys.example.com", &options, &made, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "ca_file");
    ck_assert_ptr_nonnull(strstr(err.message, bad_ca_files[_i]));
}
END_TEST

static TCase *answers_case(void)
{
    TCase *answers = tcase_create("answers");

    tcase_add_checked_fixture(answers, start, stop);
    tcase_add_test(answers, asks_for_the_key_and_nothing_else);
    tcase_add_loop_test(answers, a_pem_type_may_have_parameters_and_any_case, 0, COUNT(pem_types));
    tcase_add_loop_test(answers, another_type_is_refused, 0, COUNT(other_types));
    tcase_add_loop_test(answers, a_body_of_4096_bytes_is_read_and_a_longer_one_refused, 0,
                        COUNT(framings));
    tcase_add_test(answers, header_fields_are_taken_from_the_final_response);
    tcase_add_test(answers, a_validator_that_is_too_long_is_none);
    tcase_add_test(answers, a_304_counts_only_if_a_validator_was_sent);
    tcase_add_loop_test(answers, a_status_says_whether_the_key_is_missing_or_unknown, 0,
                        COUNT(statuses));
    tcase_add_test(answers, a_long_error_page_does_not_hide_the_status);
    tcase_add_loop_test(answers, a_flood_of_header_fields_is_cut_off, 0, COUNT(floods));
    tcase_add_loop_test(answers, a_broken_answer_tells_nothing, 0, COUNT(broken));
    tcase_add_test(answers, a_key_that_is_gone_is_gone_however_its_page_ends);
    tcase_add_test(answers, one_connection_serves_one_fetch_after_another);
    tcase_add_test(answers, a_repository_that_is_down_is_named);
    tcase_add_test(answers, the_environment_sets_no_proxy);
    tcase_add_test(answers, cookies_are_not_sent_back);
    tcase_add_test(answers, plain_http_does_not_pass_for_https);
    return answers;
}

static TCase *options_case(void)
{
    TCase *options = tcase_create("options");

    tcase_add_loop_test(options, a_repository_url_needs_no_slash_at_its_end, 0, COUNT(good_urls));
    tcase_add_loop_test(options, what_is_no_repository_url_is_refused, 0, COUNT(bad_urls));
    tcase_add_test(options, a_url_of_1024_bytes_is_the_longest);
    tcase_add_loop_test(options, a_ca_file_without_certificates_is_refused, 0, COUNT(bad_ca_files));
    return options;
}

int main(void)
{
    Suite *suite = suite_create("fetch");
    int failed = 0;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    suite_add_tcase(suite, answers_case());
    suite_add_tcase(suite, options_case());
    failed = check_main(suite);
    curl_global_cleanup();
    return failed;
}
