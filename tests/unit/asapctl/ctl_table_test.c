/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "table.h"

enum { TEXT_MAX = 512 };

static void print(const struct table *table, char out[static TEXT_MAX])
{
    struct asap_error err = { 0 };
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    ck_assert_succeeds(table_print(table, file, &err));
    rewind(file);
    out[fread(out, 1, TEXT_MAX - 1, file)] = '\0';
    (void)fclose(file);
}

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
    static const char *const cells[] = {
        "NAME", "STATE", "a/long/name", "on", "b", "standby", NULL
    };
    SCOPED(table) struct table table = TABLE(2);
    char text[TEXT_MAX] = "";

    table_add_row(&table, cells);
    print(&table, text);
    ck_assert_str_eq(text, "NAME         STATE\na/long/name  on\nb            standby\n");
}
END_TEST

START_TEST(no_line_ends_in_blanks)
{
    static const char *const cells[] = { "a", "wide", "", "b", "", "x", NULL };
    SCOPED(table) struct table table = TABLE(3);
    char text[TEXT_MAX] = "";

    table_add_row(&table, cells);
    print(&table, text);
    ck_assert_str_eq(text, "a  wide\nb        x\n");
}
END_TEST

START_TEST(width_counts_characters_not_bytes)
{
    static const char *const cells[] = { "\xc3\xa9\xc3\xa9", "x", "abc", "y", NULL };
    SCOPED(table) struct table table = TABLE(2);
    char text[TEXT_MAX] = "";

    table_add_row(&table, cells);
    print(&table, text);
    ck_assert_str_eq(text, "\xc3\xa9\xc3\xa9   x\nabc  y\n");
}
END_TEST

START_TEST(control_characters_move_no_cursor)
{
    SCOPED(table) struct table table = TABLE(1);
    char text[TEXT_MAX] = "";

    table_add(&table, "a\x1b[2J\r\nb\x7f\xc2\x9bm\xc2\xa0");
    print(&table, text);
    ck_assert_str_eq(text, "a?[2J??b???m\xc2\xa0\n");
}
END_TEST

START_TEST(an_empty_table_prints_nothing)
{
    SCOPED(table) struct table table = TABLE(2);
    char text[TEXT_MAX] = "x";

    print(&table, text);
    ck_assert_str_eq(text, "");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl table");
    TCase *tests = tcase_create("all");

    tcase_add_test(tests, columns_are_as_wide_as_their_widest_cell);
    tcase_add_test(tests, no_line_ends_in_blanks);
    tcase_add_test(tests, width_counts_characters_not_bytes);
    tcase_add_test(tests, control_characters_move_no_cursor);
    tcase_add_test(tests, an_empty_table_prints_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
