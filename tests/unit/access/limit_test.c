/* SPDX-License-Identifier: Apache-2.0 */
#include "limit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"

enum { BUCKETS = 4 };

#define START INT64_C(5000000000)

static struct limiter *limiter;

static void set_up(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(limiter_new(BUCKETS, &limiter, &err));
}

static void tear_down(void)
{
    limiter_free(limiter);
}

static int64_t take(const char *key, int64_t per_minute, int64_t now_ms)
{
    int64_t retry_ms = -1;
    const bool taken =
        limiter_take(limiter, key, (struct limit_rate){ per_minute }, now_ms, &retry_ms);

    ck_assert(taken == (retry_ms == 0));
    return retry_ms;
}

static int64_t look(const char *key, int64_t per_minute, int64_t now_ms)
{
    int64_t retry_ms = -1;
    const bool is_there =
        limiter_has(limiter, key, (struct limit_rate){ per_minute }, now_ms, &retry_ms);

    ck_assert(is_there == (retry_ms == 0));
    return retry_ms;
}

static void drain(const char *key, int64_t per_minute, int64_t now_ms)
{
    for (int64_t i = 0; i < per_minute; i++)
        ck_assert_int_eq(take(key, per_minute, now_ms), 0);
}

START_TEST(a_bucket_is_full_at_first_and_empty_after_as_many_as_a_minute_brings)
{
    static const int64_t rates[] = { 1, 7, 60, 1000 };
    const int64_t rate = rates[_i];

    drain("ci", rate, START);
    ck_assert_int_eq(take("ci", rate, START), (60000 + rate - 1) / rate);
}
END_TEST

static const struct {
    int64_t per_minute, wait_ms;
} waits[] = {
    { 1, 60000 }, { 7, 8572 }, { 60, 1000 }, { 59999, 2 }, { 60000, 1 }, { 120000, 1 },
};

START_TEST(a_token_is_there_at_the_millisecond_that_was_told_and_not_before)
{
    const int64_t rate = waits[_i].per_minute;
    const int64_t wait = waits[_i].wait_ms;

    drain("ci", rate, START);
    ck_assert_int_eq(take("ci", rate, START), wait);
    ck_assert_int_eq(look("ci", rate, START), wait);
    if (wait > 1)
        ck_assert_int_eq(take("ci", rate, START + wait - 1), 1);
    ck_assert_int_eq(look("ci", rate, START + wait), 0);
    ck_assert_int_eq(take("ci", rate, START + wait), 0);
}
END_TEST

START_TEST(nothing_is_lost_or_won_by_rounding)
{
    int64_t taken = 0;

    drain("ci", 7, START);
    for (int64_t ms = 1; ms <= 600000; ms++)
        taken += take("ci", 7, START + ms) == 0 ? 1 : 0;
    ck_assert_int_eq(taken, 70);
}
END_TEST

START_TEST(a_bucket_never_holds_more_than_a_minute_brings)
{
    ck_assert_int_eq(take("ci", 3, START), 0);
    drain("ci", 3, START + INT64_C(1000000000000));
    ck_assert_int_ne(take("ci", 3, START + INT64_C(1000000000000)), 0);
}
END_TEST

START_TEST(a_clock_that_repeats_or_seems_to_go_back_brings_nothing)
{
    drain("ci", 60, START);
    ck_assert_int_eq(take("ci", 60, START), 1000);
    ck_assert_int_eq(take("ci", 60, START - 5000), 1000);
    ck_assert_int_eq(take("ci", 60, START + 999), 1);
    ck_assert_int_eq(take("ci", 60, START + 1000), 0);
    ck_assert_int_eq(take("ci", 60, START + 1000), 1000);
}
END_TEST

START_TEST(a_rate_may_change)
{
    drain("ci", 60, START);
    ck_assert_int_eq(take("ci", 6000, START), 10);
    ck_assert_int_eq(take("ci", 6000, START + 30000), 0); /* 2999 are left */
    drain("ci", 2, START + 30000);
    ck_assert_int_eq(take("ci", 2, START + 30000), 30000);
}
END_TEST

START_TEST(zero_is_no_limit)
{
    for (int i = 0; i < 10000; i++)
        ck_assert_int_eq(take("ci", 0, START), 0);
    ck_assert_int_eq(look("ci", 0, START), 0);
}
END_TEST

START_TEST(the_greatest_numbers_do_not_overflow)
{
    ck_assert_int_eq(take("ci", INT64_MAX, 0), 0);
    ck_assert_int_eq(take("ci", INT64_MAX, INT64_MAX), 0);
    ck_assert_int_eq(take("ci", 1, INT64_MAX), 0);
    ck_assert_int_eq(take("ci", 1, INT64_MAX), 60000);
    ck_assert_int_eq(take("ci", 1, 0), 60000);
}
END_TEST

START_TEST(to_look_takes_nothing)
{
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(look("ci", 1, START), 0);
    ck_assert_int_eq(take("ci", 1, START), 0);
    ck_assert_int_eq(look("ci", 1, START), 60000);
}
END_TEST

START_TEST(each_key_has_its_own_bucket)
{
    drain("ci", 2, START);
    ck_assert_int_eq(take("c", 2, START), 0);
    ck_assert_int_eq(take("cii", 2, START), 0);
    ck_assert_int_eq(take("", 2, START), 0);
    ck_assert_int_ne(take("ci", 2, START), 0);
}
END_TEST

