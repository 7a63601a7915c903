/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_CHECK_MAIN_H
#define ASAP_TESTS_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

#include <asap/error.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

/* Asserts that a call succeeds, with its own message when it does not. `err` is in scope. */
#define ck_assert_succeeds(call) ck_assert_msg((call) == ASAP_OK, "%s", err.message)

/* Runs one suite; main's return value. */
static inline int check_main(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed = 0;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
