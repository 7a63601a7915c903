/* SPDX-License-Identifier: Apache-2.0 */
#include "outcomes.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "denials.h"

enum { MOST = 100, THREADS = 4, ROUNDS = 1000 };

static struct outcome_table *table;
static struct buffer text;

static void enter(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(outcome_table_new(MOST, &table, &err));
    text = (struct buffer){ .limit = 1024 * 1024 };
}

static void leave(void)
{
    buffer_clear(&text);
    outcome_table_free(table);
}

static void count(const char *name, enum asap_code result)
{
    outcomes_count(outcome_table_find(table, name), result);
}

static void assert_written(const char *expected)
{
    buffer_clear(&text);
    text.limit = 1024 * 1024;
    outcome_table_write(table, "mints", "issuer", &text);
    ck_assert_msg(strstr(text.bytes, expected) != NULL, "no %s in %s", expected, text.bytes);
}

START_TEST(each_name_and_result_has_its_count)
{
    count("web", ASAP_OK);
    count("web", ASAP_OK);
    count("web", ASAP_PERMISSION_DENIED);
    count("payments/api", ASAP_OK);
    assert_written("mints{issuer=\"web\",result=\"ok\"} 2\n");
    assert_written("mints{issuer=\"web\",result=\"permission_denied\"} 1\n");
    assert_written("mints{issuer=\"payments/api\",result=\"ok\"} 1\n");
    ck_assert_ptr_null(strstr(text.bytes, "unavailable"));
}
END_TEST

START_TEST(names_are_bounded_and_those_beyond_share_a_row)
{
    char name[16];

    for (int i = 0; i < MOST + 5; i++) {
        (void)snprintf(name, sizeof name, "i%d", i);
        count(name, ASAP_OK);
    }
    count("i0", ASAP_OK);
    assert_written("mints{issuer=\"(other)\",result=\"ok\"} 5\n");
    assert_written("mints{issuer=\"i0\",result=\"ok\"} 2\n");
    assert_written("mints{issuer=\"i99\",result=\"ok\"} 1\n");
    ck_assert_ptr_null(strstr(text.bytes, "i100"));
}
END_TEST

START_TEST(what_has_no_name_is_unknown)
{
    count(NULL, ASAP_NOT_FOUND);
    assert_written("mints{issuer=\"(unknown)\",result=\"not_found\"} 1\n");
}
END_TEST

static void *count_many(void *unused)
{
    char name[16];

    for (int i = 0; i < ROUNDS; i++) {
        (void)snprintf(name, sizeof name, "i%d", i % 10);
        count(name, ASAP_OK);
    }
    return unused;
}

START_TEST(threads_share_the_rows)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_many, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    assert_written("mints{issuer=\"i3\",result=\"ok\"} 400\n");
}
END_TEST

START_TEST(denials_are_counted_by_surface_and_reason)
{
    static struct denials denials;

    denials_count(&denials, DENIAL_RPC, ASAP_REASON_NO_GRANT);
    denials_count(&denials, DENIAL_RPC, ASAP_REASON_NO_GRANT);
    denials_count(&denials, DENIAL_AUTH_ENDPOINT, ASAP_REASON_EXPIRED);
    denials_count(&denials, DENIAL_RPC, ASAP_REASON_NONE);
    denials_count(NULL, DENIAL_RPC, ASAP_REASON_NO_GRANT);
    denials_write(&denials, &text);
    ck_assert_str_eq(strstr(text.bytes, "asap_denials_total{"),
                     "asap_denials_total{surface=\"rpc\",reason=\"UNSPECIFIED\"} 1\n"
                     "asap_denials_total{surface=\"rpc\",reason=\"NO_GRANT\"} 2\n"
                     "asap_denials_total{surface=\"auth_endpoint\",reason=\"EXPIRED\"} 1\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outcomes");
    TCase *tests = tcase_create("outcomes");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, each_name_and_result_has_its_count);
    tcase_add_test(tests, names_are_bounded_and_those_beyond_share_a_row);
    tcase_add_test(tests, what_has_no_name_is_unknown);
    tcase_add_test(tests, threads_share_the_rows);
    tcase_add_test(tests, denials_are_counted_by_surface_and_reason);
    return check_main(suite);
}
