/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_main.h"
#include "fake_host.h"
#include "json.h"
#include "pem.h"
#include "private_dir.h"
#include "secret.h"

enum { PATH_MAX_BYTES = 512 };

#define LEAD 900
#define PUBLISHED                                                                                  \
    "{\"key\":{\"keyId\":\"web/api/n.pem\",\"algorithm\":\"ES256\","                               \
    "\"publishTime\":\"2026-11-23T13:15:00Z\"},\"safeSignTime\":\"2026-11-23T13:30:00Z\"}"

static char root[] = "/tmp/asapctl-XXXXXX";
static char folder[PATH_MAX_BYTES]; /* of the issuer */

static int is_entry(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Calls `visit` with each file of the issuer, in order; how many there are. */
static int each_file(void (*visit)(const char *path))
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_entry, alphasort);
    char path[PATH_MAX_BYTES * 2] = "";

    for (int i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        visit(path);
        free(entries[i]);
    }
    free(entries);
    return count < 0 ? 0 : count;
}

static char seen[PATH_MAX_BYTES * 2]; /* the last file */

static void remember(const char *path)
{
    (void)snprintf(seen, sizeof seen, "%s", path);
}

static void delete_file(const char *path)
{
    (void)unlink(path);
}

static void setup(void)
{
    fake_reset();
    (void)snprintf(root, sizeof root, "/tmp/asapctl-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    (void)snprintf(folder, sizeof folder, "%s/keys/web/api", root);
    seen[0] = '\0';
}

static void teardown(void)
{
    static const char *const folders[] = { "keys/web/api", "keys/web", "keys", "." };
    char path[PATH_MAX_BYTES] = "";

    (void)each_file(delete_file);
    for (int i = 0; i < COUNT(folders) - 1; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        (void)rmdir(path);
    }
    ck_assert_int_eq(rmdir(root), 0);
}

static bool ends_with(const char *text, const char *ending)
{
    return strlen(text) >= strlen(ending)
           && strcmp(text + strlen(text) - strlen(ending), ending) == 0;
}

static int generate(const char *options)
{
    char line[FAKE_LINE_MAX] = "";

    (void)snprintf(line, sizeof line, "key generate web/api --algorithm ES256 %s", options);
    return fake_line(line);
}

static int generate_into_folder(const char *options)
{
    char all[FAKE_LINE_MAX / 2] = "";

    (void)snprintf(all, sizeof all, "--private-dir %s/keys %s", root, options);
    return generate(all);
}

static void make_file(const char *name)
{
    static const char *const folders[] = { "keys", "keys/web", "keys/web/api" };
    char path[PATH_MAX_BYTES * 2] = "";
    FILE *file = NULL;

    for (int i = 0; i < COUNT(folders); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        (void)mkdir(path, S_IRWXU);
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)fclose(file);
}

/* At the time of the call the private key is on the disk and does not sign. */
static bool check_waiting(void)
{
    struct stat status = { 0 };

    ck_assert_int_eq(each_file(remember), 1);
    ck_assert_msg(ends_with(seen, ".pem.new"), "%s", seen);
    ck_assert_int_eq(stat(seen, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_int_gt(status.st_size, 0);
    return true;
}

static bool check_waiting_then_fail(void)
{
    (void)check_waiting();
    return false;
}

/* The private key in the file that was seen last, and the public one that was sent. */
static EVP_PKEY *read_private(void)
{
    char text[PEM_PRIVATE_MAX] = "";
    struct asap_error err = { 0 };
    EVP_PKEY *key = NULL;
    FILE *file = fopen(seen, "r");

    ck_assert_msg(file != NULL, "%s", seen);
    ck_assert_succeeds(pem_read_private(text, fread(text, 1, sizeof text, file), &key, &err));
    (void)fclose(file);
    ck_assert_int_eq(strncmp(text, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
    return key;
}

static EVP_PKEY *sent_public(void)
{
    struct asap_error err = { 0 };
    SCOPED(json) json_t *request = json_loads(fake.request, 0, NULL);
    const char *pem = json_string_value(json_object_get(request, "publicKey"));
    EVP_PKEY *key = NULL;

    ck_assert_ptr_nonnull(pem);
    ck_assert_succeeds(pem_read_public(pem, strlen(pem), &key, &err));
    return key;
}

START_TEST(the_private_key_is_on_disk_before_the_public_one_is_sent_and_signs_after_the_wait)
{
    struct stat status = { 0 };

    fake.on_call = check_waiting;
    fake.answers[0] = PUBLISHED;
    ck_assert_msg(generate_into_folder("") == 0, "%s", fake.err);
    ck_assert_int_eq(fake.now, NOW + LEAD);
    ck_assert_int_eq(each_file(remember), 1);
    ck_assert_msg(ends_with(seen, ".pem"), "%s", seen);
    assert_contains(seen, "/keys/web/api/20261123T131500Z-");
    ck_assert_int_eq(stat(seen, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(folder, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0700);
    assert_contains(fake.err, "waiting until");
    assert_contains(fake.err, seen);
}
END_TEST

START_TEST(the_file_has_the_private_half_of_what_was_sent)
{
    SCOPED(pkey) EVP_PKEY *private_key = NULL;
    SCOPED(pkey) EVP_PKEY *public_key = NULL;
    char name[PATH_MAX_BYTES] = "";

    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(generate_into_folder("--now"), 0);
    ck_assert_int_eq(each_file(remember), 1);
    private_key = read_private();
    public_key = sent_public();
    ck_assert_int_eq(EVP_PKEY_eq(private_key, public_key), 1);
    (void)snprintf(name, sizeof name, "\"name\":\"%s\"", strrchr(seen, '/') + 1);
    assert_contains(fake.request, name);
    assert_contains(fake.request, "\"algorithm\":\"ES256\"");
    assert_lacks(fake.request, "PRIVATE");
}
END_TEST

START_TEST(now_does_not_wait)
{
    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(generate_into_folder("--now"), 0);
    ck_assert_int_eq(fake.now, NOW);
    ck_assert_int_eq(each_file(remember), 1);
    ck_assert(ends_with(seen, ".pem"));
}
END_TEST

START_TEST(a_key_that_was_not_published_leaves_no_file)
{
    fake.on_call = check_waiting_then_fail;
    ck_assert_int_eq(generate_into_folder(""), 1);
    ck_assert_int_eq(each_file(remember), 0);
    assert_contains(fake.err, "asapctl: cannot generate a key of web/api: the server is down\n");
}
END_TEST

START_TEST(a_key_that_may_have_been_published_keeps_its_private_half)
{
    fake.answers[0] = "broken";
    fake.answers[1] = "broken";
    ck_assert_int_eq(generate_into_folder(""), 1);
    ck_assert_int_eq(each_file(remember), 1);
    ck_assert(ends_with(seen, ".pem.new"));
    assert_contains(fake.err, "asapctl key show web/api/");
    assert_contains(fake.err, "mv '");
}
END_TEST

START_TEST(an_interrupted_wait_leaves_the_file_and_says_how_to_finish)
{
    char command[PATH_MAX_BYTES * 4] = "";

    fake.interrupt_at = NOW + 60;
    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(generate_into_folder(""), 1);
    ck_assert_int_eq(each_file(remember), 1);
    ck_assert(ends_with(seen, ".pem.new"));
    (void)snprintf(command, sizeof command, "mv '%s' '%.*s'\n", seen, (int)strlen(seen) - 4, seen);
    assert_contains(fake.err, command);
    assert_contains(fake.err, "interrupted");
}
END_TEST

START_TEST(a_clock_ahead_of_the_servers_waits_as_long)
{
    fake.now = NOW + 5000;
    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(generate_into_folder(""), 0);
    ck_assert_int_eq(fake.now, NOW + 5000 + LEAD);
}
END_TEST

START_TEST(a_clock_behind_the_servers_waits_for_its_time)
{
    fake.now = NOW - 50;
    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(generate_into_folder(""), 0);
    ck_assert_int_eq(fake.now, NOW + LEAD);
}
END_TEST

static const char *const later_names[] = { "zz.pem", "a.pem.new", "20271123T131500Z-0.pem" };

START_TEST(a_file_that_would_go_on_signing_is_named)
{
    make_file(later_names[_i]);
    ck_assert_int_eq(generate_into_folder("--now"), 1);
    ck_assert_uint_eq(fake.calls, 0);
    ck_assert_int_eq(each_file(remember), 1);
    assert_contains(fake.err, "would never sign");
}
END_TEST

static const char *const earlier_names[] = { "20251123T131500Z-000000.pem", "zz.txt", "zz.pem.old",
                                             "20251123T131500Z-000000.pem.new" };

START_TEST(files_that_do_not_sign_or_sort_before_are_no_trouble)
{
    make_file(earlier_names[_i]);
    fake.answers[0] = PUBLISHED;
    ck_assert_msg(generate_into_folder("--now") == 0, "%s", fake.err);
    ck_assert_int_eq(each_file(remember), 2);
}
END_TEST

START_TEST(two_keys_of_one_second_get_two_seconds)
{
    make_file("20261123T131500Z-ffffff.pem");
    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(generate_into_folder("--now"), 0);
    ck_assert_int_eq(fake.now, NOW + 1);
    ck_assert_int_eq(each_file(remember), 2);
    assert_contains(seen, "20261123T131501Z-");
}
END_TEST

START_TEST(a_dry_run_asks_and_writes_nothing)
{
    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(generate_into_folder("--dry-run"), 0);
    assert_contains(fake.request, "\"validateOnly\":true");
    assert_contains(fake.out, "dry run, nothing changed: published");
    ck_assert_int_eq(each_file(remember), 0);
    ck_assert_int_eq(fake.now, NOW);
}
END_TEST

static const char *const climbing[] = { "../etc", "a/../../b", "/etc", "a//b", "." };

START_TEST(an_issuer_never_leaves_the_folder)
{
    char name[16] = "";
    char program[] = "asapctl";
    char noun[] = "key";
    char verb[] = "generate";
    char option[] = "--private-dir";
    char now[] = "--now";
    char *words[] = { program, noun, verb, name, option, root, now, NULL };

    (void)snprintf(name, sizeof name, "%s", climbing[_i]);
    ck_assert_int_eq(fake_run(words), 1);
    ck_assert_uint_eq(fake.calls, 0);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_an_error_before_anything_is_sent)
{
    ck_assert_int_eq(generate("--private-dir /dev/null/keys"), 1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, "/dev/null");
    assert_contains(fake.err, "(check --private-dir)");
}
END_TEST

START_TEST(json_is_the_response_of_the_publication)
{
    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(generate_into_folder("--now --output json"), 0);
    ck_assert_int_eq(strncmp(fake.out, "{\"key\":{\"keyId\":\"web/api/n.pem\"", 31), 0);
}
END_TEST

START_TEST(a_data_uri_is_printed_after_the_wait_and_nothing_else_is)
{
    fake.answers[0] = PUBLISHED;
    ck_assert_msg(generate("--data-uri") == 0, "%s", fake.err);
    ck_assert_int_eq(fake.now, NOW + LEAD);
    ck_assert_int_eq(
        strncmp(fake.out, "data:application/pkcs8;kid=web%2Fapi%2Fn.pem;base64,MI", 54), 0);
    ck_assert_ptr_eq(strchr(fake.out, '\n'), fake.out + strlen(fake.out) - 1);
    assert_lacks(fake.err, "MI");
}
END_TEST

START_TEST(a_data_uri_that_was_not_waited_for_is_not_printed)
{
    fake.interrupt_at = NOW + 60;
    fake.answers[0] = PUBLISHED;
    ck_assert_int_eq(generate("--data-uri"), 1);
    ck_assert_str_eq(fake.out, "");
    assert_contains(fake.err, "asapctl key revoke web/api/20261123T131500Z-");
}
END_TEST

START_TEST(only_a_terminal_sees_how_long_it_still_takes)
{
    fake.answers[0] = fake.answers[1] = PUBLISHED;
    ck_assert_int_eq(generate("--data-uri"), 0);
    assert_lacks(fake.err, "\r");
    fake.now = NOW;
    fake.progress = true;
    ck_assert_int_eq(generate("--data-uri"), 0);
    assert_contains(fake.err, "\r 15m 00s left ");
    assert_contains(fake.err, "\r  0m 01s left ");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl key generate");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(
        tests, the_private_key_is_on_disk_before_the_public_one_is_sent_and_signs_after_the_wait);
    tcase_add_test(tests, the_file_has_the_private_half_of_what_was_sent);
    tcase_add_test(tests, now_does_not_wait);
    tcase_add_test(tests, a_key_that_was_not_published_leaves_no_file);
    tcase_add_test(tests, a_key_that_may_have_been_published_keeps_its_private_half);
    tcase_add_test(tests, an_interrupted_wait_leaves_the_file_and_says_how_to_finish);
    tcase_add_test(tests, a_clock_ahead_of_the_servers_waits_as_long);
    tcase_add_test(tests, a_clock_behind_the_servers_waits_for_its_time);
    tcase_add_loop_test(tests, a_file_that_would_go_on_signing_is_named, 0, COUNT(later_names));
    tcase_add_loop_test(tests, files_that_do_not_sign_or_sort_before_are_no_trouble, 0,
                        COUNT(earlier_names));
    tcase_add_test(tests, two_keys_of_one_second_get_two_seconds);
    tcase_add_test(tests, a_dry_run_asks_and_writes_nothing);
    tcase_add_loop_test(tests, an_issuer_never_leaves_the_folder, 0, COUNT(climbing));
    tcase_add_test(tests, a_folder_that_cannot_be_made_is_an_error_before_anything_is_sent);
    tcase_add_test(tests, json_is_the_response_of_the_publication);
    tcase_add_test(tests, a_data_uri_is_printed_after_the_wait_and_nothing_else_is);
    tcase_add_test(tests, a_data_uri_that_was_not_waited_for_is_not_printed);
    tcase_add_test(tests, only_a_terminal_sees_how_long_it_still_takes);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
