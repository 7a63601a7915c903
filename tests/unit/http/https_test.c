/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <sys/socket.h>

#include "certificate.h"
#include "fixture.h"
#include "scratch.h"

/* TLS as an ordinary client sees it. */

enum { PATH = 128 };

static struct scratch scratch;
static char chain[PATH], key[PATH], old_chain[PATH];
static char answer[ANSWER_SIZE];

static void enter(void)
{
    struct http_listener_options options;

    scratch_make(&scratch);
    (void)scratch_file(&scratch, "chain.pem", chain, PATH);
    (void)scratch_file(&scratch, "old-chain.pem", old_chain, PATH);
    (void)scratch_file(&scratch, "key.pem", key, PATH);
    certificate_write(chain, key, "first");
    fixture_prepare();
    options = fixture_options("https://127.0.0.1:0");
    options.certificate_file = chain;
    options.key_file = key;
    fixture_start(&options);
}

static void leave(void)
{
    fixture_leave();
    scratch_remove(&scratch);
}

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    const size_t held = strlen(answer);

    (void)context;
    (void)snprintf(answer + held, sizeof answer - held, "%.*s", (int)(size * count), bytes);
    return size * count;
}

static CURL *new_client(const char *trusted)
{
    CURL *client = curl_easy_init();

    ck_assert_ptr_nonnull(client);
    (void)curl_easy_setopt(client, CURLOPT_CAINFO, trusted);
    (void)curl_easy_setopt(client, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(client, CURLOPT_TIMEOUT, 60L);
    (void)curl_easy_setopt(client, CURLOPT_WRITEFUNCTION, keep);
    return client;
}

static CURLcode get(CURL *client, const char *path)
{
    char url[256];

    answer[0] = '\0';
    (void)snprintf(url, sizeof url, "%s%s", fixture.address, path);
    (void)curl_easy_setopt(client, CURLOPT_URL, url);
    return curl_easy_perform(client);
}

static void assert_new_client(const char *trusted, CURLcode expected)
{
    CURL *client = new_client(trusted);

    ck_assert_int_eq(get(client, "/"), expected);
    curl_easy_cleanup(client);
}

START_TEST(serves_over_tls)
{
    CURL *client = new_client(chain);

    ck_assert_int_eq(get(client, "/a?b"), CURLE_OK);
    ck_assert_str_eq(answer, "[GET /a b 0:]");
    (void)curl_easy_setopt(client, CURLOPT_POSTFIELDS, "abc");
    ck_assert_int_eq(get(client, "/body"), CURLE_OK);
    ck_assert_str_eq(answer, "[POST /body - 3:abc]");
    latch_open(&fixture.latch);
    ck_assert_int_eq(get(client, "/slow"), CURLE_OK);
    ck_assert_str_eq(answer, "[POST /slow - 3:abc]");
    curl_easy_cleanup(client);
}
END_TEST

START_TEST(answers_no_request_in_the_clear)
{
    (void)raw_ask(fixture.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", answer, sizeof answer);
    ck_assert_ptr_null(strstr(answer, "HTTP"));
    ck_assert_uint_eq(atomic_load(&fixture.served), 0);
}
END_TEST

START_TEST(reloads_its_certificate_while_a_connection_is_open)
{
    CURL *client = new_client(chain);
    long connects = -1;
    struct asap_error err = { 0 };

    ck_assert_int_eq(get(client, "/"), CURLE_OK);
    ck_assert_int_eq(rename(chain, old_chain), 0);
    certificate_write(chain, key, "second");
    ck_assert_succeeds(http_listener_reload(fixture.listener, &err));
    ck_assert_int_eq(get(client, "/"), CURLE_OK);
    ck_assert_str_eq(answer, "[GET / - 0:]");
    ck_assert_int_eq(curl_easy_getinfo(client, CURLINFO_NUM_CONNECTS, &connects), CURLE_OK);
    ck_assert_int_eq(connects, 0);
    assert_new_client(chain, CURLE_OK);
    assert_new_client(old_chain, CURLE_PEER_FAILED_VERIFICATION);
    curl_easy_cleanup(client);
}
END_TEST

START_TEST(keeps_its_certificate_when_the_new_one_is_broken)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(rename(chain, old_chain), 0);
    ck_assert_int_eq(http_listener_reload(fixture.listener, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "certificate_file");
    assert_new_client(old_chain, CURLE_OK);
}
END_TEST

START_TEST(cuts_a_client_that_never_ends_its_handshake)
{
    struct http_listener_options options;
    int fd = -1;

    http_listener_free(fixture.listener);
    options = fixture_options("https://127.0.0.1:0");
    options.certificate_file = chain;
    options.key_file = key;
    options.limits.header_ms = 200;
    fixture_start(&options);
    fd = raw_connect(fixture.address);
    ck_assert(raw_send(fd, "\x16\x03\x01", 3));
    ck_assert_uint_eq(raw_read_all(fd, answer, sizeof answer), 0);
    (void)close(fd);
    assert_new_client(chain, CURLE_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("https");
    TCase *tests = tcase_create("https");

    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, serves_over_tls);
    tcase_add_test(tests, answers_no_request_in_the_clear);
    tcase_add_test(tests, reloads_its_certificate_while_a_connection_is_open);
    tcase_add_test(tests, keeps_its_certificate_when_the_new_one_is_broken);
    tcase_add_test(tests, cuts_a_client_that_never_ends_its_handshake);
    return check_main(suite);
}
