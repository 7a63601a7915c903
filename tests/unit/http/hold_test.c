/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdlib.h>

#include "fixture.h"

/* Responses that wait, and handlers that run where they may not block. */

enum { QUEUE_LENGTH = 64 }; /* of the fixture's one worker */

#define ASK(target) "GET " target " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static char answer[ANSWER_SIZE];

/* What every hold does, and what became of them. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_at_once;                         /* begin() says that it is done */
    bool is_from_thread;                     /* ... another thread does, before it returns */
    unsigned refusals;                       /* how many times the handler has to run again */
    void (*change)(struct http_response *r); /* NULL: nothing */
    unsigned made, begun, freed, runs;
    void (*done)(void *context);
    void *context;
} holds;

struct test_hold {
    struct http_hold base;
    void (*done)(void *context);
    void *context;
    bool has_begun;
};

static void *call_done(void *hold)
{
    struct test_hold *held = hold;

    held->done(held->context);
    return NULL;
}

static void begin(struct http_hold *base, void (*done)(void *context), void *context)
{
    struct test_hold *hold = (struct test_hold *)base;
    pthread_t thread;
    bool is_over = false;

    hold->done = done;
    hold->context = context;
    if (holds.is_from_thread) {
        ck_assert_int_eq(pthread_create(&thread, NULL, call_done, hold), 0);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
    }
    hold->has_begun = true;
    (void)pthread_mutex_lock(&holds.mutex);
    is_over = holds.is_at_once;
    holds.begun++;
    holds.done = done;
    holds.context = context;
    (void)pthread_cond_broadcast(&holds.changed);
    (void)pthread_mutex_unlock(&holds.mutex);
    if (is_over)
        done(context);
}

static bool finish(struct http_hold *base,
                   const struct http_request *request,
                   struct http_response *response)
{
    bool is_final = false;

    ck_assert(((struct test_hold *)base)->has_begun);
    ck_assert_ptr_nonnull(strstr(request->path, "held"));
    ck_assert_str_eq(http_request_header(request, "Host"), "a");
    ck_assert_ptr_null(response->hold);
    (void)pthread_mutex_lock(&holds.mutex);
    is_final = holds.refusals == 0;
    holds.refusals -= is_final ? 0 : 1;
    (void)pthread_mutex_unlock(&holds.mutex);
    if (is_final && holds.change != NULL)
        holds.change(response);
    return is_final;
}

static void release(struct http_hold *base)
{
    (void)pthread_mutex_lock(&holds.mutex);
    holds.freed++;
    (void)pthread_mutex_unlock(&holds.mutex);
    free(base);
}

static struct http_hold *make_hold(void)
{
    struct test_hold *hold = calloc(1, sizeof *hold);

    ck_assert_ptr_nonnull(hold);
    hold->base = (struct http_hold){ begin, finish, release };
    (void)pthread_mutex_lock(&holds.mutex);
    holds.made++;
    (void)pthread_mutex_unlock(&holds.mutex);
    return &hold->base;
}

/* Waits for the n-th hold of the test to have begun, and ends it. */
static void end_hold(unsigned number)
{
    (void)pthread_mutex_lock(&holds.mutex);
    while (holds.begun < number)
        (void)pthread_cond_wait(&holds.changed, &holds.mutex);
    (void)pthread_mutex_unlock(&holds.mutex);
    holds.done(holds.context);
}

/* Tells where and how often it runs; what the path says has it decline, or hold its response. */
static void handle(void *context,
                   const struct http_request *request,
                   struct http_response *response)
{
    (void)context;
    (void)pthread_mutex_lock(&holds.mutex);
    holds.runs++;
    (void)pthread_mutex_unlock(&holds.mutex);
    response->status = 200;
    buffer_printf(&response->body, "[%d %u %zu]", request->may_block, request->attempt,
                  request->body_length);
    http_set_header(response, "X-Attempt", "%u", request->attempt);
    http_add_header(response, "X-Block", request->may_block ? "yes" : "no");
    http_add_header(response, "X-Repeated", request->is_repeated ? "yes" : "no");
    if (strstr(request->path, "held") != NULL)
        response->hold = make_hold();
    response->wants_worker = strstr(request->path, "always") != NULL
                             || (strstr(request->path, "decline") != NULL && !request->may_block);
    response->has_begun = strstr(request->path, "begun") != NULL;
}

