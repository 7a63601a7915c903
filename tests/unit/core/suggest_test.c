/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "suggest.h"

static const char *const names[] = { "listen", "max_age", "jwks_max_age", "ca", "log_level", NULL };

static const char *name_at(const void *context, size_t index)
{
    const char *const *all = context;

    return all[index];
}

static const struct {
    const char *text;
    const char *suggested;
} cases[] = {
    { "listen", "listen" },
    { "lisen", "listen" },
    { "litsen", "listen" },
    { "listenn", "listen" },
    { "max_aeg", "max_age" },
    { "max-age", "max_age" },
    { "jwks_max_ag", "jwks_max_age" },
    { "loglevel", "log_level" },
    { "cab", "ca" },
    { "database", NULL },
    { "", NULL },
    { "x", NULL },
    { "ma", "ca" },
    { "ac", "ca" },
    { "xx", NULL },
    { "log_level_log_level_log_level_log_level_log_level_log_level_log_lev", NULL },
};

START_TEST(names_the_nearest_or_nothing)
{
    const char *suggested = suggest(cases[_i].text, name_at, names);

    ck_assert_pstr_eq(suggested, cases[_i].suggested);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("suggest");
    TCase *tests = tcase_create("suggest");

    tcase_add_loop_test(tests, names_the_nearest_or_nothing, 0, COUNT(cases));
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
