/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_endpoint.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../client/verifier_fixture.h"

/* The auth endpoint's answers to requests made by hand, over keys that a test sets. */

#define PATH "/.well-known/asap/auth"

static const struct auth_profile profiles[] = {
    { "billing", "billing,billing/v2", "", "batch,jane doe", 30 },
    { "orders", "orders", "payments/api,web/api", "*", 0 },
    { "closed", "orders", "payments/api,web", "", 30 },
};

static FILE *log_stream;
static char log_text[4096];
static struct log test_log;
static struct auth_endpoint *endpoint;
static struct denials denials;
static struct http_response response;
static struct buffer token = BUFFER(JWS_TOKEN_MAX);
static char authorization[JWS_TOKEN_MAX + 64];

static void set_up_endpoint(void)
{
    struct auth_endpoint_options options = { .profiles = profiles,
                                             .profile_count = (size_t)COUNT(profiles),
                                             .keys = &repository.base,
                                             .clock = fake_clock_of(&test_clock),
                                             .denials = &denials,
                                             .log = &test_log };
    struct asap_error err = { 0 };

    set_up();
    memset(log_text, 0, sizeof log_text);
    log_stream = fmemopen(log_text, sizeof log_text, "w");
    ck_assert_ptr_nonnull(log_stream);
    test_log = (struct log){ .stream = log_stream, .level = LOG_DEBUG };
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
    authorization[0] = '\0';
    denials = (struct denials){ 0 };
    ck_assert_succeeds(auth_endpoint_new(&options, &endpoint, &err));
}

static void tear_down_endpoint(void)
{
    auth_endpoint_free(endpoint);
    buffer_clear(&response.body);
    buffer_clear(&response.lines);
    buffer_clear(&token);
    (void)fclose(log_stream);
}

static const char *find_header(void *transport, const char *name)
{
    (void)transport;
    return strcasecmp(name, "Authorization") == 0 && authorization[0] != '\0' ? authorization
                                                                              : NULL;
}

/* The value of a header of the response, however it was set; "" for none. */
static const char *header(const char *name)
{
    for (size_t i = 0; i < response.header_count; i++)
        if (strcmp(response.headers[i].name, name) == 0)
            return response.headers[i].value;
    for (const char *line = http_next_header(&response, NULL); line != NULL;
         line = http_next_header(&response, line))
        if (strcmp(line, name) == 0)
            return line + strlen(line) + 1;
    return "";
}

static const char *body(void)
{
    return response.body.length > 0 ? response.body.bytes : "";
}

static unsigned ask(enum http_method method, const char *path, const char *query)
{
    const struct http_request request = { .method = method,
                                          .path = path,
                                          .query = query,
                                          .peer.address = "192.0.2.1",
                                          .find_header = find_header };

    buffer_clear(&response.body);
    buffer_clear(&response.lines);
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
    auth_endpoint_handle(endpoint, &request, &response);
    ck_assert_str_eq(header("Cache-Control"), "no-store");
    (void)fflush(log_stream);
    return response.status;
}

static unsigned ask_orders(void)
{
    return ask(HTTP_GET, PATH, "profile=orders");
}

/* The token that the next request shows, of claims that the right key signs. */
static void show(const char *claims)
{
    buffer_clear(&token);
    sign(&token, "ES256", key_pairs[P256], claims);
    (void)snprintf(authorization, sizeof authorization, "Bearer %s", token.bytes);
}

START_TEST(a_good_token_passes_and_the_backend_is_told_whose_it_is)
{
    show(CLAIMS_OF("web/api", "\"sub\":\"jane doe\"," LIVE));
    ck_assert_uint_eq(ask_orders(), 204);
    ck_assert_str_eq(header("X-ASAP-Issuer"), "web/api");
    ck_assert_str_eq(header("X-ASAP-Subject"), "jane doe");
    ck_assert_str_eq(header("X-ASAP-Key-Id"), "web/api/key.pem");
    ck_assert_str_eq(header("WWW-Authenticate"), "");
    ck_assert_str_eq(body(), "");
    ck_assert_str_eq(log_text, "");
}
END_TEST

