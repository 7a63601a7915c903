/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>

#include "signer_fixture.h"

enum { URI_MAX = 65536 };

static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "ED25519" };

static enum asap_code from_uri(const char *key_id,
                               const struct buffer *uri,
                               const struct asap_signer_options *options,
                               struct asap_signer **out,
                               struct asap_error *err)
{
    return asap_signer_from_data_uri(key_id, uri->bytes, uri->length, options, out, err);
}

static void check_accepted(const struct buffer *uri, EVP_PKEY *key)
{
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(from_uri(NULL, uri, NULL, &signer, &err));
    check_signs_with(signer, key, "web/api/a+b");
}

START_TEST(takes_pkcs8_of_every_kind_of_key_and_the_same_percent_encoded)
{
    SCOPED(pkey) EVP_PKEY *key = new_key(kinds[_i]);
    SCOPED(buffer) struct buffer uri = BUFFER(URI_MAX);
    SCOPED(buffer) struct buffer encoded = BUFFER(URI_MAX);

    write_data_uri(key, "web/api/a+b", &uri);
    check_accepted(&uri, key);
    write_encoded(uri.bytes, uri.length, &encoded);
    check_accepted(&encoded, key);
}
END_TEST

START_TEST(takes_pem_of_every_form_in_base64_or_percent_encoded)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("P-256");
    SCOPED(buffer) struct buffer pem = BUFFER(URI_MAX);
    SCOPED(buffer) struct buffer base64 = BUFFER(URI_MAX);
    SCOPED(buffer) struct buffer percent = BUFFER(URI_MAX);

    write_pem(key, _i == 0 ? PKCS8 : TRADITIONAL, &pem);
    buffer_puts(&base64, "data:application/x-pem-file;kid=web%2Fapi%2Fa%2Bb;base64,");
    write_base64(pem.bytes, pem.length, &base64);
    check_accepted(&base64, key);
    buffer_puts(&percent, "data:text/plain;kid=web%2Fapi%2Fa%2Bb,");
    write_encoded(pem.bytes, pem.length, &percent);
    check_accepted(&percent, key);
}
END_TEST

START_TEST(asks_for_the_passphrase_of_encrypted_pem)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("P-256");
    SCOPED(buffer) struct buffer pem = BUFFER(URI_MAX);
    SCOPED(buffer) struct buffer uri = BUFFER(URI_MAX);
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    struct asked asked = { .passphrase = PASSPHRASE };
    const struct asap_signer_options options = { .passphrase = passphrase_from(&asked) };
    struct asap_error err = { 0 };

    write_pem(key, PKCS8_ENCRYPTED, &pem);
    buffer_puts(&uri, "data:;kid=web%2Fkey;base64,");
    write_base64(pem.bytes, pem.length, &uri);
    ck_assert_succeeds(from_uri(NULL, &uri, &options, &signer, &err));
    check_signs_with(signer, key, "web/key");
    ck_assert_int_eq(asked.times, 1);
}
END_TEST

static const struct {
    const char *in_uri, *expected, *used;
    const char *message;
} key_ids[] = {
    { "web/key", NULL, "web/key", NULL },
    { "web/key", "web/key", "web/key", NULL },
    { NULL, "web/key", "web/key", NULL },
    { NULL, NULL, NULL, "has no kid" },
    { NULL, "key", NULL, "key id" },
    { "web/key", "web/other", NULL, "is not the key id" },
    { "web/key", "web/ke", NULL, "is not the key id" },
    { "web/key", "", NULL, "has no kid" },
};

START_TEST(signs_under_the_one_key_id_that_uri_and_caller_agree_on)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(buffer) struct buffer uri = BUFFER(URI_MAX);
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    write_data_uri(key, key_ids[_i].in_uri, &uri);
    if (key_ids[_i].used != NULL) {
        ck_assert_succeeds(from_uri(key_ids[_i].expected, &uri, NULL, &signer, &err));
        check_signs_with(signer, key, key_ids[_i].used);
        return;
    }
    ck_assert_int_eq(from_uri(key_ids[_i].expected, &uri, NULL, &signer, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(signer);
    ck_assert_str_eq(err.field, "kid");
    ck_assert_msg(strstr(err.message, key_ids[_i].message) != NULL, "%s", err.message);
}
END_TEST

static const struct {
    const char *why, *uri, *message;
} refused[] = {
    { "no key at all", "data:;kid=web%2Fkey;base64,MAA=", "not well-formed PKCS#8" },
    { "nothing", "data:;kid=web%2Fkey,", "not well-formed PKCS#8" },
    { "a public key", "data:;kid=web%2Fkey,-----BEGIN PUBLIC KEY-----", "this is a public key" },
    { "PEM in the place of base64", "data:;kid=web/key;base64,-----BEGIN PRIVATE KEY-----",
      "not base64" },
};

START_TEST(refuses_what_holds_no_private_key)
{
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };
    const char *uri = refused[_i].uri;

    ck_assert_msg(asap_signer_from_data_uri(NULL, uri, strlen(uri), NULL, &signer, &err)
                      == ASAP_INVALID_ARGUMENT,
                  "accepted %s", refused[_i].why);
    ck_assert_ptr_null(signer);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    ck_assert_msg(strstr(err.message, refused[_i].message) != NULL, "%s", err.message);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(holds_keys_to_the_same_policy_as_in_pem)
{
    SCOPED(pkey) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    SCOPED(buffer) struct buffer uri = BUFFER(URI_MAX);
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    write_data_uri(key, "web/key", &uri);
    ck_assert_int_eq(from_uri(NULL, &uri, NULL, &signer, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "has 1024 bits"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signer_data_uri");
    TCase *tests = tcase_create("signer_data_uri");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, takes_pkcs8_of_every_kind_of_key_and_the_same_percent_encoded, 0,
                        COUNT(kinds));
    tcase_add_loop_test(tests, takes_pem_of_every_form_in_base64_or_percent_encoded, 0, 2);
    tcase_add_test(tests, asks_for_the_passphrase_of_encrypted_pem);
    tcase_add_loop_test(tests, signs_under_the_one_key_id_that_uri_and_caller_agree_on, 0,
                        COUNT(key_ids));
    tcase_add_loop_test(tests, refuses_what_holds_no_private_key, 0, COUNT(refused));
    tcase_add_test(tests, holds_keys_to_the_same_policy_as_in_pem);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
