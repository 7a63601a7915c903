/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "algorithm.h"
#include "check_main.h"
#include "fake_host.h"
#include "key_pair.h"
#include "pem.h"
#include "secret.h"

DEFINE_SCOPED(x509, X509 *, X509_free)

#define PUBLISHED                                                                                  \
    "{\"key\":{\"keyId\":\"a/k\",\"algorithm\":\"ES256\","                                         \
    "\"unpublishTime\":\"2026-11-24T13:15:00Z\"},\"safeSignTime\":\"2026-11-23T13:30:00Z\"}"

static EVP_PKEY *make_pair(void)
{
    struct asap_error err = { 0 };
    EVP_PKEY *pair = NULL;

    ck_assert_succeeds(key_pair_generate(algorithm_find("ES256", 5), &pair, &err));
    return pair;
}

/* A certificate that expired long ago, appended in PEM. */
static void write_certificate(EVP_PKEY *pair, struct buffer *out)
{
    SCOPED(x509) X509 *certificate = X509_new();
    SCOPED(bio) BIO *target = BIO_new(BIO_s_mem());
    char *text = NULL;
    long length = 0;

    ck_assert(X509_set_pubkey(certificate, pair) == 1);
    ck_assert(X509_gmtime_adj(X509_getm_notBefore(certificate), -20) != NULL);
    ck_assert(X509_gmtime_adj(X509_getm_notAfter(certificate), -10) != NULL);
    ck_assert(X509_sign(certificate, pair, EVP_sha256()) > 0);
    ck_assert(PEM_write_bio_X509(target, certificate) == 1);
    length = BIO_get_mem_data(target, &text);
    buffer_append(out, text, (size_t)length);
}

/* The public key as JSON has it. */
static void write_escaped(EVP_PKEY *pair, struct buffer *out)
{
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);
    struct asap_error err = { 0 };

    ck_assert_succeeds(pem_write_public(pair, &pem, &err));
    for (const char *c = pem.bytes; *c != '\0'; c++)
        if (*c == '\n')
            buffer_puts(out, "\\n");
        else
            buffer_append(out, c, 1);
}

static int publish(const char *text, const char *options)
{
    char line[FAKE_LINE_MAX] = "";

    fake.in = text;
    (void)snprintf(line, sizeof line, "key publish a --public-key - %s", options);
    return fake_line(line);
}

START_TEST(the_key_of_a_certificate_is_sent_and_nothing_else_of_it)
{
    SCOPED(pkey) EVP_PKEY *pair = make_pair();
    SCOPED(buffer) struct buffer text = BUFFER(PEM_PRIVATE_MAX);
    SCOPED(buffer) struct buffer expected = BUFFER(PEM_PRIVATE_MAX);

    write_certificate(pair, &text);
    write_escaped(pair, &expected);
    fake.answers[0] = PUBLISHED;
    ck_assert_msg(publish(text.bytes, "") == 0, "%s", fake.err);
    assert_contains(fake.request, expected.bytes);
    assert_lacks(fake.request, "CERTIFICATE");
    assert_contains(fake.err, "taking the key out of the certificate");
}
END_TEST

START_TEST(of_two_certificates_none_is_chosen)
{
    SCOPED(pkey) EVP_PKEY *pair = make_pair();
    SCOPED(buffer) struct buffer text = BUFFER(PEM_PRIVATE_MAX);

    write_certificate(pair, &text);
    write_certificate(pair, &text);
    ck_assert_int_eq(publish(text.bytes, ""), 1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, "2 certificates");
}
END_TEST

START_TEST(a_certificate_that_is_broken_is_refused)
{
    ck_assert_int_eq(publish("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", ""),
                     1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, "the certificate cannot be read");
}
END_TEST

static const char *const private_labels[] = { "PRIVATE KEY",         "RSA PRIVATE KEY",
                                              "EC PRIVATE KEY",      "ENCRYPTED PRIVATE KEY",
                                              "OPENSSH PRIVATE KEY", "DSA PRIVATE KEY" };

/* Wherever in the file it is. */
START_TEST(a_private_key_of_any_kind_stays_here)
{
    SCOPED(pkey) EVP_PKEY *pair = make_pair();
    SCOPED(buffer) struct buffer text = BUFFER(PEM_PRIVATE_MAX);

    if (_i % 2 == 0)
        write_certificate(pair, &text);
    buffer_printf(&text, "-----BEGIN %s-----\nMIIB\n-----END %s-----\n", private_labels[_i],
                  private_labels[_i]);
    ck_assert_int_eq(publish(text.bytes, ""), 1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, "this is a private key: it was not sent anywhere");
    assert_lacks(fake.err, "MII");
}
END_TEST

static const struct {
    const char *option;
    const char *request;
} ends[] = {
    { "--not-after 1d", "\"unpublishTime\":\"2026-11-24T13:15:00Z\"" },
    { "--not-after 2027-01-01T00:00:00Z", "\"unpublishTime\":\"2027-01-01T00:00:00Z\"" },
};

START_TEST(a_key_can_be_given_an_end)
{
    SCOPED(pkey) EVP_PKEY *pair = make_pair();
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);
    struct asap_error err = { 0 };

    ck_assert_succeeds(pem_write_public(pair, &pem, &err));
    fake.answers[0] = PUBLISHED;
    ck_assert_msg(publish(pem.bytes, ends[_i].option) == 0, "%s", fake.err);
    assert_contains(fake.request, ends[_i].request);
    assert_contains(fake.out, "it is served until 2026-11-24");
}
END_TEST

START_TEST(a_generated_key_can_be_given_an_end)
{
    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(fake_line("key generate a --data-uri --algorithm ES256 --not-after 1d"), 0);
    assert_contains(fake.request, ends[0].request);
}
END_TEST

START_TEST(an_end_that_is_no_time_is_wrong_usage)
{
    ck_assert_int_eq(publish("", "--not-after tomorrow"), 2);
    ck_assert_uint_eq(fake.calls, 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl key publish");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, fake_reset, NULL);
    tcase_add_test(tests, the_key_of_a_certificate_is_sent_and_nothing_else_of_it);
    tcase_add_test(tests, of_two_certificates_none_is_chosen);
    tcase_add_test(tests, a_certificate_that_is_broken_is_refused);
    tcase_add_loop_test(tests, a_private_key_of_any_kind_stays_here, 0, COUNT(private_labels));
    tcase_add_loop_test(tests, a_key_can_be_given_an_end, 0, COUNT(ends));
    tcase_add_test(tests, a_generated_key_can_be_given_an_end);
    tcase_add_test(tests, an_end_that_is_no_time_is_wrong_usage);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
