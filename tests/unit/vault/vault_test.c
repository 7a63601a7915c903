/* SPDX-License-Identifier: Apache-2.0 */
#include "vault.h"

#include <openssl/crypto.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_main.h"
#include "pem.h"

/* The KEK's file, and what is sealed under it. */

enum { SEALED_MAX = 8192, NOBODY = 65534 };

static struct fixture {
    char folder[64];
    char path[80];
    char other[80];
    struct vault *vault;
    struct secret plain;
    struct buffer sealed;
} fixture;

static const struct seal_binding binding = { "web/one", 7, "ES256" };

static void set_up_files(void)
{
    struct asap_error err = { 0 };

    fixture = (struct fixture){ .folder = "/tmp/asapXXXXXX", .sealed = BUFFER(SEALED_MAX) };
    ck_assert_ptr_nonnull(mkdtemp(fixture.folder));
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/kek", fixture.folder);
    (void)snprintf(fixture.other, sizeof fixture.other, "%s/other", fixture.folder);
    ck_assert_succeeds(vault_create_kek(fixture.path, &err));
}

static void set_up(void)
{
    struct asap_error err = { 0 };

    set_up_files();
    ck_assert_succeeds(vault_open(fixture.path, &fixture.vault, &err));
    ck_assert_succeeds(secret_init(&fixture.plain, 11, &err));
    memcpy(fixture.plain.bytes, "private key", 11);
    ck_assert_succeeds(vault_seal(fixture.vault, &binding, &fixture.plain, &fixture.sealed, &err));
}

static void tear_down(void)
{
    vault_close(fixture.vault);
    secret_clear(&fixture.plain);
    buffer_clear(&fixture.sealed);
    (void)unlink(fixture.path);
    (void)rmdir(fixture.path);
    (void)unlink(fixture.other);
    ck_assert_int_eq(rmdir(fixture.folder), 0);
}

/* Replaces the KEK's file. */
static void write_kek(const char *text)
{
    FILE *file = NULL;

    (void)unlink(fixture.path);
    file = fopen(fixture.path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(fixture.path, 0600), 0);
}

