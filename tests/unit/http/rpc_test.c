/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_fixture.h"

START_TEST(a_method_is_called_with_the_request_and_answers)
{
    post(ECHO, "{\"int32Value\":41,\"text\":\"x\"}");
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(response.body.bytes, "{\"int32Value\":42,\"text\":\"x\"}");
    ck_assert_str_eq(header("Content-Type"), "application/json");
    ck_assert_str_eq(header("Cache-Control"), "no-store");
    ck_assert_int_eq(seen.now, NOW);
    ck_assert_ptr_eq(seen.service, &seen);
    ck_assert_str_eq(seen.caller.name, "192.0.2.7");
    ck_assert(!seen.caller.is_admin);
    ck_assert_str_eq(logged, "");
}
END_TEST

START_TEST(an_empty_body_is_an_empty_request)
{
    post(ECHO, "");
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(response.body.bytes, "{\"int32Value\":1}");
}
END_TEST

static const struct {
    const char *value;
    bool accepted;
} content_types[] = {
    { "application/json", true },
    { "Application/JSON", true },
    { "application/json;charset=utf-8", true },
    { "application/json ; charset=UTF-8", true },
    { "application/json; charset=\"utf-8\"", true },
    { "application/json; charset=latin1", false },
    { "application/json; version=2", false },
    { "application/json;", false },
    { "application/jsonp", false },
    { "application/proto", true },
    { "Application/Proto", true },
    { "application/proto; charset=utf-8", false },
    { "application/connect+json", false },
    { "text/plain", false },
    { "", false },
    { NULL, false },
};

START_TEST(only_json_and_the_binary_form_are_taken)
{
    headers[0] = content_types[_i].value == NULL ? NULL : "Content-Type";
    headers[1] = content_types[_i].value;
    post(ECHO, "");
    ck_assert_int_eq(seen.calls, content_types[_i].accepted ? 1 : 0);
    if (content_types[_i].accepted) {
        ck_assert_uint_eq(response.status, 200);
        return;
    }
    assert_failed(415, "unknown", NULL);
    ck_assert_str_eq(header("Accept-Post"), "application/json, application/proto");
}
END_TEST

static const enum http_method not_post[] = { HTTP_GET, HTTP_HEAD, HTTP_OTHER };

START_TEST(only_post_calls_a_method)
{
    request.method = not_post[_i];
    post(ECHO, "");
    assert_failed(405, "unknown", NULL);
    ck_assert_str_eq(header("Allow"), "POST");
    ck_assert_int_eq(seen.calls, 0);
}
END_TEST

static const char *const strangers[] = { "/asap.test.Echo/Echoes", "/asap.test.Echo/echo",
                                         "/asap.test.Echo/", "/asap.test.Other/Echo" };

START_TEST(a_method_that_is_not_there_is_unimplemented)
{
    post(strangers[_i], "{}");
    assert_failed(404, "unimplemented", NULL);
    ck_assert_int_eq(seen.calls, 0);
}
END_TEST

static const struct {
    const char *name, *value;
    unsigned status;
    const char *code; /* NULL: accepted */
} extra_headers[] = {
    { "Connect-Protocol-Version", "1", 200, NULL },
    { "Connect-Protocol-Version", "2", 400, "invalid_argument" },
    { "Content-Encoding", "identity", 200, NULL },
    { "Content-Encoding", "gzip", 400, "invalid_argument" },
    { "Content-Encoding", "zstd", 501, "unimplemented" },
    { "Content-Encoding", "gzip, gzip", 501, "unimplemented" },
    { "Connect-Timeout-Ms", "1", 200, NULL },
    { "Connect-Timeout-Ms", "9999999999", 200, NULL },
    { "Connect-Timeout-Ms", "0", 504, "deadline_exceeded" },
    { "Connect-Timeout-Ms", "10000000000", 400, "invalid_argument" },
    { "Connect-Timeout-Ms", "", 400, "invalid_argument" },
    { "Connect-Timeout-Ms", "-1", 400, "invalid_argument" },
    { "Connect-Timeout-Ms", "1.5", 400, "invalid_argument" },
    { "Connect-Timeout-Ms", "1s", 400, "invalid_argument" },
    { "Connect-Timeout-Ms", " 1", 400, "invalid_argument" },
};