static const struct {
    const char *subject;
    unsigned status;
} subjects[] = { { "web/api", 204 }, { "batch", 204 }, { "jane doe", 204 },
                 { "jane", 401 },    { "root", 401 },  { "*", 401 } };

START_TEST(a_profile_names_the_subjects_beside_the_issuer)
{
    char claims[512];

    (void)snprintf(claims, sizeof claims,
                   "{\"iss\":\"web/api\",\"aud\":\"billing\",\"sub\":\"%s\"," LIVE "}",
                   subjects[_i].subject);
    show(claims);
    ck_assert_uint_eq(ask(HTTP_GET, PATH, "profile=billing"), subjects[_i].status);
}
END_TEST

START_TEST(without_a_subject_it_is_the_issuer)
{
    show(GOOD);
    ck_assert_uint_eq(ask_orders(), 204);
    ck_assert_str_eq(header("X-ASAP-Subject"), "web/api");
}
END_TEST

static const enum http_method methods[] = { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

START_TEST(the_method_is_the_clients_and_does_not_matter)
{
    show(GOOD);
    ck_assert_uint_eq(ask(methods[_i], PATH, "profile=orders"), 204);
}
END_TEST

static const struct {
    const char *algorithm;
    int kind;
} algorithms[] = { { "RS256", RSA_2048 }, { "RS384", RSA_2048 }, { "RS512", RSA_2048 },
                   { "PS256", RSA_2048 }, { "PS384", RSA_2048 }, { "PS512", RSA_2048 },
                   { "ES256", P256 },     { "ES384", P384 },     { "ES512", P521 },
                   { "EdDSA", ED25519 } };

START_TEST(every_algorithm_is_permitted)
{
    repository.key = key_pairs[algorithms[_i].kind];
    sign(&token, algorithms[_i].algorithm, repository.key, GOOD);
    (void)snprintf(authorization, sizeof authorization, "bEARER %s", token.bytes);
    ck_assert_uint_eq(ask_orders(), 204);
}
END_TEST

/* Whatever stands behind the profile. */
static const struct {
    const char *path, *query;
    unsigned status;
} good_questions[] = {
    { PATH, "profile=orders", 204 },
    { PATH, "profile=orders&", 200 },
    { PATH, "profile=orders&profile=billing", 200 },
    { PATH, "profile=orders&path=/x?profile=billing&profile=billing", 200 },
    { PATH "/orders", NULL, 200 },
    { PATH "/orders", "profile=billing", 200 },
    { PATH "/orders/", NULL, 200 },
    { PATH "/orders/billing/1", "x=1&profile=billing", 200 },
    { PATH "/orders/../billing", NULL, 200 },
};

START_TEST(only_what_stands_first_chooses_the_profile)
{
    const char *path = good_questions[_i].path;
    const char *query = good_questions[_i].query;

    show(GOOD);
    ck_assert_uint_eq(ask(HTTP_GET, path, query), good_questions[_i].status);
    show("{\"iss\":\"web/api\",\"aud\":\"billing\"," LIVE "}");
    ck_assert_msg(ask(HTTP_GET, path, query) == 401, "%s?%s", path, query);
}
END_TEST

static const struct {
    const char *path, *query;
} unknown[] = {
    { PATH, NULL },
    { PATH, "" },
    { PATH, "profile" },
    { PATH, "profile=" },
    { PATH, "profile=order" },
    { PATH, "profile=orders2" },
    { PATH, "profile=Orders" },
    { PATH, "profile=orders/x" },
    { PATH, "profile=%6frders" },
    { PATH, "Profile=orders" },
    { PATH, "x=1&profile=orders" },
    { PATH, "&profile=orders" },
    { PATH "/", "profile=orders" },
    { PATH "//orders", "profile=orders" },
    { PATH "/order/orders", "profile=orders" },
    { PATH "/%6frders", NULL },
};

START_TEST(without_a_profile_it_is_404_and_says_why)
{
    show(GOOD);
    ck_assert_msg(ask(HTTP_GET, unknown[_i].path, unknown[_i].query) == 404, "%s?%s",
                  unknown[_i].path, unknown[_i].query);
    ck_assert_str_eq(header("X-ASAP-Issuer"), "");
    ck_assert_ptr_nonnull(strstr(body(), "\"code\":\"not_found\""));
    ck_assert_ptr_nonnull(strstr(body(), PATH "?profile=NAME"));
}
END_TEST

static const char *const no_tokens[] = { "", "Bearer", "Basic eDp5", "Bearertoken", "Bearer\tx" };

START_TEST(no_token_is_another_thing_than_a_bad_one)
{
    (void)snprintf(authorization, sizeof authorization, "%s", no_tokens[_i]);
    ck_assert_uint_eq(ask_orders(), 401);
    ck_assert_str_eq(header("WWW-Authenticate"), "Bearer");
    ck_assert_ptr_nonnull(strstr(body(), "\"message\":\"there is no token\""));
}
END_TEST

static void assert_invalid(void)
{
    ck_assert_uint_eq(ask_orders(), 401);
    ck_assert_str_eq(header("WWW-Authenticate"), "Bearer error=\"invalid_token\"");
    ck_assert_str_eq(header("X-ASAP-Issuer"), "");
    ck_assert_str_eq(body(), "{\"code\":\"unauthenticated\",\"message\":\"invalid_token\"}\n");
}

static const struct {
    const char *why, *claims, *logged;
} bad[] = {
    { "another audience", "{\"iss\":\"web/api\",\"aud\":\"billing\"," LIVE "}", "audience" },
    { "expired", CLAIMS_OF("web/api", "\"jti\":\"1\",\"iat\":1795439600,\"exp\":1795439660"),
      "expired" },
    { "a key of somebody else", CLAIMS_OF("payments/api", LIVE), "issuer" },
    { "no jti", CLAIMS_OF("web/api", "\"iat\":1795439700,\"exp\":1795439760"), "jti" },
    { "a subject that ends the line", CLAIMS_OF("web/api", "\"sub\":\"a\\r\\nX-A: b\"," LIVE),
      "sub" },
    { "a subject that is not ASCII", CLAIMS_OF("web/api", "\"sub\":\"\xc3\xa4\"," LIVE), "sub" },
    { "a subject with a tab", CLAIMS_OF("web/api", "\"sub\":\"a\\tb\"," LIVE), "sub" },
    { "a subject with DEL", CLAIMS_OF("web/api", "\"sub\":\"a\\u007fb\"," LIVE), "sub" },
    { "a subject that a proxy trims", CLAIMS_OF("web/api", "\"sub\":\" root\"," LIVE), "sub" },
    { "the same at its end", CLAIMS_OF("web/api", "\"sub\":\"root \"," LIVE), "sub" },
};

START_TEST(a_bad_token_is_no_more_than_that_outside)
{
    show(bad[_i].claims);
    assert_invalid();
    ck_assert_msg(strstr(log_text, "profile orders refuses a token that 192.0.2.1 sent: ") != NULL
                      && strstr(log_text, bad[_i].logged) != NULL,
                  "%s: %s", bad[_i].why, log_text);
    ck_assert_ptr_null(strstr(log_text, token.bytes));
}
END_TEST

static uint64_t count_denials(enum asap_reason reason)
{
    return counter_read(&denials.by_reason[DENIAL_AUTH_ENDPOINT][reason]);
}

START_TEST(who_is_turned_away_is_counted_by_reason_and_nobody_else_is)
{
    show(GOOD);
    ck_assert_uint_lt(ask_orders(), 300);
    authorization[0] = '\0';
    (void)ask_orders();
    show(CLAIMS_OF("web/api", "\"jti\":\"1\",\"iat\":1795439600,\"exp\":1795439660"));
    (void)ask_orders();
    (void)ask_orders();
    ck_assert_uint_eq(count_denials(ASAP_REASON_NO_PROOF), 1);
    ck_assert_uint_eq(count_denials(ASAP_REASON_EXPIRED), 2);
    ck_assert_uint_eq(count_denials(ASAP_REASON_NONE), 0);
}
END_TEST

static const char *const malformed[] = { "Bearer ", "Bearer  %s", "Bearer %s x", "Bearer %s.x" };

START_TEST(anything_but_a_token_behind_one_space_is_invalid)
{
    const char *place = strstr(malformed[_i], "%s");
    const int before = place != NULL ? (int)(place - malformed[_i]) : (int)strlen(malformed[_i]);

    show(GOOD);
    (void)snprintf(authorization, sizeof authorization, "%.*s%s%s", before, malformed[_i],
                   place != NULL ? token.bytes : "", place != NULL ? place + 2 : "");
    assert_invalid();
}
END_TEST

START_TEST(a_signature_by_another_key_is_invalid)
{
    sign(&token, "ES256", stranger, GOOD);
    (void)snprintf(authorization, sizeof authorization, "Bearer %s", token.bytes);
    assert_invalid();
}
END_TEST

START_TEST(any_issuer_and_each_audience_pass_where_the_profile_says_so)
{
    show("{\"iss\":\"web/api\",\"aud\":\"billing/v2\"," LIVE "}");
    ck_assert_uint_eq(ask(HTTP_GET, PATH, "profile=billing"), 204);
    show("{\"iss\":\"web/api\",\"aud\":[\"x\",\"billing\"]," LIVE "}");
    ck_assert_uint_eq(ask(HTTP_GET, PATH, "profile=billing"), 204);
}
END_TEST

START_TEST(an_issuer_that_the_profile_does_not_name_is_403)
{
    show(GOOD);
    ck_assert_uint_eq(ask(HTTP_GET, PATH, "profile=closed"), 403);
    ck_assert_str_eq(header("WWW-Authenticate"), "Bearer error=\"insufficient_scope\"");
    ck_assert_str_eq(body(),
                     "{\"code\":\"permission_denied\",\"message\":\"insufficient_scope\"}\n");
    ck_assert_str_eq(header("X-ASAP-Issuer"), "");
}
END_TEST

START_TEST(a_forged_token_does_not_tell_which_issuers_the_profile_names)
{
    char *last = NULL;

    show(GOOD);
    last = strrchr(authorization, '.') + 1;
    *last = *last == 'A' ? 'B' : 'A';
    ck_assert_uint_eq(ask_orders(), 401);
    ck_assert_uint_eq(ask(HTTP_GET, PATH, "profile=closed"), 401);
    ck_assert_str_eq(header("WWW-Authenticate"), "Bearer error=\"invalid_token\"");
}
END_TEST

static const enum asap_code unavailable[] = { ASAP_UNAVAILABLE, ASAP_INTERNAL };

START_TEST(while_keys_are_unknown_it_is_503_and_says_when_to_come_back)
{
    repository.code = unavailable[_i];
    repository.reason = ASAP_REASON_KEY_UNAVAILABLE;
    show(GOOD);
    ck_assert_uint_eq(ask_orders(), 503);
    ck_assert_str_eq(header("Retry-After"), "1");
    ck_assert_str_eq(header("WWW-Authenticate"), "");
    ck_assert_ptr_nonnull(strstr(body(), "\"code\":\"unavailable\""));
}
END_TEST

static const struct {
    const char *profile, *claims;
    int64_t leeway;
} leeways[] = {
    { "profile=orders", GOOD, 0 },
    { "profile=billing", "{\"iss\":\"web/api\",\"aud\":\"billing\"," LIVE "}", 30 },
};

START_TEST(forgives_the_profiles_leeway_and_no_more)
{
    enum { LIFETIME = 60 };

    show(leeways[_i].claims);
    fake_clock_advance(&test_clock, LIFETIME + leeways[_i].leeway);
    ck_assert_uint_eq(ask(HTTP_GET, PATH, leeways[_i].profile), 204);
    fake_clock_advance(&test_clock, 1);
    ck_assert_uint_eq(ask(HTTP_GET, PATH, leeways[_i].profile), 401);
}
END_TEST

START_TEST(keeps_silent_above_debug_level)
{
    test_log.level = LOG_INFO;
    show(bad[0].claims);
    ck_assert_uint_eq(ask_orders(), 401);
    ck_assert_str_eq(log_text, "");
}
END_TEST

START_TEST(serves_its_path_and_what_is_below)
{
    ck_assert(auth_endpoint_matches(PATH));
    ck_assert(auth_endpoint_matches(PATH "/"));
    ck_assert(auth_endpoint_matches(PATH "/orders/1"));
    ck_assert(!auth_endpoint_matches(PATH "s"));
    ck_assert(!auth_endpoint_matches("/.well-known/asap"));
    ck_assert(!auth_endpoint_matches("/x" PATH));
}
END_TEST

START_TEST(refuses_more_profiles_than_there_can_be)
{
    static const struct auth_profile many[AUTH_PROFILES_MAX + 1];
    const struct auth_endpoint_options options = { .profiles = many,
                                                   .profile_count = (size_t)COUNT(many),
                                                   .keys = &repository.base,
                                                   .log = &test_log };
    struct auth_endpoint *none = endpoint;
    struct asap_error err = { 0 };

    ck_assert_int_eq(auth_endpoint_new(&options, &none, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("auth_endpoint");
    TCase *tests = tcase_create("auth_endpoint");

    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, make_keys, free_keys);
    tcase_add_checked_fixture(tests, set_up_endpoint, tear_down_endpoint);
    tcase_add_test(tests, a_good_token_passes_and_the_backend_is_told_whose_it_is);
    tcase_add_loop_test(tests, a_profile_names_the_subjects_beside_the_issuer, 0, COUNT(subjects));
    tcase_add_test(tests, without_a_subject_it_is_the_issuer);
    tcase_add_loop_test(tests, the_method_is_the_clients_and_does_not_matter, 0, COUNT(methods));
    tcase_add_loop_test(tests, every_algorithm_is_permitted, 0, COUNT(algorithms));
    tcase_add_loop_test(tests, only_what_stands_first_chooses_the_profile, 0,
                        COUNT(good_questions));
    tcase_add_loop_test(tests, without_a_profile_it_is_404_and_says_why, 0, COUNT(unknown));
    tcase_add_loop_test(tests, no_token_is_another_thing_than_a_bad_one, 0, COUNT(no_tokens));
    tcase_add_test(tests, who_is_turned_away_is_counted_by_reason_and_nobody_else_is);
    tcase_add_loop_test(tests, a_bad_token_is_no_more_than_that_outside, 0, COUNT(bad));
    tcase_add_loop_test(tests, anything_but_a_token_behind_one_space_is_invalid, 0,
                        COUNT(malformed));
    tcase_add_test(tests, a_signature_by_another_key_is_invalid);
    tcase_add_test(tests, any_issuer_and_each_audience_pass_where_the_profile_says_so);
    tcase_add_test(tests, an_issuer_that_the_profile_does_not_name_is_403);
    tcase_add_test(tests, a_forged_token_does_not_tell_which_issuers_the_profile_names);
    tcase_add_loop_test(tests, while_keys_are_unknown_it_is_503_and_says_when_to_come_back, 0,
                        COUNT(unavailable));
    tcase_add_loop_test(tests, forgives_the_profiles_leeway_and_no_more, 0, COUNT(leeways));
    tcase_add_test(tests, keeps_silent_above_debug_level);
    tcase_add_test(tests, serves_its_path_and_what_is_below);
    tcase_add_test(tests, refuses_more_profiles_than_there_can_be);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
