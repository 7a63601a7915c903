/* SPDX-License-Identifier: Apache-2.0 */
#include "gzip.h"
#include "rpc_fixture.h"

/* What the Connect protocol puts around a message. */

static struct buffer packed;

static void start_packed(void)
{
    packed = (struct buffer)BUFFER(HTTP_BODY_MAX);
    start();
}

static void stop_packed(void)
{
    buffer_clear(&packed);
    stop();
}

static void send_bytes(const char *path, const struct buffer *body)
{
    request.path = path;
    request.body = body->bytes;
    request.body_length = body->length;
    rpc_handle(&server, &request, &response);
}

static void get(const char *path, const char *query)
{
    request.method = HTTP_GET;
    request.query = query;
    request.find_header = find_header;
    headers[0] = "Accept";
    headers[1] = "*/*";
    post(path, "");
}

static void pack(const char *text, int32_t number)
{
    struct asap_error err = { 0 };
    Asap__Test__Everything message;
    char copy[64];

    asap__test__everything__init(&message);
    (void)snprintf(copy, sizeof copy, "%s", text);
    message.text = copy;
    message.int32_value = number;
    buffer_clear(&packed);
    ck_assert_succeeds(codec_write_binary(&message.base, &packed, &err));
}

static void deflate_json(const char *text)
{
    struct asap_error err = { 0 };

    buffer_clear(&packed);
    ck_assert_succeeds(gzip_deflate(text, strlen(text), &packed, &err));
}

START_TEST(a_binary_request_gets_a_binary_response)
{
    ProtobufCMessage *out = NULL;
    struct asap_error err = { 0 };

    headers[1] = "application/proto";
    pack("x", 41);
    send_bytes(ECHO, &packed);
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(header("Content-Type"), "application/proto");
    ck_assert_succeeds(codec_read_binary(&asap__test__everything__descriptor,
                                         (const uint8_t *)response.body.bytes, response.body.length,
                                         &out, &err));
    ck_assert_int_eq(((Asap__Test__Everything *)out)->int32_value, 42);
    ck_assert_str_eq(((Asap__Test__Everything *)out)->text, "x");
    protobuf_c_message_free_unpacked(out, NULL);
}
END_TEST

START_TEST(an_error_is_json_even_to_a_binary_request)
{
    headers[1] = "application/proto";
    post(ECHO, "\xff\xff");
    assert_failed(400, "invalid_argument", NULL);
}
END_TEST

START_TEST(a_compressed_request_is_inflated)
{
    set_header("Content-Encoding", "GZIP");
    deflate_json("{\"int32Value\":1}");
    send_bytes(ECHO, &packed);
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(response.body.bytes, "{\"int32Value\":2}");
}
END_TEST

START_TEST(an_empty_request_is_not_inflated)
{
    set_header("Content-Encoding", "gzip");
    post(ECHO, "");
    ck_assert_str_eq(response.body.bytes, "{\"int32Value\":1}");
}
END_TEST

START_TEST(a_request_may_inflate_to_the_limit_of_bodies_and_no_further)
{
    char text[BODY_MAX + 2];

    memset(text, ' ', sizeof text);
    memcpy(text, "{}", 2);
    text[BODY_MAX + _i] = '\0';
    set_header("Content-Encoding", "gzip");
    deflate_json(text);
    send_bytes(ECHO, &packed);
    ck_assert_int_eq(seen.calls, _i == 0 ? 1 : 0);
    if (_i == 0)
        ck_assert_uint_eq(response.status, 200);
    else
        assert_failed(429, "resource_exhausted", NULL);
}
END_TEST

START_TEST(an_unknown_compression_is_told_the_known_ones)
{
    set_header("Content-Encoding", "br");
    post(ECHO, "{}");
    assert_failed(501, "unimplemented", NULL);
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "gzip or identity"));
}
END_TEST