START_TEST(headers_of_the_protocol_are_read_strictly)
{
    headers[2] = extra_headers[_i].name;
    headers[3] = extra_headers[_i].value;
    post(ECHO, "{}");
    if (extra_headers[_i].code == NULL)
        ck_assert_uint_eq(response.status, 200);
    else
        assert_failed(extra_headers[_i].status, extra_headers[_i].code, NULL);
    ck_assert_int_eq(seen.calls, extra_headers[_i].code == NULL ? 1 : 0);
}
END_TEST

static const struct {
    bool is_local;
    uint32_t uid;
    bool allowed;
} callers[] = {
    { true, 0, true },           { true, ADMIN_UID, true }, { true, 1000, false },
    { true, UINT32_MAX, false }, { false, 0, false },       { false, ADMIN_UID, false },
};

START_TEST(admin_methods_are_for_root_and_the_user_of_the_server)
{
    come_as(callers[_i].uid);
    request.peer.is_local = callers[_i].is_local;
    post(ADMIN_ECHO, "{}");
    ck_assert_int_eq(seen.calls, callers[_i].allowed ? 1 : 0);
    if (callers[_i].allowed)
        ck_assert(seen.caller.is_admin);
    else
        assert_failed(403, "permission_denied", NULL);
}
END_TEST

START_TEST(a_caller_without_the_right_learns_nothing_of_the_request)
{
    come_as(1000);
    post(ADMIN_ECHO, "{");
    assert_failed(403, "permission_denied", NULL);
}
END_TEST

START_TEST(malformed_json_is_the_callers_fault)
{
    post(ECHO, "{\"text\":");
    assert_failed(400, "invalid_argument", NULL);
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "line 1"));
    ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(a_value_of_the_wrong_type_is_named)
{
    post(ECHO, "{\"children\":[{\"text\":5}]}");
    assert_failed(400, "invalid_argument", "children[0].text: expected a string, found a number");
}
END_TEST

static const struct {
    enum asap_code code;
    const char *field, *message;
    unsigned status;
    const char *name, *expected;
    bool logged;
} failures[] = {
    { ASAP_NOT_FOUND, NULL, "no issuer x", 404, "not_found", "no issuer x", false },
    { ASAP_INVALID_ARGUMENT, "name", "is empty", 400, "invalid_argument", "name: is empty", false },
    { ASAP_ALREADY_EXISTS, NULL, "it is there", 409, "already_exists", "it is there", false },
    { ASAP_INTERNAL, NULL, "it broke", 500, "internal", "it broke", true },
    { ASAP_UNAVAILABLE, NULL, "busy", 503, "unavailable", "busy", true },
    { ASAP_DATA_LOSS, NULL, "gone", 500, "data_loss", "gone", true },
    { ASAP_ABORTED, NULL, NULL, 409, "aborted", "aborted", false },
    { ASAP_NOT_FOUND, NULL, "no issuer \xc3", 404, "not_found", "no issuer ", false },
    { ASAP_NOT_FOUND, NULL, "say \"x\"\n", 404, "not_found", "say \"x\"\n", false },
};

START_TEST(a_failure_of_a_method_becomes_an_error_object)
{
    seen.code = failures[_i].code;
    seen.field = failures[_i].field;
    seen.message = failures[_i].message;
    post(FAIL, "{}");
    assert_failed(failures[_i].status, failures[_i].name, failures[_i].expected);
    ck_assert_ptr_null(strstr(response.body.bytes, "left behind"));
    ck_assert_int_eq(strstr(logged, "error: 192.0.2.7 called " FAIL ": ") != NULL,
                     failures[_i].logged);
    ck_assert_int_eq(logged[0] != '\0', failures[_i].logged);
}
END_TEST

START_TEST(a_response_that_cannot_be_written_is_an_internal_error)
{
    post(MANGLE, "{}");
    assert_failed(500, "internal", NULL);
    ck_assert_ptr_null(strstr(response.body.bytes, "int32Value"));
    ck_assert_ptr_nonnull(strstr(logged, "error: "));
}
END_TEST

START_TEST(administration_is_logged_with_who_did_what_and_how_it_ended)
{
    come_as(0);
    post(ADMIN_ECHO, "{\"text\":\"hidden\"}");
    ck_assert_ptr_nonnull(strstr(logged, "info: uid:0 called " ADMIN_ECHO ": ok\n"));
    ck_assert_ptr_null(strstr(logged, "hidden"));
}
END_TEST

