/* SPDX-License-Identifier: Apache-2.0 */
#include "config_profile.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"

/* auth_profile, the one setting that may stand several times. */

static struct config config;

static void set_up(void)
{
    config_init(&config);
}

static enum asap_code read_text(const char *text, struct asap_error *err)
{
    return config_read_text(text, strlen(text), "/etc/asapd.conf", &config, err);
}

static const struct auth_profile *only_profile(void)
{
    ck_assert_uint_eq(config.auth_profile_count, 1);
    return &config.auth_profiles[0];
}

START_TEST(there_is_none_by_default)
{
    ck_assert_uint_eq(config.auth_profile_count, 0);
}
END_TEST

START_TEST(reads_every_word)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(
        read_text("auth_profile = orders audience=orders/api,orders issuers=payments/api,web "
                  "subjects=batch,jane leeway=1m\n",
                  &err));
    ck_assert_str_eq(only_profile()->name, "orders");
    ck_assert_str_eq(only_profile()->audiences, "orders/api,orders");
    ck_assert_str_eq(only_profile()->issuers, "payments/api,web");
    ck_assert_str_eq(only_profile()->subjects, "batch,jane");
    ck_assert_int_eq(only_profile()->leeway, 60);
}
END_TEST

START_TEST(needs_only_a_name_and_an_audience)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(read_text("auth_profile = A.b_c-9   audience=https://a.example/x=y", &err));
    ck_assert_str_eq(only_profile()->name, "A.b_c-9");
    ck_assert_str_eq(only_profile()->audiences, "https://a.example/x=y");
    ck_assert_str_eq(only_profile()->issuers, "");
    ck_assert_str_eq(only_profile()->subjects, "");
    ck_assert_int_eq(only_profile()->leeway, 30);
}
END_TEST

START_TEST(reads_words_in_any_order_and_no_leeway)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(
        read_text("auth_profile = o leeway=0 subjects=* issuers=web audience=o", &err));
    ck_assert_str_eq(only_profile()->subjects, "*");
    ck_assert_int_eq(only_profile()->leeway, 0);
    ck_assert_str_eq(only_profile()->issuers, "web");
}
END_TEST

static const struct {
    const char *why, *text, *message;
} refused[] = {
    { "nothing", "", "\"\" is not a profile's name" },
    { "a name with a slash", "a/b audience=x", "\"a/b\" is not a profile's name" },
    { "a name of 65 bytes",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa audience=x",
      "is not a profile's name: 1 to 64" },
    { "a word in place of the name", "audience=x", "\"audience=x\" is not a profile's name" },
    { "no audience", "orders issuers=web", "the profile \"orders\" has no audience=" },
    { "an audience that is empty", "o audience=", "audience=: it must be audiences" },
    { "an audience missing in the list", "o audience=a,,b", "audience=a,,b: it must be" },
    { "a comma at the end", "o audience=a,", "audience=a,: it must be" },
    { "an audience with a wildcard", "o audience=orders/*", "without *" },
    { "an audience twice", "o audience=a audience=b", "audience= stands twice" },
    { "issuers that are empty", "o audience=a issuers=", "issuers=: it must be issuers" },
    { "an issuer outside the grammar", "o audience=a issuers=web,a//b", "issuers=web,a//b: it" },
    { "issuers twice", "o audience=a issuers=b issuers=b", "issuers= stands twice" },
    { "subjects that are empty", "o audience=a subjects=", "subjects=: it must be subjects" },
    { "a subject with a wildcard", "o audience=a subjects=ci/*", "or * for any" },
    { "subjects twice", "o audience=a subjects=b subjects=*", "subjects= stands twice" },
    { "a leeway that is no duration", "o audience=a leeway=x", "a duration from 0s to 60s" },
    { "a leeway too long", "o audience=a leeway=61", "a duration from 0s to 60s" },
    { "a leeway of nothing", "o audience=a leeway", "leeway=: it must be" },
    { "a leeway twice", "o audience=a leeway=1 leeway=1", "leeway= stands twice" },
    { "a word almost right", "o audience=a issuer=web",
      "a profile has no \"issuer\"; did you mean issuers=?" },
    { "a word like no other", "o audience=a qqqqqqqqq=1",
      "no \"qqqqqqqqq\"; behind its name may stand audience=, issuers=, subjects= and leeway=" },
};

