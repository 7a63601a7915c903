/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/async.h>

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "check_main.h"

enum { JOBS = 200, PATIENCE_MS = 60000 };

/* A gate that work waits at. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool is_open;
static int begun;

static pthread_t loop_thread;

struct counted {
    int worked, done, canceled;
    bool is_on_loop; /* where done ran */
};

static void work(void *context)
{
    struct counted *counted = context;

    ck_assert(!pthread_equal(pthread_self(), loop_thread));
    counted->worked++;
}

static void wait_at_gate(void *context)
{
    (void)pthread_mutex_lock(&lock);
    begun++;
    (void)pthread_cond_broadcast(&opened);
    while (!is_open)
        (void)pthread_cond_wait(&opened, &lock);
    (void)pthread_mutex_unlock(&lock);
    work(context);
}

static void await_begun(int count)
{
    (void)pthread_mutex_lock(&lock);
    while (begun < count)
        (void)pthread_cond_wait(&opened, &lock);
    (void)pthread_mutex_unlock(&lock);
}

static void open_gate(void)
{
    (void)pthread_mutex_lock(&lock);
    is_open = true;
    (void)pthread_cond_broadcast(&opened);
    (void)pthread_mutex_unlock(&lock);
}

static void done(void *context, enum asap_code code)
{
    struct counted *counted = context;

    counted->done++;
    counted->canceled += code == ASAP_CANCELED;
    counted->is_on_loop = pthread_equal(pthread_self(), loop_thread);
}

static void set_up(void)
{
    loop_thread = pthread_self();
    is_open = false;
    begun = 0;
}

static struct asap_async *new_async(size_t threads, size_t waiting)
{
    const struct asap_async_options options = { .threads = threads, .waiting = waiting };
    struct asap_async *async = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_async_new(&options, &async, &err));
    return async;
}

static bool is_readable(const struct asap_async *async, int timeout_ms)
{
    struct pollfd watched = { .fd = asap_async_fd(async), .events = POLLIN };

    return poll(&watched, 1, timeout_ms) == 1;
}

START_TEST(every_job_is_worked_elsewhere_and_done_here_once)
{
    struct asap_async *async = new_async(8, JOBS);
    struct counted counted[JOBS] = { { 0 } };
    struct asap_error err = { 0 };
    int over = 0;

    for (int i = 0; i < JOBS; i++)
        ck_assert_succeeds(asap_async_run(async, work, done, &counted[i], &err));
    while (over < JOBS) {
        ck_assert(is_readable(async, PATIENCE_MS));
        asap_async_dispatch(async);
        over = 0;
        for (int i = 0; i < JOBS; i++)
            over += counted[i].done;
    }
    for (int i = 0; i < JOBS; i++)
        ck_assert(counted[i].worked == 1 && counted[i].done == 1 && counted[i].canceled == 0
                  && counted[i].is_on_loop);
    ck_assert(!is_readable(async, 0));
    asap_async_free(async);
}
END_TEST

START_TEST(nothing_is_done_before_it_is_dispatched)
{
    struct asap_async *async = new_async(1, 1);
    struct counted counted = { 0 };
    struct asap_error err = { 0 };

    ck_assert(!is_readable(async, 0));
    asap_async_dispatch(async);
    ck_assert_succeeds(asap_async_run(async, work, done, &counted, &err));
    ck_assert(is_readable(async, PATIENCE_MS));
    ck_assert_int_eq(counted.done, 0);
    asap_async_dispatch(async);
    ck_assert_int_eq(counted.done, 1);
    ck_assert(!is_readable(async, 0));
    asap_async_free(async);
}
END_TEST

START_TEST(what_has_no_room_to_wait_is_refused)
{
    struct asap_async *async = new_async(1, 1);
    struct counted running = { 0 };
    struct counted waiting = { 0 };
    struct counted refused = { 0 };
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_async_run(async, wait_at_gate, done, &running, &err));
    await_begun(1);
    ck_assert_succeeds(asap_async_run(async, work, done, &waiting, &err));
    ck_assert_int_eq(asap_async_run(async, work, done, &refused, &err), ASAP_RESOURCE_EXHAUSTED);
    open_gate();
    asap_async_free(async);
    ck_assert_int_eq(running.done + waiting.done, 2);
    ck_assert_int_eq(refused.worked + refused.done, 0);
}
END_TEST

static void *open_after_a_moment(void *context)
{
    struct timespec moment = { .tv_nsec = 50L * 1000 * 1000 };

    (void)context;
    (void)nanosleep(&moment, NULL);
    open_gate();
    return NULL;
}

/* A job that wants another one as soon as it is done. */
struct eager {
    struct asap_async *async;
    enum asap_code second; /* what became of that wish */
    struct counted counted;
};

static void work_eagerly(void *context)
{
    work(&((struct eager *)context)->counted);
}

static void ask_again(void *context, enum asap_code code)
{
    struct eager *eager = context;
    struct asap_error err = { 0 };

    done(&eager->counted, code);
    eager->second = asap_async_run(eager->async, work_eagerly, ask_again, eager, &err);
}

START_TEST(a_job_that_comes_at_the_end_is_refused)
{
    struct eager eager = { .async = new_async(1, 1), .second = ASAP_OK };
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_async_run(eager.async, work_eagerly, ask_again, &eager, &err));
    asap_async_free(eager.async);
    ck_assert_int_eq(eager.second, ASAP_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(eager.counted.done, 1);
}
END_TEST

START_TEST(the_end_waits_for_what_runs_and_cancels_the_rest)
{
    struct asap_async *async = new_async(1, 2);
    struct counted running = { 0 };
    struct counted waiting = { 0 };
    struct asap_error err = { 0 };
    pthread_t opener;

    ck_assert_succeeds(asap_async_run(async, wait_at_gate, done, &running, &err));
    await_begun(1);
    ck_assert_succeeds(asap_async_run(async, work, done, &waiting, &err));
    ck_assert_int_eq(pthread_create(&opener, NULL, open_after_a_moment, NULL), 0);
    asap_async_free(async);
    ck_assert_int_eq(pthread_join(opener, NULL), 0);
    ck_assert(running.worked == 1 && running.done == 1 && running.canceled == 0);
    /* Worked on only if the moment was over before the end began. */
    ck_assert(waiting.done == 1 && waiting.canceled == 1 - waiting.worked);
}
END_TEST

START_TEST(options_have_bounds_and_defaults)
{
    const struct asap_async_options many = { .threads = 65 };
    struct asap_async *async = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(asap_async_new(&many, &async, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(async);
    ck_assert_str_eq(err.field, "threads");
    ck_assert_succeeds(asap_async_new(NULL, &async, &err));
    asap_async_free(async);
    asap_async_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("async");
    TCase *tests = tcase_create("all");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, every_job_is_worked_elsewhere_and_done_here_once);
    tcase_add_test(tests, nothing_is_done_before_it_is_dispatched);
    tcase_add_test(tests, what_has_no_room_to_wait_is_refused);
    tcase_add_test(tests, the_end_waits_for_what_runs_and_cancels_the_rest);
    tcase_add_test(tests, a_job_that_comes_at_the_end_is_refused);
    tcase_add_test(tests, options_have_bounds_and_defaults);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
