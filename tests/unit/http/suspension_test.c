/* SPDX-License-Identifier: Apache-2.0 */
#include "suspension.h"

#include "check_main.h"

enum { ROUNDS = 200000 }; /* enough for the other thread to come in between */

static void *close_it(void *context)
{
    suspension_close(context);
    return NULL;
}

START_TEST(none_begins_once_it_is_closed)
{
    struct suspension suspension;

    suspension_init(&suspension);
    ck_assert(suspension_begin(&suspension));
    suspension_end(&suspension);
    suspension_close(&suspension);
    ck_assert(!suspension_begin(&suspension));
    suspension_close(&suspension);
    suspension_clear(&suspension);
}
END_TEST

START_TEST(closing_waits_for_all_and_lets_others_begin_until_then)
{
    struct suspension suspension;
    pthread_t closing;

    suspension_init(&suspension);
    ck_assert(suspension_begin(&suspension));
    ck_assert_int_eq(pthread_create(&closing, NULL, close_it, &suspension), 0);
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert(suspension_begin(&suspension));
        suspension_end(&suspension);
    }
    suspension_end(&suspension);
    ck_assert_int_eq(pthread_join(closing, NULL), 0);
    ck_assert(!suspension_begin(&suspension));
    suspension_clear(&suspension);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("suspension");
    TCase *tests = tcase_create("suspension");

    suite_add_tcase(suite, tests);
    tcase_add_test(tests, none_begins_once_it_is_closed);
    tcase_add_test(tests, closing_waits_for_all_and_lets_others_begin_until_then);
    return check_main(suite);
}
