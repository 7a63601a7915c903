/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asap/v1/server.pb-c.h"
#include "check_main.h"
#include "codec.h"
#include "http_server.h"
#include "scratch.h"

#define JSON_TYPE "Content-Type: application/json\r\n"
#define PATH "/asap.v1.Server/GetStatus"

enum { OVER_ANSWER_MAX = 16 * 1024 * 1024 + 1 };

static struct scratch folder;
static char socket_path[160];
static struct http_server *server = NULL;

static void start(void)
{
    scratch_make(&folder);
    (void)scratch_file(&folder, "admin.sock", socket_path, sizeof socket_path);
    server = http_server_start(socket_path);
}

static void stop(void)
{
    http_server_stop(server);
    scratch_remove(&folder);
}

static enum asap_code call(const char *url, ProtobufCMessage **out, struct asap_error *err)
{
    struct rpc_endpoint endpoint = { .url = url, .timeout_ms = 5000 };
    Asap__V1__GetStatusRequest request = ASAP__V1__GET_STATUS_REQUEST__INIT;

    return rpc_call(&endpoint, PATH, &request.base, &asap__v1__status__descriptor, out, err);
}

/* A call that is expected to fail. */
static enum asap_code call_in_vain(const char *url, struct asap_error *err)
{
    ProtobufCMessage *response = NULL;
    enum asap_code code = call(url, &response, err);

    ck_assert_ptr_null(response);
    ck_assert_int_eq(code, err->code);
    ck_assert_ptr_null(strchr(err->message, '\n'));
    return code;
}

START_TEST(posts_json_and_reads_the_response)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *response = NULL;
    const char *asked = NULL;

    http_server_reply(server, "200 OK", JSON_TYPE,
                      "{\"version\":\"0.1.0\",\"publishedKeyCount\":\"3\"}");
    ck_assert_succeeds(call(http_server_url(server), &response, &err));
    ck_assert_str_eq(((const Asap__V1__Status *)(const void *)response)->version, "0.1.0");
    ck_assert_int_eq(((const Asap__V1__Status *)(const void *)response)->published_key_count, 3);
    protobuf_c_message_free_unpacked(response, NULL);
    asked = http_server_last_request(server);
    ck_assert_ptr_eq(strstr(asked, "POST " PATH " HTTP/1.1\r\n"), asked);
    ck_assert_ptr_nonnull(strstr(asked, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(asked, "\r\nConnect-Protocol-Version: 1\r\n"));
    ck_assert_ptr_nonnull(strstr(asked, "\r\n\r\n{}"));
}
END_TEST

static const struct {
    const char *status, *headers, *body;
    enum asap_code code;
    const char *message;
} errors[] = {
    { "404 Not Found", JSON_TYPE,
      "{\"code\":\"not_found\",\"message\":\"no issuer \\\"web\\\"\"}\n", ASAP_NOT_FOUND,
      "no issuer \"web\"" },
    { "400 Bad Request", JSON_TYPE,
      "{\"code\":\"failed_precondition\",\"message\":\"x\",\"details\":[{\"type\":\"a\"}]}",
      ASAP_FAILED_PRECONDITION, "x" },
    { "409 Conflict", JSON_TYPE, "{\"code\":\"already_exists\"}", ASAP_ALREADY_EXISTS, "" },
    { "403 Forbidden", JSON_TYPE, "{\"message\":\"no\"}", ASAP_PERMISSION_DENIED, "no" },
    { "403 Forbidden", JSON_TYPE, "{\"code\":\"sideways\"}", ASAP_PERMISSION_DENIED, "" },
    { "403 Forbidden", JSON_TYPE, "{\"code\":\"ok\"}", ASAP_PERMISSION_DENIED, "" },
    { "401 Unauthorized", JSON_TYPE, "[]", ASAP_UNAUTHENTICATED, "HTTP status 401" },
    { "503 Busy", "Content-Type: text/html\r\n", "<p>", ASAP_UNAVAILABLE, "HTTP status 503" },
    { "302 Found", "Location: http://localhost/\r\n", "", ASAP_UNKNOWN, "HTTP status 302" },
    { "500 Oh", JSON_TYPE, "{\"code\":\"internal\",\"message\":\"a\\u001b[2Jb\\nc\"}",
      ASAP_INTERNAL, "a [2Jb c" },
    { "200 OK", JSON_TYPE, "{\"version\":3}", ASAP_INTERNAL, "something else than a Status" },
    { "200 OK", "Content-Type: text/html\r\n", "", ASAP_INTERNAL, "something else than JSON" },
    { "200 OK", "", "{}", ASAP_INTERNAL, "something else than JSON" },
};

START_TEST(an_error_keeps_its_code_and_message)
{
    struct asap_error err = { 0 };

    http_server_reply(server, errors[_i].status, errors[_i].headers, errors[_i].body);
    ck_assert_msg(call_in_vain(http_server_url(server), &err) == errors[_i].code, "%s %s: %d %s",
                  errors[_i].status, errors[_i].body, err.code, err.message);
    ck_assert_msg(strstr(err.message, errors[_i].message) != NULL, "%s", err.message);
    ck_assert_uint_eq(http_server_requests(server), 1);
}
END_TEST

