/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <poll.h>
#include <sys/socket.h>

#include "fixture.h"

enum { QUEUE_LENGTH = 64 }; /* of the fixture's one worker */

#define ASK(target) "GET " target " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static char answer[ANSWER_SIZE];

static void pass_latch(void *job)
{
    latch_pass(job);
}

START_TEST(runs_every_job_that_it_took)
{
    struct latch latch = { .mutex = PTHREAD_MUTEX_INITIALIZER,
                           .changed = PTHREAD_COND_INITIALIZER };
    struct workers *workers = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(workers_new(1, 2, pass_latch, &workers, &err));
    ck_assert(workers_push(workers, &latch));
    latch_await(&latch, 1);
    ck_assert(workers_push(workers, &latch));
    ck_assert(workers_push(workers, &latch));
    ck_assert(!workers_push(workers, &latch));
    latch_open(&latch);
    workers_stop(workers);
    ck_assert_uint_eq(latch.arrived, 3);
    ck_assert(!workers_push(workers, &latch));
    workers_stop(workers);
    workers_free(workers);
    workers_stop(NULL);
    workers_free(NULL);
    ck_assert_uint_eq(latch.arrived, 3);
}
END_TEST

START_TEST(runs_jobs_side_by_side)
{
    struct latch latch = { .mutex = PTHREAD_MUTEX_INITIALIZER,
                           .changed = PTHREAD_COND_INITIALIZER };
    struct workers *workers = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(workers_new(2, 2, pass_latch, &workers, &err));
    ck_assert(workers_push(workers, &latch));
    ck_assert(workers_push(workers, &latch));
    latch_await(&latch, 2);
    latch_open(&latch);
    workers_free(workers);
}
END_TEST

