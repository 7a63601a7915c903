/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "command.h"
#include "fake_host.h"

static const struct {
    const char *why;
    const char *line;
    const char *message;
} wrong[] = {
    { "no command", "", "asapctl: a command is missing (asapctl --help lists them)\n" },
    { "unknown noun", "isuer list", "asapctl: unknown command isuer (did you mean issuer?)\n" },
    { "noun like none", "zzzzzzzz", "asapctl: unknown command zzzzzzzz (asapctl --help lists" },
    { "no verb", "key", "asapctl: key what? A verb is missing (asapctl key --help lists them)\n" },
    { "unknown verb", "key lst x", "asapctl: unknown command key lst (did you mean key list?)\n" },
    { "verb of another noun", "issuer rotate x", "asapctl: unknown command issuer rotate (" },
    { "unknown option", "key list x --al", "unknown option --al (did you mean --all?)\n" },
    { "misspelt global option", "--sever unix:x status", "--sever (did you mean --server?)\n" },
    { "option with value", "key rotate x --expect=k", "--expect (did you mean --expected?)\n" },
    { "option of another command", "key list x --dry-run", "unknown option --dry-run" },
    { "option before its command", "--all key list x", "unknown option --all" },
    { "short option", "key list x -q", "unknown option -q" },
    { "no value", "key rotate x --expected", "--expected needs a value: --expected KID\n" },
    { "value for a switch", "key list x --all=yes", "--all takes no value\n" },
    { "no operand", "key rotate", "ISSUER is missing (asapctl key rotate ISSUER, or --all-due)\n" },
    { "two operands", "key rotate a b", "unexpected argument b" },
    { "operand where none is taken", "status now", "unexpected argument now" },
    { "required option", "key revoke a/b", "key revoke needs --reason TEXT\n" },
    { "unknown format", "status --output yaml", "--output is table or json, not yaml\n" },
    { "unknown algorithm", "issuer create a --algorithm RS265", "(did you mean RS256?)\n" },
    { "no time", "issuer create a --max-token-lifetime soon", "soon is no length of time" },
    { "nowhere to put the key", "key generate a", "one of --private-dir DIR and --data-uri\n" },
    { "two places for the key", "key generate a --data-uri --private-dir d", "not both\n" },
    { "operand and all", "key rotate a --all-due", "takes ISSUER or --all-due, not both\n" },
    { "all of one", "key rotate --all-due --expected a/k", "--expected is for one ISSUER" },
    { "all and wait", "key rotate --all-due --wait", "--wait is for one ISSUER" },
    { "all and mirror", "key rotate --all-due --mirror https://m", "--mirror is for one ISSUER" },
    { "all at once", "key rotate --all-due --emergency --reason x", "--emergency is for one" },
    { "emergency for no reason", "key rotate a --emergency", "--emergency needs --reason TEXT\n" },
    { "reason for none", "key rotate a --reason x", "--reason is for --emergency only\n" },
    { "misses of none", "key rotate a --accept-misses", "--accept-misses is for --emergency" },
    { "store of none", "key rotate a --store-compromised", "--store-compromised is for --emerg" },
    { "time without mirror", "key rotate a --timeout 1m", "--timeout is for --mirror only\n" },
    { "dry wait", "key rotate a --wait --dry-run", "--wait has nothing to wait for" },
    { "dry mirror", "key rotate a --mirror https://m --dry-run", "--mirror has no keys" },
    { "mirror in the clear", "key rotate a --mirror http://example.com", "--mirror: " },
    { "mirror without scheme", "key rotate a --mirror example.com", "--mirror: " },
    { "nothing to update", "issuer update a", "issuer update needs --algorithm ALG" },
    { "no period", "issuer update a --rotation-period sometimes", "sometimes is no length" },
    { "never from the start", "issuer create a --rotation-period never", "never is no length" },
    { "no time to retire", "key retire a/b --sign-until later", "later is no time" },
    { "no time to watch", "status --watch soon", "unexpected argument soon" },
    { "no time at all to watch", "status --watch=soon", "soon is no length of time" },
    { "URI in JSON", "key generate a --data-uri --output json", "leave --output json out" },
};

START_TEST(wrong_usage_is_told_and_reaches_no_server)
{
    fake_reset();
    ck_assert_msg(fake_line(wrong[_i].line) == 2, "%s: accepted", wrong[_i].why);
    ck_assert_uint_eq(fake.calls, 0);
    ck_assert_str_eq(fake.out, "");
    ck_assert_msg(strncmp(fake.err, "asapctl: ", 9) == 0, "%s: %s", wrong[_i].why, fake.err);
    ck_assert_msg(strchr(fake.err, '\n') == fake.err + strlen(fake.err) - 1, "%s", fake.err);
    assert_contains(fake.err, wrong[_i].message);
}
END_TEST

static const char *const right[] = {
    "issuer list",
    "--server unix:x issuer list",
    "issuer list --server unix:x --output table",
    "issuer list --server=unix:x",
    "issuer list --",
};

