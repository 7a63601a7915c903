/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "verifier_fixture.h"

#define EXTRA                                                                                      \
    "\"role\":\"reader\",\"level\":-3,\"big\":9007199254740993,\"on\":true,\"off\":false,"         \
    "\"real\":1.0,\"none\":null,\"list\":[1,{\"a\":\"b\"}]"

static struct asap_claims *claims;

static void read_claims(void)
{
    struct asap_error err = { 0 };
    const char text[] = CLAIMS_OF("web/api", LIVE "," EXTRA);

    ck_assert_succeeds(claims_parse(text, strlen(text), &claims, &err));
}

static void free_claims(void)
{
    asap_claims_free(claims);
}

START_TEST(hands_out_strings)
{
    struct asap_error err = { 0 };
    const char *text = NULL;

    ck_assert_succeeds(asap_claims_get_string(claims, "role", &text, &err));
    ck_assert_str_eq(text, "reader");
    ck_assert_succeeds(asap_claims_get_string(claims, "iss", &text, &err));
    ck_assert_str_eq(text, "web/api");
}
END_TEST

START_TEST(hands_out_integers_to_the_last_digit)
{
    struct asap_error err = { 0 };
    int64_t number = 0;

    ck_assert_succeeds(asap_claims_get_integer(claims, "level", &number, &err));
    ck_assert_int_eq(number, -3);
    ck_assert_succeeds(asap_claims_get_integer(claims, "big", &number, &err));
    ck_assert_int_eq(number, 9007199254740993);
}
END_TEST

START_TEST(hands_out_truth_values)
{
    struct asap_error err = { 0 };
    bool value = false;

    ck_assert_succeeds(asap_claims_get_bool(claims, "on", &value, &err));
    ck_assert(value);
    ck_assert_succeeds(asap_claims_get_bool(claims, "off", &value, &err));
    ck_assert(!value);
}
END_TEST

static const struct {
    const char *name, *json;
} texts[] = {
    { "role", "\"reader\"" }, { "level", "-3" },  { "on", "true" },
    { "off", "false" },       { "none", "null" }, { "list", "[1,{\"a\":\"b\"}]" },
};

START_TEST(hands_out_any_claim_as_json)
{
    struct asap_error err = { 0 };
    char *json = NULL;

    ck_assert_succeeds(asap_claims_get_json(claims, texts[_i].name, &json, &err));
    ck_assert_str_eq(json, texts[_i].json);
    free(json);
}
END_TEST

enum { STRING, INTEGER, BOOL, JSON };

static const struct {
    const char *name;
    int type;
    enum asap_code code;
    enum asap_reason reason;
} failures[] = {
    { "Role", STRING, ASAP_NOT_FOUND, ASAP_REASON_CLAIM_MISSING },
    { "", INTEGER, ASAP_NOT_FOUND, ASAP_REASON_CLAIM_MISSING },
    { "a", BOOL, ASAP_NOT_FOUND, ASAP_REASON_CLAIM_MISSING },
    { "a", JSON, ASAP_NOT_FOUND, ASAP_REASON_CLAIM_MISSING },
    { "level", STRING, ASAP_INVALID_ARGUMENT, ASAP_REASON_CLAIM_TYPE },
    { "none", STRING, ASAP_INVALID_ARGUMENT, ASAP_REASON_CLAIM_TYPE },
    { "real", INTEGER, ASAP_INVALID_ARGUMENT, ASAP_REASON_CLAIM_TYPE },
    { "role", INTEGER, ASAP_INVALID_ARGUMENT, ASAP_REASON_CLAIM_TYPE },
    { "on", INTEGER, ASAP_INVALID_ARGUMENT, ASAP_REASON_CLAIM_TYPE },
    { "level", BOOL, ASAP_INVALID_ARGUMENT, ASAP_REASON_CLAIM_TYPE },
    { "none", BOOL, ASAP_INVALID_ARGUMENT, ASAP_REASON_CLAIM_TYPE },
};

START_TEST(tells_a_claim_that_is_missing_from_one_of_another_type)
{
    struct asap_error err = { 0 };
    const char *text = "old";
    int64_t number = 1;
    bool value = true;
    char *json = NULL;
    enum asap_code code = ASAP_OK;

    if (failures[_i].type == STRING)
        code = asap_claims_get_string(claims, failures[_i].name, &text, &err);
    else if (failures[_i].type == INTEGER)
        code = asap_claims_get_integer(claims, failures[_i].name, &number, &err);
    else if (failures[_i].type == BOOL)
        code = asap_claims_get_bool(claims, failures[_i].name, &value, &err);
    else
        code = asap_claims_get_json(claims, failures[_i].name, &json, &err);
    ck_assert_int_eq(code, failures[_i].code);
    ck_assert_int_eq(err.code, failures[_i].code);
    ck_assert_int_eq(err.reason, failures[_i].reason);
    ck_assert_str_eq(err.field, failures[_i].name);
    ck_assert(failures[_i].type != STRING || text == NULL);
    ck_assert(failures[_i].type != INTEGER || number == 0);
    ck_assert(failures[_i].type != BOOL || !value);
    ck_assert_ptr_null(json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verifier_claims");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, read_claims, free_claims);
    tcase_add_test(tests, hands_out_strings);
    tcase_add_test(tests, hands_out_integers_to_the_last_digit);
    tcase_add_test(tests, hands_out_truth_values);
    tcase_add_loop_test(tests, hands_out_any_claim_as_json, 0, COUNT(texts));
    tcase_add_loop_test(tests, tells_a_claim_that_is_missing_from_one_of_another_type, 0,
                        COUNT(failures));
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
