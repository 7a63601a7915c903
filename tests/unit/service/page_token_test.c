/* SPDX-License-Identifier: Apache-2.0 */
#include "page_token.h"

#include <stdio.h>
#include <string.h>

#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_admin.pb-c.h"
#include "check_main.h"
#include "codec.h"

static unsigned char key_bytes[] = "0123456789abcdef0123456789abcdef";
static unsigned char other_bytes[] = "0123456789abcdef0123456789abcdeg";
static const struct secret key = { key_bytes, 32 };
static const struct secret other_key = { other_bytes, 32 };

static char issuer[] = "payments/api";
static char nothing[] = "";
static char other_issuer[] = "payments/apj";

static Asap__V1__ListKeysRequest list_keys(void)
{
    Asap__V1__ListKeysRequest request;

    asap__v1__list_keys_request__init(&request);
    request.issuer = issuer;
    return request;
}

/* The token after `position` of that list; the caller frees it. */
static char *token_of(const ProtobufCMessage *request, const char *position)
{
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(page_token_write(&key, request, position, &token, &err));
    return token;
}

static void check_refused(const struct secret *with, const ProtobufCMessage *request)
{
    struct asap_error err = { 0 };
    char position[PAGE_POSITION_MAX + 1];

    ck_assert_int_eq(page_token_read(with, request, position, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "page_token");
    ck_assert_str_eq(position, "");
}

START_TEST(a_list_without_a_token_begins_at_the_beginning)
{
    struct asap_error err = { 0 };
    const Asap__V1__ListKeysRequest request = list_keys();
    char position[PAGE_POSITION_MAX + 1] = "x";

    ck_assert_succeeds(page_token_read(&key, &request.base, position, &err));
    ck_assert_str_eq(position, "");
}
END_TEST

START_TEST(a_token_leads_back_to_its_position_whatever_the_page_size)
{
    struct asap_error err = { 0 };
    Asap__V1__ListKeysRequest request = list_keys();
    char position[PAGE_POSITION_MAX + 1];

    request.page_token = token_of(&request.base, "payments/api/last.pem");
    request.page_size = 7;
    ck_assert_succeeds(page_token_read(&key, &request.base, position, &err));
    ck_assert_str_eq(position, "payments/api/last.pem");
    free(request.page_token);
}
END_TEST

START_TEST(the_longest_position_fits)
{
    struct asap_error err = { 0 };
    Asap__V1__ListKeysRequest request = list_keys();
    char longest[PAGE_POSITION_MAX + 1];
    char position[PAGE_POSITION_MAX + 1];

    memset(longest, 'k', PAGE_POSITION_MAX);
    longest[PAGE_POSITION_MAX] = '\0';
    request.page_token = token_of(&request.base, longest);
    ck_assert_succeeds(page_token_read(&key, &request.base, position, &err));
    ck_assert_str_eq(position, longest);
    free(request.page_token);
}
END_TEST

START_TEST(a_token_of_another_parent_or_filter_or_method_or_key_is_refused)
{
    Asap__V1__ListKeysRequest request = list_keys();
    Asap__V1__ListIssuersRequest issuers;

    asap__v1__list_issuers_request__init(&issuers);
    request.page_token = token_of(&request.base, "a");
    request.issuer = other_issuer;
    check_refused(&key, &request.base);
    request.issuer = issuer;
    request.show_unpublished = true;
    check_refused(&key, &request.base);
    request.show_unpublished = false;
    check_refused(&other_key, &request.base);
    free(request.page_token);
    request.page_token = nothing;
    request.issuer = nothing;
    issuers.page_token = token_of(&request.base, "a");
    check_refused(&key, &issuers.base);
    free(issuers.page_token);
}
END_TEST

START_TEST(a_token_with_any_character_changed_is_refused)
{
    Asap__V1__ListKeysRequest request = list_keys();

    request.page_token = token_of(&request.base, "payments/api/a.pem");
    for (char *at = request.page_token; *at != '\0'; at++) {
        const char was = *at;

        *at = was == 'A' ? 'B' : 'A';
        check_refused(&key, &request.base);
        *at = was;
    }
    free(request.page_token);
}
END_TEST

START_TEST(a_token_that_was_cut_off_or_made_longer_is_refused)
{
    Asap__V1__ListKeysRequest request = list_keys();
    char *const token = token_of(&request.base, "payments/api/a.pem");
    char longer[512];

    (void)snprintf(longer, sizeof longer, "%sAAAA", token);
    request.page_token = longer;
    check_refused(&key, &request.base);
    for (size_t length = strlen(token) - 1; length > 0; length--) {
        token[length] = '\0';
        request.page_token = token;
        check_refused(&key, &request.base);
    }
    free(token);
}
END_TEST

static const char *const strange[] = { "payments/api/a.pem", "=", "!", " ", "\xc3\xa4", "AQ" };

START_TEST(what_is_no_token_at_all_is_refused)
{
    Asap__V1__ListKeysRequest request = list_keys();
    char text[64];

    (void)snprintf(text, sizeof text, "%s", strange[_i]);
    request.page_token = text;
    check_refused(&key, &request.base);
}
END_TEST

START_TEST(a_token_too_long_for_any_position_is_refused)
{
    Asap__V1__ListKeysRequest request = list_keys();
    static char text[100001];

    memset(text, 'A', sizeof text - 1);
    request.page_token = text;
    check_refused(&key, &request.base);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page tokens");
    TCase *cases = tcase_create("tokens");

    tcase_add_test(cases, a_list_without_a_token_begins_at_the_beginning);
    tcase_add_test(cases, a_token_leads_back_to_its_position_whatever_the_page_size);
    tcase_add_test(cases, the_longest_position_fits);
    tcase_add_test(cases, a_token_of_another_parent_or_filter_or_method_or_key_is_refused);
    tcase_add_test(cases, a_token_with_any_character_changed_is_refused);
    tcase_add_test(cases, a_token_that_was_cut_off_or_made_longer_is_refused);
    tcase_add_loop_test(cases, what_is_no_token_at_all_is_refused, 0, COUNT(strange));
    tcase_add_test(cases, a_token_too_long_for_any_position_is_refused);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
