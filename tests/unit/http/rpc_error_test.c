/* SPDX-License-Identifier: Apache-2.0 */
#include "fail.h"
#include "rpc_fixture.h"

/* What a method answers besides its message, and how it ends. */

static enum asap_code adorn_with_all(struct rpc_reply *reply, struct asap_error *err)
{
    static const uint8_t bytes[] = { 0xff, 0xfe };

    reply->retry_ms = 1500;
    TRY(rpc_reply_header(reply, "X-One", "a", err));
    TRY(rpc_reply_header(reply, "X-One", "b", err));
    TRY(rpc_reply_header(reply, "cache-control", "max-age=60", err));
    TRY(rpc_reply_trailer(reply, "x-last", "c", err));
    return rpc_reply_detail_bytes(reply, "example.com/a.B", bytes, sizeof bytes, err);
}

/* The values of the headers of this name that a method added, each with a "|" behind it. */
static const char *lines(const char *name)
{
    static char found[256];

    found[0] = '\0';
    for (const char *at = http_next_header(&response, NULL); at != NULL;
         at = http_next_header(&response, at))
        if (strcasecmp(at, name) == 0)
            (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s|",
                           at + strlen(at) + 1);
    return found;
}

START_TEST(a_method_adds_headers_and_trailers_to_its_response)
{
    seen.adorn = adorn_with_all;
    post(ECHO, "{}");
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(lines("X-One"), "a|b|");
    ck_assert_str_eq(lines("Trailer-x-last"), "c|");
    ck_assert_str_eq(lines("Cache-Control"), "max-age=60|");
    ck_assert_str_eq(header("Cache-Control"), "");
    ck_assert_ptr_null(strstr(response.body.bytes, "a.B"));
}
END_TEST

START_TEST(an_error_carries_headers_and_trailers_and_is_not_kept)
{
    seen.adorn = adorn_with_all;
    seen.code = ASAP_UNAVAILABLE;
    post(FAIL, "{}");
    assert_failed(503, "unavailable", NULL);
    ck_assert_str_eq(lines("X-One"), "a|b|");
    ck_assert_str_eq(lines("Trailer-x-last"), "c|");
    ck_assert_str_eq(lines("Cache-Control"), "");
    ck_assert_str_eq(header("Retry-After"), "2");
}
END_TEST

static json_t *details(void)
{
    json_t *body = json_loadb(response.body.bytes, response.body.length, 0, NULL);
    json_t *list = json_incref(json_object_get(body, "details"));

    json_decref(body);
    return list;
}

static void assert_detail(const json_t *list, size_t index, const char *expected)
{
    char *text = json_dumps(json_array_get(list, index), JSON_COMPACT | JSON_ENCODE_ANY);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(an_error_has_the_details_of_the_method_and_when_to_try_again)
{
    json_t *list = NULL;

    seen.adorn = adorn_with_all;
    seen.code = ASAP_UNAVAILABLE;
    post(FAIL, "{}");
    list = details();
    ck_assert_uint_eq(json_array_size(list), 2);
    assert_detail(list, 0, "{\"type\":\"a.B\",\"value\":\"//4\"}");
    assert_detail(list, 1,
                  "{\"type\":\"google.rpc.RetryInfo\",\"value\":\"CggIARCAyrXuAQ\","
                  "\"debug\":{\"retryDelay\":\"1.500s\"}}");
    json_decref(list);
}
END_TEST

START_TEST(an_error_names_the_rule_and_the_field_in_its_details)
{
    json_t *list = NULL;

    seen.code = ASAP_INVALID_ARGUMENT;
    seen.reason = ASAP_REASON_KID_GRAMMAR;
    seen.field = "key.name";
    seen.message = "is \xc3\xbc\xc3";
    post(FAIL, "{}");
    list = details();
    ck_assert_uint_eq(json_array_size(list), 2);
    assert_detail(list, 0,
                  "{\"type\":\"google.rpc.ErrorInfo\",\"value\":\"CgtLSURfR1JBTU1BUhIEYXNhcA\","
                  "\"debug\":{\"reason\":\"KID_GRAMMAR\",\"domain\":\"asap\"}}");
    assert_detail(list, 1,
                  "{\"type\":\"google.rpc.BadRequest\",\"value\":\"ChEKCGtleS5uYW1lEgVpcyDDvA\","
                  "\"debug\":{\"fieldViolations\":[{\"field\":\"key.name\","
                  "\"description\":\"is \xc3\xbc\"}]}}");
    json_decref(list);
}
END_TEST

START_TEST(an_error_names_its_request_where_that_is_wanted)
{
    const struct trace trace = { .request_id = "r-1" };
    json_t *list = NULL;

    seen.code = ASAP_NOT_FOUND;
    request.trace = &trace;
    post(FAIL, "{}");
    list = details();
    ck_assert_ptr_null(list);
    server.names_requests = true;
    post(FAIL, "{}");
    list = details();
    ck_assert_uint_eq(json_array_size(list), 1);
    assert_detail(list, 0,
                  "{\"type\":\"google.rpc.RequestInfo\",\"value\":\"CgNyLTE\","
                  "\"debug\":{\"requestId\":\"r-1\"}}");
    json_decref(list);
    request.trace = NULL;
    server.names_requests = false;
}
END_TEST

START_TEST(an_error_without_details_has_no_such_member)
{
    json_t *list = NULL;

    seen.code = ASAP_NOT_FOUND;
    post(FAIL, "{}");
    list = details();
    ck_assert_ptr_null(list);
}
END_TEST

START_TEST(a_wrong_field_of_the_request_is_a_detail)
{
    json_t *list = NULL;

    post(ECHO, "{\"children\":[{\"text\":5}]}");
    list = details();
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "type")),
                     "google.rpc.BadRequest");
    ck_assert_ptr_nonnull(strstr(response.body.bytes, "\"field\":\"children[0].text\""));
    json_decref(list);
}
END_TEST

