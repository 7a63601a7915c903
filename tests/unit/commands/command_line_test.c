/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "clock.h"

enum { SAID_SIZE = 1024, ARGUMENTS_MAX = 8 };

/* What is written to stderr meanwhile. */
static int run(int argc, char **argv, char said[SAID_SIZE])
{
    FILE *file = tmpfile();
    const int before = dup(STDERR_FILENO);
    int status = 0;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
    status = asapd_command(argc, argv, &clock_system);
    ck_assert_int_ge(dup2(before, STDERR_FILENO), 0);
    (void)close(before);
    rewind(file);
    said[fread(said, 1, SAID_SIZE - 1, file)] = '\0';
    (void)fclose(file);
    return status;
}

static const struct {
    const char *const arguments[ARGUMENTS_MAX];
    const char *said;
} wrong[] = {
    { { "asapd", "copy" }, "asapd: --from is missing: asapd copy " },
    { { "asapd", "copy", "--from", "sqlite:a" }, "asapd: --to is missing: asapd copy " },
    { { "asapd", "copy", "--to=sqlite:b" }, "asapd: --from is missing: asapd copy " },
    { { "asapd", "copy", "--from", "sqlite:a", "--to" }, "asapd: --to needs URL behind it" },
    { { "asapd", "rekey" }, "asapd: --new-kek is missing: asapd rekey " },
    { { "asapd", "rekey", "--new-kek=" }, "asapd: --new-kek needs FILE behind it" },
    { { "asapd", "backup" }, "asapd: BACKUP is missing: asapd backup " },
    { { "asapd", "restore", "--despite-problems" }, "asapd: BACKUP is missing: asapd restore " },
    { { "asapd", "restore", "a", "--despite-problems=x" },
      "asapd: --despite-problems takes no value" },
    { { "asapd", "backup", "a", "b" }, "asapd: " },
    { { "asapd", "migrate", "a" }, "asapd: " },
};

START_TEST(wrong_usage_is_told_before_anything_is_done)
{
    char texts[ARGUMENTS_MAX][32] = { "" };
    char *argv[ARGUMENTS_MAX + 1] = { NULL };
    char said[SAID_SIZE] = "";
    int argc = 0;

    for (; wrong[_i].arguments[argc] != NULL; argc++) {
        (void)snprintf(texts[argc], sizeof texts[argc], "%s", wrong[_i].arguments[argc]);
        argv[argc] = texts[argc];
    }
    ck_assert_int_eq(run(argc, argv, said), EXIT_USAGE);
    ck_assert_msg(strncmp(said, wrong[_i].said, strlen(wrong[_i].said)) == 0, "%s", said);
}
END_TEST

START_TEST(help_asks_for_nothing)
{
    char *argv[] = { (char[]){ "asapd" }, (char[]){ "copy" }, (char[]){ "--help" }, NULL };
    char said[SAID_SIZE] = "";

    ck_assert_int_eq(run(3, argv, said), EXIT_DONE);
    ck_assert_str_eq(said, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command lines");
    TCase *cases = tcase_create("usage");

    tcase_add_loop_test(cases, wrong_usage_is_told_before_anything_is_done, 0, COUNT(wrong));
    tcase_add_test(cases, help_asks_for_nothing);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