static const struct {
    const char *encoding, *accepted; /* NULL: no such header */
    bool is_compressed;
} accepted[] = {
    { NULL, NULL, false },
    { "gzip", NULL, true },
    { "gzip", "identity", false },
    { NULL, "gzip", true },
    { NULL, "br, gzip", true },
    { NULL, "br ,\tGZIP;q=0.5, zstd", true },
    { NULL, "gzip;q=0.001", true },
    { NULL, "gzip;q=0", false },
    { NULL, "gzip; q=0.000 , br", false },
    { NULL, "gzip-not", false },
    { NULL, "x-gzip", false },
    { NULL, "br", false },
    { NULL, "", false },
};

START_TEST(a_response_is_compressed_for_those_who_take_that)
{
    enum { LONG = 2000 };
    struct buffer inflated = BUFFER(HTTP_BODY_MAX);
    struct asap_error err = { 0 };
    char text[LONG + 16];

    (void)snprintf(text, sizeof text, "{\"text\":\"%0*d\"}", LONG, 0);
    if (accepted[_i].encoding != NULL)
        set_header("Content-Encoding", accepted[_i].encoding);
    if (accepted[_i].accepted != NULL)
        set_header("Accept-Encoding", accepted[_i].accepted);
    deflate_json(text);
    if (accepted[_i].encoding != NULL)
        send_bytes(ECHO, &packed);
    else
        post(ECHO, text);
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(header("Content-Encoding"), accepted[_i].is_compressed ? "gzip" : "");
    if (accepted[_i].is_compressed)
        ck_assert_succeeds(
            gzip_inflate(response.body.bytes, response.body.length, &inflated, &err));
    else
        buffer_append(&inflated, response.body.bytes, response.body.length);
    ck_assert_uint_eq(inflated.length, LONG + strlen("{\"int32Value\":1,\"text\":\"\"}"));
    buffer_clear(&inflated);
}
END_TEST

START_TEST(a_short_response_is_not_compressed)
{
    enum { SHORT = 400 };
    char text[SHORT + 16];

    (void)snprintf(text, sizeof text, "{\"text\":\"%0*d\"}", SHORT, 0);
    set_header("Accept-Encoding", "gzip");
    post(ECHO, text);
    ck_assert_str_eq(header("Content-Encoding"), "");
    ck_assert_uint_gt(response.body.length, SHORT);
}
END_TEST

static const struct {
    const char *query;
    unsigned status;
    const char *expected; /* of a success the body, else the code */
} queries[] = {
    { "connect=v1&encoding=json&message=%7B%22text%22:%22a%20b+c%22%7d", 200,
      "{\"int32Value\":1,\"text\":\"a b c\"}" },
    { "message={}&encoding=json", 200, "{\"int32Value\":1}" },
    { "message=&encoding=json", 200, "{\"int32Value\":1}" },
    { "message&encoding=json", 200, "{\"int32Value\":1}" },
    { "a=b&encoding=json&&c&message={}&=d", 200, "{\"int32Value\":1}" },
    { "encoding=json&base64=1&message=eyJpbnQzMlZhbHVlIjoxfQ", 200, "{\"int32Value\":2}" },
    { "encoding=json&base64=1&message=eyJpbnQzMlZhbHVlIjoxfQ%3D%3D", 200, "{\"int32Value\":2}" },
    { "encoding=json&base64=0&message={}", 200, "{\"int32Value\":1}" },
    { "encoding=json&compression=identity&message={}", 200, "{\"int32Value\":1}" },
    { "encoding=json&compression=gzip&message=", 200, "{\"int32Value\":1}" },
    { "encoding=proto&message=", 200, "\x08\x01" },
    { "encoding=proto&base64=1&message=CAE", 200, "\x08\x02" },
    { "encoding=proto&message=%08%01", 200, "\x08\x02" },
    { "encoding=xml&message={}", 415, "unknown" },
    { "encoding=jsonjsonjsonjsonjson&message={}", 415, "unknown" },
    { "encoding=json%00&message={}", 415, "unknown" },
    { "message={}", 415, "unknown" },
    { "connect=v2&encoding=json&message={}", 400, "invalid_argument" },
    { "connect=&encoding=json&message={}", 400, "invalid_argument" },
    { "encoding=json", 400, "invalid_argument" },
    { "", 400, "invalid_argument" },
    { NULL, 400, "invalid_argument" },
    { "encoding=json&message={}&message={}", 400, "invalid_argument" },
    { "encoding=json&encoding=proto&message={}", 400, "invalid_argument" },
    { "encoding=json&message=%7", 400, "invalid_argument" },
    { "encoding=json&message=%", 400, "invalid_argument" },
    { "encoding=json&message=%7x", 400, "invalid_argument" },
    { "encoding=json&message={", 400, "invalid_argument" },
    { "encoding=json&base64=1&message=%21", 400, "invalid_argument" },
    { "encoding=json&compression=gzip&message={}", 400, "invalid_argument" },
    { "encoding=json&compression=br&message={}", 501, "unimplemented" },
};

