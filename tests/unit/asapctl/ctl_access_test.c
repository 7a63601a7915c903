/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "fake_host.h"
#include "scratch.h"

#define SECRET "asapk_0123456789abcdef_verysecret"

static struct scratch folder;

static void set_up(void)
{
    scratch_make(&folder);
    fake_reset();
    fake.answers[0] = "{}";
}

static void tear_down(void)
{
    scratch_remove(&folder);
}

static void write_file(const char *name, const char *text, char out[static 256])
{
    fake_write(scratch_file(&folder, name, out, 256), text);
}

/* "issuer list" with this option and a file of this text. */
static int status_with(const char *option, const char *text)
{
    char path[256] = "";
    char line[FAKE_LINE_MAX] = "";

    write_file("secret", text, path);
    (void)snprintf(line, sizeof line, "issuer list %s %s", option, path);
    return fake_line(line);
}

static const char *const bearer_options[] = { "--api-key-file", "--token-file" };

START_TEST(a_secret_comes_from_a_file_without_its_line_end)
{
    ck_assert_msg(status_with(bearer_options[_i], SECRET "\n") == 0, "%s", fake.err);
    ck_assert_str_eq(fake.bearer, SECRET);
}
END_TEST

static const char *const no_secrets[] = { "", "\n", SECRET " more\n", SECRET "\nSecond: line\n",
                                          "\xc3\xa4" };

START_TEST(a_file_with_anything_else_is_refused_and_not_repeated)
{
    ck_assert_int_eq(status_with("--api-key-file", no_secrets[_i]), 1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, "/secret is empty or has more than the secret in it");
    assert_lacks(fake.err, SECRET);
}
END_TEST

START_TEST(a_file_that_is_missing_is_named)
{
    ck_assert_int_eq(fake_line("issuer list --token-file /no/such/file"), 1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, "asapctl: cannot list the issuers: /no/such/file cannot be opened");
}
END_TEST

static const struct {
    const char *variable;
    const char *bearer;
} variables[] = {
    { "ASAPCTL_API_KEY=" SECRET, SECRET },
    { "ASAPCTL_TOKEN=a.b.c", "a.b.c" },
    { "ASAPCTL_API_KEY=", "" },
};

START_TEST(a_secret_comes_from_a_variable)
{
    char variable[64] = "";

    (void)snprintf(variable, sizeof variable, "%s", variables[_i].variable);
    fake.environment[0] = variable;
    ck_assert_int_eq(fake_line("issuer list"), 0);
    ck_assert_str_eq(fake.bearer, variables[_i].bearer);
}
END_TEST

START_TEST(a_variable_names_the_file_of_a_key)
{
    char path[256] = "";
    char variable[320] = "";

    write_file("key", SECRET "\n", path);
    (void)snprintf(variable, sizeof variable, "ASAPCTL_API_KEY_FILE=%s", path);
    fake.environment[0] = variable;
    ck_assert_int_eq(fake_line("issuer list"), 0);
    ck_assert_str_eq(fake.bearer, SECRET);
}
END_TEST

START_TEST(an_option_outweighs_the_variables)
{
    char key[] = "ASAPCTL_API_KEY=other";
    char token[] = "ASAPCTL_TOKEN=another";

    fake.environment[0] = key;
    fake.environment[1] = token;
    ck_assert_int_eq(status_with("--token-file", SECRET), 0);
    ck_assert_str_eq(fake.bearer, SECRET);
}
END_TEST

static bool write_another(void)
{
    char path[256] = "";

    if (fake.calls == 1)
        write_file("secret", "second", path);
    return true;
}

START_TEST(a_file_is_read_anew_for_each_call)
{
    char path[256] = "";
    char line[FAKE_LINE_MAX] = "";

    fake.answers[0] = "{\"issuers\":[{\"name\":\"a\"}],\"nextPageToken\":\"a\"}";
    fake.answers[1] = "{}";
    fake.on_call = write_another;
    write_file("secret", "first", path);
    (void)snprintf(line, sizeof line, "issuer list --token-file %s", path);
    ck_assert_int_eq(fake_line(line), 0);
    ck_assert_str_eq(fake.bearer, "second");
}
END_TEST

