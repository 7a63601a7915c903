/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <curl/curl.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "asap/v1/server.pb-c.h"
#include "check_main.h"
#include "http_server.h"
#include "scratch.h"
#include "test_authority.h"

#define JSON_TYPE "Content-Type: application/json\r\n"
#define PATH "/asap.v1.Server/GetStatus"

enum { HOUR = 3600, TIMEOUT_MS = 5000 };

/* Files of one test: authorities, and what a client has. */
static struct scratch folder;
static char ca[160], client_certificate[160], client_key[160], both[160], other_key[160];
static char encrypted_key[160], missing[160];
static struct test_identity identity;
static struct http_server *server = NULL;

static void name(const char *file, char *out)
{
    (void)scratch_file(&folder, file, out, sizeof ca);
}

static void write_encrypted(const struct test_identity *client)
{
    FILE *file = fopen(encrypted_key, "wx");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_PrivateKey(file, client->key, EVP_aes_128_cbc(),
                                          (const unsigned char *)"secret", 6, NULL, NULL),
                     1);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_both(const struct test_identity *client)
{
    FILE *file = fopen(both, "wx");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_X509(file, client->x509), 1);
    ck_assert_int_eq(PEM_write_PrivateKey(file, client->key, NULL, NULL, 0, NULL, NULL), 1);
    ck_assert_int_eq(fclose(file), 0);
}

static void start(void)
{
    struct test_identity authority = test_authority_new("ours");
    struct test_identity client = test_authority_new("a client");

    scratch_make(&folder);
    name("ca.pem", ca);
    name("client.pem", client_certificate);
    name("client.key", client_key);
    name("both.pem", both);
    name("other.key", other_key);
    name("encrypted.key", encrypted_key);
    name("missing.pem", missing);
    test_identity_write(&authority, ca);
    test_identity_write(&client, client_certificate);
    test_identity_write_key(&client, client_key);
    test_identity_write_key(&authority, other_key);
    write_encrypted(&client);
    write_both(&client);
    identity = test_authority_sign(&authority, "IP:127.0.0.1", HOUR);
    server = http_server_start_tls(&identity);
    http_server_reply(server, "200 OK", JSON_TYPE, "{}");
    test_identity_clear(&client);
    test_identity_clear(&authority);
}

static void stop(void)
{
    http_server_stop(server);
    test_identity_clear(&identity);
    scratch_remove(&folder);
}

static enum asap_code call(const struct rpc_endpoint *endpoint, struct asap_error *err)
{
    Asap__V1__GetStatusRequest request = ASAP__V1__GET_STATUS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    enum asap_code code =
        rpc_call(endpoint, PATH, &request.base, &asap__v1__status__descriptor, &response, err);

    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
    return code;
}

/* To the server, with the rest left to a test. */
static struct rpc_endpoint to_server(void)
{
    return (struct rpc_endpoint){ .url = http_server_url(server),
                                  .ca_file = ca,
                                  .timeout_ms = TIMEOUT_MS };
}

START_TEST(a_call_without_credentials_sends_none)
{
    struct rpc_endpoint endpoint = to_server();
    struct asap_error err = { 0 };

    ck_assert_succeeds(call(&endpoint, &err));
    ck_assert_ptr_null(strstr(http_server_last_request(server), "Authorization"));
    ck_assert_str_eq(http_server_last_peer(server), "");
}
END_TEST

START_TEST(a_bearer_is_sent_as_a_header)
{
    struct rpc_endpoint endpoint = to_server();
    struct asap_error err = { 0 };

    endpoint.bearer = "asapk_0123456789abcdef_~+/=";
    ck_assert_succeeds(call(&endpoint, &err));
    ck_assert_ptr_nonnull(strstr(http_server_last_request(server),
                                 "\r\nAuthorization: Bearer asapk_0123456789abcdef_~+/=\r\n"));
}
END_TEST