static int ask_slowly(void)
{
    const int fd = raw_connect(fixture.address);

    ck_assert(raw_send_text(fd, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
    return fd;
}

static void assert_answered_slowly(int fd)
{
    ck_assert(raw_read_response(fd, answer, sizeof answer));
    ck_assert_msg(strstr(answer, "[GET /slow - 0:]") != NULL, "%s", answer);
    (void)close(fd);
}

START_TEST(serves_others_while_a_worker_is_busy)
{
    const int slow = ask_slowly();

    latch_await(&fixture.latch, 1);
    for (int i = 0; i < 10; i++) {
        (void)raw_ask(fixture.address, ASK("/other"), answer, sizeof answer);
        ck_assert_ptr_nonnull(strstr(answer, "[GET /other - 0:]"));
    }
    latch_open(&fixture.latch);
    assert_answered_slowly(slow);
}
END_TEST

START_TEST(hands_a_worker_the_body)
{
    latch_open(&fixture.latch);
    (void)raw_ask(fixture.address,
                  "POST /slow?q HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                  "Content-Length: 3\r\n\r\nabc",
                  answer, sizeof answer);
    ck_assert_ptr_nonnull(strstr(answer, "[POST /slow q 3:abc]"));
}
END_TEST

START_TEST(keeps_the_connection_after_a_workers_response)
{
    const int fd = raw_connect(fixture.address);

    latch_open(&fixture.latch);
    for (int i = 0; i < 20; i++) {
        ck_assert(raw_send_text(fd, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
        ck_assert(raw_read_response(fd, answer, sizeof answer));
        ck_assert_ptr_nonnull(strstr(answer, "[GET /slow - 0:]"));
    }
    (void)close(fd);
}
END_TEST

START_TEST(survives_a_client_that_leaves_while_a_worker_is_busy)
{
    (void)close(ask_slowly());
    latch_await(&fixture.latch, 1);
    latch_open(&fixture.latch);
    (void)raw_ask(fixture.address, ASK("/slow"), answer, sizeof answer);
    ck_assert_ptr_nonnull(strstr(answer, "[GET /slow - 0:]"));
}
END_TEST

START_TEST(sheds_load_when_the_queue_is_full)
{
    struct pollfd askers[QUEUE_LENGTH + 1];
    int busy = ask_slowly();
    int shed = 0;

    latch_await(&fixture.latch, 1);
    for (int i = 0; i <= QUEUE_LENGTH; i++)
        askers[i] = (struct pollfd){ .fd = ask_slowly(), .events = POLLIN };
    ck_assert_int_ge(poll(askers, QUEUE_LENGTH + 1, 30000), 1);
    while (askers[shed].revents == 0)
        shed++;
    ck_assert(raw_read_response(askers[shed].fd, answer, sizeof answer));
    ck_assert_msg(strstr(answer, "HTTP/1.1 503 ") == answer, "%s", answer);
    ck_assert_ptr_nonnull(strstr(answer, "\r\nRetry-After: 1\r\n"));
    (void)close(askers[shed].fd);
    latch_open(&fixture.latch);
    assert_answered_slowly(busy);
    for (int i = 0; i <= QUEUE_LENGTH; i++)
        if (i != shed)
            assert_answered_slowly(askers[i].fd);
}
END_TEST

static void *free_listener(void *listener)
{
    http_listener_free(listener);
    return NULL;
}

START_TEST(finishes_what_is_in_flight_before_it_ends)
{
    const int idle = raw_connect(fixture.address);
    const int slow = ask_slowly();
    const int queued = ask_slowly();
    pthread_t ending;

    ck_assert(raw_send_text(idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(raw_read_response(idle, answer, sizeof answer));
    latch_await(&fixture.latch, 1);
    http_listener_quiesce(fixture.listener);
    ck_assert_uint_eq(raw_read_all(idle, answer, sizeof answer), 0);
    ck_assert_int_eq(pthread_create(&ending, NULL, free_listener, fixture.listener), 0);
    fixture.listener = NULL;
    latch_open(&fixture.latch);
    assert_answered_slowly(slow);
    ck_assert_ptr_nonnull(strstr(answer, "\r\nConnection: close\r\n"));
    (void)raw_read_all(queued, answer, sizeof answer);
    ck_assert_int_eq(pthread_join(ending, NULL), 0);
    (void)close(queued);
    (void)close(idle);
}
END_TEST

START_TEST(accepts_no_connection_once_it_is_quiet)
{
    char address[128];
    struct http_listener *second = NULL;
    struct http_listener_options options;
    struct asap_error err = { 0 };

    (void)snprintf(address, sizeof address, "%s", fixture.address);
    http_listener_quiesce(fixture.listener);
    http_listener_quiesce(fixture.listener);
    options = fixture_options(address);
    ck_assert_succeeds(http_listener_start(&options, &second, &err));
    (void)raw_ask(address, ASK("/"), answer, sizeof answer);
    ck_assert_ptr_nonnull(strstr(answer, "[GET / - 0:]"));
    http_listener_free(second);
    http_listener_free(NULL);
    http_listener_quiesce(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker");
    TCase *threads = tcase_create("threads");
    TCase *requests = tcase_create("requests");

    suite_add_tcase(suite, threads);
    tcase_add_test(threads, runs_every_job_that_it_took);
    tcase_add_test(threads, runs_jobs_side_by_side);
    suite_add_tcase(suite, requests);
    tcase_set_timeout(requests, 120);
    tcase_add_checked_fixture(requests, fixture_enter, fixture_leave);
    tcase_add_test(requests, serves_others_while_a_worker_is_busy);
    tcase_add_test(requests, hands_a_worker_the_body);
    tcase_add_test(requests, keeps_the_connection_after_a_workers_response);
    tcase_add_test(requests, survives_a_client_that_leaves_while_a_worker_is_busy);
    tcase_add_test(requests, sheds_load_when_the_queue_is_full);
    tcase_add_test(requests, finishes_what_is_in_flight_before_it_ends);
    tcase_add_test(requests, accepts_no_connection_once_it_is_quiet);
    return check_main(suite);
}