static const struct {
    const char *line;
    const char *first, *second;
    const char *message;
} contradictions[] = {
    { "issuer list --api-key-file a --token-file b", NULL, NULL,
      "--api-key-file and --token-file are" },
    { "issuer list", "ASAPCTL_API_KEY=" SECRET, "ASAPCTL_TOKEN=" SECRET,
      "ASAPCTL_API_KEY and ASAPCTL_TOKEN are both given" },
    { "issuer list", "ASAPCTL_API_KEY=" SECRET, "ASAPCTL_API_KEY_FILE=f",
      "ASAPCTL_API_KEY_FILE and ASAPCTL_API_KEY are both given" },
    { "issuer list", "ASAPCTL_API_KEY=" SECRET " x", NULL, "ASAPCTL_API_KEY has a blank" },
    { "issuer list", "ASAPCTL_TOKEN=" SECRET "\r\nX: y", NULL, "ASAPCTL_TOKEN has a blank" },
    { "issuer list --cert c.pem", NULL, NULL, "--key FILE is missing" },
    { "issuer list --key k.pem", NULL, NULL, "--cert FILE is missing" },
    { "issuer list", "ASAPCTL_CERT=c.pem", NULL, "--key FILE is missing" },
    { "issuer list " SECRET, NULL, NULL, "unexpected argument asapk_0123456789abcd (" },
    { SECRET, NULL, NULL, "unknown command asapk_0123456789abcd (" },
    { "key " SECRET, NULL, NULL, "unknown command key asapk_0123456789abcd (" },
    { "credential revoke " SECRET, NULL, NULL, "by the id of its credential" },
    { "credential create ci --api-key=" SECRET, NULL, NULL, "--api-key takes no value" },
    { "credential create ci --api-key " SECRET, NULL, NULL, "unexpected argument asapk_" },
};

START_TEST(contradictions_are_wrong_usage_and_no_secret_is_repeated)
{
    char first[128] = "";
    char second[128] = "";

    (void)snprintf(first, sizeof first, "%s",
                   contradictions[_i].first == NULL ? "" : contradictions[_i].first);
    (void)snprintf(second, sizeof second, "%s",
                   contradictions[_i].second == NULL ? "" : contradictions[_i].second);
    fake.environment[0] = first;
    fake.environment[1] = second;
    ck_assert_int_eq(fake_line(contradictions[_i].line), 2);
    ck_assert_uint_eq(fake.calls, 0);
    ck_assert_int_eq(strncmp(fake.err, "asapctl: ", 9), 0);
    assert_contains(fake.err, contradictions[_i].message);
    assert_lacks(fake.err, "verysecret");
    ck_assert_str_eq(fake.out, "");
}
END_TEST

START_TEST(a_client_certificate_is_an_option_or_a_variable)
{
    char certificate[] = "ASAPCTL_CERT=c.pem";
    char key[] = "ASAPCTL_KEY=k.pem";

    fake.answers[1] = "{}";
    ck_assert_int_eq(fake_line("issuer list --cert a.pem --key b.pem"), 0);
    ck_assert_str_eq(fake.certificate_file, "a.pem");
    ck_assert_str_eq(fake.key_file, "b.pem");
    fake.environment[0] = certificate;
    fake.environment[1] = key;
    ck_assert_int_eq(fake_line("issuer list --cert a.pem"), 0);
    ck_assert_str_eq(fake.certificate_file, "a.pem");
    ck_assert_str_eq(fake.key_file, "k.pem");
    ck_assert_str_eq(fake.bearer, "");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl access");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_secret_comes_from_a_file_without_its_line_end, 0,
                        COUNT(bearer_options));
    tcase_add_loop_test(tests, a_file_with_anything_else_is_refused_and_not_repeated, 0,
                        COUNT(no_secrets));
    tcase_add_test(tests, a_file_that_is_missing_is_named);
    tcase_add_loop_test(tests, a_secret_comes_from_a_variable, 0, COUNT(variables));
    tcase_add_test(tests, a_variable_names_the_file_of_a_key);
    tcase_add_test(tests, an_option_outweighs_the_variables);
    tcase_add_test(tests, a_file_is_read_anew_for_each_call);
    tcase_add_loop_test(tests, contradictions_are_wrong_usage_and_no_secret_is_repeated, 0,
                        COUNT(contradictions));
    tcase_add_test(tests, a_client_certificate_is_an_option_or_a_variable);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
