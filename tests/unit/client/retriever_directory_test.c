/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* mkdtemp(), symlink() */
#include "retriever_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"

static struct scratch scratch;

static const char *path_of(const char *name)
{
    static char path[256];

    return scratch_file(&scratch, name, path, sizeof path);
}

static void make_folder(const char *name)
{
    ck_assert_int_eq(mkdir(path_of(name), 0700), 0);
}

/* In place of what was there, as an atomic replacement does it. */
static void put(const char *name, const char *text)
{
    char final[256];
    FILE *file = fopen(path_of("new"), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    (void)snprintf(final, sizeof final, "%s", path_of(name));
    ck_assert_int_eq(rename(path_of("new"), final), 0);
}

static void link_to(const char *target, const char *name)
{
    ck_assert_int_eq(symlink(target, path_of(name)), 0);
}

static void open_root(const char *name)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_retriever_directory(path_of(name), &retriever, &err));
}

static void set_up(void)
{
    scratch_make(&scratch);
    make_pem(pem_a, sizeof pem_a);
    make_pem(pem_b, sizeof pem_b);
    make_folder("keys");
    make_folder("keys/web");
    open_root("keys");
}

static void tear_down(void)
{
    char command[128];

    asap_retriever_free(retriever);
    retriever = NULL;
    (void)snprintf(command, sizeof command, "rm -r '%s'", scratch.path);
    ck_assert_int_eq(system(command), 0); /* NOLINT: nothing in it is anybody's input */
}

START_TEST(a_key_is_in_the_file_of_its_id)
{
    put("keys/web/a", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find_held("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/b", NULL), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_int_eq(find("web/a/b", NULL), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_int_eq(find_held("api/a", NULL), ASAP_REASON_KEY_NOT_FOUND);
}
END_TEST

START_TEST(a_file_that_was_changed_is_read_again)
{
    put("keys/web/a", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    put("keys/web/a", pem_b);
    ck_assert_int_eq(find("web/a", pem_b), ASAP_REASON_NONE);
    put("keys/web/a", "no key");
    ck_assert_int_eq(find("web/a", NULL), ASAP_REASON_KEY_REFUSED);
    ck_assert_int_eq(unlink(path_of("keys/web/a")), 0);
    ck_assert_int_eq(find("web/a", NULL), ASAP_REASON_KEY_NOT_FOUND);
    put("keys/web/a", pem_a);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
}
END_TEST

START_TEST(a_file_that_was_not_changed_is_parsed_once)
{
    SCOPED(pkey) EVP_PKEY *first = NULL;
    SCOPED(pkey) EVP_PKEY *second = NULL;
    struct asap_error err;

    put("keys/web/a", pem_a);
    ck_assert_int_eq(find_into("web/a", &first, &err), ASAP_OK);
    ck_assert_int_eq(find_into("web/a", &second, &err), ASAP_OK);
    ck_assert_ptr_eq(first, second);
}
END_TEST

/* As Kubernetes mounts them. */
START_TEST(a_link_may_lead_to_another_place_within_the_root)
{
    make_folder("keys/..2026");
    make_folder("keys/..2026/api");
    put("keys/..2026/api/a", pem_a);
    link_to("..2026", "keys/..data");
    link_to("..data/api", "keys/api");
    ck_assert_int_eq(find("api/a", pem_a), ASAP_REASON_NONE);
    link_to("keys", "linked");
    asap_retriever_free(retriever);
    open_root("linked");
    ck_assert_int_eq(find("api/a", pem_a), ASAP_REASON_NONE);
}
END_TEST

START_TEST(a_link_that_leads_out_of_the_root_is_refused)
{
    make_folder("keys-of-others");
    put("keys-of-others/a", pem_a);
    link_to("../../keys-of-others/a", "keys/web/a");
    link_to("../keys-of-others", "keys/api");
    ck_assert_int_eq(find("web/a", NULL), ASAP_REASON_KEY_REFUSED);
    ck_assert_int_eq(find("api/a", NULL), ASAP_REASON_KEY_REFUSED);
}
END_TEST

START_TEST(what_is_no_short_file_is_refused)
{
    char text[PEM_PUBLIC_MAX + 2];

    make_folder("keys/web/folder");
    ck_assert_int_eq(mkfifo(path_of("keys/web/fifo"), 0600), 0);
    memset(text, '\n', sizeof text);
    memcpy(text, pem_a, strlen(pem_a));
    text[PEM_PUBLIC_MAX + 1] = '\0';
    put("keys/web/long", text);
    text[PEM_PUBLIC_MAX] = '\0';
    put("keys/web/longest", text);
    ck_assert_int_eq(find("web/folder", NULL), ASAP_REASON_KEY_REFUSED);
    ck_assert_int_eq(find("web/fifo", NULL), ASAP_REASON_KEY_REFUSED);
    ck_assert_int_eq(find("web/long", NULL), ASAP_REASON_KEY_REFUSED);
    ck_assert_int_eq(find("web/longest", pem_a), ASAP_REASON_NONE);
}
END_TEST

START_TEST(a_root_that_is_no_directory_is_refused)
{
    struct asap_retriever *made = NULL;
    struct asap_error err = { 0 };

    put("file", "");
    ck_assert_int_eq(asap_retriever_directory(path_of("none"), &made, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "root");
    ck_assert_ptr_nonnull(strstr(err.message, "make it"));
    ck_assert_int_eq(asap_retriever_directory(path_of("file"), &made, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(asap_retriever_directory(NULL, &made, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(made);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retriever_directory");
    TCase *files = tcase_create("files");

    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, a_key_is_in_the_file_of_its_id);
    tcase_add_test(files, a_file_that_was_changed_is_read_again);
    tcase_add_test(files, a_file_that_was_not_changed_is_parsed_once);
    tcase_add_test(files, a_link_may_lead_to_another_place_within_the_root);
    tcase_add_test(files, a_link_that_leads_out_of_the_root_is_refused);
    tcase_add_test(files, what_is_no_short_file_is_refused);
    tcase_add_test(files, a_root_that_is_no_directory_is_refused);
    suite_add_tcase(suite, files);
    return check_main(suite);
}