static void assert_refused(const char *what, const char *remedy)
{
    struct asap_error err = { 0 };
    struct vault *vault = NULL;

    ck_assert_int_eq(vault_open(fixture.path, &vault, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_ptr_null(vault);
    ck_assert_msg(strstr(err.message, what) != NULL, "%s", err.message);
    ck_assert_msg(strstr(err.message, remedy) != NULL, "%s", err.message);
    ck_assert_ptr_nonnull(strstr(err.message, fixture.path));
    ck_assert_ptr_null(strchr(err.message, '\n'));
}

static size_t read_kek(char *out, size_t size)
{
    FILE *file = fopen(fixture.path, "r");
    size_t length = 0;

    ck_assert_ptr_nonnull(file);
    length = fread(out, 1, size, file);
    ck_assert_int_eq(fclose(file), 0);
    return length;
}

START_TEST(a_new_kek_is_random_and_for_its_owner_alone)
{
    char first[128] = "";
    char second[128] = "";
    struct stat status;
    struct asap_error err = { 0 };
    const mode_t before = umask(0777);

    ck_assert_uint_eq(read_kek(first, sizeof first), 65);
    ck_assert_uint_eq(strspn(first, "0123456789abcdef"), 64);
    ck_assert_int_eq(first[64], '\n');
    ck_assert_int_eq(unlink(fixture.path), 0);
    ck_assert_succeeds(vault_create_kek(fixture.path, &err));
    (void)umask(before);
    ck_assert_int_eq(stat(fixture.path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0400);
    ck_assert_uint_eq(read_kek(second, sizeof second), 65);
    ck_assert_str_ne(first, second);
}
END_TEST

START_TEST(a_kek_that_exists_is_left_alone)
{
    char first[128] = "";
    char second[128] = "";
    struct asap_error err = { 0 };

    (void)read_kek(first, sizeof first - 1);
    ck_assert_int_eq(vault_create_kek(fixture.path, &err), ASAP_ALREADY_EXISTS);
    ck_assert_ptr_nonnull(strstr(err.message, fixture.path));
    (void)read_kek(second, sizeof second - 1);
    ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(a_kek_that_cannot_be_written_is_not_left_behind)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(vault_create_kek("/nowhere/kek", &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "/nowhere/kek"));
}
END_TEST

static const mode_t good_modes[] = { 0400, 0600 };

START_TEST(a_kek_for_its_owner_alone_opens)
{
    struct asap_error err = { 0 };
    struct vault *vault = NULL;

    ck_assert_int_eq(chmod(fixture.path, good_modes[_i]), 0);
    ck_assert_succeeds(vault_open(fixture.path, &vault, &err));
    vault_close(vault);
}
END_TEST

static const mode_t bad_modes[] = { 0644, 0640, 0604, 0440, 0660, 0601, 0700, 0500, 04600 };

START_TEST(a_kek_with_any_other_mode_is_refused)
{
    char remedy[128];

    ck_assert_int_eq(chmod(fixture.path, bad_modes[_i]), 0);
    (void)snprintf(remedy, sizeof remedy, "chmod 600 %s", fixture.path);
    assert_refused("mode", remedy);
}
END_TEST

static const struct {
    const char *folder;
    mode_t mode;
    bool opens;
} credentials[] = {
    { "", 0440, true },
    { "", 0400, true },
    { "", 0444, false },
    { "", 0460, false },
    { "/elsewhere", 0440, false },
};

/* As systemd hands it to a service of another user. Only root can make one. */
START_TEST(a_credential_opens_though_an_access_list_shows_as_its_group)
{
    struct asap_error err = { 0 };
    struct vault *vault = NULL;
    char folder[128];

    if (geteuid() != 0)
        return;
    (void)snprintf(folder, sizeof folder, "%s%s", fixture.folder, credentials[_i].folder);
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    ck_assert_int_eq(chmod(fixture.path, credentials[_i].mode), 0);
    ck_assert_int_eq(vault_open(fixture.path, &vault, &err) == ASAP_OK, credentials[_i].opens);
    ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    vault_close(vault);
}
END_TEST

START_TEST(a_missing_kek_is_to_be_restored_or_made)
{
    ck_assert_int_eq(unlink(fixture.path), 0);
    assert_refused("there is no KEK",
                   "restore it from where you keep it, or make one with asapd init");
}
END_TEST

START_TEST(a_link_to_a_kek_is_refused)
{
    ck_assert_int_eq(rename(fixture.path, fixture.other), 0);
    ck_assert_int_eq(symlink(fixture.other, fixture.path), 0);
    assert_refused("symbolic link", "name the file itself");
}
END_TEST

START_TEST(a_folder_or_pipe_is_no_kek)
{
    ck_assert_int_eq(unlink(fixture.path), 0);
    ck_assert_int_eq(mkdir(fixture.path, 0600), 0);
    assert_refused("not a regular file", "name the file");
    ck_assert_int_eq(rmdir(fixture.path), 0);
    ck_assert_int_eq(mkfifo(fixture.path, 0600), 0);
    assert_refused("not a regular file", "name the file");
}
END_TEST

/* Only root can make a file of another user. */
START_TEST(a_kek_of_another_user_is_refused)
{
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chown(fixture.path, NOBODY, NOBODY), 0);
    assert_refused("belongs to user 65534", "as its owner");
}
END_TEST

#define DIGITS_62 "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"

static const char *const good_keks[] = { DIGITS_62 "ff\n", DIGITS_62 "FF\n" };

START_TEST(a_kek_is_64_digits_and_a_newline)
{
    struct asap_error err = { 0 };
    struct vault *vault = NULL;

    write_kek(good_keks[_i]);
    ck_assert_succeeds(vault_open(fixture.path, &vault, &err));
    vault_close(vault);
}
END_TEST

static const char *const bad_keks[] = {
    "",
    "\n",
    DIGITS_62 "f\n",
    DIGITS_62 "ff",
    DIGITS_62 "fff\n",
    DIGITS_62 "ff\n\n",
    DIGITS_62 "fg\n",
    DIGITS_62 "f \n",
    DIGITS_62 "ff\r",
    "0x" DIGITS_62 "\n",
    DIGITS_62 DIGITS_62 "\n",
};

START_TEST(a_kek_of_any_other_form_is_refused_and_not_shown)
{
    struct asap_error err = { 0 };
    struct vault *vault = NULL;

    write_kek(bad_keks[_i]);
    assert_refused("64 hexadecimal digits", "restore it");
    ck_assert_int_eq(vault_open(fixture.path, &vault, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_ptr_null(strstr(err.message, "0011"));
}
END_TEST

static enum asap_code unseal(const struct vault *vault,
                             const struct seal_binding *bound,
                             const struct buffer *sealed)
{
    SCOPED(secret) struct secret found = { 0 };
    struct asap_error err = { 0 };
    const enum asap_code code =
        vault_unseal(vault, bound, sealed->bytes, sealed->length, &found, &err);

    if (code == ASAP_OK) {
        ck_assert_uint_eq(found.length, fixture.plain.length);
        ck_assert_mem_eq(found.bytes, fixture.plain.bytes, found.length);
    } else {
        ck_assert_ptr_null(found.bytes);
        ck_assert_ptr_nonnull(strstr(err.message, "restore"));
    }
    return code;
}

START_TEST(what_was_sealed_opens)
{
    ck_assert_uint_eq(fixture.sealed.length, 1 + 8 + 12 + 11 + 16);
    ck_assert_int_eq(unseal(fixture.vault, &binding, &fixture.sealed), ASAP_OK);
}
END_TEST

START_TEST(an_empty_secret_is_sealed_too)
{
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);
    struct asap_error err = { 0 };

    fixture.plain.length = 0;
    ck_assert_succeeds(vault_seal(fixture.vault, &binding, &fixture.plain, &sealed, &err));
    ck_assert_int_eq(unseal(fixture.vault, &binding, &sealed), ASAP_OK);
    ck_assert_int_eq(sealed.bytes[0]++, 1);
    ck_assert_int_eq(unseal(fixture.vault, &binding, &sealed), ASAP_DATA_LOSS);
    fixture.plain.length = 11;
}
END_TEST

START_TEST(sealing_twice_gives_other_bytes)
{
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);
    struct asap_error err = { 0 };

    ck_assert_succeeds(vault_seal(fixture.vault, &binding, &fixture.plain, &sealed, &err));
    ck_assert_uint_eq(sealed.length, fixture.sealed.length);
    ck_assert_mem_ne(sealed.bytes + 9, fixture.sealed.bytes + 9, 12);
    ck_assert_mem_ne(sealed.bytes + 21, fixture.sealed.bytes + 21, 11);
}
END_TEST

START_TEST(a_sealed_record_is_appended)
{
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);
    struct asap_error err = { 0 };

    buffer_puts(&sealed, "before");
    ck_assert_succeeds(vault_seal(fixture.vault, &binding, &fixture.plain, &sealed, &err));
    ck_assert_uint_eq(sealed.length, 6 + fixture.sealed.length);
    ck_assert_mem_eq(sealed.bytes, "before\x01", 7);
}
END_TEST

START_TEST(a_record_does_not_go_over_the_limit_of_its_buffer)
{
    SCOPED(buffer) struct buffer sealed = BUFFER(20);
    struct asap_error err = { 0 };

    ck_assert_int_eq(vault_seal(fixture.vault, &binding, &fixture.plain, &sealed, &err),
                     ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(a_flipped_bit_anywhere_is_refused)
{
    for (size_t i = 0; i < fixture.sealed.length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            fixture.sealed.bytes[i] = (char)(fixture.sealed.bytes[i] ^ 1 << bit);
            ck_assert_msg(unseal(fixture.vault, &binding, &fixture.sealed) != ASAP_OK,
                          "bit %d of byte %zu", bit, i);
            fixture.sealed.bytes[i] = (char)(fixture.sealed.bytes[i] ^ 1 << bit);
        }
    }
    ck_assert_int_eq(unseal(fixture.vault, &binding, &fixture.sealed), ASAP_OK);
}
END_TEST

START_TEST(a_record_cut_short_or_made_longer_is_refused)
{
    const size_t whole = fixture.sealed.length;

    for (fixture.sealed.length = 0; fixture.sealed.length < whole; fixture.sealed.length++)
        ck_assert_int_eq(unseal(fixture.vault, &binding, &fixture.sealed), ASAP_DATA_LOSS);
    ck_assert_int_eq(unseal(fixture.vault, &binding, &fixture.sealed), ASAP_OK);
    buffer_append(&fixture.sealed, "", 1);
    ck_assert_int_eq(unseal(fixture.vault, &binding, &fixture.sealed), ASAP_DATA_LOSS);
}
END_TEST

static const struct seal_binding other_bindings[] = {
    { "web/two", 7, "ES256" }, { "web/on", 7, "ES256" },   { "web/one", 8, "ES256" },
    { "web/one", 7, "ES384" }, { "web/one", 7, "" },       { "web/oneE", 7, "S256" },
    { "", 7, "ES256" },        { "web/one", -7, "ES256" }, { "web/one", 7 << 8, "ES256" },
};

START_TEST(a_record_under_any_other_binding_is_refused)
{
    ck_assert_int_eq(unseal(fixture.vault, &other_bindings[_i], &fixture.sealed), ASAP_DATA_LOSS);
}
END_TEST

START_TEST(two_records_that_changed_places_are_both_refused)
{
    static const struct seal_binding second = { "web/two", 8, "ES256" };
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);
    struct asap_error err = { 0 };

    ck_assert_succeeds(vault_seal(fixture.vault, &second, &fixture.plain, &sealed, &err));
    ck_assert_int_eq(unseal(fixture.vault, &second, &sealed), ASAP_OK);
    ck_assert_int_eq(unseal(fixture.vault, &binding, &sealed), ASAP_DATA_LOSS);
    ck_assert_int_eq(unseal(fixture.vault, &second, &fixture.sealed), ASAP_DATA_LOSS);
}
END_TEST

START_TEST(another_kek_is_told_from_damage)
{
    SCOPED(vault) struct vault *vault = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(vault_create_kek(fixture.other, &err));
    ck_assert_succeeds(vault_open(fixture.other, &vault, &err));
    ck_assert_int_eq(unseal(vault, &binding, &fixture.sealed), ASAP_FAILED_PRECONDITION);
    /* With the KEK id forged, the tag still refuses. */
    {
        SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);

        ck_assert_succeeds(vault_seal(vault, &binding, &fixture.plain, &sealed, &err));
        memcpy(fixture.sealed.bytes, sealed.bytes, 9);
    }
    ck_assert_int_eq(unseal(vault, &binding, &fixture.sealed), ASAP_DATA_LOSS);
}
END_TEST