START_TEST(a_method_without_side_effects_is_called_by_get)
{
    get(READ, queries[_i].query);
    ck_assert_int_eq(seen.calls, queries[_i].status == 200 ? 1 : 0);
    if (queries[_i].status != 200) {
        assert_failed(queries[_i].status, queries[_i].expected, NULL);
        return;
    }
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(response.body.bytes, queries[_i].expected);
    ck_assert_str_eq(seen.query, queries[_i].query);
    ck_assert_str_eq(header("Vary"), "Accept-Encoding");
    ck_assert_str_eq(header("Cache-Control"), "no-store");
}
END_TEST

START_TEST(a_message_in_a_query_has_the_limit_of_bodies)
{
    char query[BODY_MAX + 64];

    (void)snprintf(query, sizeof query, "encoding=json&message={}%*s", BODY_MAX - 2 + _i, "");
    for (char *space = query; (space = strchr(space, ' ')) != NULL;)
        *space = '+';
    get(READ, query);
    if (_i == 0)
        ck_assert_uint_eq(response.status, 200);
    else
        assert_failed(429, "resource_exhausted", NULL);
}
END_TEST

START_TEST(a_method_without_side_effects_is_called_by_post_too)
{
    post(READ, "{}");
    ck_assert_uint_eq(response.status, 200);
    ck_assert_ptr_null(seen.query);
    ck_assert_str_eq(header("Vary"), "");
}
END_TEST

static const enum http_method other_verbs[] = { HTTP_HEAD, HTTP_OTHER };

START_TEST(other_verbs_are_refused_with_those_that_work)
{
    request.method = other_verbs[_i];
    post(READ, "{}");
    assert_failed(405, "unknown", NULL);
    ck_assert_str_eq(header("Allow"), "GET, POST");
}
END_TEST

START_TEST(a_get_with_a_body_is_refused)
{
    request.method = HTTP_GET;
    request.query = "encoding=json&message={}";
    post(READ, "{}");
    assert_failed(400, "invalid_argument", NULL);
    ck_assert_int_eq(seen.calls, 0);
}
END_TEST

static void add_messages(TCase *tests)
{
    tcase_add_test(tests, a_binary_request_gets_a_binary_response);
    tcase_add_test(tests, an_error_is_json_even_to_a_binary_request);
    tcase_add_test(tests, a_compressed_request_is_inflated);
    tcase_add_test(tests, an_empty_request_is_not_inflated);
    tcase_add_loop_test(tests, a_request_may_inflate_to_the_limit_of_bodies_and_no_further, 0, 2);
    tcase_add_test(tests, an_unknown_compression_is_told_the_known_ones);
    tcase_add_loop_test(tests, a_response_is_compressed_for_those_who_take_that, 0,
                        COUNT(accepted));
    tcase_add_test(tests, a_short_response_is_not_compressed);
    tcase_add_loop_test(tests, a_method_without_side_effects_is_called_by_get, 0, COUNT(queries));
    tcase_add_loop_test(tests, a_message_in_a_query_has_the_limit_of_bodies, 0, 2);
    tcase_add_test(tests, a_method_without_side_effects_is_called_by_post_too);
    tcase_add_loop_test(tests, other_verbs_are_refused_with_those_that_work, 0, COUNT(other_verbs));
    tcase_add_test(tests, a_get_with_a_body_is_refused);
}

int main(void)
{
    Suite *suite = suite_create("rpc_connect");
    TCase *tests = tcase_create("connect");

    tcase_add_checked_fixture(tests, start_packed, stop_packed);
    add_messages(tests);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
