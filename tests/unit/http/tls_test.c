/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "certificate.h"
#include "check_main.h"
#include "scratch.h"

enum { PATH = 128 };

static struct scratch scratch;
static char chain[PATH], key[PATH], other_chain[PATH], other_key[PATH], text[PATH], missing[PATH];

static void write_text(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(content, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void enter(void)
{
    scratch_make(&scratch);
    (void)scratch_file(&scratch, "chain.pem", chain, PATH);
    (void)scratch_file(&scratch, "key.pem", key, PATH);
    (void)scratch_file(&scratch, "other-chain.pem", other_chain, PATH);
    (void)scratch_file(&scratch, "other-key.pem", other_key, PATH);
    (void)scratch_file(&scratch, "text", text, PATH);
    (void)scratch_file(&scratch, "missing", missing, PATH);
    certificate_write(chain, key, "first");
    certificate_write(other_chain, other_key, "second");
    write_text(text, "no PEM\n");
}

static void leave(void)
{
    scratch_remove(&scratch);
}

static const struct {
    struct tls_files files;
    const char *field, *message;
} refused[] = {
    { { missing, key, NULL, false }, "certificate_file", "No such file" },
    { { chain, missing, NULL, false }, "key_file", "No such file" },
    { { NULL, key, NULL, false }, "certificate_file", "an https listener needs a certificate" },
    { { chain, NULL, NULL, false }, "key_file", "an https listener needs a private key" },
    { { text, key, NULL, false }, "certificate_file", "is no chain of" },
    { { key, key, NULL, false }, "certificate_file", "is no chain of" },
    { { chain, text, NULL, false }, "key_file", "is no unencrypted private key" },
    { { chain, chain, NULL, false }, "key_file", "is no unencrypted private key" },
    { { chain, other_key, NULL, false }, "key_file", "is not the key of the first certificate" },
    { { "/", key, NULL, false }, "certificate_file", "Is a directory" },
    { { "/dev/zero", key, NULL, false }, "certificate_file", "is over 65535 bytes" },
    { { chain, key, missing, false }, "client_ca_file", "No such file" },
    { { chain, key, text, false }, "client_ca_file", "holds no PEM certificate" },
    { { chain, key, key, false }, "client_ca_file", "holds no PEM certificate" },
};

static const struct tls_files good = { chain, key, NULL, false };

START_TEST(refuses_files_that_are_no_pair_and_says_why)
{
    struct tls *tls = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(tls_new(&refused[_i].files, &tls, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(tls);
    ck_assert_str_eq(err.field, refused[_i].field);
    ck_assert_msg(strstr(err.message, refused[_i].message) != NULL, "%s", err.message);
}
END_TEST

/* The common name in the certificate that the pair presents. */
static void name_of(struct tls_pair *pair, char *out, size_t size)
{
    gnutls_pcert_st *presented = NULL;
    gnutls_privkey_t private_key = NULL;
    gnutls_x509_crt_t certificate = NULL;
    unsigned length = 0;

    tls_pair_present(pair, &presented, &length, &private_key);
    ck_assert_uint_eq(length, 1);
    ck_assert_ptr_nonnull(private_key);
    ck_assert_int_eq(gnutls_pcert_export_x509(presented, &certificate), 0);
    ck_assert_int_eq(
        gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &size),
        0);
    gnutls_x509_crt_deinit(certificate);
}

static void assert_presents(struct tls *tls, const char *name)
{
    struct tls_pair *pair = tls_acquire(tls);
    char found[32] = "";

    name_of(pair, found, sizeof found);
    ck_assert_str_eq(found, name);
    tls_release(pair);
}

START_TEST(presents_the_new_pair_after_a_reload_and_keeps_the_held_one)
{
    struct tls *tls = NULL;
    struct tls_pair *held = NULL;
    char found[32] = "";
    struct asap_error err = { 0 };

    ck_assert_succeeds(tls_new(&good, &tls, &err));
    held = tls_acquire(tls);
    ck_assert_int_eq(rename(other_chain, chain), 0);
    ck_assert_int_eq(rename(other_key, key), 0);
    ck_assert_succeeds(tls_reload(tls, &err));
    assert_presents(tls, "second");
    name_of(held, found, sizeof found);
    ck_assert_str_eq(found, "first");
    tls_release(held);
    tls_free(tls);
}
END_TEST

START_TEST(says_when_the_certificate_ends_that_ends_first)
{
    struct tls *tls = NULL;
    struct tls_pair *pair = NULL;
    struct asap_error err = { 0 };
    gnutls_pcert_st *presented = NULL;
    gnutls_privkey_t private_key = NULL;
    gnutls_x509_crt_t certificate = NULL;
    unsigned length = 0;

    ck_assert_succeeds(tls_new(&good, &tls, &err));
    pair = tls_acquire(tls);
    tls_pair_present(pair, &presented, &length, &private_key);
    ck_assert_int_eq(gnutls_pcert_export_x509(presented, &certificate), 0);
    ck_assert_int_gt(tls_ends(tls), 0);
    ck_assert_int_eq(tls_ends(tls), gnutls_x509_crt_get_expiration_time(certificate));
    gnutls_x509_crt_deinit(certificate);
    tls_release(pair);
    tls_free(tls);
}
END_TEST

START_TEST(keeps_its_pair_when_a_reload_fails)
{
    struct tls *tls = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(tls_new(&good, &tls, &err));
    ck_assert_int_eq(rename(other_chain, chain), 0);
    ck_assert_int_eq(tls_reload(tls, &err), ASAP_INVALID_ARGUMENT);
    assert_presents(tls, "first");
    tls_free(tls);
}
END_TEST

static void assert_is_modern(unsigned suite)
{
    gnutls_protocol_t version = GNUTLS_VERSION_UNKNOWN;
    const char *name = gnutls_cipher_suite_info(suite, NULL, NULL, NULL, NULL, &version);

    ck_assert_msg(strstr(name, "GCM") != NULL || strstr(name, "POLY1305") != NULL, "%s", name);
    ck_assert_msg(version == GNUTLS_TLS1_3 || strstr(name, "ECDHE") != NULL, "%s", name);
}

START_TEST(offers_only_ephemeral_keys_and_authenticated_encryption)
{
    gnutls_priority_t priorities = NULL;
    unsigned suites = 0;
    unsigned id = 0;
    int result = gnutls_priority_init(&priorities, tls_priorities, NULL);

    ck_assert_int_eq(result, 0);
    for (unsigned i = 0; result != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE; i++) {
        result = gnutls_priority_get_cipher_suite_index(priorities, i, &id);
        if (result == 0) {
            assert_is_modern(id);
            suites++;
        }
    }
    ck_assert_uint_ge(suites, 6);
    gnutls_priority_deinit(priorities);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls");
    TCase *tests = tcase_create("tls");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_loop_test(tests, refuses_files_that_are_no_pair_and_says_why, 0, COUNT(refused));
    tcase_add_test(tests, presents_the_new_pair_after_a_reload_and_keeps_the_held_one);
    tcase_add_test(tests, says_when_the_certificate_ends_that_ends_first);
    tcase_add_test(tests, keeps_its_pair_when_a_reload_fails);
    tcase_add_test(tests, offers_only_ephemeral_keys_and_authenticated_encryption);
    return check_main(suite);
}
