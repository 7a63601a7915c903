/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch.h"

#include <curl/curl.h>
#include <signal.h>
#include <string.h>

#include "check_main.h"
#include "http_server.h"
#include "scratch.h"
#include "test_authority.h"

enum { HOUR = 3600 };

static struct scratch folder;
static char ours[160];
static char theirs[160];
static struct test_identity authority;
static struct test_identity other_authority;

static void start(void)
{
    scratch_make(&folder);
    (void)scratch_file(&folder, "ours.pem", ours, sizeof ours);
    (void)scratch_file(&folder, "theirs.pem", theirs, sizeof theirs);
    authority = test_authority_new("ours");
    other_authority = test_authority_new("theirs");
    test_identity_write(&authority, ours);
    test_identity_write(&other_authority, theirs);
}

static void stop(void)
{
    test_identity_clear(&authority);
    test_identity_clear(&other_authority);
    scratch_remove(&folder);
}

/* Fetches a key once from such a server, trusting this file. */
static enum asap_code fetch_from(struct http_server *server,
                                 const char *ca_file,
                                 struct asap_error *err)
{
    static const struct cache_validators none = { .etag = "" };
    const struct asap_https_options options = { .ca_file = ca_file };
    const struct kid kid = { .text = "web/a", .length = 5 };
    SCOPED(fetcher) struct fetcher *fetcher = NULL;
    struct fetch_answer answer;

    http_server_reply(server, "200 OK", "Content-Type: application/x-pem-file\r\n", "a key");
    if (fetcher_new(http_server_url(server), &options, &fetcher, err) != ASAP_OK)
        return err->code;
    return fetch_key(fetcher, &kid, &none, &answer, err);
}

START_TEST(a_server_of_the_authority_is_trusted)
{
    struct test_identity certificate = test_authority_sign(&authority, "IP:127.0.0.1", HOUR);
    struct http_server *server = http_server_start_tls(&certificate);
    struct asap_error err = { 0 };

    ck_assert_succeeds(fetch_from(server, ours, &err));
    ck_assert_uint_eq(http_server_requests(server), 1);
    http_server_stop(server);
    test_identity_clear(&certificate);
}
END_TEST

static const struct {
    const char *why, *ca_file, *name;
    int64_t seconds;
} refused[] = {
    { "another authority", theirs, "IP:127.0.0.1", HOUR },
    { "the system's authorities only", NULL, "IP:127.0.0.1", HOUR },
    { "another address", ours, "IP:127.0.0.2", HOUR },
    { "another name", ours, "DNS:keys.example.com", HOUR },
    { "expired", ours, "IP:127.0.0.1", -60 },
};

START_TEST(a_server_that_does_not_prove_its_name_is_not_asked)
{
    struct test_identity certificate =
        test_authority_sign(&authority, refused[_i].name, refused[_i].seconds);
    struct http_server *server = http_server_start_tls(&certificate);
    struct asap_error err = { 0 };

    ck_assert_msg(fetch_from(server, refused[_i].ca_file, &err) == ASAP_UNAVAILABLE, "accepted %s",
                  refused[_i].why);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "(is its authority in the CA file?)"));
    ck_assert_uint_eq(http_server_requests(server), 0);
    http_server_stop(server);
    test_identity_clear(&certificate);
}
END_TEST

START_TEST(tls_1_1_is_too_old)
{
    struct test_identity certificate = test_authority_sign(&authority, "IP:127.0.0.1", HOUR);
    struct http_server *server = http_server_start_old_tls(&certificate);
    struct asap_error err = { 0 };

    ck_assert_int_eq(fetch_from(server, ours, &err), ASAP_UNAVAILABLE);
    ck_assert_uint_eq(http_server_requests(server), 0);
    http_server_stop(server);
    test_identity_clear(&certificate);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch_tls");
    TCase *tls = tcase_create("tls");
    int failed = 0;

    /* The server's TLS writes to connections that the client has closed. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    tcase_add_checked_fixture(tls, start, stop);
    tcase_add_test(tls, a_server_of_the_authority_is_trusted);
    tcase_add_loop_test(tls, a_server_that_does_not_prove_its_name_is_not_asked, 0, COUNT(refused));
    tcase_add_test(tls, tls_1_1_is_too_old);
    suite_add_tcase(suite, tls);
    failed = check_main(suite);
    curl_global_cleanup();
    return failed;
}