START_TEST(a_method_learns_how_it_is_called)
{
    set_header("Connect-Timeout-Ms", "0250");
    post(ECHO, "{}");
    ck_assert_int_eq(seen.timeout_ms, 250);
    ck_assert_int_eq(seen.deadline_ms, RECEIVED_MS + 250);
    ck_assert_uint_eq(seen.headers, 2);
}
END_TEST

START_TEST(a_call_without_a_timeout_has_no_deadline)
{
    seen.takes_ms = INT32_MAX;
    post(ECHO, "{}");
    ck_assert_uint_eq(response.status, 200);
    ck_assert_int_eq(seen.timeout_ms, -1);
    ck_assert(seen.deadline_ms == RPC_NO_DEADLINE);
}
END_TEST

static const struct {
    int64_t waited_ms, takes_ms;
    int calls;
    bool is_in_time;
} durations[] = {
    { 0, 99, 1, true },   { 60, 39, 1, true },  { 0, 100, 1, false },
    { 60, 40, 1, false }, { 100, 0, 0, false }, { 101, 0, 0, false },
};

START_TEST(a_call_that_is_over_its_time_fails)
{
    set_header("Connect-Timeout-Ms", "100");
    monotonic_ms += durations[_i].waited_ms;
    seen.takes_ms = durations[_i].takes_ms;
    post(ECHO, "{}");
    ck_assert_int_eq(seen.calls, durations[_i].calls);
    if (durations[_i].is_in_time)
        ck_assert_uint_eq(response.status, 200);
    else
        assert_failed(504, "deadline_exceeded", NULL);
}
END_TEST

static void add_replies(TCase *tests)
{
    tcase_add_test(tests, a_method_adds_headers_and_trailers_to_its_response);
    tcase_add_test(tests, an_error_carries_headers_and_trailers_and_is_not_kept);
    tcase_add_test(tests, an_error_has_the_details_of_the_method_and_when_to_try_again);
    tcase_add_test(tests, an_error_names_the_rule_and_the_field_in_its_details);
    tcase_add_test(tests, an_error_names_its_request_where_that_is_wanted);
    tcase_add_test(tests, an_error_without_details_has_no_such_member);
    tcase_add_test(tests, a_wrong_field_of_the_request_is_a_detail);
    tcase_add_test(tests, a_method_learns_how_it_is_called);
    tcase_add_test(tests, a_call_without_a_timeout_has_no_deadline);
    tcase_add_loop_test(tests, a_call_that_is_over_its_time_fails, 0, COUNT(durations));
}

int main(void)
{
    Suite *suite = suite_create("rpc_error");
    TCase *tests = tcase_create("replies");

    tcase_add_checked_fixture(tests, start, stop);
    add_replies(tests);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
