/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_fixture.h"

#include "outcomes.h"

/* Calls whose responses wait. */

static struct {
    struct rpc_hold base;
    unsigned begun, freed;
    enum asap_code code;
    const char *message;
} hold;

static void begin(struct rpc_hold *base, void (*done)(void *context), void *context)
{
    ck_assert_ptr_eq(base, &hold.base);
    hold.begun++;
    done(context);
}

static enum asap_code result(struct rpc_hold *base, struct asap_error *err)
{
    ck_assert_ptr_eq(base, &hold.base);
    (void)snprintf(err->message, sizeof err->message, "%s", hold.message);
    return hold.code;
}

static void release(struct rpc_hold *base)
{
    ck_assert_ptr_eq(base, &hold.base);
    hold.freed++;
}

static void start_hold(void)
{
    start();
    memset(&hold, 0, sizeof hold);
    hold.base = (struct rpc_hold){ begin, result, release };
    hold.message = "";
    come_as(0);
}

static enum asap_code hold_back(struct rpc_reply *reply, struct asap_error *err)
{
    ck_assert_int_eq(rpc_reply_header(reply, "X-Secret", "1", err), ASAP_OK);
    ck_assert_int_eq(rpc_reply_trailer(reply, "X-Secret", "1", err), ASAP_OK);
    reply->retry_ms = 3000;
    reply->hold = &hold.base;
    return ASAP_OK;
}

static void note_done(void *context)
{
    ++*(unsigned *)context;
}

/* As the transport does; returns what finish() does. */
static bool wait_for_it(void)
{
    struct http_hold *held = MOVE(response.hold);
    unsigned done = 0;
    bool is_final = false;

    ck_assert_ptr_nonnull(held);
    held->begin(held, note_done, &done);
    ck_assert_uint_eq(done, 1);
    is_final = held->finish(held, &request, &response);
    ck_assert_uint_eq(hold.freed, 0);
    held->free(held);
    ck_assert_uint_eq(hold.freed, 1);
    (void)fflush(log_to_memory.stream);
    return is_final;
}

START_TEST(an_answer_that_may_go_is_sent_as_it_was_made)
{
    seen.adorn = hold_back;
    post(ADMIN_ECHO, "{\"text\":\"x\"}");
    ck_assert_str_eq(logged, "");
    ck_assert(wait_for_it());
    ck_assert_uint_eq(response.status, 200);
    ck_assert_str_eq(response.body.bytes, "{\"int32Value\":1,\"text\":\"x\"}");
    ck_assert_str_eq(http_next_header(&response, NULL), "X-Secret");
    ck_assert_ptr_nonnull(strstr(logged, "info: uid:0 called " ADMIN_ECHO ": ok\n"));
}
END_TEST

START_TEST(the_holds_failure_is_all_that_is_sent)
{
    seen.adorn = hold_back;
    hold.code = ASAP_UNAVAILABLE;
    hold.message = "the audit log is full";
    post(ADMIN_ECHO, "{\"text\":\"x\"}");
    ck_assert(wait_for_it());
    assert_failed(503, "unavailable", "the audit log is full");
    ck_assert_str_eq(header("Retry-After"), "3");
    ck_assert_ptr_null(http_next_header(&response, NULL));
    ck_assert_ptr_null(response.hold);
    ck_assert_ptr_null(strstr(logged, ": ok"));
    ck_assert_ptr_nonnull(strstr(logged, "error: uid:0 called " ADMIN_ECHO ": unavailable: the "));
}
END_TEST

START_TEST(the_failure_is_not_said_to_be_compressed)
{
    char body[1024] = "{\"text\":\"";

    memset(body + strlen(body), 'a', 900);
    memcpy(body + strlen(body), "\"}", 3);
    set_header("Accept-Encoding", "gzip");
    seen.adorn = hold_back;
    hold.code = ASAP_UNAVAILABLE;
    hold.message = "no";
    post(ECHO, body);
    ck_assert_str_eq(header("Content-Encoding"), "gzip");
    ck_assert(wait_for_it());
    assert_failed(503, "unavailable", "no");
    ck_assert_str_eq(header("Content-Encoding"), "");
}
END_TEST

