/* SPDX-License-Identifier: Apache-2.0 */
/* A test has one thread. NOLINTBEGIN(concurrency-mt-unsafe) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_main.h"
#include "log.h"

static char text[4096];

/* What one call writes, read back through a real file, as the journal's check asks for one. */
static const char *written(enum log_level threshold, enum log_level level, const char *message)
{
    FILE *stream = tmpfile();
    const struct log log = { .stream = stream, .level = threshold };

    ck_assert_ptr_nonnull(stream);
    log_write(&log, level, "%s", message);
    rewind(stream);
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    (void)fclose(stream);
    return text;
}

START_TEST(writes_time_level_and_message)
{
    const char *line = written(LOG_INFO, LOG_WARNING, "the disk is full");
    const size_t time_length = strspn(line, "0123456789-T:Z");
    ck_assert_uint_eq(time_length, strlen("2026-11-23T13:15:00Z"));
    ck_assert_str_eq(line + time_length, " warning: the disk is full\n");
}
END_TEST

START_TEST(leaves_out_what_is_above_the_level)
{
    ck_assert_str_eq(written(LOG_INFO, LOG_DEBUG, "detail"), "");
    ck_assert_str_ne(written(LOG_DEBUG, LOG_DEBUG, "detail"), "");
    ck_assert_str_ne(written(LOG_ERROR, LOG_ERROR, "detail"), "");
}
END_TEST

static const struct {
    const char *why, *message, *escaped;
} escapes[] = {
    { "a line end", "a\n<0>b", "a\\x0a<0>b" },
    { "a carriage return", "a\rb", "a\\x0db" },
    { "an escape sequence", "\033[2J", "\\x1b[2J" },
    { "a delete", "\177", "\\x7f" },
    { "a C1 control", "\xc2\x9b", "\\xc2\\x9b" },
    { "a backslash", "\\x0a", "\\x5cx0a" },
    { "a tab", "\t", "\\x09" },
    { "nothing to escape", "a ~!", "a ~!" },
};

START_TEST(escapes_what_could_forge_a_line)
{
    const char *line = written(LOG_INFO, LOG_INFO, escapes[_i].message);
    char expected[64];

    (void)snprintf(expected, sizeof expected, " info: %s\n", escapes[_i].escaped);
    ck_assert_msg(strcmp(strchr(line, ' '), expected) == 0, "%s: %s", escapes[_i].why, line);
}
END_TEST

START_TEST(cuts_a_long_message_to_one_line)
{
    static char message[8192];
    const char *line = NULL;

    memset(message, '\n', sizeof message - 1);
    line = written(LOG_INFO, LOG_INFO, message);
    ck_assert_uint_gt(strlen(line), 2000);
    ck_assert_uint_le(strlen(line), 2048);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

START_TEST(gives_the_journal_the_priority_instead)
{
    FILE *stream = tmpfile();
    const struct log log = { .stream = stream, .level = LOG_INFO };
    struct stat status = { 0 };
    char journal[64];

    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(fstat(fileno(stream), &status), 0);
    (void)snprintf(journal, sizeof journal, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)status.st_dev,
                   (uintmax_t)status.st_ino);
    ck_assert_int_eq(setenv("JOURNAL_STREAM", journal, 1), 0);
    log_write(&log, LOG_ERROR, "gone");
    ck_assert_int_eq(unsetenv("JOURNAL_STREAM"), 0);
    rewind(stream);
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    (void)fclose(stream);
    ck_assert_str_eq(text, "<3>gone\n");
}
END_TEST

START_TEST(finds_levels_by_name)
{
    ck_assert_int_eq(log_name_find(log_level_names, "debug"), LOG_DEBUG);
    ck_assert_int_eq(log_name_find(log_level_names, "error"), LOG_ERROR);
    ck_assert_int_eq(log_name_find(log_level_names, "Error"), -1);
    ck_assert_int_eq(log_name_find(log_level_names, ""), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");

    (void)unsetenv("JOURNAL_STREAM");
    tcase_add_test(tests, writes_time_level_and_message);
    tcase_add_test(tests, leaves_out_what_is_above_the_level);
    tcase_add_loop_test(tests, escapes_what_could_forge_a_line, 0, COUNT(escapes));
    tcase_add_test(tests, cuts_a_long_message_to_one_line);
    tcase_add_test(tests, gives_the_journal_the_priority_instead);
    tcase_add_test(tests, finds_levels_by_name);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
/* NOLINTEND(concurrency-mt-unsafe) */
