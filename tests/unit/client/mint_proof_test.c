/* SPDX-License-Identifier: Apache-2.0 */
#include "mint_fixture.h"

#include <curl/curl.h>
#include <signal.h>

#include "claims.h"
#include "jws.h"
#include "test_authority.h"

#define BEARER "\r\nAuthorization: Bearer "

enum { HOUR = 3600 };

static char ca[160], certificate_file[160], key_file[160], api_key_file[160];
static struct test_identity identity;
static struct http_server *https = NULL;
static char token[9000];

static void start_https(void)
{
    struct test_identity authority = test_authority_new("ours");
    struct test_identity client = test_authority_new("a client");

    start();
    (void)scratch_file(&fixture.folder, "ca.pem", ca, sizeof ca);
    (void)scratch_file(&fixture.folder, "client.pem", certificate_file, sizeof certificate_file);
    (void)scratch_file(&fixture.folder, "client.key", key_file, sizeof key_file);
    (void)scratch_file(&fixture.folder, "api.key", api_key_file, sizeof api_key_file);
    test_identity_write(&authority, ca);
    test_identity_write(&client, certificate_file);
    test_identity_write_key(&client, key_file);
    identity = test_authority_sign(&authority, "IP:127.0.0.1", HOUR);
    https = http_server_start_tls(&identity);
    say_token_to(https, 1); /* which is not reused */
    test_identity_clear(&authority);
    test_identity_clear(&client);
}

static void stop_https(void)
{
    http_server_stop(https);
    test_identity_clear(&identity);
    stop();
}

