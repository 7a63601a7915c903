/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "config.h"

#define FOLDER "/tmp/config_test.XXXXXX"

static char folder[] = FOLDER;
static char path[sizeof folder + sizeof "/asapd.conf"];

static char *nothing[] = { NULL };

static void make_folder(void)
{
    memcpy(folder, FOLDER, sizeof folder);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/asapd.conf", folder);
}

static void remove_folder(void)
{
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static enum asap_code load(const char *text, struct config *config, struct asap_error *err)
{
    char flag[] = "--config";
    char *arguments[] = { flag, path, NULL };
    size_t extra = 0;

    write_file(text);
    return config_load(arguments, nothing, config, &extra, err);
}

START_TEST(has_the_documented_defaults)
{
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 1;

    ck_assert_succeeds(config_load(nothing, nothing, &config, &extra, &err));
    ck_assert_uint_eq(extra, 0);
    ck_assert_str_eq(config.public_listen, "https://[::]:8443");
    ck_assert_str_eq(config.admin_listen, "unix:/run/asapd/admin.sock");
    ck_assert_str_eq(config.ops_listen, "http://127.0.0.1:9464");
    ck_assert_str_eq(config.base_path, "");
    ck_assert_int_eq(config.lifecycle.max_age, 300);
    ck_assert_int_eq(config.lifecycle.stale, 300);
    ck_assert_int_eq(config.lifecycle.jwks_max_age, 300);
    ck_assert_int_eq(config.lifecycle.clock_skew, 30);
    ck_assert_int_eq(config.lifecycle.verifier_leeway, 60);
    ck_assert_int_eq(config.lifecycle.max_token_lifetime, 3600);
    ck_assert_int_eq(config.lifecycle.replica_lag, 0);
    ck_assert_int_eq(config.lifecycle.publish_lead, 900);
    ck_assert_int_eq(config.max_connections, 1024);
    ck_assert_int_eq(config.max_connections_per_address, 64);
    ck_assert_int_eq(config.header_timeout, 10);
    ck_assert_int_eq(config.request_timeout, 15);
    ck_assert_int_eq(config.idle_timeout, 10);
    ck_assert_str_eq(config.client_ca_file, "");
    ck_assert_str_eq(config.audience, "asapd");
    ck_assert_int_eq(config.admin_socket_mode, 0600);
    ck_assert_int_eq(config.calls_per_minute, 6000);
    ck_assert_int_eq(config.failed_authentications_per_minute, 60);
    ck_assert_int_eq(config.audit_retention, 0);
}
END_TEST

START_TEST(reads_names_values_comments_and_blank_lines)
{
    struct config config;
    struct asap_error err = { 0 };

    ck_assert_succeeds(load("# a comment\n"
                            "\n"
                            "  max_age=5m\r\n"
                            "stale\t=\t10 # ten seconds\n"
                            "publish_lead = 2d\n"
                            "jwks_max_age = 1h\n"
                            "certificate_file = /etc/a#b\n"
                            "workers = 7",
                            &config, &err));
    ck_assert_int_eq(config.lifecycle.max_age, 300);
    ck_assert_int_eq(config.lifecycle.stale, 10);
    ck_assert_int_eq(config.lifecycle.publish_lead, 172800);
    ck_assert_int_eq(config.lifecycle.jwks_max_age, 3600);
    ck_assert_str_eq(config.certificate_file, "/etc/a#b");
    ck_assert_int_eq(config.workers, 7);
}
END_TEST

static const struct {
    const char *why, *text, *message;
} refused[] = {
    { "an unknown name", "\nmax_aeg = 3\n",
      "asapd.conf:2: there is no setting \"max_aeg\"; did you mean max_age?" },
    { "a name like no other", "qqqqqqqqqqqq = 3", "asapd.conf(5) lists them" },
    { "a second value", "stale = 3\n\nstale = 3\n",
      "asapd.conf:3: stale is set in line 1 already" },
    { "no equals sign", "max_age 3", "asapd.conf:1: this is not \"name = value\"" },
    { "no value", "max_age =", "max_age: \"\" is not a duration" },
    { "no path", "kek_file = # none", "kek_file: \"\" is not the path of a file" },
    { "a unit that does not exist", "max_age = 3w",
      "\"3w\" is not a duration: 300, 300s, 5m, 1h or 2d" },
    { "a unit alone", "max_age = s", "is not a duration" },
    { "a negative duration", "max_age = -3", "is not a duration" },
    { "a fraction", "max_age = 1.5h", "is not a duration" },
    { "a duration beyond 64 bits", "max_age = 9223372036854775807d", "is not a duration" },
    { "a duration out of range", "max_token_lifetime = 2h", "write from 1 to 3600 seconds" },
    { "a number with a unit", "workers = 3s", "is not a whole number" },
    { "a number out of range", "workers = 0", "write from 1 to 1024" },
    { "a log level that does not exist", "log_level = loud", "error, warning, info or debug" },
    { "a database of another kind", "database = mysql:x", "is not a database: sqlite:PATH" },
    { "a database of no form", "database = postgresql:x", "is not a database: sqlite:PATH" },
    { "a database without a path", "database = sqlite:", "is not a database" },
    { "an address without a port", "public_listen = https://localhost", "is not an address" },
    { "a port too high", "public_listen = https://[::]:65536", "is not an address" },
    { "an address with a path", "public_listen = https://[::]:1/x", "is not an address" },
    { "an address without a host", "public_listen = http://:80", "is not an address" },
    { "an unknown scheme", "public_listen = ftp://[::]:80", "is not an address" },
    { "secrets that others can read", "public_listen = http://[::]:80",
      "would take secrets unencrypted" },
    { "the same for want of a proxy with an address",
      "public_listen = http://192.0.2.1:80\ntrusted_proxies = unix",
      "would take secrets unencrypted" },
    { "a host that only begins like the loopback's",
      "public_listen = http://localhost.example.org:80", "would take secrets unencrypted" },
    { "a socket whose proxy would be its clients",
      "public_listen = unix:/run/x.sock\ntrusted_proxies = 127.0.0.1",
      "add unix to trusted_proxies" },
    { "a network that begins within itself", "trusted_proxies = 10.0.0.1/8",
      "is not a list of proxies" },
    { "administration over TCP", "admin_listen = http://127.0.0.1:80",
      "is not the address of a socket" },
    { "a base path that does not begin", "base_path = keys", "is not a base path" },
    { "a base path with a slash at the end", "base_path = /keys/", "is not a base path" },
    { "a base path of a slash", "base_path = /", "is not a base path" },
    { "a base path that climbs", "base_path = /keys/..", "is not a base path" },
    { "a base path with an escape", "base_path = /k%20", "is not a base path" },
    { "a control character", "kek_file = /a\033[2J",
      "asapd.conf:1: the line has a control character" },
    { "a tab within a value", "kek_file = /a\tb", "kek_file: the value has a control character" },
    { "a comment right behind the equals sign", "kek_file =#x", "kek_file: the value has" },
    { "an audience with a space", "audience = a b", "is not an audience" },
    { "an audience that is not ASCII", "audience = \xc3\xa4", "is not an audience" },
    { "an audience with a wildcard", "audience = asapd/*", "is not an audience" },
    { "no audience", "audience =", "is not an audience" },
    { "a mode that is none of three", "admin_socket_mode = 0777",
      "is not a mode: 0600, 0660 or 0666" },
    { "a mode that looks decimal", "admin_socket_mode = 600", "is not a mode" },
    { "calls beyond any", "calls_per_minute = 1000001", "write from 0 to 1000000" },
    { "failures beyond any", "failed_authentications_per_minute = 1000001",
      "write from 0 to 1000000" },
    { "records gone in a moment", "audit_retention = 59s", "audit_retention is less than 60s" },
    { "records for ages", "audit_retention = 3654d", "write from 0 to" },
    { "too short a lead", "publish_lead = 60s", "publish_lead" },
    { "several servers that never look", "database = postgresql://db/x\nreplica_lag = 4s",
      "replica_lag is less than 5s" },
    { "a lead that several servers need longer",
      "database = postgresql://db/x\npublish_lead = 689s", "publish_lead" },
    { "more from one address than in all", "max_connections = 3", "max_connections_per_address" },
};

START_TEST(refuses_what_is_wrong_and_says_where)
{
    struct config config;
    struct asap_error err = { 0 };

    ck_assert_msg(load(refused[_i].text, &config, &err) == ASAP_INVALID_ARGUMENT, "accepted %s",
                  refused[_i].why);
    ck_assert_msg(strstr(err.message, refused[_i].message) != NULL, "%s: %s", refused[_i].why,
                  err.message);
}
END_TEST

static const struct {
    const char *text;
} accepted[] = {
    { "public_listen = http://127.0.0.1:0" },
    { "public_listen = https://keys.example.org:443" },
    { "public_listen = http://127.8.8.8:80" },
    { "public_listen = http://localhost:80" },
    { "public_listen = http://[::1]:80" },
    { "public_listen = http://[::]:80\ntrusted_proxies = 10.1.0.0/16" },
    { "public_listen = unix:/run/x.sock\ntrusted_proxies = 10.1.0.0/16,unix" },
    { "trusted_proxies =" },
    { "base_path = /keys" },
    { "base_path = /a/b.c/d_e-f+g" },
    { "base_path =" },
    { "log_level = debug" },
    { "replica_lag = 1s" },
    { "database = postgresql://db/x\nreplica_lag = 5s\npublish_lead = 635s" },
    { "database = postgresql://db/x\npublish_lead = 690s" },
    { "max_token_lifetime = 1h" },
    { "audience = https://asapd.example.org/x" },
    { "client_ca_file =" },
    { "calls_per_minute = 0" },
    { "failed_authentications_per_minute = 0" },
    { "audit_retention = 60s" },
    { "audit_retention = 3653d" },
    { "" },
};

START_TEST(accepts_what_is_right)
{
    struct config config;
    struct asap_error err = { 0 };

    ck_assert_succeeds(load(accepted[_i].text, &config, &err));
}
END_TEST

START_TEST(refuses_a_line_longer_than_any_value)
{
    static char text[5000];
    struct config config;
    struct asap_error err = { 0 };

    memset(text, 'a', sizeof text - 1);
    ck_assert_int_eq(load(text, &config, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "asapd.conf:1: the line is longer"));
}
END_TEST

START_TEST(refuses_a_socket_path_that_no_socket_takes)
{
    char text[160] = "admin_listen = unix:/";
    const size_t prefix = strlen(text) - 1;
    struct config config;
    struct asap_error err = { 0 };

    memset(text + prefix + 1, 'a', 106);
    ck_assert_succeeds(load(text, &config, &err));
    text[prefix + 107] = 'a';
    ck_assert_int_eq(load(text, &config, &err), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(puts_relative_paths_behind_the_folder_of_the_file)
{
    struct config config;
    struct asap_error err = { 0 };
    char expected[CONFIG_TEXT];

    ck_assert_succeeds(load("kek_file = kek\n"
                            "key_file = /etc/key\n"
                            "client_ca_file = ca/clients.pem\n"
                            "database = sqlite:sub/a.db\n"
                            "admin_listen = unix:admin.sock\n",
                            &config, &err));
    (void)snprintf(expected, sizeof expected, "%s/kek", folder);
    ck_assert_str_eq(config.kek_file, expected);
    ck_assert_str_eq(config.key_file, "/etc/key");
    (void)snprintf(expected, sizeof expected, "%s/ca/clients.pem", folder);
    ck_assert_str_eq(config.client_ca_file, expected);
    (void)snprintf(expected, sizeof expected, "sqlite:%s/sub/a.db", folder);
    ck_assert_str_eq(config.database, expected);
    (void)snprintf(expected, sizeof expected, "unix:%s/admin.sock", folder);
    ck_assert_str_eq(config.admin_listen, expected);
}
END_TEST

START_TEST(prefers_flags_to_the_environment_and_that_to_the_file)
{
    char max_age[] = "--max-age";
    char ten[] = "10";
    char stale[] = "--stale=30s";
    char variable_age[] = "ASAPD_MAX_AGE=20";
    char variable_skew[] = "ASAPD_CLOCK_SKEW=20";
    char variable_file[CONFIG_TEXT];
    char other[] = "HOME=/";
    char *arguments[] = { max_age, ten, stale, NULL };
    char *environment[] = { variable_age, other, variable_skew, variable_file, NULL };
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 0;

    (void)snprintf(variable_file, sizeof variable_file, "ASAPD_CONFIG=%s", path);
    write_file("max_age = 40\nclock_skew = 41\nworkers = 42\n");
    ck_assert_succeeds(config_load(arguments, environment, &config, &extra, &err));
    ck_assert_int_eq(config.lifecycle.max_age, 10);
    ck_assert_int_eq(config.lifecycle.stale, 30);
    ck_assert_int_eq(config.lifecycle.clock_skew, 20);
    ck_assert_int_eq(config.workers, 42);
}
END_TEST

START_TEST(leaves_relative_paths_in_flags_to_the_working_directory)
{
    char flag[] = "--kek-file=kek";
    char variable[] = "ASAPD_DATABASE=sqlite:a.db";
    char config_flag[] = "--config";
    char *arguments[] = { config_flag, path, flag, NULL };
    char *environment[] = { variable, NULL };
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 0;

    write_file("");
    ck_assert_succeeds(config_load(arguments, environment, &config, &extra, &err));
    ck_assert_str_eq(config.kek_file, "kek");
    ck_assert_str_eq(config.database, "sqlite:a.db");
}
END_TEST

START_TEST(takes_the_url_of_a_server_as_it_is_and_repeats_none)
{
    char good[] = "--database=postgres://me:s3cret@db/keys?sslmode=verify-full";
    char bad[] = "--database=postgre://me:s3cret@db/keys";
    char *arguments[] = { good, NULL };
    char *wrong[] = { bad, NULL };
    char *environment[] = { NULL };
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 0;

    ck_assert_succeeds(config_load(arguments, environment, &config, &extra, &err));
    ck_assert_str_eq(config.database, strchr(good, '=') + 1);
    ck_assert(config_is_postgres(config.database));
    ck_assert_int_eq(config.lifecycle.replica_lag, 60);
    ck_assert_int_eq(config_load(wrong, environment, &config, &extra, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_msg(strstr(err.message, "s3cret") == NULL, "%s", err.message);
}
END_TEST

START_TEST(moves_what_is_no_setting_to_the_front)
{
    char first[] = "--workers=3";
    char check[] = "--check-config";
    char second[] = "--threads";
    char four[] = "4";
    char odd[] = "--max_age=3";
    char word[] = "word";
    char *arguments[] = { first, check, second, four, odd, word, NULL };
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 0;

    ck_assert_succeeds(config_load(arguments, nothing, &config, &extra, &err));
    ck_assert_uint_eq(extra, 3);
    ck_assert_str_eq(arguments[0], "--check-config");
    ck_assert_str_eq(arguments[1], "--max_age=3");
    ck_assert_str_eq(arguments[2], "word");
    ck_assert_int_eq(config.workers, 3);
    ck_assert_int_eq(config.threads, 4);
}
END_TEST

START_TEST(refuses_a_flag_without_its_value)
{
    char flag[] = "--max-age";
    char *arguments[] = { flag, NULL };
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 0;

    ck_assert_int_eq(config_load(arguments, nothing, &config, &extra, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.message, "--max-age needs a value behind it");
}
END_TEST

START_TEST(names_the_flag_whose_value_is_wrong)
{
    char flag[] = "--max-age=soon";
    char *arguments[] = { flag, NULL };
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 0;

    ck_assert_int_eq(config_load(arguments, nothing, &config, &extra, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.message, "--max-age: \"soon\" is not a duration: 300, 300s, 5m, 1h or 2d");
    ck_assert_str_eq(err.field, "max_age");
}
END_TEST

static const struct {
    const char *entry, *message;
} refused_variables[] = {
    { "ASAPD_PUBLIC_LISTN=x",
      "ASAPD_PUBLIC_LISTN is no setting; did you mean ASAPD_PUBLIC_LISTEN?" },
    { "ASAPD_QQQQQQQQQQQ=x", "ASAPD_QQQQQQQQQQQ is no setting; unset it" },
    { "ASAPD_MAX_AGE=x", "ASAPD_MAX_AGE: \"x\" is not a duration" },
};

START_TEST(refuses_a_variable_that_is_no_setting)
{
    char entry[64];
    char *environment[] = { entry, NULL };
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 0;

    (void)snprintf(entry, sizeof entry, "%s", refused_variables[_i].entry);
    ck_assert_int_eq(config_load(nothing, environment, &config, &extra, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_msg(strstr(err.message, refused_variables[_i].message) != NULL, "%s", err.message);
}
END_TEST

static const struct {
    const char *argument, *message;
} refused_arguments[] = {
    { "--public-lisen=x", "did you mean --public-listen?" },
    { "--max_age", "did you mean --max-age?" },
    { "--dri", "did you mean --dir?" },
    { "--qqqqqqqqqqqqqq", "--help lists them" },
    { "word", "\"word\"" },
};

START_TEST(names_the_nearest_flag)
{
    static const char *const own[] = { "--dir", "--demo", NULL };
    struct asap_error err = { 0 };

    ck_assert_int_eq(config_refuse_argument(refused_arguments[_i].argument, own, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_msg(strstr(err.message, refused_arguments[_i].message) != NULL, "%s", err.message);
}
END_TEST

START_TEST(says_that_the_file_cannot_be_read)
{
    char flag[] = "--config=/nonexistent/asapd.conf";
    char *arguments[] = { flag, NULL };
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 0;

    ck_assert_int_eq(config_load(arguments, nothing, &config, &extra, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/asapd.conf: No such file"));
}
END_TEST

START_TEST(refuses_a_folder_as_file)
{
    char flag[] = "--config";
    char *arguments[] = { flag, folder, NULL };
    struct config config;
    struct asap_error err = { 0 };
    size_t extra = 0;

    ck_assert_int_eq(config_load(arguments, nothing, &config, &extra, &err), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(writes_a_file_that_loads_equal_and_comments_defaults_out)
{
    struct config config;
    struct config again;
    struct asap_error err = { 0 };
    char text[32768] = "";
    FILE *out = fmemopen(text, sizeof text, "w");

    ck_assert_succeeds(load("max_age = 5s\nkek_file = kek\nthreads = 3\nbase_path = /k\n"
                            "client_ca_file = ca\nadmin_socket_mode = 0660\n",
                            &config, &err));
    ck_assert_ptr_nonnull(out);
    config_write_file(&config, out);
    (void)fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "\nmax_age = 5s\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n#stale = 300s\n"));
    ck_assert_succeeds(load(text, &again, &err));
    ck_assert_mem_eq(&config, &again, sizeof config);
}
END_TEST

/* The documentation comes from the same table, so that one setting suffices here. */
START_TEST(documents_settings_for_help_and_manual)
{
    char help[32768] = "";
    char manual[32768] = "";
    FILE *out = fmemopen(help, sizeof help, "w");

    config_write_help(out);
    (void)fclose(out);
    ck_assert_ptr_nonnull(strstr(help, "  --max-connections-per-address NUMBER\n"));
    ck_assert_ptr_nonnull(strstr(help, "(https://[::]:8443)"));
    out = fmemopen(manual, sizeof manual, "w");
    config_write_manual(out);
    (void)fclose(out);
    ck_assert_ptr_nonnull(strstr(manual, "*max_connections_per_address* = _NUMBER_\n\t"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");

    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, has_the_documented_defaults);
    tcase_add_test(tests, reads_names_values_comments_and_blank_lines);
    tcase_add_loop_test(tests, refuses_what_is_wrong_and_says_where, 0, COUNT(refused));
    tcase_add_loop_test(tests, accepts_what_is_right, 0, COUNT(accepted));
    tcase_add_test(tests, refuses_a_line_longer_than_any_value);
    tcase_add_test(tests, refuses_a_socket_path_that_no_socket_takes);
    tcase_add_test(tests, puts_relative_paths_behind_the_folder_of_the_file);
    tcase_add_test(tests, prefers_flags_to_the_environment_and_that_to_the_file);
    tcase_add_test(tests, leaves_relative_paths_in_flags_to_the_working_directory);
    tcase_add_test(tests, takes_the_url_of_a_server_as_it_is_and_repeats_none);
    tcase_add_test(tests, moves_what_is_no_setting_to_the_front);
    tcase_add_test(tests, refuses_a_flag_without_its_value);
    tcase_add_test(tests, names_the_flag_whose_value_is_wrong);
    tcase_add_loop_test(tests, refuses_a_variable_that_is_no_setting, 0, COUNT(refused_variables));
    tcase_add_loop_test(tests, names_the_nearest_flag, 0, COUNT(refused_arguments));
    tcase_add_test(tests, says_that_the_file_cannot_be_read);
    tcase_add_test(tests, refuses_a_folder_as_file);
    tcase_add_test(tests, writes_a_file_that_loads_equal_and_comments_defaults_out);
    tcase_add_test(tests, documents_settings_for_help_and_manual);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
