/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_fixture.h"

/* Who is let in, and where a method runs. */

#define CALLER_ECHO "/asap.test.Echo/CallerEcho"
#define AUDITED "/asap.test.Echo/Audited"
#define QUICK "/asap.test.Echo/Quick"

#define EVERYTHING                                                                                 \
    .request = &asap__test__everything__descriptor, .response = &asap__test__everything__descriptor

static const struct rpc_method own_methods[] = {
    { ECHO, EVERYTHING, .handler = echo, .role = RPC_ANYBODY },
    { CALLER_ECHO, EVERYTHING, .handler = echo, .role = RPC_CALLER },
    { ADMIN_ECHO, EVERYTHING, .handler = echo, .role = RPC_ADMIN },
    { FAIL, EVERYTHING, .handler = fail_as_told, .role = RPC_ANYBODY },
    { AUDITED, EVERYTHING, .handler = echo, .role = RPC_CALLER, .is_audited = true },
    { QUICK, EVERYTHING, .handler = echo, .is_quick = true, .is_audited = true },
    { .path = NULL },
};

/* What the gate says, and what it was told. */
static struct {
    struct rpc_caller caller;
    enum asap_code code;
    const char *challenge;
    int64_t retry_ms;
    unsigned refusals;
    enum asap_code refused_code;
    char refused_name[RPC_NAME_SIZE];
    const struct rpc_method *refused_method;
    bool was_read;
    unsigned attempt;
    bool wants_worker;
} door;

static enum asap_code admit_as_told(void *context,
                                    const struct http_request *asked,
                                    const struct rpc_method *method,
                                    struct rpc_reply *reply,
                                    struct rpc_caller *out,
                                    struct asap_error *err)
{
    ck_assert_ptr_eq(context, &door);
    ck_assert_ptr_eq(asked, &request);
    ck_assert_str_eq(method->path, request.path);
    ck_assert_str_eq(out->name, "");
    seen.admitted++;
    door.attempt = asked->attempt;
    *out = door.caller;
    reply->retry_ms = door.retry_ms;
    reply->wants_worker = door.wants_worker;
    if (door.challenge != NULL)
        ck_assert_int_eq(rpc_reply_header(reply, "www-authenticate", door.challenge, err), ASAP_OK);
    (void)snprintf(err->message, sizeof err->message, "said the door");
    return door.code;
}

static void note_refusal(void *context,
                         const struct rpc_call *call,
                         const ProtobufCMessage *in,
                         const struct asap_error *err)
{
    ck_assert_ptr_eq(context, &door);
    ck_assert_ptr_eq(call->service, &seen);
    ck_assert_ptr_nonnull(call->reply);
    ck_assert_int_eq(call->now, NOW);
    door.refusals++;
    door.refused_code = err->code;
    door.refused_method = call->method;
    door.was_read = in != NULL;
    (void)snprintf(door.refused_name, sizeof door.refused_name, "%s", call->caller->name);
}

static const struct rpc_gate own_gate = { admit_as_told, note_refusal, &door };

static void start_own(void)
{
    start();
    memset(&door, 0, sizeof door);
    server.methods = own_methods;
    server.gate = &own_gate;
}

static const struct {
    const char *path;
    unsigned status;
} nobodys[] = { { ECHO, 200 }, { CALLER_ECHO, 403 }, { ADMIN_ECHO, 403 } };

START_TEST(without_a_gate_everybody_is_nobody)
{
    server.gate = NULL;
    come_as(0);
    post(nobodys[_i].path, "{}");
    ck_assert_uint_eq(response.status, nobodys[_i].status);
    ck_assert_int_eq(seen.calls, nobodys[_i].status == 200 ? 1 : 0);
    if (nobodys[_i].status == 200) {
        ck_assert_str_eq(seen.caller.name, "uid:0");
        ck_assert_str_eq(seen.caller.address, "uid:0");
        ck_assert(!seen.caller.is_admin);
    }
}
END_TEST

START_TEST(a_handler_learns_whom_the_gate_has_found)
{
    door.caller = (struct rpc_caller){
        .name = "ci", .proof = "credential", .proof_kind = RPC_PROOF_TOKEN, .is_admin = true
    };
    request.attempt = 2;
    post(CALLER_ECHO, "{}");
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(seen.caller.name, "ci");
    ck_assert_str_eq(seen.caller.proof, "credential");
    ck_assert_str_eq(seen.caller.address, "192.0.2.7");
    ck_assert_int_eq(seen.caller.proof_kind, RPC_PROOF_TOKEN);
    ck_assert(seen.caller.is_admin);
    ck_assert_uint_eq(door.attempt, 2);
    ck_assert_uint_eq(door.refusals, 0);
}
END_TEST