START_TEST(refuses_what_is_wrong_and_changes_nothing)
{
    struct asap_error err = { 0 };

    ck_assert_msg(auth_profile_add("here", refused[_i].text, &config, &err)
                      == ASAP_INVALID_ARGUMENT,
                  "accepted %s", refused[_i].why);
    ck_assert_msg(strstr(err.message, refused[_i].message) != NULL, "%s: %s", refused[_i].why,
                  err.message);
    ck_assert_msg(strncmp(err.message, "here: ", 6) == 0, "%s", err.message);
    ck_assert_str_eq(err.field, "auth_profile");
    ck_assert_uint_eq(config.auth_profile_count, 0);
}
END_TEST

START_TEST(names_the_first_of_two_with_one_name)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(read_text("auth_profile = a audience=orders/api\n"
                               "auth_profile = b audience=orders/api\n"
                               "auth_profile = a audience=other\n",
                               &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.message,
                     "/etc/asapd.conf:3: auth_profile: there is a profile \"a\" already, with "
                     "audience=orders/api; rename one of them");
}
END_TEST

/* "NAME audience=AAAA..." whose list has `length` bytes, in pieces that are audiences. */
static void write_long_list(char *out, size_t size, size_t length)
{
    const int begin = snprintf(out, size, "o audience=");

    memset(out + begin, 'a', length);
    for (size_t i = 200; i < length; i += 200)
        out[begin + (int)i] = ',';
    out[begin + (int)length] = '\0';
}