MATCHER(is_inline, "/inline")
MATCHER(is_worker, "/worker")
MATCHER(is_plain, "/plain")

static struct http_listener_options prepare(void)
{
    memset(&holds, 0, sizeof holds);
    (void)pthread_mutex_init(&holds.mutex, NULL);
    (void)pthread_cond_init(&holds.changed, NULL);
    fixture_prepare();
    fixture.routes[1] = (struct http_route){
        .matches = is_inline, .handler = handle, .inline_first = true, .body_limit = BODY_LIMIT
    };
    fixture.routes[2] =
        (struct http_route){ .matches = is_worker, .handler = handle, .on_worker = true };
    fixture.routes[3] = (struct http_route){ .matches = is_plain, .handler = handle };
    return fixture_options("http://127.0.0.1:0");
}

static void enter(void)
{
    const struct http_listener_options options = prepare();

    fixture_start(&options);
}

static void leave(void)
{
    fixture_leave();
    ck_assert_uint_eq(holds.freed, holds.made);
    (void)pthread_cond_destroy(&holds.changed);
    (void)pthread_mutex_destroy(&holds.mutex);
}

static const char *ask(const char *text)
{
    (void)raw_ask(fixture.address, text, answer, sizeof answer);
    return answer;
}

static void assert_answered(const char *status, const char *body)
{
    ck_assert_msg(strstr(answer, status) == answer, "%s", answer);
    ck_assert_msg(strstr(answer, body) != NULL, "%s", answer);
}

static const struct {
    const char *request, *status, *body;
    unsigned runs;
} runs[] = {
    { ASK("/inline"), "HTTP/1.1 200 ", "[0 0 0]", 1 },
    { ASK("/inline/decline"), "HTTP/1.1 200 ", "[1 0 0]", 2 },
    { ASK("/inline/decline/begun"), "HTTP/1.1 200 ", "[1 1 0]", 2 },
    { ASK("/inline/always"), "HTTP/1.1 500 ", "could not be made", 2 },
    { ASK("/worker"), "HTTP/1.1 200 ", "[1 0 0]", 1 },
    { ASK("/worker/decline"), "HTTP/1.1 200 ", "[1 0 0]", 1 },
    { ASK("/worker/always"), "HTTP/1.1 500 ", "could not be made", 1 },
    { ASK("/plain"), "HTTP/1.1 200 ", "[0 0 0]", 1 },
    { ASK("/plain/decline"), "HTTP/1.1 500 ", "could not be made", 1 },
    { "POST /inline/decline HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: "
      "3\r\n\r\nabc",
      "HTTP/1.1 200 ", "[1 0 3]", 2 },
};

START_TEST(a_handler_runs_where_it_may_block_when_its_route_or_itself_says_so)
{
    const char *line = NULL;

    (void)ask(runs[_i].request);
    assert_answered(runs[_i].status, runs[_i].body);
    ck_assert_uint_eq(holds.runs, runs[_i].runs);
    line = strstr(answer, "X-Attempt:");
    ck_assert(line == NULL || strstr(line + 1, "X-Attempt:") == NULL);
    ck_assert_ptr_null(strstr(answer, "X-Repeated: yes"));
    line = strstr(answer, "X-Block:");
    ck_assert(line == NULL || strstr(line + 1, "X-Block:") == NULL);
}
END_TEST

START_TEST(a_handler_that_declines_holds_nothing)
{
    holds.is_at_once = true;
    (void)ask(ASK("/inline/decline/held"));
    assert_answered("HTTP/1.1 200 ", "[1 0 0]");
    ck_assert_uint_eq(holds.made, 2);
    ck_assert_uint_eq(holds.begun, 1);
}
END_TEST

static const char *const held[] = { ASK("/inline/held"), ASK("/worker/held"), ASK("/plain/held") };

START_TEST(a_hold_that_is_over_at_once_changes_nothing)
{
    holds.is_at_once = true;
    for (int i = 0; i < 20; i++) {
        (void)ask(held[_i]);
        assert_answered("HTTP/1.1 200 ", " 0 0]");
    }
}
END_TEST

START_TEST(a_hold_may_be_over_on_another_thread_before_it_has_begun)
{
    holds.is_from_thread = true;
    for (int i = 0; i < 20; i++) {
        (void)ask(held[_i]);
        assert_answered("HTTP/1.1 200 ", " 0 0]");
    }
}
END_TEST

