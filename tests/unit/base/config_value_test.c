/* SPDX-License-Identifier: Apache-2.0 */
#include "config_table.h"

#include <string.h>

#include "check_main.h"

/* Values at the edge of what their types take. */

static struct config config;

static void set_up(void)
{
    config_init(&config);
}

static enum asap_code assign(const char *name, const char *text)
{
    return setting_assign(setting_find(name), name, "", text, &config, NULL);
}

static const struct {
    const char *text;
    int64_t mode;
} modes[] = { { "0600", 0600 }, { "0660", 0660 }, { "0666", 0666 } };

START_TEST(reads_and_writes_the_mode_of_the_socket_in_octal)
{
    char formatted[CONFIG_TEXT];

    ck_assert_int_eq(assign("admin_socket_mode", modes[_i].text), ASAP_OK);
    ck_assert_int_eq(config.admin_socket_mode, modes[_i].mode);
    setting_format(setting_find("admin_socket_mode"), &config, formatted);
    ck_assert_str_eq(formatted, modes[_i].text);
}
END_TEST

START_TEST(takes_audiences_of_255_bytes_and_no_longer)
{
    char text[257] = "";

    memset(text, 'a', 255);
    ck_assert_int_eq(assign("audience", text), ASAP_OK);
    ck_assert_str_eq(config.audience, text);
    text[255] = 'a';
    ck_assert_int_eq(assign("audience", text), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(takes_every_printable_character_but_the_wildcard_in_audiences)
{
    char text[] = "a?z";

    for (int byte = 1; byte < 256; byte++) {
        text[1] = (char)byte;
        ck_assert_msg(setting_is_audience(text) == (byte > ' ' && byte <= '~' && byte != '*'),
                      "byte %d", byte);
    }
}
END_TEST

START_TEST(an_optional_file_may_be_none)
{
    ck_assert_int_eq(assign("client_ca_file", "ca.pem"), ASAP_OK);
    ck_assert_str_eq(config.client_ca_file, "ca.pem");
    ck_assert_int_eq(assign("client_ca_file", ""), ASAP_OK);
    ck_assert_str_eq(config.client_ca_file, "");
}
END_TEST

START_TEST(keeps_the_audit_log_for_ever_or_for_a_minute_at_least)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(assign("audit_retention", "60s"), ASAP_OK);
    ck_assert_succeeds(config_check(&config, &err));
    ck_assert_int_eq(assign("audit_retention", "59s"), ASAP_OK);
    ck_assert_int_eq(config_check(&config, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "audit_retention");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_value");
    TCase *tests = tcase_create("config_value");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, reads_and_writes_the_mode_of_the_socket_in_octal, 0, COUNT(modes));
    tcase_add_test(tests, takes_audiences_of_255_bytes_and_no_longer);
    tcase_add_test(tests, takes_every_printable_character_but_the_wildcard_in_audiences);
    tcase_add_test(tests, an_optional_file_may_be_none);
    tcase_add_test(tests, keeps_the_audit_log_for_ever_or_for_a_minute_at_least);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
