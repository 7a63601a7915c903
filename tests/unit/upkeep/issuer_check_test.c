/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer_check.h"

#include <string.h>

#include "check_main.h"

/* The invariant, on the rows of one issuer. */

#define NEVER LIFECYCLE_NEVER

enum { NOW = 1000000, HOUR = 3600, KEYS_MAX = 5 };

enum { TEXT_SIZE = 4096 };

struct row {
    const char *name;
    const char *finding; /* that is told, and no other; NULL: nothing is */
    bool is_problem;
    struct key_times keys[KEYS_MAX]; /* ended by a zeroed one */
};

/* publish, sign, sign until, unpublish, revoke */
#define STANDBY                                                                                    \
    {                                                                                              \
        NOW - 9, NEVER, NEVER, NEVER, NEVER                                                        \
    }
#define ACTIVE                                                                                     \
    {                                                                                              \
        NOW - 99, NOW - 9, NEVER, NEVER, NEVER                                                     \
    }

static const struct row rows[] = {
    { "an active key and two standbys", NULL, false, { ACTIVE, STANDBY, STANDBY } },
    { "a rotation that is planned",
      NULL,
      false,
      { { NOW - 99, NOW - 9, NOW + 9, NOW + 9 + HOUR, NEVER },
        { NOW - 9, NOW + 9, NEVER, NEVER, NEVER },
        STANDBY,
        STANDBY } },
    { "one that was",
      NULL,
      false,
      { { NOW - 99, NOW - 50, NOW - 9, NOW - 9 + HOUR, NEVER }, ACTIVE, STANDBY, STANDBY } },
    { "two that sign", "both sign at", true, { ACTIVE, ACTIVE, STANDBY, STANDBY } },
    { "two that will",
      "both sign at",
      true,
      { ACTIVE, { NOW - 9, NOW + 9, NEVER, NEVER, NEVER }, STANDBY, STANDBY } },
    { "a second between two keys",
      "no key of payments/api signs from 1970-01-12T13:46:49Z until 1970-01-12T13:46:50Z",
      true,
      { { NOW - 99, NOW - 9, NOW + 9, NOW + 9 + HOUR, NEVER },
        { NOW - 9, NOW + 10, NEVER, NEVER, NEVER },
        STANDBY,
        STANDBY } },
    { "an end without a successor",
      "signs from 1970-01-12T13:46:49Z on, and none has a date",
      true,
      { { NOW - 99, NOW - 9, NOW + 9, NOW + 9 + HOUR, NEVER }, STANDBY, STANDBY } },
    { "the gap of an emergency",
      "no key of payments/api signs until 1970-01-12T13:46:49Z: an emergency",
      false,
      { { NOW - 99, NOW - 9, NEVER, NEVER, NOW - 1 },
        { NOW - 9, NOW + 9, NEVER, NEVER, NEVER },
        STANDBY,
        STANDBY } },
    { "a first key that waits",
      "the first key of payments/api signs from 1970-01-12T13:46:49Z on",
      false,
      { { NOW - 9, NOW + 9, NEVER, NEVER, NEVER }, STANDBY, STANDBY } },
    { "one standby", "payments/api has 1 standbys instead of 2", true, { ACTIVE, STANDBY } },
    { "a standby that is withdrawn",
      "payments/api has 1 standbys instead of 2",
      true,
      { ACTIVE, STANDBY, { NOW - 9, NEVER, NEVER, NOW + 9, NEVER } } },
    { "a key that is withdrawn a second early",
      "payments/api/k is withdrawn while tokens of it live",
      true,
      { { NOW - 99, NOW - 50, NOW - 9, NOW - 10 + HOUR, NEVER }, ACTIVE, STANDBY, STANDBY } },
    { "one that was revoked, when that does not matter",
      NULL,
      false,
      { { NOW - 99, NOW - 50, NOW - 9, NOW - 10 + HOUR, NOW - 5 }, ACTIVE, STANDBY, STANDBY } },
    { "a key that signs before it is published",
      "payments/api/k signs before it is published",
      true,
      { { NOW - 8, NOW - 9, NEVER, NEVER, NEVER }, STANDBY, STANDBY } },
};

static size_t check_rows(const struct row *row, bool managed, char *text)
{
    const struct issuer_row issuer = { .name = "payments/api", .managed = managed };
    struct report report = { .out = fmemopen(text, TEXT_SIZE, "w") };
    struct key_row keys[KEYS_MAX] = { { 0 } };
    size_t count = 0;

    ck_assert_ptr_nonnull(report.out);
    for (; row->keys[count].publish_time != 0; count++)
        keys[count] = (struct key_row){ .kid = "payments/api/k",
                                        .managed = managed,
                                        .times = row->keys[count],
                                        .max_lifetime = HOUR };
    issuer_check(&issuer, keys, count, NOW, &report);
    ck_assert_int_eq(fclose(report.out), 0);
    return report.problems;
}

START_TEST(what_breaks_the_invariant_is_told_once_and_nothing_else)
{
    const struct row *row = &rows[_i];
    char text[TEXT_SIZE] = "";
    const size_t problems = check_rows(row, true, text);
    const char *line = row->finding == NULL ? text : strstr(text, row->finding);

    ck_assert_msg(line != NULL, "%s: %s", row->name, text);
    ck_assert_msg((problems > 0) == row->is_problem, "%s: %s", row->name, text);
    ck_assert_msg(row->finding != NULL || text[0] == '\0', "%s: %s", row->name, text);
    line = strchr(text, '\n');
    ck_assert_msg(line == NULL || line[1] == '\0', "%s: %s", row->name, text);
}
END_TEST

START_TEST(the_keys_of_an_external_issuer_may_all_sign)
{
    char text[TEXT_SIZE] = "";

    ck_assert_uint_eq(check_rows(&rows[3], false, text), 0);
    ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("issuer_check");
    TCase *all = tcase_create("all");

    tcase_add_loop_test(all, what_breaks_the_invariant_is_told_once_and_nothing_else, 0,
                        COUNT(rows));
    tcase_add_test(all, the_keys_of_an_external_issuer_may_all_sign);
    suite_add_tcase(suite, all);
    return check_main(suite);
}