START_TEST(the_record_of_a_known_kek_opens)
{
    /* Computed apart from this code: records in databases must open for ever. */
    static const char record[] =
        "\x01\x1a\xb1\x1a\x2b\xe8\xb3\x4f\x65\x6e\x6f\x6e\x63\x65\x20\x6e\x6f\x6e\x63\x65"
        "\x20\x8e\xd2\x10\xec\x53\xf1\x41\x9a\x56\x80\xfa\x1e\x70\xa2\x64\x10\x51\x8e\xcd"
        "\xeb\x36\x85\x1e\xf2\xa6\xf3\xe7";
    SCOPED(vault) struct vault *vault = NULL;
    struct buffer sealed = { .bytes = (char *)(uintptr_t)record, .length = sizeof record - 1 };
    struct asap_error err = { 0 };

    write_kek(DIGITS_62 "ff\n");
    ck_assert_succeeds(vault_open(fixture.path, &vault, &err));
    ck_assert_int_eq(unseal(vault, &binding, &sealed), ASAP_OK);
}
END_TEST

START_TEST(a_key_of_each_algorithm_is_made_sealed_and_opened)
{
    const struct algorithm *const algorithm = algorithm_at((size_t)_i);
    const struct seal_binding bound = { "web/one", 7, algorithm->name };
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(pkey) EVP_PKEY *other = NULL;
    SCOPED(pkey) EVP_PKEY *found = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(vault_generate(algorithm, &key, &err));
    ck_assert_succeeds(vault_generate(algorithm, &other, &err));
    ck_assert(algorithm_fits(algorithm, key));
    ck_assert_succeeds(pem_check_policy(key, &err));
    ck_assert_int_ne(EVP_PKEY_eq(key, other), 1);
    if (EVP_PKEY_is_a(key, "RSA") == 1)
        ck_assert_int_eq(EVP_PKEY_get_bits(key), 2048);
    ck_assert_succeeds(vault_seal_key(fixture.vault, &bound, key, &sealed, &err));
    ck_assert_succeeds(
        vault_unseal_key(fixture.vault, &bound, sealed.bytes, sealed.length, &found, &err));
    ck_assert_int_eq(EVP_PKEY_eq(key, found), 1);
    sealed.bytes[sealed.length - 1]++;
    EVP_PKEY_free(MOVE(found));
    ck_assert_int_eq(
        vault_unseal_key(fixture.vault, &bound, sealed.bytes, sealed.length, &found, &err),
        ASAP_DATA_LOSS);
    ck_assert_ptr_null(found);
}
END_TEST