START_TEST(an_attempt_at_administration_is_logged)
{
    come_as(1000);
    post(ADMIN_ECHO, "{}");
    ck_assert_ptr_nonnull(
        strstr(logged, "info: uid:1000 called " ADMIN_ECHO ": permission_denied: "));
}
END_TEST

START_TEST(strangers_on_the_network_cannot_fill_the_log)
{
    come_as(1000);
    request.peer.is_local = false;
    post(ADMIN_ECHO, "{}");
    assert_failed(403, "permission_denied", NULL);
    ck_assert_ptr_null(strstr(logged, "info: "));
}
END_TEST

START_TEST(untrusted_text_stays_on_its_line_of_the_log)
{
    seen.code = ASAP_INTERNAL;
    seen.message = "bad\nerror: forged \x1b[2J";
    post(FAIL, "{}");
    ck_assert_ptr_nonnull(strstr(logged, "bad\\x0aerror: forged \\x1b[2J\n"));
    ck_assert_ptr_eq(strchr(logged, '\n'), logged + strlen(logged) - 1);
}
END_TEST

static const struct {
    const char *path;
    bool matches;
} paths[] = {
    { "/asap.v1.Server/GetStatus", true },
    { "/asap.v1.sub.Server/Get_Status2", true },
    { "/asap.v1.Server/Unknown", true },
    { "/asap.Server/GetStatus", false },
    { "/asap.v1.Server", false },
    { "/asap.v1.Server/", false },
    { "/asap.v1.Server/Get/Status", false },
    { "/asap.v1.Server/Get.Status", false },
    { "/asap.v1./Get", false },
    { "/asap..Server/Get", false },
    { "/asap.v1.Server//Get", false },
    { "/asap.v1.Server/Get%20", false },
    { "/asap/v1.Server/Get", false },
    { "/asapx.v1.Server/Get", false },
    { "/payments/api/key.pem", false },
    { "/asap.", false },
    { "/", false },
    { "", false },
};

START_TEST(paths_of_methods_are_told_from_those_of_keys)
{
    ck_assert_msg(rpc_matches(paths[_i].path) == paths[_i].matches, "%s", paths[_i].path);
}
END_TEST

static void add_calls(TCase *calls)
{
    tcase_add_checked_fixture(calls, start, stop);
    tcase_add_test(calls, a_method_is_called_with_the_request_and_answers);
    tcase_add_test(calls, an_empty_body_is_an_empty_request);
    tcase_add_loop_test(calls, only_json_and_the_binary_form_are_taken, 0, COUNT(content_types));
    tcase_add_loop_test(calls, only_post_calls_a_method, 0, COUNT(not_post));
    tcase_add_loop_test(calls, a_method_that_is_not_there_is_unimplemented, 0, COUNT(strangers));
    tcase_add_loop_test(calls, headers_of_the_protocol_are_read_strictly, 0, COUNT(extra_headers));
    tcase_add_loop_test(calls, admin_methods_are_for_root_and_the_user_of_the_server, 0,
                        COUNT(callers));
    tcase_add_test(calls, a_caller_without_the_right_learns_nothing_of_the_request);
    tcase_add_test(calls, malformed_json_is_the_callers_fault);
    tcase_add_test(calls, a_value_of_the_wrong_type_is_named);
    tcase_add_loop_test(calls, a_failure_of_a_method_becomes_an_error_object, 0, COUNT(failures));
    tcase_add_test(calls, a_response_that_cannot_be_written_is_an_internal_error);
    tcase_add_test(calls, administration_is_logged_with_who_did_what_and_how_it_ended);
    tcase_add_test(calls, an_attempt_at_administration_is_logged);
    tcase_add_test(calls, strangers_on_the_network_cannot_fill_the_log);
    tcase_add_test(calls, untrusted_text_stays_on_its_line_of_the_log);
}

int main(void)
{
    Suite *suite = suite_create("rpc");
    TCase *calls = tcase_create("calls");
    TCase *routing = tcase_create("routing");

    add_calls(calls);
    tcase_add_loop_test(routing, paths_of_methods_are_told_from_those_of_keys, 0, COUNT(paths));
    suite_add_tcase(suite, calls);
    suite_add_tcase(suite, routing);
    return check_main(suite);
}
