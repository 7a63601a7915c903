/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <string.h>

#include "check_main.h"

/* The Connect protocol, "Error codes". */
static const struct {
    enum asap_code code;
    const char *name;
    unsigned http_status;
} rows[] = {
    { ASAP_CANCELED, "canceled", 499 },
    { ASAP_UNKNOWN, "unknown", 500 },
    { ASAP_INVALID_ARGUMENT, "invalid_argument", 400 },
    { ASAP_DEADLINE_EXCEEDED, "deadline_exceeded", 504 },
    { ASAP_NOT_FOUND, "not_found", 404 },
    { ASAP_ALREADY_EXISTS, "already_exists", 409 },
    { ASAP_PERMISSION_DENIED, "permission_denied", 403 },
    { ASAP_RESOURCE_EXHAUSTED, "resource_exhausted", 429 },
    { ASAP_FAILED_PRECONDITION, "failed_precondition", 400 },
    { ASAP_ABORTED, "aborted", 409 },
    { ASAP_OUT_OF_RANGE, "out_of_range", 400 },
    { ASAP_UNIMPLEMENTED, "unimplemented", 501 },
    { ASAP_INTERNAL, "internal", 500 },
    { ASAP_UNAVAILABLE, "unavailable", 503 },
    { ASAP_DATA_LOSS, "data_loss", 500 },
    { ASAP_UNAUTHENTICATED, "unauthenticated", 401 },
};

/* The same, "HTTP to error code". */
static const struct {
    unsigned http_status;
    enum asap_code code;
} inferred[] = {
    { 400, ASAP_INTERNAL },      { 401, ASAP_UNAUTHENTICATED }, { 403, ASAP_PERMISSION_DENIED },
    { 404, ASAP_UNIMPLEMENTED }, { 429, ASAP_UNAVAILABLE },     { 502, ASAP_UNAVAILABLE },
    { 503, ASAP_UNAVAILABLE },   { 504, ASAP_UNAVAILABLE },     { 200, ASAP_UNKNOWN },
    { 409, ASAP_UNKNOWN },       { 500, ASAP_UNKNOWN },         { 302, ASAP_UNKNOWN },
};

START_TEST(a_code_has_the_protocols_name_and_status)
{
    const struct status *status = status_of(rows[_i].code);

    ck_assert_int_eq(status->code, rows[_i].code);
    ck_assert_str_eq(status->name, rows[_i].name);
    ck_assert_str_eq(asap_code_name(rows[_i].code), rows[_i].name);
    ck_assert_uint_eq(status->http_status, rows[_i].http_status);
    ck_assert_int_eq(status->exit_status, 1);
}
END_TEST

START_TEST(a_name_leads_back_to_its_code)
{
    ck_assert_int_eq(status_code_from_name(rows[_i].name, strlen(rows[_i].name)), rows[_i].code);
}
END_TEST

START_TEST(a_name_of_no_code_is_unknown)
{
    ck_assert_int_eq(status_code_from_name("not_founder", 11), ASAP_UNKNOWN);
    ck_assert_int_eq(status_code_from_name("not_found", 8), ASAP_UNKNOWN);
    ck_assert_int_eq(status_code_from_name("NOT_FOUND", 9), ASAP_UNKNOWN);
    ck_assert_int_eq(status_code_from_name("", 0), ASAP_UNKNOWN);
}
END_TEST

START_TEST(an_http_status_without_a_code_means_what_the_protocol_says)
{
    ck_assert_int_eq(status_code_from_http(inferred[_i].http_status), inferred[_i].code);
}
END_TEST

START_TEST(success_exits_with_zero)
{
    ck_assert_int_eq(status_of(ASAP_OK)->exit_status, 0);
    ck_assert_uint_eq(status_of(ASAP_OK)->http_status, 200);
    ck_assert_str_eq(asap_code_name(ASAP_OK), "ok");
}
END_TEST

START_TEST(a_value_that_is_no_code_counts_as_unknown)
{
    ck_assert_int_eq(status_of((enum asap_code)17)->code, ASAP_UNKNOWN);
    ck_assert_str_eq(asap_code_name((enum asap_code)1000), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("status");
    TCase *status = tcase_create("status");

    tcase_add_loop_test(status, a_code_has_the_protocols_name_and_status, 0, COUNT(rows));
    tcase_add_loop_test(status, a_name_leads_back_to_its_code, 0, COUNT(rows));
    tcase_add_test(status, a_name_of_no_code_is_unknown);
    tcase_add_loop_test(status, an_http_status_without_a_code_means_what_the_protocol_says, 0,
                        COUNT(inferred));
    tcase_add_test(status, success_exits_with_zero);
    tcase_add_test(status, a_value_that_is_no_code_counts_as_unknown);
    suite_add_tcase(suite, status);
    return check_main(suite);
}