START_TEST(a_sealed_record_that_is_no_key_is_refused)
{
    EVP_PKEY *key = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(vault_unseal_key(fixture.vault, &binding, fixture.sealed.bytes,
                                      fixture.sealed.length, &key, &err),
                     ASAP_DATA_LOSS);
    ck_assert_ptr_null(key);
}
END_TEST

static TCase *file(void)
{
    TCase *tests = tcase_create("file");

    tcase_add_checked_fixture(tests, set_up_files, tear_down);
    tcase_add_test(tests, a_new_kek_is_random_and_for_its_owner_alone);
    tcase_add_test(tests, a_kek_that_exists_is_left_alone);
    tcase_add_test(tests, a_kek_that_cannot_be_written_is_not_left_behind);
    tcase_add_loop_test(tests, a_kek_for_its_owner_alone_opens, 0, COUNT(good_modes));
    tcase_add_loop_test(tests, a_kek_with_any_other_mode_is_refused, 0, COUNT(bad_modes));
    tcase_add_loop_test(tests, a_credential_opens_though_an_access_list_shows_as_its_group, 0,
                        COUNT(credentials));
    tcase_add_test(tests, a_missing_kek_is_to_be_restored_or_made);
    tcase_add_test(tests, a_link_to_a_kek_is_refused);
    tcase_add_test(tests, a_folder_or_pipe_is_no_kek);
    tcase_add_test(tests, a_kek_of_another_user_is_refused);
    tcase_add_loop_test(tests, a_kek_is_64_digits_and_a_newline, 0, COUNT(good_keks));
    tcase_add_loop_test(tests, a_kek_of_any_other_form_is_refused_and_not_shown, 0,
                        COUNT(bad_keks));
    return tests;
}