START_TEST(takes_lists_as_long_as_any_text_and_no_longer)
{
    char text[4096];
    struct asap_error err = { 0 };

    write_long_list(text, sizeof text, CONFIG_TEXT - 1);
    ck_assert_succeeds(auth_profile_add("here", text, &config, &err));
    ck_assert_uint_eq(strlen(only_profile()->audiences), CONFIG_TEXT - 1);
    write_long_list(text, sizeof text, CONFIG_TEXT);
    ck_assert_int_eq(auth_profile_add("here", text, &config, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "511 bytes in all"));
    write_long_list(text, sizeof text, 3000);
    ck_assert_int_eq(auth_profile_add("here", text, &config, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.message, "here: the profile is too long; shorten its lists");
}
END_TEST

START_TEST(takes_64_and_no_more)
{
    char text[64];
    struct asap_error err = { 0 };

    for (int i = 0; i < AUTH_PROFILES_MAX; i++) {
        (void)snprintf(text, sizeof text, "o%d audience=x", i);
        ck_assert_succeeds(auth_profile_add("here", text, &config, &err));
    }
    ck_assert_int_eq(auth_profile_add("here", "one audience=x", &config, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.message, "here: there are 64 profiles already, the most there can be");
}
END_TEST

static enum asap_code load(char **arguments, char *const *environment, struct asap_error *err)
{
    size_t extra = 1;
    const enum asap_code code = config_load(arguments, environment, &config, &extra, err);

    ck_assert_uint_eq(extra, 0);
    return code;
}

START_TEST(flags_and_the_environment_add)
{
    char variable[] = "ASAPD_AUTH_PROFILE=one audience=x";
    char flag[] = "--auth-profile";
    char two[] = "two audience=x";
    char three[] = "--auth-profile=three audience=x";
    char *arguments[] = { flag, two, three, NULL };
    char *environment[] = { variable, NULL };
    struct asap_error err = { 0 };

    ck_assert_succeeds(load(arguments, environment, &err));
    ck_assert_uint_eq(config.auth_profile_count, 3);
    ck_assert_str_eq(config.auth_profiles[0].name, "one");
    ck_assert_str_eq(config.auth_profiles[1].name, "two");
    ck_assert_str_eq(config.auth_profiles[2].name, "three");
}
END_TEST

START_TEST(names_the_flag_that_is_wrong)
{
    char flag[] = "--auth-profile=o";
    char *arguments[] = { flag, NULL };
    char *environment[] = { NULL };
    struct asap_error err = { 0 };

    ck_assert_int_eq(load(arguments, environment, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_msg(strncmp(err.message, "--auth-profile: ", 16) == 0, "%s", err.message);
}
END_TEST

enum { FLAGS = 2 * AUTH_PROFILES_MAX };

START_TEST(refuses_any_number_of_flags_too_many)
{
    static char flags[FLAGS][48];
    char *arguments[FLAGS + 1];
    char *environment[] = { NULL };
    struct asap_error err = { 0 };

    for (int i = 0; i < FLAGS; i++) {
        (void)snprintf(flags[i], sizeof flags[i], "--auth-profile=o%d audience=x", i);
        arguments[i] = flags[i];
    }
    arguments[FLAGS] = NULL;
    ck_assert_int_eq(load(arguments, environment, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.message,
                     "--auth-profile: there are 64 profiles already, the most there can be");
}
END_TEST

/* What config_write_file() makes of the profiles. */
static void write_config(char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");

    ck_assert_ptr_nonnull(out);
    config_write_file(&config, out);
    ck_assert_int_eq(fclose(out), 0);
}

START_TEST(writes_all_so_that_they_read_equal)
{
    static char text[32768];
    struct config before;
    struct asap_error err = { 0 };

    ck_assert_succeeds(read_text("auth_profile = b audience=x leeway=0\n"
                                 "auth_profile = a audience=x,y issuers=web\n",
                                 &err));
    write_config(text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "\nauth_profile = b audience=x leeway=0s\n"
                                       "auth_profile = a audience=x,y issuers=web leeway=30s\n"));
    before = config;
    config_init(&config);
    ck_assert(!auth_profiles_equal(&before, &config));
    ck_assert_succeeds(read_text(text, &err));
    ck_assert(auth_profiles_equal(&before, &config));
}
END_TEST

static const char *const others[] = {
    "p audience=x issuers=web leeway=1",
    "o audience=y issuers=web leeway=1",
    "o audience=x leeway=1",
    "o audience=x issuers=web leeway=2",
};

START_TEST(sees_every_difference)
{
    struct config other = config;
    struct asap_error err = { 0 };

    ck_assert_succeeds(
        auth_profile_add("here", "o audience=x issuers=web leeway=1", &config, &err));
    ck_assert_succeeds(auth_profile_add("here", others[_i], &other, &err));
    ck_assert(auth_profiles_equal(&config, &config));
    ck_assert(!auth_profiles_equal(&config, &other));
}
END_TEST

START_TEST(shows_an_example_that_is_one)
{
    static char text[32768];
    struct asap_error err = { 0 };
    const char *example = NULL;

    write_config(text, sizeof text);
    example = strstr(text, "\n#auth_profile = ");
    ck_assert_ptr_nonnull(example);
    ck_assert_succeeds(
        config_read_text(example + 2, strcspn(example + 2, "\n"), "asapd.conf", &config, &err));
    (void)only_profile();
}
END_TEST

START_TEST(the_manual_says_that_none_is_the_default)
{
    static char text[32768];
    FILE *out = fmemopen(text, sizeof text, "w");

    ck_assert_ptr_nonnull(out);
    config_write_manual(out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_ptr_nonnull(strstr(text, "*auth_profile* = _PROFILE_\n\t"));
    ck_assert_ptr_nonnull(strstr(text, ". Default: none. Example: orders audience\\=orders"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_profile");
    TCase *tests = tcase_create("config_profile");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, there_is_none_by_default);
    tcase_add_test(tests, reads_every_word);
    tcase_add_test(tests, needs_only_a_name_and_an_audience);
    tcase_add_test(tests, reads_words_in_any_order_and_no_leeway);
    tcase_add_loop_test(tests, refuses_what_is_wrong_and_changes_nothing, 0, COUNT(refused));
    tcase_add_test(tests, names_the_first_of_two_with_one_name);
    tcase_add_test(tests, takes_lists_as_long_as_any_text_and_no_longer);
    tcase_add_test(tests, takes_64_and_no_more);
    tcase_add_test(tests, flags_and_the_environment_add);
    tcase_add_test(tests, names_the_flag_that_is_wrong);
    tcase_add_test(tests, refuses_any_number_of_flags_too_many);
    tcase_add_test(tests, writes_all_so_that_they_read_equal);
    tcase_add_loop_test(tests, sees_every_difference, 0, COUNT(others));
    tcase_add_test(tests, shows_an_example_that_is_one);
    tcase_add_test(tests, the_manual_says_that_none_is_the_default);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
