/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate_fixture.h"

/* A listener whose clients must have certificates. */

static void enter(void)
{
    const struct http_listener_options options = certificate_prepare();

    fixture_start(&options);
}

START_TEST(serves_whom_the_authority_has_certified)
{
    struct test_identity plain = test_authority_sign(&authority, "DNS:client", HOUR);
    struct test_identity client = sign_for(&authority, "clientAuth");

    ck_assert_int_eq(get(&plain, versions[_i]), CURLE_OK);
    ck_assert_int_eq(get(&client, versions[_i]), CURLE_OK);
    ck_assert_uint_eq(atomic_load(&fixture.served), 2);
    test_identity_clear(&plain);
    test_identity_clear(&client);
}
END_TEST

START_TEST(serves_whose_self_signed_certificate_is_listed)
{
    ck_assert_int_eq(get(&listed, versions[_i]), CURLE_OK);
    ck_assert_uint_eq(atomic_load(&fixture.served), 1);
}
END_TEST

START_TEST(refuses_whom_nobody_has_certified)
{
    ck_assert_int_ne(get(NULL, versions[_i]), CURLE_OK);
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
}
END_TEST

START_TEST(refuses_an_authority_of_the_same_name)
{
    struct test_identity client = test_authority_sign(&stranger, "DNS:client", HOUR);

    ck_assert_int_ne(get(&client, versions[_i]), CURLE_OK);
    ck_assert_int_ne(get(&stranger, versions[_i]), CURLE_OK);
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
    test_identity_clear(&client);
}
END_TEST

START_TEST(refuses_a_certificate_that_is_over)
{
    struct test_identity client = test_authority_sign(&authority, "DNS:client", -60);

    ck_assert_int_ne(get(&client, versions[_i]), CURLE_OK);
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
    test_identity_clear(&client);
}
END_TEST

START_TEST(refuses_a_certificate_for_servers)
{
    struct test_identity client = sign_for(&authority, "serverAuth");

    ck_assert_int_ne(get(&client, versions[_i]), CURLE_OK);
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
    test_identity_clear(&client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_certificate");
    TCase *tests = tcase_create("client_certificate");

    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, enter, certificate_leave);
    tcase_add_loop_test(tests, serves_whom_the_authority_has_certified, 0, COUNT(versions));
    tcase_add_loop_test(tests, serves_whose_self_signed_certificate_is_listed, 0, COUNT(versions));
    tcase_add_loop_test(tests, refuses_whom_nobody_has_certified, 0, COUNT(versions));
    tcase_add_loop_test(tests, refuses_an_authority_of_the_same_name, 0, COUNT(versions));
    tcase_add_loop_test(tests, refuses_a_certificate_that_is_over, 0, COUNT(versions));
    tcase_add_loop_test(tests, refuses_a_certificate_for_servers, 0, COUNT(versions));
    return check_main(suite);
}
