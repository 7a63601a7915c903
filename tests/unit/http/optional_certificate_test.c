/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate_fixture.h"

/* A listener whose clients may have certificates, and what its handlers learn of them. */

enum { MANY = 20, LONG = 300, TEXT = 1024 };

/* "none", or "[problem] uri:a dns:b" */
static void tell_certificate(void *context,
                             const struct http_request *request,
                             struct http_response *response)
{
    const struct http_certificate *certificate = request->peer.certificate;

    (void)context;
    response->status = 200;
    buffer_printf(&response->body, certificate == NULL ? "none" : "[%s]",
                  certificate == NULL ? "" : certificate->problem);
    for (size_t i = 0; certificate != NULL && i < certificate->name_count; i++)
        buffer_printf(&response->body, " %s:%s",
                      certificate->names[i].kind == HTTP_NAME_URI ? "uri" : "dns",
                      certificate->names[i].text);
    if (certificate != NULL && certificate->not_after > 0)
        buffer_printf(&response->body, " until %lld", (long long)certificate->not_after);
}

static struct networks proxies;

static void enter(void)
{
    struct http_listener_options options = certificate_prepare();

    ck_assert(networks_read("", &proxies));
    options.proxies = &proxies;
    fixture.routes[0] = (struct http_route){ .matches = is_other, .handler = tell_certificate };
    options.client_certificate_optional = true;
    fixture_start(&options);
}

/* Asks and frees the certificate. What is told of its end is cut off. */
static void show(struct test_identity identity, int round)
{
    char *until = NULL;

    ck_assert_int_eq(get(&identity, versions[round]), CURLE_OK);
    until = strstr(answered, " until ");
    if (until != NULL)
        *until = '\0';
    test_identity_clear(&identity);
}

START_TEST(serves_who_shows_nothing)
{
    ck_assert_int_eq(get(NULL, versions[_i]), CURLE_OK);
    ck_assert_str_eq(answered, "none");
}
END_TEST

START_TEST(learns_the_names_of_who_shows_a_good_one)
{
    show(test_authority_sign(&authority, "URI:spiffe://example.org/web", HOUR), _i);
    ck_assert_str_eq(answered, "[] uri:spiffe://example.org/web");
    show(test_authority_sign(&authority, "DNS:Web.example.org", HOUR), _i);
    ck_assert_str_eq(answered, "[] dns:web.example.org");
    show(sign_for(&authority, "clientAuth"), _i);
    ck_assert_str_eq(answered, "[] dns:client");
}
END_TEST

START_TEST(knows_when_it_ends)
{
    struct test_identity identity = test_authority_sign(&authority, "DNS:web", HOUR);
    struct tm end = { 0 };
    char expected[TEXT];

    ck_assert_int_eq(ASN1_TIME_to_tm(X509_get0_notAfter(identity.x509), &end), 1);
    ck_assert_int_eq(get(&identity, versions[_i]), CURLE_OK);
    (void)setenv("TZ", "UTC", 1);
    (void)snprintf(expected, sizeof expected, "[] dns:web until %lld", (long long)mktime(&end));
    ck_assert_str_eq(answered, expected);
    test_identity_clear(&identity);
}
END_TEST

START_TEST(that_of_a_proxy_is_none_of_its_clients)
{
    ck_assert(networks_read("127.0.0.1", &proxies));
    show(test_authority_sign(&authority, "DNS:proxy", HOUR), _i);
    ck_assert_str_eq(answered, "none");
}
END_TEST

START_TEST(leaves_out_names_that_are_neither_or_odd)
{
    show(test_authority_sign(&authority,
                             "IP:127.0.0.1,DNS:*.example.org,email:a@example.org,DNS:a b,"
                             "URI:x\x01y,URI:https://example.org/*,DNS:c\xc3\xa9.org,DNS:last",
                             HOUR),
         _i);
    ck_assert_str_eq(answered, "[] uri:https://example.org/* dns:last");
}
END_TEST

START_TEST(leaves_out_a_name_that_is_too_long)
{
    char name[LONG + 16] = "URI:";
    char most[TEXT] = "";

    memset(name + strlen(name), 'a', HTTP_NAME_SIZE);
    show(test_authority_sign(&authority, name, HOUR), _i);
    ck_assert_str_eq(answered, "[]");
    name[strlen("URI:") + HTTP_NAME_SIZE - 1] = '\0';
    (void)snprintf(most, sizeof most, "[] uri:%s", name + strlen("URI:"));
    show(test_authority_sign(&authority, name, HOUR), _i);
    ck_assert_str_eq(answered, most);
}
END_TEST

START_TEST(keeps_the_first_of_many_names)
{
    char names[TEXT] = "DNS:n0";
    char expected[TEXT] = "[]";
    size_t length = strlen(names);

    for (int i = 1; i < MANY; i++)
        length += (size_t)snprintf(names + length, sizeof names - length, ",DNS:n%d", i);
    length = strlen(expected);
    for (int i = 0; i < HTTP_NAMES_MAX; i++)
        length += (size_t)snprintf(expected + length, sizeof expected - length, " dns:n%d", i);
    show(test_authority_sign(&authority, names, HOUR), _i);
    ck_assert_str_eq(answered, expected);
}
END_TEST

