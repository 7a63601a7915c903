/* SPDX-License-Identifier: Apache-2.0 */
#include "fail.h"

#include <stdbool.h>
#include <string.h>

#include "check_main.h"

#undef fail /* Check's old name for an assertion that failed */

START_TEST(fills_the_error_and_returns_its_code)
{
    struct asap_error err = { .reason = ASAP_REASON_JSON, .field = "old" };

    ck_assert_int_eq(fail(&err, ASAP_NOT_FOUND, "no key %s", "web/1"), ASAP_NOT_FOUND);
    ck_assert_int_eq(err.code, ASAP_NOT_FOUND);
    ck_assert_int_eq(err.reason, ASAP_REASON_NONE);
    ck_assert_str_eq(err.field, "");
    ck_assert_str_eq(err.message, "no key web/1");
}
END_TEST

START_TEST(names_the_rule_and_the_member_of_a_refusal)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(refuse(&err, ASAP_REASON_HEADER, "crit", "it has %s", "crit"),
                     ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.code, ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_HEADER);
    ck_assert_str_eq(err.field, "crit");
    ck_assert_str_eq(err.message, "it has crit");
}
END_TEST

START_TEST(changes_the_code_and_keeps_the_rest)
{
    struct asap_error err = { 0 };

    (void)refuse(&err, ASAP_REASON_KEY_REFUSED, "key", "too small");
    ck_assert_int_eq(fail_as(&err, ASAP_INVALID_ARGUMENT), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(err.code, ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    ck_assert_str_eq(err.field, "key");
    ck_assert_str_eq(err.message, "too small");
}
END_TEST

START_TEST(names_the_field_of_an_invalid_request)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(fail_field(&err, "issuer.id", "%d bytes", 300), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(err.code, ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "issuer.id");
    ck_assert_str_eq(err.message, "300 bytes");
}
END_TEST

START_TEST(works_for_callers_who_want_the_code_alone)
{
    ck_assert_int_eq(fail(NULL, ASAP_ABORTED, "x"), ASAP_ABORTED);
    ck_assert_int_eq(refuse(NULL, ASAP_REASON_JSON, "", "x"), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(fail_as(NULL, ASAP_NOT_FOUND), ASAP_NOT_FOUND);
    ck_assert_int_eq(fail_field(NULL, "f", "x"), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(fail_memory(NULL), ASAP_INTERNAL);
}
END_TEST

START_TEST(cuts_what_is_too_long)
{
    char text[1000] = "";
    struct asap_error err = { 0 };

    memset(text, 'x', sizeof text - 1);
    (void)fail_field(&err, text, "%s", text);
    ck_assert_uint_eq(strlen(err.field), sizeof err.field - 1);
    ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
}
END_TEST

static bool is_name_of_its_own(int reason)
{
    const char *name = asap_reason_name((enum asap_reason)reason);

    for (int other = 0; other < reason; other++) {
        if (strcmp(name, asap_reason_name((enum asap_reason)other)) == 0)
            return false;
    }
    return true;
}

START_TEST(names_the_reasons)
{
    ck_assert_str_eq(asap_reason_name(ASAP_REASON_NONE), "");
    ck_assert_str_eq(asap_reason_name(ASAP_REASON_KEY_NOT_FOUND), "KEY_NOT_FOUND");
    ck_assert_str_eq(asap_reason_name(ASAP_REASON_COUNT), "");
}
END_TEST

START_TEST(gives_no_name_twice)
{
    for (int reason = 0; reason < ASAP_REASON_COUNT; reason++)
        ck_assert_msg(is_name_of_its_own(reason), "reason %d", reason);
}
END_TEST

static enum asap_code pass_up(enum asap_code code, int *reached)
{
    TRY(code);
    *reached = 1;
    return ASAP_OK;
}

START_TEST(passes_a_failure_up_and_a_success_on)
{
    int reached = 0;

    ck_assert_int_eq(pass_up(ASAP_DATA_LOSS, &reached), ASAP_DATA_LOSS);
    ck_assert_int_eq(reached, 0);
    ck_assert_int_eq(pass_up(ASAP_OK, &reached), ASAP_OK);
    ck_assert_int_eq(reached, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fail");
    TCase *all = tcase_create("all");

    tcase_add_test(all, fills_the_error_and_returns_its_code);
    tcase_add_test(all, names_the_rule_and_the_member_of_a_refusal);
    tcase_add_test(all, changes_the_code_and_keeps_the_rest);
    tcase_add_test(all, names_the_field_of_an_invalid_request);
    tcase_add_test(all, works_for_callers_who_want_the_code_alone);
    tcase_add_test(all, cuts_what_is_too_long);
    tcase_add_test(all, names_the_reasons);
    tcase_add_test(all, gives_no_name_twice);
    tcase_add_test(all, passes_a_failure_up_and_a_success_on);
    suite_add_tcase(suite, all);
    return check_main(suite);
}