START_TEST(the_bucket_that_was_longest_unused_makes_room)
{
    static const char *const keys[BUCKETS] = { "a", "b", "c", "d" };

    for (int i = 0; i < BUCKETS; i++)
        drain(keys[i], 1, START);
    ck_assert_int_ne(look("a", 1, START), 0); /* a use: "b" is the oldest now */
    drain("e", 1, START);
    ck_assert_int_ne(look("a", 1, START), 0);
    ck_assert_int_ne(look("c", 1, START), 0);
    ck_assert_int_ne(look("d", 1, START), 0);
    ck_assert_int_ne(look("e", 1, START), 0);
    ck_assert_int_eq(take("b", 1, START), 0);
}
END_TEST

START_TEST(to_look_makes_no_room)
{
    char key[8];

    drain("ci", 1, START);
    for (int i = 0; i < 2 * BUCKETS; i++) {
        (void)snprintf(key, sizeof key, "%d", i);
        ck_assert_int_eq(look(key, 1, START), 0);
    }
    ck_assert_int_ne(look("ci", 1, START), 0);
}
END_TEST

START_TEST(any_number_of_keys_passes_through)
{
    char key[32];

    for (int i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof key, "10.0.%d.%d", i / 100, i % 100);
        ck_assert_int_eq(take(key, 1, START), 0);
        ck_assert_int_eq(take(key, 1, START), 60000);
    }
    for (int i = 9999; i > 9999 - BUCKETS; i--) {
        (void)snprintf(key, sizeof key, "10.0.%d.%d", i / 100, i % 100);
        ck_assert_int_eq(look(key, 1, START), 60000);
    }
}
END_TEST

START_TEST(of_a_long_key_the_beginning_counts)
{
    char one[LIMIT_KEY_SIZE + 10];
    char other[LIMIT_KEY_SIZE + 10];

    memset(one, 'a', sizeof one);
    memset(other, 'a', sizeof other);
    one[sizeof one - 1] = '\0';
    other[LIMIT_KEY_SIZE] = '\0';
    ck_assert_int_eq(take(one, 1, START), 0);
    ck_assert_int_eq(take(one, 1, START), 60000);
    ck_assert_int_eq(take(other, 1, START), 60000);
    other[LIMIT_KEY_SIZE - 2] = 'b';
    ck_assert_int_eq(take(other, 1, START), 0);
}
END_TEST

START_TEST(no_buckets_are_one)
{
    struct asap_error err = { 0 };

    limiter_free(limiter);
    ck_assert_succeeds(limiter_new(0, &limiter, &err));
    ck_assert_int_eq(take("a", 1, START), 0);
    ck_assert_int_eq(take("a", 1, START), 60000);
    limiter_free(NULL);
}
END_TEST

enum { THREADS = 4, ROUNDS = 5000 };

static _Atomic int64_t shared_taken;

static void *take_many(void *context)
{
    char own[16];
    int64_t retry_ms = 0;

    (void)snprintf(own, sizeof own, "t%d", *(const int *)context);
    for (int i = 0; i < ROUNDS; i++) {
        if (limiter_take(limiter, "shared", (struct limit_rate){ 1000 }, START, &retry_ms))
            (void)atomic_fetch_add(&shared_taken, 1);
        (void)limiter_take(limiter, own, (struct limit_rate){ 10 }, START + i, &retry_ms);
    }
    return NULL;
}

START_TEST(threads_share_a_bucket_to_the_last_token)
{
    static int numbers[THREADS] = { 0, 1, 2, 3 };
    struct asap_error err = { 0 };
    pthread_t threads[THREADS];

    limiter_free(limiter);
    ck_assert_succeeds(limiter_new(THREADS + 1, &limiter, &err));
    atomic_store(&shared_taken, 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_many, &numbers[i]), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(atomic_load(&shared_taken), 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limit");
    TCase *tcase = tcase_create("limiter");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, a_bucket_is_full_at_first_and_empty_after_as_many_as_a_minute_brings,
                        0, 4);
    tcase_add_loop_test(tcase, a_token_is_there_at_the_millisecond_that_was_told_and_not_before, 0,
                        COUNT(waits));
    tcase_add_test(tcase, nothing_is_lost_or_won_by_rounding);
    tcase_add_test(tcase, a_bucket_never_holds_more_than_a_minute_brings);
    tcase_add_test(tcase, a_clock_that_repeats_or_seems_to_go_back_brings_nothing);
    tcase_add_test(tcase, a_rate_may_change);
    tcase_add_test(tcase, zero_is_no_limit);
    tcase_add_test(tcase, the_greatest_numbers_do_not_overflow);
    tcase_add_test(tcase, to_look_takes_nothing);
    tcase_add_test(tcase, each_key_has_its_own_bucket);
    tcase_add_test(tcase, the_bucket_that_was_longest_unused_makes_room);
    tcase_add_test(tcase, to_look_makes_no_room);
    tcase_add_test(tcase, any_number_of_keys_passes_through);
    tcase_add_test(tcase, of_a_long_key_the_beginning_counts);
    tcase_add_test(tcase, no_buckets_are_one);
    tcase_add_test(tcase, threads_share_a_bucket_to_the_last_token);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