static int ask_held(const char *text)
{
    const int fd = raw_connect(fixture.address);

    ck_assert(raw_send_text(fd, text));
    return fd;
}

static bool has_answer(int fd)
{
    struct pollfd waiting = { .fd = fd, .events = POLLIN };

    return poll(&waiting, 1, 0) != 0;
}

static void read_held(int fd)
{
    (void)raw_read_all(fd, answer, sizeof answer);
    (void)close(fd);
}

START_TEST(nothing_leaves_before_the_hold_is_over_and_others_are_served)
{
    const int fd = ask_held(held[_i]);

    (void)pthread_mutex_lock(&holds.mutex);
    while (holds.begun == 0)
        (void)pthread_cond_wait(&holds.changed, &holds.mutex);
    (void)pthread_mutex_unlock(&holds.mutex);
    for (int i = 0; i < 10; i++) {
        (void)ask(ASK("/inline"));
        assert_answered("HTTP/1.1 200 ", "[0 0 0]");
        (void)ask(ASK("/worker"));
        assert_answered("HTTP/1.1 200 ", "[1 0 0]");
    }
    ck_assert(!has_answer(fd));
    end_hold(1);
    read_held(fd);
    assert_answered("HTTP/1.1 200 ", " 0 0]");
}
END_TEST

START_TEST(the_connection_serves_more_after_a_held_response)
{
    static const char text[] = "GET /inline/held HTTP/1.1\r\nHost: a\r\n\r\n";
    const int fd = raw_connect(fixture.address);

    for (unsigned i = 1; i <= 20; i++) {
        ck_assert(raw_send_text(fd, text));
        end_hold(i);
        ck_assert(raw_read_response(fd, answer, sizeof answer));
        assert_answered("HTTP/1.1 200 ", "[0 0 0]");
    }
    (void)close(fd);
}
END_TEST

static void fail_instead(struct http_response *response)
{
    http_clear_response(response);
    http_set_error(response, ASAP_UNAVAILABLE, "not recorded");
}

START_TEST(a_hold_may_replace_the_response)
{
    int fd = -1;

    holds.change = fail_instead;
    fd = ask_held(held[_i]);
    end_hold(1);
    read_held(fd);
    assert_answered("HTTP/1.1 503 ", "not recorded");
    ck_assert_ptr_null(strstr(answer, "X-Attempt"));
    ck_assert_ptr_null(strstr(answer, " 0 0]"));
}
END_TEST

