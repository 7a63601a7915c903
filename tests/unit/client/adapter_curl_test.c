/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/curl.h>

#include "check_main.h"
#include "http_server.h"
#include "pem.h"
#include "scoped.h"
#include "secret.h"
#include "test_keys.h"

static struct http_server *server;
static struct asap_signer *signer;
static CURL *easy;

static size_t ignore(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static void set_up(void)
{
    EVP_PKEY *pair = new_key("P-256");
    SCOPED(secret) struct secret pem = { 0 };
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_pem_from_key(pair, &pem, &err));
    ck_assert_succeeds(asap_signer_from_pem("web/api/k.pem", (const char *)pem.bytes, pem.length,
                                            NULL, &signer, &err));
    EVP_PKEY_free(pair);
    server = http_server_start(NULL);
    http_server_reply(server, "200 OK", "", "");
    easy = curl_easy_init();
    ck_assert_ptr_nonnull(easy);
    ck_assert_int_eq(curl_easy_setopt(easy, CURLOPT_URL, http_server_url(server)), CURLE_OK);
    ck_assert_int_eq(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore), CURLE_OK);
    ck_assert_int_eq(curl_easy_setopt(easy, CURLOPT_PROXY, ""), CURLE_OK);
}

static void tear_down(void)
{
    curl_easy_cleanup(easy);
    http_server_stop(server);
    asap_signer_free(signer);
}

/* What the server is sent: the value of the header, or "" for none. */
static const char *send_request(void)
{
    static char value[1024];
    const char *at = NULL;

    ck_assert_int_eq(curl_easy_perform(easy), CURLE_OK);
    value[0] = '\0';
    at = strstr(http_server_last_request(server), "Authorization: ");
    if (at != NULL)
        (void)sscanf(at, "Authorization: %1023[^\r]", value);
    return value;
}

static const char *const audiences[] = { "orders", NULL };
static const struct asap_token_request good = { .audiences = audiences };
static const struct asap_token_request bad = { .audiences = NULL };

START_TEST(each_request_has_a_token_of_its_own)
{
    struct asap_error err = { 0 };
    char first[1024] = "";

    ck_assert_succeeds(asap_curl_authorize(easy, signer, &good, &err));
    (void)snprintf(first, sizeof first, "%s", send_request());
    ck_assert_int_eq(strncmp(first, "Bearer eyJ", 10), 0);
    ck_assert_succeeds(asap_curl_authorize(easy, signer, &good, &err));
    ck_assert_str_ne(send_request(), first);
}
END_TEST

START_TEST(a_token_that_cannot_be_signed_leaves_none_behind)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_curl_authorize(easy, signer, &good, &err));
    ck_assert_int_eq(asap_curl_authorize(easy, signer, &bad, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "audiences");
    ck_assert_str_eq(send_request(), "");
}
END_TEST

START_TEST(a_token_that_is_there_is_sent_until_it_is_taken_away)
{
    char token[] = "a.b-c.d_e";
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_curl_set_token(easy, token, &err));
    token[0] = 'x';
    ck_assert_str_eq(send_request(), "Bearer a.b-c.d_e");
    ck_assert_succeeds(asap_curl_set_token(easy, NULL, &err));
    ck_assert_str_eq(send_request(), "");
}
END_TEST

static const char *const refused[] = { "", "a.b.c\r\nX-Admin: yes", "a.b.c ", "a,b", "\xc3\xa9" };

START_TEST(what_would_be_another_header_is_no_token)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_curl_set_token(easy, "a.b.c", &err));
    ck_assert_int_eq(asap_curl_set_token(easy, refused[_i], &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "token");
    ck_assert_str_eq(send_request(), "");
    ck_assert_ptr_null(strstr(http_server_last_request(server), "X-Admin"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("adapter_curl");
    TCase *tests = tcase_create("all");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_request_has_a_token_of_its_own);
    tcase_add_test(tests, a_token_that_cannot_be_signed_leaves_none_behind);
    tcase_add_test(tests, a_token_that_is_there_is_sent_until_it_is_taken_away);
    tcase_add_loop_test(tests, what_would_be_another_header_is_no_token, 0, COUNT(refused));
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