/* A certificate for one DNS name of any bytes. */
static struct test_identity sign_bytes(const char *bytes, int length)
{
    struct test_identity made = test_authority_sign(&authority, "DNS:first", HOUR);
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();

    ck_assert(names != NULL && name != NULL && text != NULL);
    ck_assert_int_eq(ASN1_STRING_set(text, bytes, length), 1);
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    ck_assert_int_gt(sk_GENERAL_NAME_push(names, name), 0);
    ck_assert_int_eq(
        X509_add1_ext_i2d(made.x509, NID_subject_alt_name, names, 0, X509V3_ADD_REPLACE), 1);
    ck_assert_int_gt(X509_sign(made.x509, authority.key, EVP_sha256()), 0);
    GENERAL_NAMES_free(names);
    return made;
}

START_TEST(leaves_out_a_name_with_a_nul_in_it)
{
    static const char forged[] = "good.example\0.evil.example";

    show(sign_bytes("good.example", (int)strlen("good.example")), _i);
    ck_assert_str_eq(answered, "[] dns:good.example");
    show(sign_bytes(forged, (int)sizeof forged - 1), _i);
    ck_assert_str_eq(answered, "[]");
    show(sign_bytes(forged, (int)strlen("good.example") + 1), _i);
    ck_assert_str_eq(answered, "[]");
}
END_TEST

static struct test_identity from_a_stranger(void)
{
    return test_authority_sign(&stranger, "DNS:web", HOUR);
}

static struct test_identity self_signed(void)
{
    struct test_identity made = test_authority_sign(&stranger, "DNS:web", HOUR);

    ck_assert_int_eq(X509_set_issuer_name(made.x509, X509_get_subject_name(made.x509)), 1);
    ck_assert_int_gt(X509_sign(made.x509, made.key, EVP_sha256()), 0);
    return made;
}

static struct test_identity expired(void)
{
    return test_authority_sign(&authority, "DNS:web", -60);
}

static struct test_identity not_yet_valid(void)
{
    struct test_identity made = test_authority_sign(&authority, "DNS:web", HOUR);

    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(made.x509), HOUR / 2));
    ck_assert_int_gt(X509_sign(made.x509, authority.key, EVP_sha256()), 0);
    return made;
}

static struct test_identity for_servers(void)
{
    return sign_for(&authority, "serverAuth");
}

static struct test_identity by_no_authority(void)
{
    struct test_identity middle = test_authority_sign(&authority, "DNS:web", HOUR);
    struct test_identity made = test_authority_sign(&middle, "DNS:web", HOUR);

    test_identity_clear(&middle);
    return made;
}

static const struct {
    struct test_identity (*make)(void);
    const char *answer;
} bad[] = {
    { from_a_stranger, "[the client certificate is not from an authority in client_ca_file]" },
    { self_signed, "[the client certificate is not from an authority in client_ca_file]" },
    { by_no_authority, "[the client certificate is not from an authority in client_ca_file]" },
    { expired, "[the client certificate has expired]" },
    { not_yet_valid, "[the client certificate is not yet valid]" },
    { for_servers, "[the client certificate is not for TLS clients]" },
};

START_TEST(serves_who_shows_a_bad_one_and_says_what_is_wrong_with_it)
{
    for (int round = 0; round < 2; round++) {
        show(bad[_i].make(), round);
        ck_assert_ptr_eq(strstr(answered, bad[_i].answer), answered);
    }
}
END_TEST

START_TEST(trusts_other_authorities_after_a_reload)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(unlink(authorities), 0);
    trust(&stranger);
    ck_assert_succeeds(http_listener_reload(fixture.listener, &err));
    show(from_a_stranger(), _i);
    ck_assert_str_eq(answered, "[] dns:web");
    show(test_authority_sign(&authority, "DNS:web", HOUR), _i);
    ck_assert_ptr_nonnull(strstr(answered, "is not from an authority"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optional_certificate");
    TCase *tests = tcase_create("optional_certificate");

    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, enter, certificate_leave);
    tcase_add_loop_test(tests, serves_who_shows_nothing, 0, COUNT(versions));
    tcase_add_loop_test(tests, learns_the_names_of_who_shows_a_good_one, 0, COUNT(versions));
    tcase_add_loop_test(tests, knows_when_it_ends, 0, COUNT(versions));
    tcase_add_loop_test(tests, that_of_a_proxy_is_none_of_its_clients, 0, COUNT(versions));
    tcase_add_loop_test(tests, leaves_out_names_that_are_neither_or_odd, 0, COUNT(versions));
    tcase_add_loop_test(tests, leaves_out_a_name_that_is_too_long, 0, COUNT(versions));
    tcase_add_loop_test(tests, keeps_the_first_of_many_names, 0, COUNT(versions));
    tcase_add_loop_test(tests, leaves_out_a_name_with_a_nul_in_it, 0, COUNT(versions));
    tcase_add_loop_test(tests, serves_who_shows_a_bad_one_and_says_what_is_wrong_with_it, 0,
                        COUNT(bad));
    tcase_add_loop_test(tests, trusts_other_authorities_after_a_reload, 0, COUNT(versions));
    return check_main(suite);
}
