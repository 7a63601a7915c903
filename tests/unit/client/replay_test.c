/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"

enum { NOW = 1795439700 };

static enum asap_reason
use(struct replay *replay, const char *issuer, const char *jti, int64_t expires_at, int64_t now)
{
    const struct replay_token token = { issuer, jti, expires_at };
    struct asap_error err = { 0 };
    const enum asap_code code = replay_remember(replay, &token, now, &err);

    ck_assert_int_eq(code, err.code);
    return code == ASAP_OK ? ASAP_REASON_NONE : err.reason;
}

static struct replay *new_replay(size_t entries)
{
    struct asap_error err = { 0 };
    struct replay *replay = NULL;

    ck_assert_succeeds(replay_new(entries, &replay, &err));
    return replay;
}

START_TEST(accepts_each_token_once)
{
    SCOPED(replay) struct replay *replay = new_replay(10);

    ck_assert_int_eq(use(replay, "web", "1", NOW + 60, NOW), ASAP_REASON_NONE);
    ck_assert_int_eq(use(replay, "web", "2", NOW + 60, NOW), ASAP_REASON_NONE);
    ck_assert_int_eq(use(replay, "web", "1", NOW + 60, NOW), ASAP_REASON_REPLAYED);
    ck_assert_int_eq(use(replay, "web", "2", NOW + 60, NOW + 60), ASAP_REASON_REPLAYED);
}
END_TEST

START_TEST(tells_issuers_apart)
{
    SCOPED(replay) struct replay *replay = new_replay(10);

    ck_assert_int_eq(use(replay, "web", "1", NOW + 60, NOW), ASAP_REASON_NONE);
    ck_assert_int_eq(use(replay, "web1", "", NOW + 60, NOW), ASAP_REASON_NONE);
    ck_assert_int_eq(use(replay, "we", "b1", NOW + 60, NOW), ASAP_REASON_NONE);
    ck_assert_int_eq(use(replay, "orders", "1", NOW + 60, NOW), ASAP_REASON_NONE);
}
END_TEST

START_TEST(forgets_a_token_that_expired)
{
    SCOPED(replay) struct replay *replay = new_replay(10);

    ck_assert_int_eq(use(replay, "web", "1", NOW, NOW), ASAP_REASON_NONE);
    ck_assert_int_eq(use(replay, "web", "1", NOW + 60, NOW + 1), ASAP_REASON_NONE);
    ck_assert_int_eq(use(replay, "web", "1", NOW + 60, NOW + 60), ASAP_REASON_REPLAYED);
}
END_TEST

/* A hundred tokens, the i-th of which expires i seconds from now. */
static void fill(struct replay *replay)
{
    char jti[16] = "";

    for (int i = 0; i < 100; i++) {
        (void)snprintf(jti, sizeof jti, "%d", i);
        ck_assert_int_eq(use(replay, "web", jti, NOW + i, NOW), ASAP_REASON_NONE);
    }
}

START_TEST(refuses_new_tokens_while_it_is_full)
{
    SCOPED(replay) struct replay *replay = new_replay(100);

    fill(replay);
    ck_assert_int_eq(use(replay, "web", "new", NOW + 60, NOW), ASAP_REASON_REPLAY_CACHE_FULL);
    ck_assert_int_eq(use(replay, "web", "50", NOW + 60, NOW), ASAP_REASON_REPLAYED);
    ck_assert_int_eq(use(replay, "web", "new", NOW + 60, NOW - 1000),
                     ASAP_REASON_REPLAY_CACHE_FULL);
}
END_TEST

START_TEST(says_that_a_full_memory_is_its_own_fault)
{
    const struct replay_token token = { "web", "new", NOW + 60 };
    SCOPED(replay) struct replay *replay = new_replay(100);
    struct asap_error err = { 0 };

    fill(replay);
    ck_assert_int_eq(replay_remember(replay, &token, NOW, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "replay_entries"));
}
END_TEST

START_TEST(makes_room_by_expiry_alone)
{
    SCOPED(replay) struct replay *replay = new_replay(100);

    fill(replay);
    /* 0 to 9 are over. */
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(
            use(replay, "new", (const char[]){ (char)('a' + i), '\0' }, NOW + 99, NOW + 10),
            ASAP_REASON_NONE);
    ck_assert_int_eq(use(replay, "new", "z", NOW + 99, NOW + 10), ASAP_REASON_REPLAY_CACHE_FULL);
    ck_assert_int_eq(use(replay, "web", "10", NOW + 99, NOW + 10), ASAP_REASON_REPLAYED);
    ck_assert_int_eq(use(replay, "web", "99", NOW + 99, NOW + 10), ASAP_REASON_REPLAYED);
    ck_assert_int_eq(use(replay, "new", "a", NOW + 99, NOW + 99), ASAP_REASON_REPLAYED);
    ck_assert_int_eq(use(replay, "new", "z", NOW + 99, NOW + 11), ASAP_REASON_NONE);
}
END_TEST

enum { THREADS = 4, TOKENS = 2000 };

struct contest {
    struct replay *replay;
    atomic_int accepted;
};

static void *use_all(void *context)
{
    struct contest *contest = context;
    char jti[16] = "";

    for (int i = 0; i < TOKENS; i++) {
        const struct replay_token token = { "web", jti, NOW + 60 };

        (void)snprintf(jti, sizeof jti, "%d", i);
        if (replay_remember(contest->replay, &token, NOW, NULL) == ASAP_OK)
            atomic_fetch_add(&contest->accepted, 1);
    }
    return NULL;
}

START_TEST(lets_one_of_several_threads_win)
{
    SCOPED(replay) struct replay *replay = new_replay(TOKENS);
    struct contest contest = { .replay = replay };
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_all, &contest), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(atomic_load(&contest.accepted), TOKENS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay");
    TCase *tests = tcase_create("replay");

    tcase_add_test(tests, accepts_each_token_once);
    tcase_add_test(tests, tells_issuers_apart);
    tcase_add_test(tests, forgets_a_token_that_expired);
    tcase_add_test(tests, refuses_new_tokens_while_it_is_full);
    tcase_add_test(tests, says_that_a_full_memory_is_its_own_fault);
    tcase_add_test(tests, makes_room_by_expiry_alone);
    tcase_add_test(tests, lets_one_of_several_threads_win);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
