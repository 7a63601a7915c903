/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/signer.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_main.h"
#include "jws.h"
#include "pem.h"
#include "scratch.h"
#include "secret.h"
#include "signer_source.h"
#include "test_keys.h"

static struct scratch root;
static struct scratch folder; /* of the issuer "web" */

static void make_folder(void)
{
    scratch_make(&root);
    (void)scratch_file(&root, "web", folder.path, sizeof folder.path);
    ck_assert_int_eq(mkdir(folder.path, 0700), 0);
}

static void remove_folder(void)
{
    scratch_remove(&folder);
    scratch_remove(&root);
}

static void write_text(const char *name, const void *text, size_t length)
{
    char path[256];
    FILE *file = fopen(scratch_file(&folder, name, path, sizeof path), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

/* A new key in a file of this name; the caller frees it. */
static EVP_PKEY *write_key(const char *name)
{
    EVP_PKEY *key = new_key("ED25519");
    SCOPED(secret) struct secret pem = { 0 };

    ck_assert_int_eq(secret_pem_from_key(key, &pem, NULL), ASAP_OK);
    write_text(name, pem.bytes, pem.length);
    return key;
}

static void write_keys(const char *const *names)
{
    for (; *names != NULL; names++)
        EVP_PKEY_free(write_key(*names));
}

static struct asap_signer *open_folder(void)
{
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_signer_from_directory(root.path, "web", NULL, &signer, &err));
    return signer;
}

/* Signs; the token is by `key`, unless that is NULL, and has this key id. */
static void check_signs(struct asap_signer *signer, EVP_PKEY *key, const char *key_id)
{
    static const char *const audience[] = { "orders", NULL };
    const struct asap_token_request request = { .audiences = audience };
    SCOPED(jws) struct jws jws = { 0 };
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(asap_signer_sign(signer, &request, &token, &err));
    ck_assert_succeeds(jws_parse(token, strlen(token), &jws, &err));
    ck_assert_str_eq(jws.key_id, key_id);
    if (key != NULL)
        ck_assert_succeeds(jws_verify(&jws, key, &err));
    free(token);
}

static enum asap_code sign_fails(struct asap_signer *signer, struct asap_error *err)
{
    static const char *const audience[] = { "orders", NULL };
    const struct asap_token_request request = { .audiences = audience };
    char *token = NULL;
    const enum asap_code code = asap_signer_sign(signer, &request, &token, err);

    ck_assert_ptr_null(token);
    return code;
}

static const struct {
    const char *names[6];
    const char *greatest;
} folders[] = {
    { { "key.pem" }, "web/key.pem" },
    { { "key2.pem", "key3.pem", "key4.pem.new", "key" }, "web/key3.pem" },
    { { "a.pem", "b.PEM", "c.pem~", "dpem" }, "web/a.pem" },
    { { "key9.pem", "key10.pem" }, "web/key9.pem" },
    { { "a.pem", "Z.pem", "_.pem" }, "web/a.pem" },
    { { "20261123T131500Z-7f3a9c.pem", "20261123T131501Z-000000.pem" },
      "web/20261123T131501Z-000000.pem" },
    { { "key.pem", "key.pem.pem" }, "web/key.pem.pem" },
    { { "key.pem", ".pem" }, "web/key.pem" },
};

START_TEST(signs_with_the_greatest_name)
{
    SCOPED(asap_signer) struct asap_signer *signer = NULL;

    write_keys(folders[_i].names);
    signer = open_folder();
    check_signs(signer, NULL, folders[_i].greatest);
}
END_TEST

START_TEST(takes_over_a_new_key_once_it_has_its_name)
{
    SCOPED(pkey) EVP_PKEY *first = write_key("1.pem");
    SCOPED(asap_signer) struct asap_signer *signer = open_folder();
    SCOPED(pkey) EVP_PKEY *second = write_key("2.pem.new");
    char from[256];
    char to[256];

    check_signs(signer, first, "web/1.pem");
    ck_assert_int_eq(rename(scratch_file(&folder, "2.pem.new", from, sizeof from),
                            scratch_file(&folder, "2.pem", to, sizeof to)),
                     0);
    check_signs(signer, second, "web/2.pem");
    ck_assert_int_eq(unlink(to), 0);
    check_signs(signer, first, "web/1.pem");
}
END_TEST

START_TEST(reads_a_file_again_when_another_took_its_place)
{
    SCOPED(pkey) EVP_PKEY *first = write_key("1.pem");
    SCOPED(asap_signer) struct asap_signer *signer = open_folder();
    SCOPED(pkey) EVP_PKEY *second = write_key("1.pem.new");
    char from[256];
    char to[256];

    check_signs(signer, first, "web/1.pem");
    ck_assert_int_eq(rename(scratch_file(&folder, "1.pem.new", from, sizeof from),
                            scratch_file(&folder, "1.pem", to, sizeof to)),
                     0);
    check_signs(signer, second, "web/1.pem");
}
END_TEST

START_TEST(names_the_key_after_its_file_even_if_another_name_has_the_same_one)
{
    SCOPED(pkey) EVP_PKEY *key = write_key("1.pem");
    SCOPED(asap_signer) struct asap_signer *signer = open_folder();
    char from[256];
    char to[256];

    check_signs(signer, key, "web/1.pem");
    ck_assert_int_eq(link(scratch_file(&folder, "1.pem", from, sizeof from),
                          scratch_file(&folder, "2.pem", to, sizeof to)),
                     0);
    check_signs(signer, key, "web/2.pem");
}
END_TEST

/* Sets the time of modification. */
static void touch(const char *name, const struct timespec *modified)
{
    const struct timespec times[2] = { *modified, *modified };
    char path[256];

    ck_assert_int_eq(utimensat(AT_FDCWD, scratch_file(&folder, name, path, sizeof path), times, 0),
                     0);
}

START_TEST(reads_a_file_again_only_when_it_has_changed)
{
    const struct timespec then = { .tv_sec = 1795439700, .tv_nsec = 1 };
    const struct timespec later = { .tv_sec = 1795439700, .tv_nsec = 2 };
    SCOPED(pkey) EVP_PKEY *first = write_key("1.pem");
    SCOPED(pkey) EVP_PKEY *second = NULL;
    SCOPED(asap_signer) struct asap_signer *signer = NULL;

    touch("1.pem", &then);
    signer = open_folder();
    /* The same size in the same place and, as it seems, at the same time. */
    second = write_key("1.pem");
    touch("1.pem", &then);
    check_signs(signer, first, "web/1.pem");
    touch("1.pem", &later);
    check_signs(signer, second, "web/1.pem");
}
END_TEST

START_TEST(says_what_is_wrong_with_a_new_key_and_goes_on_once_it_is_right)
{
    SCOPED(pkey) EVP_PKEY *first = write_key("1.pem");
    SCOPED(pkey) EVP_PKEY *second = NULL;
    SCOPED(asap_signer) struct asap_signer *signer = open_folder();
    struct asap_error err = { 0 };

    check_signs(signer, first, "web/1.pem");
    write_text("2.pem", "no key", 6);
    ck_assert_int_eq(sign_fails(signer, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    second = write_key("2.pem");
    check_signs(signer, second, "web/2.pem");
}
END_TEST

START_TEST(fails_when_the_last_key_is_gone)
{
    SCOPED(pkey) EVP_PKEY *key = write_key("1.pem");
    SCOPED(asap_signer) struct asap_signer *signer = open_folder();
    struct asap_error err = { 0 };
    char path[256];

    check_signs(signer, key, "web/1.pem");
    ck_assert_int_eq(unlink(scratch_file(&folder, "1.pem", path, sizeof path)), 0);
    ck_assert_int_eq(sign_fails(signer, &err), ASAP_NOT_FOUND);
}
END_TEST

static const struct {
    const char *what;
    const char *names[4];
    const char *issuer;
    const char *algorithm;
    enum asap_code code;
} refused[] = {
    { "an empty folder", { NULL }, "web", NULL, ASAP_NOT_FOUND },
    { "no key name", { "key4.pem.new", "readme" }, "web", NULL, ASAP_NOT_FOUND },
    { "no folder", { "1.pem" }, "orders", NULL, ASAP_NOT_FOUND },
    { "a file for a folder", { "1.pem" }, "web/1.pem", NULL, ASAP_NOT_FOUND },
    { "a way out", { "1.pem" }, "web/../web", NULL, ASAP_INVALID_ARGUMENT },
    { "an absolute issuer", { "1.pem" }, "/web", NULL, ASAP_INVALID_ARGUMENT },
    { "no issuer", { "1.pem" }, "", NULL, ASAP_INVALID_ARGUMENT },
    { "a name outside the grammar", { "1.pem", "my key.pem" }, "web", NULL, ASAP_INVALID_ARGUMENT },
    { "an algorithm that does not fit", { "1.pem" }, "web", "RS256", ASAP_INVALID_ARGUMENT },
    { "an unknown algorithm", { "1.pem" }, "web", "HS256", ASAP_INVALID_ARGUMENT },
};

START_TEST(refuses_a_folder_that_has_no_key_to_sign_with)
{
    const struct asap_signer_options options = { .algorithm = refused[_i].algorithm };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    write_keys(refused[_i].names);
    ck_assert_msg(asap_signer_from_directory(root.path, refused[_i].issuer, &options, &signer, &err)
                      == refused[_i].code,
                  "%s: %s", refused[_i].what, err.message);
    ck_assert_ptr_null(signer);
    ck_assert_str_ne(err.message, "");
}
END_TEST

START_TEST(reads_no_file_that_is_too_long_or_no_file_at_all)
{
    static const char zeros[PEM_PRIVATE_MAX + 1];
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };
    char path[256];

    write_text("1.pem", zeros, sizeof zeros);
    ck_assert_int_eq(asap_signer_from_directory(root.path, "web", NULL, &signer, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "no file of a private key"));
    ck_assert_int_eq(mkfifo(scratch_file(&folder, "2.pem", path, sizeof path), 0600), 0);
    ck_assert_int_eq(asap_signer_from_directory(root.path, "web", NULL, &signer, &err),
                     ASAP_INVALID_ARGUMENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signer_directory");
    TCase *tests = tcase_create("signer_directory");

    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_loop_test(tests, signs_with_the_greatest_name, 0, COUNT(folders));
    tcase_add_test(tests, takes_over_a_new_key_once_it_has_its_name);
    tcase_add_test(tests, reads_a_file_again_when_another_took_its_place);
    tcase_add_test(tests, names_the_key_after_its_file_even_if_another_name_has_the_same_one);
    tcase_add_test(tests, reads_a_file_again_only_when_it_has_changed);
    tcase_add_test(tests, says_what_is_wrong_with_a_new_key_and_goes_on_once_it_is_right);
    tcase_add_test(tests, fails_when_the_last_key_is_gone);
    tcase_add_loop_test(tests, refuses_a_folder_that_has_no_key_to_sign_with, 0, COUNT(refused));
    tcase_add_test(tests, reads_no_file_that_is_too_long_or_no_file_at_all);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