START_TEST(a_bearer_is_sent_over_a_socket)
{
    char path[160];
    struct http_server *local = NULL;
    struct rpc_endpoint endpoint = { .bearer = "secret" };
    struct asap_error err = { 0 };

    name("asapd.sock", path);
    local = http_server_start(path);
    http_server_reply(local, "200 OK", JSON_TYPE, "{}");
    endpoint.url = http_server_url(local);
    ck_assert_succeeds(call(&endpoint, &err));
    ck_assert_ptr_nonnull(
        strstr(http_server_last_request(local), "\r\nAuthorization: Bearer secret\r\n"));
    http_server_stop(local);
}
END_TEST

static const char *const bad_bearers[] = {
    "",        " ",        "se cret",  "secret\r\nX: y", "secret\n",
    "secret ", "\tsecret", "secr\x7f", "secr\xc3\xa9t",
};

START_TEST(what_cannot_stand_in_a_header_is_refused_unseen)
{
    struct rpc_endpoint endpoint = to_server();
    struct asap_error err = { 0 };

    endpoint.bearer = bad_bearers[_i];
    ck_assert_int_eq(call(&endpoint, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "bearer");
    ck_assert_ptr_null(strstr(err.message, "secr"));
    ck_assert_uint_eq(http_server_requests(server), 0);
}
END_TEST

START_TEST(a_bearer_has_a_bound)
{
    char text[8194];
    struct rpc_endpoint endpoint = to_server();
    struct asap_error err = { 0 };

    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    endpoint.bearer = text;
    ck_assert_int_eq(call(&endpoint, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "bearer");
    text[sizeof text - 2] = '\0';
    ck_assert_succeeds(call(&endpoint, &err));
}
END_TEST

START_TEST(no_bearer_leaves_in_the_clear_or_in_a_message)
{
    struct http_server *plain = http_server_start(NULL);
    struct rpc_endpoint endpoint = { .url = http_server_url(plain), .bearer = "secret" };
    struct asap_error err = { 0 };

    ck_assert_int_eq(call(&endpoint, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "server");
    ck_assert_ptr_null(strstr(err.message, "secret"));
    ck_assert_uint_eq(http_server_requests(plain), 0);
    http_server_stop(plain);
}
END_TEST

static const struct {
    const char *certificate, *key;
} good_pairs[] = { { client_certificate, client_key }, { both, NULL } };

START_TEST(a_client_certificate_is_shown)
{
    struct rpc_endpoint endpoint = to_server();
    struct asap_error err = { 0 };

    endpoint.certificate_file = good_pairs[_i].certificate;
    endpoint.key_file = good_pairs[_i].key;
    ck_assert_succeeds(call(&endpoint, &err));
    ck_assert_str_eq(http_server_last_peer(server), "a client");
}
END_TEST

static const struct {
    const char *why, *certificate, *key;
} bad_pairs[] = {
    { "no such certificate", missing, client_key },
    { "no such key", client_certificate, missing },
    { "the key of another", client_certificate, other_key },
    { "a certificate for a key", client_certificate, client_certificate },
    { "no key in the same file", client_certificate, NULL },
    { "an encrypted key, without asking for its pass phrase", client_certificate, encrypted_key },
    { "a key for a certificate", client_key, client_key },
};

START_TEST(files_that_cannot_be_used_are_named_as_the_cause)
{
    struct rpc_endpoint endpoint = to_server();
    struct asap_error err = { 0 };

    endpoint.certificate_file = bad_pairs[_i].certificate;
    endpoint.key_file = bad_pairs[_i].key;
    ck_assert_msg(call(&endpoint, &err) == ASAP_FAILED_PRECONDITION, "%s: %d %s", bad_pairs[_i].why,
                  err.code, err.message);
    ck_assert_ptr_nonnull(strstr(err.message, "the client certificate or its key cannot be used"));
    ck_assert_uint_eq(http_server_requests(server), 0);
}
END_TEST

START_TEST(a_ca_file_that_cannot_be_used_is_named_as_the_cause)
{
    struct rpc_endpoint endpoint = to_server();
    struct asap_error err = { 0 };

    endpoint.ca_file = missing;
    ck_assert_int_eq(call(&endpoint, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_ptr_nonnull(strstr(err.message, "the CA file cannot be used"));
}
END_TEST

START_TEST(a_key_without_a_certificate_is_refused)
{
    struct rpc_endpoint endpoint = to_server();
    struct asap_error err = { 0 };

    endpoint.key_file = client_key;
    ck_assert_int_eq(call(&endpoint, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "certificate_file");
}
END_TEST

static const struct {
    const char *status, *headers, *body;
    int64_t retry_ms;
} retries[] = {
    { "503 Busy", "", "", 0 },
    { "503 Busy", "Retry-After: 7\r\n", "", 7000 },
    { "503 Busy", JSON_TYPE "Retry-After: 7\r\n", "{\"code\":\"unavailable\"}", 7000 },
    { "429 Slow", JSON_TYPE "Retry-After: 7\r\n",
      "{\"code\":\"resource_exhausted\",\"details\":[{\"type\":\"google.rpc.RetryInfo\","
      "\"value\":\"CgIIAg\"}]}",
      2000 },
    { "503 Busy", "Retry-After: 999999999\r\n", "", 86400000 },
    { "503 Busy", "Retry-After: soon\r\n", "", 0 },
    { "200 OK", JSON_TYPE "Retry-After: 7\r\n", "{}", 0 },
};

START_TEST(whoever_repeats_calls_learns_when)
{
    struct rpc_endpoint endpoint = to_server();
    Asap__V1__GetStatusRequest request = ASAP__V1__GET_STATUS_REQUEST__INIT;
    struct rpc_answer answer = { .type = &asap__v1__status__descriptor, .retry_ms = 99 };
    struct asap_error err = { 0 };
    enum asap_code code = ASAP_OK;

    http_server_forget(server);
    http_server_reply(server, retries[_i].status, retries[_i].headers, retries[_i].body);
    code = rpc_call_for(&endpoint, PATH, &request.base, &answer, &err);
    ck_assert_int_eq(code == ASAP_OK, answer.message != NULL);
    ck_assert_int_eq(answer.retry_ms, retries[_i].retry_ms);
    if (answer.message != NULL)
        protobuf_c_message_free_unpacked(answer.message, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("call_credentials");
    TCase *calls = tcase_create("credentials");
    int failed = 0;

    /* The server's TLS writes to connections that the client has closed. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    tcase_add_checked_fixture(calls, start, stop);
    tcase_add_test(calls, a_call_without_credentials_sends_none);
    tcase_add_test(calls, a_bearer_is_sent_as_a_header);
    tcase_add_test(calls, a_bearer_is_sent_over_a_socket);
    tcase_add_loop_test(calls, what_cannot_stand_in_a_header_is_refused_unseen, 0,
                        COUNT(bad_bearers));
    tcase_add_test(calls, a_bearer_has_a_bound);
    tcase_add_test(calls, no_bearer_leaves_in_the_clear_or_in_a_message);
    tcase_add_loop_test(calls, a_client_certificate_is_shown, 0, COUNT(good_pairs));
    tcase_add_loop_test(calls, files_that_cannot_be_used_are_named_as_the_cause, 0,
                        COUNT(bad_pairs));
    tcase_add_test(calls, a_ca_file_that_cannot_be_used_is_named_as_the_cause);
    tcase_add_test(calls, a_key_without_a_certificate_is_refused);
    tcase_add_loop_test(calls, whoever_repeats_calls_learns_when, 0, COUNT(retries));
    suite_add_tcase(suite, calls);
    failed = check_main(suite);
    curl_global_cleanup();
    return failed;
}