START_TEST(who_is_unknown_is_challenged)
{
    door.code = ASAP_UNAUTHENTICATED;
    post(ECHO, "{");
    assert_failed(401, "unauthenticated", "said the door");
    ck_assert_str_eq(header("WWW-Authenticate"), "Bearer");
    ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(the_gates_own_challenge_is_the_only_one)
{
    const char *line = NULL;

    door.code = ASAP_UNAUTHENTICATED;
    door.challenge = "Bearer error=\"invalid_token\"";
    post(ECHO, "{}");
    ck_assert_str_eq(header("WWW-Authenticate"), "");
    line = http_next_header(&response, NULL);
    ck_assert_str_eq(line, "www-authenticate");
    ck_assert_str_eq(line + strlen(line) + 1, door.challenge);
    ck_assert_ptr_null(http_next_header(&response, line));
}
END_TEST

START_TEST(who_comes_too_often_is_told_when_to_come_again)
{
    door.code = ASAP_RESOURCE_EXHAUSTED;
    door.retry_ms = 1500;
    post(ECHO, "{}");
    assert_failed(429, "resource_exhausted", "said the door");
    ck_assert_str_eq(header("Retry-After"), "2");
    ck_assert_str_eq(header("WWW-Authenticate"), "");
}
END_TEST

static const struct {
    const char *path, *body;
    enum asap_code door, handler, told;
    bool was_read;
} told[] = {
    { ECHO, "{}", ASAP_PERMISSION_DENIED, ASAP_OK, ASAP_PERMISSION_DENIED, false },
    { ECHO, "{", ASAP_OK, ASAP_OK, ASAP_INVALID_ARGUMENT, false },
    { FAIL, "{}", ASAP_OK, ASAP_NOT_FOUND, ASAP_NOT_FOUND, true },
};

START_TEST(the_gate_is_told_of_each_failure)
{
    (void)snprintf(door.caller.name, sizeof door.caller.name, "ci");
    door.code = told[_i].door;
    seen.code = told[_i].handler;
    post(told[_i].path, told[_i].body);
    ck_assert_uint_eq(door.refusals, 1);
    ck_assert_int_eq(door.refused_code, told[_i].told);
    ck_assert_str_eq(door.refused_name, "ci");
    ck_assert_str_eq(door.refused_method->path, told[_i].path);
    ck_assert_int_eq(door.was_read, told[_i].was_read);
}
END_TEST

static const struct {
    const char *path;
    enum rpc_proof proof;
    enum asap_code code;
    const char *line; /* "": none at all */
} logs[] = {
    { AUDITED, RPC_PROOF_TOKEN, ASAP_OK, "info: ci called " AUDITED ": ok\n" },
    { AUDITED, RPC_PROOF_CERTIFICATE, ASAP_PERMISSION_DENIED,
      "info: ci called " AUDITED ": permission_denied: said the door\n" },
    { AUDITED, RPC_PROOF_NONE, ASAP_UNAUTHENTICATED, "" },
    { ADMIN_ECHO, RPC_PROOF_NONE, ASAP_UNAUTHENTICATED, "" },
    { ADMIN_ECHO, RPC_PROOF_API_KEY, ASAP_OK, "info: ci called " ADMIN_ECHO ": ok\n" },
    { ECHO, RPC_PROOF_API_KEY, ASAP_OK, "" },
    /* Thousands a second, and in the audit log. */
    { QUICK, RPC_PROOF_API_KEY, ASAP_OK, "" },
    { QUICK, RPC_PROOF_API_KEY, ASAP_PERMISSION_DENIED, "" },
    { QUICK, RPC_PROOF_API_KEY, ASAP_INTERNAL,
      "error: ci called " QUICK ": internal: said the door\n" },
};

START_TEST(the_log_tells_of_those_who_are_known)
{
    door.caller = (struct rpc_caller){ .name = "ci", .proof_kind = logs[_i].proof };
    door.code = logs[_i].code;
    post(logs[_i].path, "{}");
    ck_assert_msg(strstr(logged, logs[_i].line) != NULL, "%s", logged);
    ck_assert_int_eq(logged[0] == '\0', logs[_i].line[0] == '\0');
}
END_TEST

START_TEST(a_method_that_may_take_long_goes_to_a_worker_before_anything_is_done)
{
    request.may_block = false;
    post(ECHO, "{}");
    ck_assert(response.wants_worker && !response.has_begun);
    ck_assert_uint_eq(response.status, 0);
    ck_assert_int_eq(seen.admitted, 0);
    ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(a_quick_method_is_carried_out_where_it_may_not_block)
{
    request.may_block = false;
    post(QUICK, "{}");
    ck_assert(!response.wants_worker);
    ck_assert_uint_eq(response.status, 200);
    ck_assert(!seen.may_block);
    request.may_block = true;
    http_clear_response(&response);
    post(QUICK, "{}");
    ck_assert(seen.may_block);
}
END_TEST

static enum asap_code want_worker(struct rpc_reply *reply, struct asap_error *err)
{
    (void)err;
    reply->wants_worker = true;
    return ASAP_OK;
}

START_TEST(a_quick_method_may_want_a_worker_after_all)
{
    seen.adorn = want_worker;
    request.may_block = false;
    post(QUICK, "{}");
    ck_assert(response.wants_worker && response.has_begun);
    ck_assert_uint_eq(response.body.length, 0);
    ck_assert_int_eq(seen.admitted, 1);
    ck_assert_uint_eq(door.refusals, 0);
    ck_assert_str_eq(logged, "");
}
END_TEST

static const enum asap_code codes[] = { ASAP_OK, ASAP_UNAUTHENTICATED };

START_TEST(the_gate_may_want_a_worker_before_it_has_begun)
{
    door.wants_worker = true;
    door.code = codes[_i];
    request.may_block = false;
    post(QUICK, "{}");
    ck_assert(response.wants_worker && !response.has_begun);
    ck_assert_int_eq(seen.admitted, 1);
    ck_assert_int_eq(seen.calls, 0);
    ck_assert_uint_eq(door.refusals, 0);
}
END_TEST

START_TEST(the_gate_wants_no_worker_where_it_may_block)
{
    door.wants_worker = true;
    post(QUICK, "{}");
    assert_failed(500, "internal", NULL);
    ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(to_want_a_worker_where_one_may_block_is_a_mistake)
{
    seen.adorn = want_worker;
    post(QUICK, "{}");
    assert_failed(500, "internal", NULL);
    ck_assert(!response.wants_worker);
    ck_assert_uint_eq(door.refusals, 1);
}
END_TEST

START_TEST(what_is_no_call_needs_no_worker)
{
    request.may_block = false;
    post("/asap.test.Echo/Other", "{}");
    assert_failed(404, "unimplemented", NULL);
    http_clear_response(&response);
    request.method = HTTP_GET;
    post(ECHO, "");
    assert_failed(405, "unknown", NULL);
    ck_assert(!response.wants_worker);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_gate");
    TCase *tests = tcase_create("rpc_gate");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, start_own, stop);
    tcase_add_loop_test(tests, without_a_gate_everybody_is_nobody, 0, COUNT(nobodys));
    tcase_add_test(tests, a_handler_learns_whom_the_gate_has_found);
    tcase_add_test(tests, who_is_unknown_is_challenged);
    tcase_add_test(tests, the_gates_own_challenge_is_the_only_one);
    tcase_add_test(tests, who_comes_too_often_is_told_when_to_come_again);
    tcase_add_loop_test(tests, the_gate_is_told_of_each_failure, 0, COUNT(told));
    tcase_add_loop_test(tests, the_log_tells_of_those_who_are_known, 0, COUNT(logs));
    tcase_add_test(tests, a_method_that_may_take_long_goes_to_a_worker_before_anything_is_done);
    tcase_add_test(tests, a_quick_method_is_carried_out_where_it_may_not_block);
    tcase_add_test(tests, a_quick_method_may_want_a_worker_after_all);
    tcase_add_loop_test(tests, the_gate_may_want_a_worker_before_it_has_begun, 0, COUNT(codes));
    tcase_add_test(tests, the_gate_wants_no_worker_where_it_may_block);
    tcase_add_test(tests, to_want_a_worker_where_one_may_block_is_a_mistake);
    tcase_add_test(tests, what_is_no_call_needs_no_worker);
    return check_main(suite);
}
