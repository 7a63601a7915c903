/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <string.h>

#include "check_main.h"

static const struct {
    const char *text, *decoded;
} decoded[] = {
    { "", "" },           { "/a/b", "/a/b" }, { "/a%2Fb", "/a/b" },       { "/a%2fb", "/a/b" },
    { "/%252e", "/%2e" }, { "/a+b", "/a+b" }, { "/%c3%BC", "/\xc3\xbc" },
};

START_TEST(undoes_percent_encoding_once)
{
    char out[32] = "";

    ck_assert(http_decode_path(decoded[_i].text, strlen(decoded[_i].text), out, sizeof out));
    ck_assert_str_eq(out, decoded[_i].decoded);
}
END_TEST

static const struct {
    const char *why, *text;
    size_t length;
} malformed[] = {
    { "a percent sign at the end", "/a%", 3 },
    { "one digit", "/a%2", 4 },
    { "no digits", "/a%zz", 5 },
    { "a digit and a letter", "/a%2g", 5 },
    { "an escaped NUL", "/a%00b", 6 },
    { "a NUL", "/a\0b", 4 },
    { "more than there is room for", "/1234567", 8 },
};

START_TEST(refuses_what_does_not_decode)
{
    char out[8] = "";

    ck_assert_msg(!http_decode_path(malformed[_i].text, malformed[_i].length, out, sizeof out),
                  "accepted %s", malformed[_i].why);
}
END_TEST

START_TEST(fills_its_room_to_the_last_byte)
{
    char out[8] = "";

    ck_assert(http_decode_path("/123456", 7, out, sizeof out));
    ck_assert_str_eq(out, "/123456");
    ck_assert(!http_decode_path("", 0, out, 0));
}
END_TEST

START_TEST(describes_an_error_in_json)
{
    struct http_response response = { 0 };

    http_set_error(&response, ASAP_NOT_FOUND, "no \"key\" here");
    ck_assert_uint_eq(response.status, 404);
    ck_assert_str_eq(response.body.bytes,
                     "{\"code\":\"not_found\",\"message\":\"no \\\"key\\\" here\"}\n");
    ck_assert_uint_eq(response.header_count, 1);
    ck_assert_str_eq(response.headers[0].value, "application/json");
    buffer_clear(&response.body);
}
END_TEST

START_TEST(replaces_body_and_type_by_an_error)
{
    struct http_response response = { .body = BUFFER(16) };

    http_set_header(&response, "Content-Type", "%s", "text/plain");
    http_set_header(&response, "ETag", "\"%d\"", 1);
    buffer_puts(&response.body, "half of it");
    http_set_error(&response, ASAP_INTERNAL, "broken");
    ck_assert_uint_eq(response.status, 500);
    ck_assert_str_eq(response.body.bytes, "{\"code\":\"internal\",\"message\":\"broken\"}\n");
    ck_assert_uint_eq(response.header_count, 2);
    ck_assert_str_eq(response.headers[0].value, "\"1\"");
    ck_assert_str_eq(response.headers[1].value, "application/json");
    buffer_clear(&response.body);
}
END_TEST

START_TEST(answers_even_when_the_message_is_not_text)
{
    struct http_response response = { 0 };

    http_set_error(&response, ASAP_NOT_FOUND, "\xff");
    ck_assert_uint_eq(response.status, 500);
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "\"internal\""));
    buffer_clear(&response.body);
}
END_TEST

static const char *one_header(void *transport, const char *name)
{
    return strcmp(name, "Accept") == 0 ? transport : NULL;
}

START_TEST(finds_headers_where_the_transport_keeps_them)
{
    char value[] = "text/html";
    const struct http_request request = { .find_header = one_header, .transport = value };
    const struct http_request bare = { 0 };

    ck_assert_str_eq(http_request_header(&request, "Accept"), "text/html");
    ck_assert_ptr_null(http_request_header(&request, "ETag"));
    ck_assert_ptr_null(http_request_header(&bare, "Accept"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http");
    TCase *tests = tcase_create("http");

    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, undoes_percent_encoding_once, 0, COUNT(decoded));
    tcase_add_loop_test(tests, refuses_what_does_not_decode, 0, COUNT(malformed));
    tcase_add_test(tests, fills_its_room_to_the_last_byte);
    tcase_add_test(tests, describes_an_error_in_json);
    tcase_add_test(tests, replaces_body_and_type_by_an_error);
    tcase_add_test(tests, answers_even_when_the_message_is_not_text);
    tcase_add_test(tests, finds_headers_where_the_transport_keeps_them);
    return check_main(suite);
}