static struct asap_minter_options options_of_https(void)
{
    return (struct asap_minter_options){ .server = http_server_url(https),
                                         .issuer = "web",
                                         .ca_file = ca,
                                         .timeout_ms = TIMEOUT_MS,
                                         .clock = fake_clock_of(&fixture.here) };
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void ck_mints(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(mint_for_orders(token, &err));
}

/* The bearer of the last request, into `out`. */
static void read_bearer(char *out, size_t size)
{
    const char *found = strstr(http_server_last_request(https), BEARER);

    ck_assert_ptr_nonnull(found);
    (void)snprintf(out, size, "%s", found + sizeof BEARER - 1);
    out[strcspn(out, "\r")] = '\0';
}

START_TEST(an_api_key_is_the_bearer)
{
    char key[] = "asapk_0123456789abcdef_secret";
    struct asap_minter_options options = options_of_https();
    char bearer[9000];

    options.api_key = key;
    open_minter(&options);
    memset(key, 'x', sizeof key - 1); /* it was copied */
    ck_mints();
    read_bearer(bearer, sizeof bearer);
    ck_assert_str_eq(bearer, "asapk_0123456789abcdef_secret");
    ck_assert_str_eq(http_server_last_peer(https), "");
}
END_TEST

START_TEST(an_api_key_file_is_read_for_each_mint)
{
    struct asap_minter_options options = options_of_https();
    char bearer[9000];

    options.api_key_file = api_key_file;
    open_minter(&options);
    write_file(api_key_file, "asapk_one\n");
    ck_mints();
    read_bearer(bearer, sizeof bearer);
    ck_assert_str_eq(bearer, "asapk_one");
    write_file(api_key_file, "asapk_two\r\nof yesterday\n");
    ck_mints();
    read_bearer(bearer, sizeof bearer);
    ck_assert_str_eq(bearer, "asapk_two");
    write_file(api_key_file, "asapk_three");
    ck_mints();
    read_bearer(bearer, sizeof bearer);
    ck_assert_str_eq(bearer, "asapk_three");
}
END_TEST

#define HUNDRED                                                                                    \
    "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901" \
    "23"                                                                                           \
    "456789"
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

static const struct {
    const char *text, *message;
} bad_files[] = {
    { NULL, "No such file" },
    { "", "no API key in the first line" },
    { "\nasapk_secret\n", "no API key in the first line" },
    { THOUSAND HUNDRED "\n", "too long" },
    { "asapk_ secret\n", "a space" },
    { "asapk_\x01secret\n", "a space" },
};

START_TEST(an_api_key_file_that_holds_none_is_named)
{
    struct asap_minter_options options = options_of_https();
    struct asap_error err = { 0 };

    options.api_key_file = api_key_file;
    open_minter(&options);
    if (bad_files[_i].text != NULL)
        write_file(api_key_file, bad_files[_i].text);
    ck_assert_int_eq(mint_for_orders(token, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_msg(strstr(err.message, bad_files[_i].message) != NULL, "%s", err.message);
    ck_assert_ptr_null(strstr(err.message, "secret"));
    ck_assert_str_eq(err.field, "api_key_file");
    ck_assert_uint_eq(http_server_requests(https), 0);
    ck_assert_uint_eq(fixture.wait_count, 0);
}
END_TEST

START_TEST(a_certificate_is_shown)
{
    struct asap_minter_options options = options_of_https();

    options.certificate_file = certificate_file;
    options.key_file = key_file;
    open_minter(&options);
    ck_mints();
    ck_assert_str_eq(http_server_last_peer(https), "a client");
    ck_assert_ptr_null(strstr(http_server_last_request(https), BEARER));
}
END_TEST

START_TEST(a_certificate_that_cannot_be_used_is_not_tried_again)
{
    struct asap_minter_options options = options_of_https();
    struct asap_error err = { 0 };

    options.certificate_file = certificate_file; /* without a key */
    open_minter(&options);
    ck_assert_int_eq(mint_for_orders(token, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_uint_eq(fixture.wait_count, 0);
}
END_TEST

static const struct {
    const char *asked, *audience;
} audiences[] = { { NULL, "asapd" }, { "https://asapd.example.com", "https://asapd.example.com" } };

START_TEST(a_token_of_its_own_is_the_bearer)
{
    struct asap_signer *own = new_key_signer("caller/key", &fixture.there);
    struct asap_minter_options options = options_of_https();
    SCOPED(jws) struct jws jws = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    char bearer[9000];

    options.signer = own;
    options.service_audience = audiences[_i].asked;
    open_minter(&options);
    ck_mints();
    read_bearer(bearer, sizeof bearer);
    ck_assert_succeeds(jws_parse(bearer, strlen(bearer), &jws, &err));
    ck_assert_str_eq(jws.key_id, "caller/key");
    ck_assert_succeeds(claims_parse(jws.claims.bytes, jws.claims.length, &claims, &err));
    ck_assert_str_eq(claims->issuer, "caller");
    ck_assert_uint_eq(claims->audience_count, 1);
    ck_assert_str_eq(claims->audiences[0], audiences[_i].audience);
    asap_signer_free(own);
}
END_TEST

static enum asap_code fail_to_sign(struct asap_signer *signer,
                                   const struct asap_token_request *request,
                                   char **out,
                                   struct asap_error *err)
{
    (void)signer;
    (void)request;
    (void)out;
    *err = (struct asap_error){ .code = ASAP_NOT_FOUND, .message = "no key of its own" };
    return ASAP_NOT_FOUND;
}

START_TEST(without_a_token_of_its_own_nothing_is_asked)
{
    struct asap_signer broken = { .sign = fail_to_sign };
    struct asap_minter_options options = options_of_https();
    struct asap_error err = { 0 };

    options.signer = &broken;
    open_minter(&options);
    ck_assert_int_eq(mint_for_orders(token, &err), ASAP_NOT_FOUND);
    ck_assert_str_eq(err.message, "no key of its own");
    ck_assert_uint_eq(http_server_requests(https), 0);
}
END_TEST

START_TEST(another_authority_is_not_trusted)
{
    struct asap_minter_options options = options_of_https();
    struct asap_error err = { 0 };

    options.ca_file = certificate_file;
    options.api_key = "asapk_secret";
    open_minter(&options);
    ck_assert_int_eq(mint_for_orders(token, &err), ASAP_UNAVAILABLE);
    ck_assert_uint_eq(http_server_requests(https), 0);
}
END_TEST

static struct asap_signer nobody;

#define OPTIONS(...)                                                                               \
    {                                                                                              \
        .server = "https://asapd", .issuer = "web", __VA_ARGS__                                    \
    }

static const struct {
    const char *why, *field;
    struct asap_minter_options options;
} bad_options[] = {
    { "no server", "server", { .issuer = "web" } },
    { "plain http", "server", { .server = "http://asapd", .issuer = "web", .api_key = "k" } },
    { "no socket", "server", { .server = "unix:", .issuer = "web" } },
    { "no issuer", "issuer", { .server = "unix:/asapd.sock" } },
    { "an issuer with a space", "issuer", { .server = "unix:/asapd.sock", .issuer = "a b" } },
    { "an empty issuer", "issuer", { .server = "unix:/asapd.sock", .issuer = "" } },
    { "no proof", "api_key", OPTIONS(.key_file = NULL) },
    { "two proofs", "api_key", OPTIONS(.api_key = "k", .api_key_file = "f") },
    { "a key file and a certificate", "api_key",
      OPTIONS(.api_key_file = "f", .certificate_file = "c") },
    { "a certificate and a signer", "api_key",
      OPTIONS(.certificate_file = "c", .signer = &nobody) },
    { "a key without certificate", "certificate_file", OPTIONS(.api_key = "k", .key_file = "f") },
    { "an API key with a space", "api_key", OPTIONS(.api_key = "asapk secret") },
    { "an API key over a socket",
      "server",
      { .server = "unix:/asapd.sock", .issuer = "web", .api_key = "k" } },
    { "a signer over a socket",
      "server",
      { .server = "unix:/asapd.sock", .issuer = "web", .signer = &nobody } },
};

START_TEST(options_that_are_wrong_are_named)
{
    struct asap_signer *signer = &nobody;
    struct asap_error err = { 0 };

    ck_assert_msg(asap_minter_new(&bad_options[_i].options, &signer, &err) == ASAP_INVALID_ARGUMENT,
                  "accepted %s", bad_options[_i].why);
    ck_assert_ptr_null(signer);
    ck_assert_str_eq(err.field, bad_options[_i].field);
    ck_assert_ptr_null(strstr(err.message, "secret"));
}
END_TEST

/* The library's own time: nothing waits here, as the server is there. */
START_TEST(mints_by_the_clock_of_the_system)
{
    struct asap_minter_options options = { .server = fixture.socket_path };
    struct asap_error err = { 0 };
    char url[200];

    (void)snprintf(url, sizeof url, "unix:%s", fixture.socket_path);
    options.server = url;
    options.issuer = "web";
    say_token(3600);
    asap_signer_free(fixture.minter);
    ck_assert_succeeds(asap_minter_new(&options, &fixture.minter, &err));
    ck_mints();
    ck_mints();
    ck_assert_uint_eq(asked(), 1);
}
END_TEST

START_TEST(the_systems_time_passes)
{
    const struct mint_waiting *system = &mint_waiting_system;
    const int64_t before = system->elapsed_ms(system->context);

    system->wait_ms(system->context, 2);
    ck_assert_int_ge(system->elapsed_ms(system->context), before + 2);
    ck_assert(system->random(NULL) != system->random(NULL)
              || system->random(NULL) != system->random(NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mint_proof");
    TCase *proofs = tcase_create("proofs");
    int failed = 0;

    /* The server's TLS writes to connections that the client has closed. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    tcase_add_checked_fixture(proofs, start_https, stop_https);
    tcase_add_test(proofs, an_api_key_is_the_bearer);
    tcase_add_test(proofs, an_api_key_file_is_read_for_each_mint);
    tcase_add_loop_test(proofs, an_api_key_file_that_holds_none_is_named, 0, COUNT(bad_files));
    tcase_add_test(proofs, a_certificate_is_shown);
    tcase_add_test(proofs, a_certificate_that_cannot_be_used_is_not_tried_again);
    tcase_add_loop_test(proofs, a_token_of_its_own_is_the_bearer, 0, COUNT(audiences));
    tcase_add_test(proofs, without_a_token_of_its_own_nothing_is_asked);
    tcase_add_test(proofs, another_authority_is_not_trusted);
    tcase_add_loop_test(proofs, options_that_are_wrong_are_named, 0, COUNT(bad_options));
    tcase_add_test(proofs, mints_by_the_clock_of_the_system);
    tcase_add_test(proofs, the_systems_time_passes);
    suite_add_tcase(suite, proofs);
    failed = check_main(suite);
    curl_global_cleanup();
    return failed;
}