START_TEST(options_stand_anywhere)
{
    fake_reset();
    fake.answers[0] = "{}";
    ck_assert_msg(fake_line(right[_i]) == 0, "%s: %s", right[_i], fake.err);
    ck_assert_uint_eq(fake.calls, 1);
    ck_assert_str_eq(fake.path, "/asap.v1.IssuerAdmin/ListIssuers");
}
END_TEST

START_TEST(what_follows_two_dashes_is_no_option)
{
    fake_reset();
    fake.answers[0] = "{}";
    ck_assert_int_eq(fake_line("issuer show -- --all"), 0);
    ck_assert_str_eq(fake.request, "{\"name\":\"--all\"}");
}
END_TEST

static const struct {
    const char *line;
    const char *variable;
    const char *url;
} servers[] = {
    { "issuer list", NULL, "unix:/run/asapd/admin.sock" },
    { "issuer list", "ASAPCTL_SERVER=unix:demo/admin.sock", "unix:demo/admin.sock" },
    { "issuer list", "ASAPCTL_SERVER=", "unix:/run/asapd/admin.sock" },
    { "issuer list", "ASAPCTL_SERVERS=unix:x", "unix:/run/asapd/admin.sock" },
    { "issuer list --server https://h:1", "ASAPCTL_SERVER=unix:x", "https://h:1" },
};

START_TEST(the_server_is_an_option_a_variable_or_the_default)
{
    char variable[64] = "";

    fake_reset();
    fake.answers[0] = "{}";
    if (servers[_i].variable != NULL) {
        (void)snprintf(variable, sizeof variable, "%s", servers[_i].variable);
        fake.environment[0] = variable;
    }
    ck_assert_int_eq(fake_line(servers[_i].line), 0);
    ck_assert_str_eq(fake.url, servers[_i].url);
}
END_TEST

START_TEST(the_ca_is_an_option_or_a_variable)
{
    char variable[] = "ASAPCTL_CACERT=demo/ca.pem";

    fake_reset();
    fake.environment[0] = variable;
    fake.answers[0] = fake.answers[1] = "{}";
    ck_assert_int_eq(fake_line("issuer list"), 0);
    ck_assert_str_eq(fake.ca_file, "demo/ca.pem");
    ck_assert_int_eq(fake_line("issuer list --cacert other.pem"), 0);
    ck_assert_str_eq(fake.ca_file, "other.pem");
}
END_TEST

START_TEST(help_lists_every_command)
{
    fake_reset();
    ck_assert_int_eq(fake_line("--help"), 0);
    for (size_t i = 0; command_at(i) != NULL; i++) {
        assert_contains(fake.out, command_at(i)->noun);
        assert_contains(fake.out, command_at(i)->help);
    }
}
END_TEST

START_TEST(help_on_a_noun_lists_its_commands_alone)
{
    fake_reset();
    ck_assert_int_eq(fake_line("key --help"), 0);
    assert_contains(fake.out, "key rotate [ISSUER]");
    assert_lacks(fake.out, "issuer create");
}
END_TEST

START_TEST(help_on_a_command_lists_its_options)
{
    fake_reset();
    ck_assert_int_eq(fake_line("key publish -h"), 0);
    assert_contains(fake.out, "usage: asapctl key publish ISSUER --public-key FILE [OPTION ...]\n");
    assert_contains(fake.out, "--dry-run");
    assert_contains(fake.out, "--server URL");
    ck_assert_int_eq(fake_line("key list --help"), 0);
    assert_lacks(fake.out, "--dry-run");
}
END_TEST

START_TEST(help_is_not_wider_than_a_terminal)
{
    char line[64] = "";

    for (size_t i = 0; command_at(i) != NULL; i++) {
        const struct command *command = command_at(i);

        fake_reset();
        (void)snprintf(line, sizeof line, "%s %s --help", command->noun,
                       command->verb == NULL ? "" : command->verb);
        ck_assert_int_eq(fake_line(line), 0);
        for (const char *at = fake.out; *at != '\0'; at += strcspn(at, "\n") + 1)
            ck_assert_msg(strcspn(at, "\n") <= 100, "%.*s", (int)strcspn(at, "\n"), at);
    }
}
END_TEST

START_TEST(the_version_is_printed)
{
    fake_reset();
    ck_assert_int_eq(fake_line("--version"), 0);
    ck_assert_int_eq(strncmp(fake.out, "asapctl ", 8), 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl usage");
    TCase *tests = tcase_create("all");

    tcase_add_loop_test(tests, wrong_usage_is_told_and_reaches_no_server, 0, COUNT(wrong));
    tcase_add_loop_test(tests, options_stand_anywhere, 0, COUNT(right));
    tcase_add_test(tests, what_follows_two_dashes_is_no_option);
    tcase_add_loop_test(tests, the_server_is_an_option_a_variable_or_the_default, 0,
                        COUNT(servers));
    tcase_add_test(tests, the_ca_is_an_option_or_a_variable);
    tcase_add_test(tests, help_lists_every_command);
    tcase_add_test(tests, help_on_a_noun_lists_its_commands_alone);
    tcase_add_test(tests, help_on_a_command_lists_its_options);
    tcase_add_test(tests, help_is_not_wider_than_a_terminal);
    tcase_add_test(tests, the_version_is_printed);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}