START_TEST(an_aborted_call_is_carried_out_again)
{
    seen.adorn = hold_back;
    hold.code = ASAP_ABORTED;
    post(ADMIN_ECHO, "{}");
    ck_assert(!wait_for_it());
    ck_assert_str_eq(logged, "");
}
END_TEST

START_TEST(a_hold_that_is_never_begun_is_freed)
{
    seen.adorn = hold_back;
    post(ECHO, "{}");
    http_clear_response(&response);
    ck_assert_uint_eq(hold.freed, 1);
    ck_assert_uint_eq(hold.begun, 0);
}
END_TEST

static struct outcome_table *counted;

static enum asap_code hold_and_count(struct rpc_reply *reply, struct asap_error *err)
{
    reply->outcomes = outcome_table_find(counted, "web");
    return hold_back(reply, err);
}

static const struct {
    enum asap_code result;
    const char *line;
} ends[] = {
    { ASAP_OK, "m{issuer=\"web\",result=\"ok\"} 1\n" },
    { ASAP_ABORTED, "m{issuer=\"web\",result=\"aborted\"} 1\n" },
    { ASAP_UNAVAILABLE, "m{issuer=\"web\",result=\"unavailable\"} 1\n" },
};

START_TEST(a_call_is_counted_by_what_came_of_it_in_the_end)
{
    SCOPED(buffer) struct buffer text = BUFFER(1024);
    struct asap_error err = { 0 };

    ck_assert_succeeds(outcome_table_new(4, &counted, &err));
    seen.adorn = hold_and_count;
    hold.code = ends[_i].result;
    post(ECHO, "{}");
    outcome_table_write(counted, "m", "issuer", &text);
    ck_assert_uint_eq(text.length, 0);
    (void)wait_for_it();
    outcome_table_write(counted, "m", "issuer", &text);
    ck_assert_str_eq(text.bytes, ends[_i].line);
    outcome_table_free(counted);
}
END_TEST

static void hold_refusal(void *context,
                         const struct rpc_call *call,
                         const ProtobufCMessage *in,
                         const struct asap_error *err)
{
    (void)context;
    (void)in;
    (void)err;
    ck_assert_ptr_null(call->reply->hold);
    call->reply->hold = &hold.base;
}

static const struct rpc_gate recording = { admit, hold_refusal, &seen };

static const enum asap_code results[] = { ASAP_OK, ASAP_ABORTED, ASAP_UNAVAILABLE };

START_TEST(a_refusal_that_was_held_is_sent_whatever_came_of_it)
{
    server.gate = &recording;
    hold.code = results[_i];
    hold.message = "the audit log is full";
    come_as(1000);
    post(ADMIN_ECHO, "{}");
    ck_assert(wait_for_it());
    assert_failed(403, "permission_denied", "not for you");
    ck_assert_ptr_nonnull(strstr(logged, "info: uid:1000 called " ADMIN_ECHO ": permission_den"));
}
END_TEST

START_TEST(a_handler_that_fails_holds_nothing)
{
    seen.adorn = hold_back;
    seen.code = ASAP_NOT_FOUND;
    post(FAIL, "{}");
    ck_assert_ptr_null(response.hold);
    ck_assert_uint_eq(hold.freed, 1);
    ck_assert_uint_eq(hold.begun, 0);
    assert_failed(404, "not_found", NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpc_hold");
    TCase *tests = tcase_create("rpc_hold");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, start_hold, stop);
    tcase_add_test(tests, an_answer_that_may_go_is_sent_as_it_was_made);
    tcase_add_test(tests, the_holds_failure_is_all_that_is_sent);
    tcase_add_test(tests, the_failure_is_not_said_to_be_compressed);
    tcase_add_test(tests, an_aborted_call_is_carried_out_again);
    tcase_add_loop_test(tests, a_call_is_counted_by_what_came_of_it_in_the_end, 0, COUNT(ends));
    tcase_add_test(tests, a_hold_that_is_never_begun_is_freed);
    tcase_add_loop_test(tests, a_refusal_that_was_held_is_sent_whatever_came_of_it, 0,
                        COUNT(results));
    tcase_add_test(tests, a_handler_that_fails_holds_nothing);
    return check_main(suite);
}
