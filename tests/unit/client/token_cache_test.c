/* SPDX-License-Identifier: Apache-2.0 */
#include "token_cache.h"

#include <string.h>

#include "check_main.h"

enum { ASKED = 100, REFRESH = 180, UNTIL = 195 };

static const struct token_times times = { ASKED, REFRESH, UNTIL };
static struct token_cache *cache = NULL;

static void start(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(token_cache_new(2, &cache, &err));
}

static void stop(void)
{
    token_cache_free(cache);
}

static struct buffer key_of(const char *text)
{
    struct buffer key = BUFFER(64);

    buffer_puts(&key, text);
    return key;
}

static void put(const char *text, const char *token)
{
    SCOPED(buffer) struct buffer key = key_of(text);

    token_cache_put(cache, &key, token, &times);
}

static enum token_state find(const char *text, int64_t now, const char **token)
{
    SCOPED(buffer) struct buffer key = key_of(text);

    return token_cache_find(cache, &key, now, token);
}

static const struct {
    int64_t now;
    enum token_state state;
} moments[] = {
    { ASKED - 1, TOKEN_NONE }, { ASKED, TOKEN_FRESH },   { REFRESH - 1, TOKEN_FRESH },
    { REFRESH, TOKEN_OLD },    { UNTIL - 1, TOKEN_OLD }, { UNTIL, TOKEN_NONE },
};

START_TEST(a_token_is_fresh_then_old_then_gone)
{
    const char *token = NULL;

    put("a", "1");
    ck_assert_int_eq(find("a", moments[_i].now, &token), moments[_i].state);
    if (moments[_i].state == TOKEN_NONE)
        ck_assert_ptr_null(token);
    else
        ck_assert_str_eq(token, "1");
}
END_TEST

START_TEST(a_key_is_compared_in_full)
{
    const char *token = NULL;

    put("ab", "1");
    ck_assert_int_eq(find("a", ASKED, &token), TOKEN_NONE);
    ck_assert_int_eq(find("abc", ASKED, &token), TOKEN_NONE);
    ck_assert_int_eq(find("aB", ASKED, &token), TOKEN_NONE);
    ck_assert_int_eq(find("ab", ASKED, &token), TOKEN_FRESH);
}
END_TEST

START_TEST(a_token_takes_the_place_of_its_forerunner_only)
{
    const char *token = NULL;

    put("a", "1");
    put("b", "2");
    put("a", "3");
    ck_assert_int_eq(find("b", ASKED, &token), TOKEN_FRESH);
    ck_assert_str_eq(token, "2");
    ck_assert_int_eq(find("a", ASKED, &token), TOKEN_FRESH);
    ck_assert_str_eq(token, "3");
}
END_TEST

START_TEST(the_least_recently_used_goes_first)
{
    const char *token = NULL;

    put("a", "1");
    put("b", "2");
    ck_assert_int_eq(find("a", ASKED, &token), TOKEN_FRESH);
    put("c", "3");
    ck_assert_int_eq(find("b", ASKED, &token), TOKEN_NONE);
    ck_assert_int_eq(find("a", ASKED, &token), TOKEN_FRESH);
    ck_assert_int_eq(find("c", ASKED, &token), TOKEN_FRESH);
}
END_TEST

START_TEST(a_refresh_is_not_put_off_beyond_the_end)
{
    SCOPED(buffer) struct buffer key = key_of("a");
    const char *token = NULL;

    put("a", "1");
    token_cache_postpone(cache, &key, UNTIL - 5);
    ck_assert_int_eq(find("a", UNTIL - 6, &token), TOKEN_FRESH);
    ck_assert_int_eq(find("a", UNTIL - 5, &token), TOKEN_OLD);
    token_cache_postpone(cache, &key, UNTIL + 5);
    ck_assert_int_eq(find("a", UNTIL - 1, &token), TOKEN_FRESH);
    ck_assert_int_eq(find("a", UNTIL, &token), TOKEN_NONE);
}
END_TEST

START_TEST(what_is_dropped_is_gone)
{
    SCOPED(buffer) struct buffer key = key_of("a");
    SCOPED(buffer) struct buffer other = key_of("b");
    const char *token = NULL;

    put("a", "1");
    token_cache_drop(cache, &other);
    token_cache_postpone(cache, &other, UNTIL);
    ck_assert_int_eq(find("a", ASKED, &token), TOKEN_FRESH);
    token_cache_drop(cache, &key);
    ck_assert_int_eq(find("a", ASKED, &token), TOKEN_NONE);
}
END_TEST

START_TEST(more_than_memory_holds_is_refused)
{
    struct token_cache *none = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(token_cache_new(SIZE_MAX, &none, &err), ASAP_INTERNAL);
    ck_assert_ptr_null(none);
    token_cache_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token_cache");
    TCase *tests = tcase_create("token_cache");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, a_token_is_fresh_then_old_then_gone, 0, COUNT(moments));
    tcase_add_test(tests, a_key_is_compared_in_full);
    tcase_add_test(tests, a_token_takes_the_place_of_its_forerunner_only);
    tcase_add_test(tests, the_least_recently_used_goes_first);
    tcase_add_test(tests, a_refresh_is_not_put_off_beyond_the_end);
    tcase_add_test(tests, what_is_dropped_is_gone);
    tcase_add_test(tests, more_than_memory_holds_is_refused);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