static TCase *sealing(void)
{
    TCase *tests = tcase_create("sealing");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_was_sealed_opens);
    tcase_add_test(tests, an_empty_secret_is_sealed_too);
    tcase_add_test(tests, sealing_twice_gives_other_bytes);
    tcase_add_test(tests, a_sealed_record_is_appended);
    tcase_add_test(tests, a_record_does_not_go_over_the_limit_of_its_buffer);
    tcase_add_test(tests, a_flipped_bit_anywhere_is_refused);
    tcase_add_test(tests, a_record_cut_short_or_made_longer_is_refused);
    tcase_add_loop_test(tests, a_record_under_any_other_binding_is_refused, 0,
                        COUNT(other_bindings));
    tcase_add_test(tests, two_records_that_changed_places_are_both_refused);
    tcase_add_test(tests, another_kek_is_told_from_damage);
    tcase_add_test(tests, the_record_of_a_known_kek_opens);
    return tests;
}

static TCase *keys(void)
{
    TCase *tests = tcase_create("keys");
    int algorithms = 0;

    while (algorithm_at((size_t)algorithms) != NULL)
        algorithms++;
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_key_of_each_algorithm_is_made_sealed_and_opened, 0, algorithms);
    tcase_add_test(tests, a_sealed_record_that_is_no_key_is_refused);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("vault");

    suite_add_tcase(suite, file());
    suite_add_tcase(suite, sealing());
    suite_add_tcase(suite, keys());
    return check_main(suite);
}
