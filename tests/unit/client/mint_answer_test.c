/* SPDX-License-Identifier: Apache-2.0 */
#include "mint_fixture.h"

#include <curl/curl.h>

#include "base64url.h"
#include "jws.h"

static char first[9000], second[9000];

static const char *const not_tokens[] = {
    "",
    "token",
    "a.b",
    "a.b.c",
    ".eyJ9.c",
    "a..c",
    "e30.e30.",
    "e30.e30.e30",
    "e 30.e30.e30",
    "e30.e30.e\xc3\xa9",
    "e30.e30.e30\n",
    "e30.e30.e30.e30",
};

START_TEST(an_answer_that_is_no_token_is_refused)
{
    struct asap_error err = { 0 };

    say_token_text(fixture.asapd, not_tokens[_i], 60, 48);
    ck_assert_msg(mint_for_orders(first, &err) == ASAP_INTERNAL, "accepted \"%s\"", not_tokens[_i]);
    ck_assert_ptr_nonnull(strstr(err.message, "something else than a token"));
    ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* In place of a character of a good token's header. */
static const char strays[] = { ' ', '\n', ',', '=', '+', '/' };

START_TEST(a_token_with_a_stray_character_is_refused)
{
    char *token = sign_token(fixture.key, 60);
    struct asap_error err = { 0 };

    token[3] = strays[_i];
    say_token_text(fixture.asapd, token, 60, 48);
    ck_assert_msg(mint_for_orders(first, &err) == ASAP_INTERNAL, "accepted %#x",
                  (unsigned)strays[_i]);
    ck_assert_ptr_null(strstr(err.message, "eyJ"));
    free(token);
}
END_TEST

START_TEST(a_stray_character_in_the_signature_is_refused)
{
    char *token = sign_token(fixture.key, 60);
    struct asap_error err = { 0 };

    token[strlen(token) - 1] = ' ';
    say_token_text(fixture.asapd, token, 60, 48);
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_INTERNAL);
    free(token);
}
END_TEST

START_TEST(a_token_that_is_too_long_is_refused)
{
    static char token[JWS_TOKEN_MAX + 2];
    char *good = sign_token(fixture.key, 60);
    struct asap_error err = { 0 };

    memset(token, 'a', sizeof token - 1);
    memcpy(token, good, strlen(good));
    say_token_text(fixture.asapd, token, 60, 48);
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_INTERNAL);
    token[JWS_TOKEN_MAX] = '\0';
    http_server_forget(fixture.asapd);
    say_token_text(fixture.asapd, token, 60, 48);
    ck_assert_succeeds(mint_for_orders(first, &err));
    free(good);
}
END_TEST

START_TEST(a_token_of_another_issuer_is_refused)
{
    struct asap_signer *other = new_key_signer("web/api/key", &fixture.there);
    char *token = sign_token(other, 60);
    struct asap_error err = { 0 };

    say_token_text(fixture.asapd, token, 60, 48);
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "another issuer"));
    asap_signer_free(other);
    free(token);
}
END_TEST

START_TEST(a_token_that_expires_before_it_is_issued_is_refused)
{
    static const char claims[] = "{\"iss\":\"web\",\"aud\":\"orders\",\"jti\":\"1\","
                                 "\"iat\":1795439700,\"exp\":1795439700}";
    SCOPED(buffer) struct buffer token = BUFFER(1000);
    struct asap_error err = { 0 };

    buffer_puts(&token, "e30.");
    base64url_encode(claims, sizeof claims - 1, &token);
    buffer_puts(&token, ".e30");
    say_token_text(fixture.asapd, token.bytes, 60, 48);
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "never good"));
}
END_TEST

static const struct {
    const char *status, *headers, *body;
} no_answers[] = {
    { "200 OK", JSON_TYPE, "{}" },
    { "200 OK", JSON_TYPE, "{\"token\":3}" },
    { "200 OK", JSON_TYPE, "{\"token\"" },
    { "200 OK", "Content-Type: text/html\r\n", "<html>" },
};

START_TEST(an_answer_that_is_no_response_is_refused)
{
    struct asap_error err = { 0 };

    http_server_reply(fixture.asapd, no_answers[_i].status, no_answers[_i].headers,
                      no_answers[_i].body);
    ck_assert_int_eq(mint_for_orders(first, &err), ASAP_INTERNAL);
    ck_assert_uint_eq(asked(), 1);
    http_server_forget(fixture.asapd);
    say_token(60);
    ck_assert_succeeds(mint_for_orders(first, &err));
}
END_TEST

/* When asapd says nothing of use, 80 % of a life of 100 s hold. */
static const struct {
    int64_t said, fresh;
} refreshes[] = { { 30, 30 }, { 100, 100 }, { 0, 80 }, { 101, 80 }, { -1000, 80 } };

START_TEST(the_refresh_time_counts_from_when_the_token_was_asked_for)
{
    char *token = sign_token(fixture.key, 100);
    struct asap_error err = { 0 };

    say_token_text(fixture.asapd, token, 100, refreshes[_i].said);
    ck_assert_succeeds(mint_for_orders(first, &err));
    free(token);
    http_server_forget(fixture.asapd);
    pass(refreshes[_i].fresh - 1);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(asked(), 1);
    pass(1);
    say_token(100);
    ck_assert_succeeds(mint_for_orders(second, &err));
    ck_assert_uint_eq(asked(), 2);
}
END_TEST

START_TEST(a_token_of_a_second_is_not_reused)
{
    const struct asap_token_request request = { .audiences = orders, .lifetime_seconds = 1 };
    struct asap_error err = { 0 };

    say_token(1);
    ck_assert_succeeds(mint_request(&request, first, &err));
    ck_assert_succeeds(mint_request(&request, first, &err));
    ck_assert_uint_eq(asked(), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mint_answer");
    TCase *answers = tcase_create("answers");
    int failed = 0;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    tcase_add_checked_fixture(answers, start, stop);
    tcase_add_loop_test(answers, an_answer_that_is_no_token_is_refused, 0, COUNT(not_tokens));
    tcase_add_loop_test(answers, a_token_with_a_stray_character_is_refused, 0, COUNT(strays));
    tcase_add_test(answers, a_stray_character_in_the_signature_is_refused);
    tcase_add_test(answers, a_token_that_is_too_long_is_refused);
    tcase_add_test(answers, a_token_of_another_issuer_is_refused);
    tcase_add_test(answers, a_token_that_expires_before_it_is_issued_is_refused);
    tcase_add_loop_test(answers, an_answer_that_is_no_response_is_refused, 0, COUNT(no_answers));
    tcase_add_loop_test(answers, the_refresh_time_counts_from_when_the_token_was_asked_for, 0,
                        COUNT(refreshes));
    tcase_add_test(answers, a_token_of_a_second_is_not_reused);
    suite_add_tcase(suite, answers);
    failed = check_main(suite);
    curl_global_cleanup();
    return failed;
}