/* Without a Content-Length, so that only counting finds the end. */
START_TEST(an_answer_over_the_limit_is_refused)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    const size_t length = sizeof head - 1 + OVER_ANSWER_MAX;
    char *text = malloc(length);
    struct asap_error err = { 0 };

    ck_assert_ptr_nonnull(text);
    memset(text, ' ', length);
    memcpy(text, head, sizeof head - 1);
    http_server_say(server, text, length);
    free(text);
    ck_assert_int_eq(call_in_vain(http_server_url(server), &err), ASAP_RESOURCE_EXHAUSTED);
    ck_assert_ptr_nonnull(strstr(err.message, "over 16 MiB (ask for smaller pages)"));
}
END_TEST

START_TEST(a_missing_socket_says_what_to_check)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(call_in_vain("unix:/nonexistent/admin.sock", &err), ASAP_UNAVAILABLE);
    ck_assert_str_eq(err.message, "cannot reach asapd at unix:/nonexistent/admin.sock: no such file"
                                  " (is asapd running, and is this its address?)");
}
END_TEST

START_TEST(a_socket_without_a_listener_says_so)
{
    struct asap_error err = { 0 };
    char url[200];

    (void)snprintf(url, sizeof url, "unix:%s", socket_path);
    http_server_stop(server);
    server = NULL;
    ck_assert_int_eq(call_in_vain(url, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "connection refused"));
    ck_assert_ptr_nonnull(strstr(err.message, "is asapd running"));
}
END_TEST

START_TEST(a_socket_of_somebody_else_says_so)
{
    struct asap_error err = { 0 };

    if (geteuid() == 0)
        return; /* root may open every socket */
    ck_assert_int_eq(chmod(socket_path, 0), 0);
    ck_assert_int_eq(call_in_vain(http_server_url(server), &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "permission denied"));
}
END_TEST

START_TEST(a_connection_that_breaks_before_the_answer_leaves_the_outcome_unknown)
{
    struct asap_error err = { 0 };

    http_server_say_text(server, "");
    ck_assert_int_eq(call_in_vain(http_server_url(server), &err), ASAP_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(err.message, socket_path));
    ck_assert_ptr_nonnull(strstr(err.message, "may have been carried out"));
}
END_TEST

START_TEST(an_answer_that_does_not_come_is_a_deadline)
{
    struct asap_error err = { 0 };
    struct rpc_endpoint endpoint = { .url = http_server_url(server), .timeout_ms = 50 };
    Asap__V1__GetStatusRequest request = ASAP__V1__GET_STATUS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    http_server_hold(server);
    ck_assert_int_eq(
        rpc_call(&endpoint, PATH, &request.base, &asap__v1__status__descriptor, &response, &err),
        ASAP_DEADLINE_EXCEEDED);
    ck_assert_ptr_nonnull(strstr(err.message, "within 50 ms"));
}
END_TEST

START_TEST(plain_http_does_not_pass_for_https)
{
    struct http_server *plain = http_server_start(NULL);
    struct asap_error err = { 0 };
    char url[200];

    http_server_reply(plain, "200 OK", JSON_TYPE, "{}");
    (void)snprintf(url, sizeof url, "https%s", http_server_url(plain) + 4);
    ck_assert_int_eq(call_in_vain(url, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "does asapd serve TLS there?"));
    http_server_stop(plain);
}
END_TEST

/* Over the 107 bytes that fit a socket's address. */
#define TWENTY "01234567890123456789"
#define TOO_LONG "unix:/" TWENTY TWENTY TWENTY TWENTY TWENTY "0123456"

static const char *const bad_urls[] = {
    "", "unix:", "http://127.0.0.1:1", "/run/asapd/admin.sock", "ftp://localhost", TOO_LONG,
};

START_TEST(an_address_that_is_none_is_named)
{
    struct asap_error err = { 0 };

    ck_assert_msg(call_in_vain(bad_urls[_i], &err) == ASAP_INVALID_ARGUMENT, "%s", bad_urls[_i]);
    ck_assert_str_eq(err.field, "server");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("call");
    TCase *calls = tcase_create("call");
    int failed = 0;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    tcase_add_checked_fixture(calls, start, stop);
    tcase_add_test(calls, posts_json_and_reads_the_response);
    tcase_add_loop_test(calls, an_error_keeps_its_code_and_message, 0, COUNT(errors));
    tcase_add_test(calls, an_answer_over_the_limit_is_refused);
    tcase_add_test(calls, a_missing_socket_says_what_to_check);
    tcase_add_test(calls, a_socket_without_a_listener_says_so);
    tcase_add_test(calls, a_socket_of_somebody_else_says_so);
    tcase_add_test(calls, a_connection_that_breaks_before_the_answer_leaves_the_outcome_unknown);
    tcase_add_test(calls, an_answer_that_does_not_come_is_a_deadline);
    tcase_add_test(calls, plain_http_does_not_pass_for_https);
    tcase_add_loop_test(calls, an_address_that_is_none_is_named, 0, COUNT(bad_urls));
    suite_add_tcase(suite, calls);
    failed = check_main(suite);
    curl_global_cleanup();
    return failed;
}