START_TEST(a_hold_may_have_the_handler_run_again_on_a_worker)
{
    int fd = -1;

    holds.refusals = 2;
    fd = ask_held(held[_i]);
    end_hold(1);
    end_hold(2);
    end_hold(3);
    read_held(fd);
    assert_answered("HTTP/1.1 200 ", "[1 2 0]");
    ck_assert_ptr_nonnull(strstr(answer, "X-Attempt: 2\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "X-Repeated: yes\r\n"));
    ck_assert_ptr_null(strstr(answer, "X-Attempt: 0\r\n"));
}
END_TEST

START_TEST(what_never_succeeds_ends_as_unavailable)
{
    holds.refusals = 100;
    holds.is_at_once = true;
    (void)ask(held[_i]);
    assert_answered("HTTP/1.1 503 ", "{\"code\":\"unavailable\",\"message\":\"the keys keep");
    ck_assert_ptr_nonnull(strstr(answer, "\r\nRetry-After: 1\r\n"));
    ck_assert_ptr_null(strstr(answer, "X-Attempt"));
    ck_assert_uint_eq(holds.runs, 4);
}
END_TEST

START_TEST(a_client_that_leaves_while_its_response_is_held_harms_nobody)
{
    (void)close(ask_held(held[_i]));
    end_hold(1);
    (void)ask(ASK("/inline"));
    assert_answered("HTTP/1.1 200 ", "[0 0 0]");
}
END_TEST

START_TEST(what_cannot_run_again_for_load_ends_as_unavailable)
{
    struct pollfd askers[QUEUE_LENGTH + 1];
    const int busy = ask_held(ASK("/slow"));
    const int fd = ask_held(ASK("/inline/held"));

    holds.refusals = 1;
    latch_await(&fixture.latch, 1);
    for (int i = 0; i <= QUEUE_LENGTH; i++)
        askers[i] = (struct pollfd){ .fd = ask_held(ASK("/slow")), .events = POLLIN };
    ck_assert_int_ge(poll(askers, QUEUE_LENGTH + 1, 30000), 1);
    end_hold(1);
    read_held(fd);
    assert_answered("HTTP/1.1 503 ", "{\"code\":\"unavailable\",\"message\":\"too many requests");
    latch_open(&fixture.latch);
    for (int i = 0; i <= QUEUE_LENGTH; i++)
        read_held(askers[i].fd);
    read_held(busy);
}
END_TEST

static void *free_listener(void *listener)
{
    http_listener_free(listener);
    return NULL;
}

static const struct {
    const char *request;
    unsigned refusals;
} drained[] = { { ASK("/inline/held"), 0 },
                { ASK("/worker/held"), 0 },
                { ASK("/inline/held"), 1 },
                { ASK("/worker/held"), 100 } };

START_TEST(a_listener_ends_after_the_responses_that_are_held)
{
    const int fd = ask_held(drained[_i].request);
    pthread_t ending;

    (void)pthread_mutex_lock(&holds.mutex);
    while (holds.begun == 0)
        (void)pthread_cond_wait(&holds.changed, &holds.mutex);
    holds.is_at_once = true; /* those that follow */
    holds.refusals = drained[_i].refusals;
    (void)pthread_mutex_unlock(&holds.mutex);
    http_listener_quiesce(fixture.listener);
    ck_assert_int_eq(pthread_create(&ending, NULL, free_listener, fixture.listener), 0);
    fixture.listener = NULL;
    end_hold(1);
    read_held(fd);
    assert_answered(drained[_i].refusals < 4 ? "HTTP/1.1 200 " : "HTTP/1.1 503 ",
                    "\r\nConnection: close\r\n");
    ck_assert_int_eq(pthread_join(ending, NULL), 0);
}
END_TEST

START_TEST(without_workers_what_takes_long_may_block_and_nothing_is_held)
{
    struct http_listener_options options = prepare();

    options.workers = 0;
    fixture_start(&options);
    (void)ask(ASK("/inline/decline"));
    assert_answered("HTTP/1.1 200 ", "[1 0 0]");
    (void)ask(ASK("/worker"));
    assert_answered("HTTP/1.1 200 ", "[1 0 0]");
    (void)ask(ASK("/plain"));
    assert_answered("HTTP/1.1 200 ", "[0 0 0]");
    (void)ask(ASK("/inline/held"));
    assert_answered("HTTP/1.1 500 ", "could not be made");
    ck_assert_uint_eq(holds.made, 1);
    ck_assert_uint_eq(holds.begun, 0);
    leave();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hold");
    TCase *tests = tcase_create("hold");
    TCase *other = tcase_create("other listeners");

    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_loop_test(tests, a_handler_runs_where_it_may_block_when_its_route_or_itself_says_so,
                        0, COUNT(runs));
    tcase_add_test(tests, a_handler_that_declines_holds_nothing);
    tcase_add_loop_test(tests, a_hold_that_is_over_at_once_changes_nothing, 0, COUNT(held));
    tcase_add_loop_test(tests, a_hold_may_be_over_on_another_thread_before_it_has_begun, 0,
                        COUNT(held));
    tcase_add_loop_test(tests, nothing_leaves_before_the_hold_is_over_and_others_are_served, 0,
                        COUNT(held));
    tcase_add_test(tests, the_connection_serves_more_after_a_held_response);
    tcase_add_loop_test(tests, a_hold_may_replace_the_response, 0, COUNT(held));
    tcase_add_loop_test(tests, a_hold_may_have_the_handler_run_again_on_a_worker, 0, COUNT(held));
    tcase_add_loop_test(tests, what_never_succeeds_ends_as_unavailable, 0, COUNT(held));
    tcase_add_loop_test(tests, a_client_that_leaves_while_its_response_is_held_harms_nobody, 0,
                        COUNT(held));
    tcase_add_test(tests, what_cannot_run_again_for_load_ends_as_unavailable);
    tcase_add_loop_test(tests, a_listener_ends_after_the_responses_that_are_held, 0,
                        COUNT(drained));
    suite_add_tcase(suite, other);
    tcase_set_timeout(other, 120);
    tcase_add_test(other, without_workers_what_takes_long_may_block_and_nothing_is_held);
    return check_main(suite);
}
