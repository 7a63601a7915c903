/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_main.h"
#include "clock.h"
#include "config.h"
#include "init.h"
#include "kek_check.h"
#include "postgres_fixture.h"
#include "scoped.h"

#define PARENT "/tmp/init_test.XXXXXX"

enum { PATH_SIZE = sizeof PARENT + 64 };

DEFINE_SCOPED(x509, X509 *, X509_free)
DEFINE_SCOPED(private_key, EVP_PKEY *, EVP_PKEY_free)
DEFINE_SCOPED(store, struct store *, store_close)
DEFINE_SCOPED(directory, DIR *, (void)closedir)

static const char *const made[] = { "asapd.conf", "asapd.db",   "ca.pem",
                                    "kek",        "server.key", "server.pem" };

static char parent[] = PARENT;
static char directory[PATH_SIZE];

/* "demo/NAME" of the test's folder. */
static const char *in_directory(const char *name)
{
    static char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/demo/%s", parent, name);
    return path;
}

static void make_parent(void)
{
    memcpy(parent, PARENT, sizeof parent);
    ck_assert_ptr_nonnull(mkdtemp(parent));
    (void)snprintf(directory, sizeof directory, "%s/demo", parent);
}

/* The names in the directory, "." and ".." not counted; -1 when it does not exist. */
static int count_files(void)
{
    SCOPED(directory) DIR *folder = opendir(directory);
    int count = 0;

    if (folder == NULL)
        return -1;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while (readdir(folder) != NULL)
        count++;
    return count - 2;
}

static void remove_parent(void)
{
    for (int i = 0; i < COUNT(made); i++)
        (void)unlink(in_directory(made[i]));
    (void)rmdir(directory);
    ck_assert_int_eq(rmdir(parent), 0);
}

/* `asapd init` with up to three arguments more; NULL for none. */
static int run_init(const char *first, const char *second, const char *third)
{
    char arguments[4][PATH_SIZE + 8];
    char *list[] = { arguments[0], arguments[1], arguments[2], arguments[3], NULL };
    const char *const more[] = { first, second, third };

    (void)snprintf(arguments[0], sizeof arguments[0], "--dir=%s", directory);
    for (int i = 0; i < COUNT(more); i++) {
        (void)snprintf(arguments[i + 1], sizeof arguments[0], "%s", more[i] ? more[i] : "");
        list[i + 1] = more[i] != NULL ? list[i + 1] : NULL;
    }
    return init_command(list, &clock_system);
}

static mode_t mode_of(const char *path)
{
    struct stat status = { 0 };

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void load_config(struct config *config)
{
    char flag[PATH_SIZE + 16];
    char *arguments[] = { flag, NULL };
    char *environment[] = { NULL };
    struct asap_error err = { 0 };
    size_t extra = 0;

    (void)snprintf(flag, sizeof flag, "--config=%s", in_directory("asapd.conf"));
    ck_assert_succeeds(config_load(arguments, environment, config, &extra, &err));
}

static X509 *read_certificate(const char *name)
{
    FILE *file = fopen(in_directory(name), "re");
    X509 *certificate = NULL;

    ck_assert_ptr_nonnull(file);
    certificate = PEM_read_X509(file, NULL, NULL, NULL);
    ck_assert_int_eq(fgetc(file), EOF);
    (void)fclose(file);
    ck_assert_ptr_nonnull(certificate);
    return certificate;
}

START_TEST(makes_all_files)
{
    ck_assert_int_eq(run_init(NULL, NULL, NULL), 0);
    ck_assert_int_eq(count_files(), COUNT(made));
    for (int i = 0; i < COUNT(made); i++)
        ck_assert_msg(access(in_directory(made[i]), F_OK) == 0, "%s is missing", made[i]);
}
END_TEST

START_TEST(keeps_secrets_to_the_owner)
{
    ck_assert_int_eq(run_init(NULL, NULL, NULL), 0);
    ck_assert_uint_eq(mode_of(directory), 0700);
    ck_assert_uint_eq(mode_of(in_directory("server.key")), 0600);
    ck_assert_uint_eq(mode_of(in_directory("kek")) & 077, 0);
    ck_assert_uint_eq(mode_of(in_directory("asapd.db")) & 077, 0);
}
END_TEST

START_TEST(writes_a_configuration_that_finds_the_files)
{
    struct config config;
    char expected[PATH_SIZE + 8];

    ck_assert_int_eq(run_init(NULL, NULL, NULL), 0);
    load_config(&config);
    ck_assert_str_eq(config.kek_file, in_directory("kek"));
    ck_assert_str_eq(config.certificate_file, in_directory("server.pem"));
    ck_assert_str_eq(config.key_file, in_directory("server.key"));
    (void)snprintf(expected, sizeof expected, "sqlite:%s", in_directory("asapd.db"));
    ck_assert_str_eq(config.database, expected);
    (void)snprintf(expected, sizeof expected, "unix:%s", in_directory("admin.sock"));
    ck_assert_str_eq(config.admin_listen, expected);
    ck_assert_str_eq(config.public_listen, "https://[::]:8443");
    ck_assert_int_eq(config.lifecycle.publish_lead, 900);
}
END_TEST

START_TEST(makes_a_database_that_its_kek_opens)
{
    SCOPED(vault) struct vault *vault = NULL;
    SCOPED(store) struct store *store = NULL;
    const struct log log = { .stream = stderr, .level = LOG_WARNING };
    struct config config;
    struct asap_error err = { 0 };

    ck_assert_int_eq(run_init(NULL, NULL, NULL), 0);
    load_config(&config);
    ck_assert_succeeds(vault_open(config.kek_file, &vault, &err));
    ck_assert_succeeds(store_open(config.database, false, &log, &store, &err));
    ck_assert_succeeds(kek_check(store, vault, &err));
}
END_TEST

START_TEST(makes_a_database_that_no_other_kek_opens)
{
    SCOPED(vault) struct vault *vault = NULL;
    SCOPED(store) struct store *store = NULL;
    const struct log log = { .stream = stderr, .level = LOG_WARNING };
    struct config config;
    struct asap_error err = { 0 };

    ck_assert_int_eq(run_init(NULL, NULL, NULL), 0);
    load_config(&config);
    ck_assert_int_eq(unlink(config.kek_file), 0);
    ck_assert_succeeds(vault_create_kek(config.kek_file, &err));
    ck_assert_succeeds(vault_open(config.kek_file, &vault, &err));
    ck_assert_succeeds(store_open(config.database, false, &log, &store, &err));
    ck_assert_int_eq(kek_check(store, vault, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_ptr_nonnull(strstr(err.message, "restore the KEK"));
}
END_TEST

START_TEST(certifies_localhost_by_a_ca_that_can_do_nothing_else)
{
    SCOPED(x509) X509 *authority = NULL;
    SCOPED(x509) X509 *certificate = NULL;

    ck_assert_int_eq(run_init(NULL, NULL, NULL), 0);
    authority = read_certificate("ca.pem");
    certificate = read_certificate("server.pem");
    ck_assert_int_eq(X509_verify(certificate, X509_get0_pubkey(authority)), 1);
    ck_assert_int_eq(X509_check_issued(authority, certificate), X509_V_OK);
    ck_assert_int_eq(X509_check_ca(authority), 1);
    ck_assert_int_eq(X509_get_pathlen(authority), 0);
    ck_assert_int_eq(X509_check_ca(certificate), 0);
    ck_assert_uint_eq(X509_get_extended_key_usage(certificate), XKU_SSL_SERVER);
    ck_assert_int_eq(X509_check_host(certificate, "localhost", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_host(certificate, "example.org", 0, 0, NULL), 0);
    ck_assert_int_eq(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(certificate, "::1", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(certificate, "127.0.0.2", 0), 0);
}
END_TEST

START_TEST(keeps_the_key_of_the_certificate_and_not_that_of_the_ca)
{
    SCOPED(x509) X509 *authority = NULL;
    SCOPED(x509) X509 *certificate = NULL;
    SCOPED(private_key) EVP_PKEY *key = NULL;
    FILE *file = NULL;

    ck_assert_int_eq(run_init(NULL, NULL, NULL), 0);
    authority = read_certificate("ca.pem");
    certificate = read_certificate("server.pem");
    file = fopen(in_directory("server.key"), "re");
    ck_assert_ptr_nonnull(file);
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    (void)fclose(file);
    ck_assert_ptr_nonnull(key);
    ck_assert_int_eq(X509_check_private_key(certificate, key), 1);
    ck_assert_int_eq(X509_check_private_key(authority, key), 0);
}
END_TEST

static int64_t fixed_now(void *context)
{
    (void)context;
    return INT64_C(1795439700);
}

START_TEST(limits_the_certificates_in_time)
{
    static const struct asap_clock clock = { fixed_now, NULL };
    SCOPED(x509) X509 *authority = NULL;
    SCOPED(x509) X509 *certificate = NULL;
    struct config config;
    struct asap_error err = { 0 };

    config_init(&config);
    ck_assert_succeeds(init_directory(directory, directory, &config, &clock, &err));
    authority = read_certificate("ca.pem");
    certificate = read_certificate("server.pem");
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate), 1795439700 - 3600), 0);
    ck_assert_int_eq(
        ASN1_TIME_cmp_time_t(X509_get0_notAfter(certificate), 1795439700 + 825 * 86400), 0);
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(X509_get0_notAfter(authority), 1795439700 + 3650 * 86400),
                     0);
}
END_TEST

START_TEST(overwrites_nothing)
{
    FILE *file = NULL;

    ck_assert_int_eq(mkdir(directory, 0700), 0);
    file = fopen(in_directory(made[_i]), "we");
    ck_assert_ptr_nonnull(file);
    (void)fclose(file);
    ck_assert_int_eq(run_init(NULL, NULL, NULL), 1);
    ck_assert_int_eq(count_files(), 1);
    ck_assert_int_eq(access(in_directory(made[_i]), F_OK), 0);
}
END_TEST

START_TEST(changes_nothing_the_second_time)
{
    struct stat before = { 0 };
    struct stat after = { 0 };

    ck_assert_int_eq(run_init(NULL, NULL, NULL), 0);
    ck_assert_int_eq(stat(in_directory("kek"), &before), 0);
    ck_assert_int_eq(run_init(NULL, NULL, NULL), 1);
    ck_assert_int_eq(stat(in_directory("kek"), &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert_int_eq(count_files(), COUNT(made));
}
END_TEST

START_TEST(fills_an_empty_directory)
{
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    ck_assert_int_eq(run_init(NULL, NULL, NULL), 0);
    ck_assert_int_eq(count_files(), COUNT(made));
}
END_TEST

START_TEST(refuses_a_directory_that_others_can_write_to)
{
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    ck_assert_int_eq(chmod(directory, 0770), 0);
    ck_assert_int_eq(run_init(NULL, NULL, NULL), 1);
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

/* A path that fits a socket by itself fits none behind the directory. */
START_TEST(removes_what_it_made_when_it_fails_half_way)
{
    struct config config;
    struct asap_error err = { 0 };

    config_init(&config);
    memset(config.admin_listen, 'a', 110);
    memcpy(config.admin_listen, "unix:", 5);
    config.admin_listen[110] = '\0';
    ck_assert_int_eq(init_directory(directory, directory, &config, &clock_system, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(count_files(), -1);
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    ck_assert_int_eq(init_directory(directory, directory, &config, &clock_system, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

/* "state/NAME" of the test's folder. */
static const char *in_state(const char *name)
{
    static char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/state%s", parent, name);
    return path;
}

START_TEST(keeps_the_database_in_a_directory_of_its_own_when_asked)
{
    char state[PATH_SIZE];
    struct config config;
    struct asap_error err = { 0 };

    (void)snprintf(state, sizeof state, "%s", in_state(""));
    config_init(&config);
    ck_assert_succeeds(init_directory(directory, state, &config, &clock_system, &err));
    ck_assert_int_eq(access(in_directory("asapd.db"), F_OK), -1);
    ck_assert_uint_eq(mode_of(state), 0700);
    ck_assert_int_eq(unlink(in_state("/asapd.db")), 0);
    ck_assert_int_eq(rmdir(state), 0);
}
END_TEST

START_TEST(overwrites_no_database_in_another_directory)
{
    char state[PATH_SIZE];
    struct config config;
    struct asap_error err = { 0 };
    FILE *file = NULL;

    (void)snprintf(state, sizeof state, "%s", in_state(""));
    ck_assert_int_eq(mkdir(state, 0700), 0);
    file = fopen(in_state("/asapd.db"), "we");
    ck_assert_ptr_nonnull(file);
    (void)fclose(file);
    config_init(&config);
    ck_assert_int_eq(init_directory(directory, state, &config, &clock_system, &err),
                     ASAP_ALREADY_EXISTS);
    ck_assert_int_eq(count_files(), -1);
    ck_assert_int_eq(unlink(in_state("/asapd.db")), 0);
    ck_assert_int_eq(rmdir(state), 0);
}
END_TEST

START_TEST(makes_nothing_where_others_can_write_to_the_database)
{
    char state[PATH_SIZE];
    struct config config;
    struct asap_error err = { 0 };

    (void)snprintf(state, sizeof state, "%s", in_state(""));
    ck_assert_int_eq(mkdir(state, 0700), 0);
    ck_assert_int_eq(chmod(state, 0777), 0);
    config_init(&config);
    ck_assert_int_eq(init_directory(directory, state, &config, &clock_system, &err),
                     ASAP_FAILED_PRECONDITION);
    ck_assert_int_eq(count_files(), -1);
    ck_assert_int_eq(rmdir(state), 0);
}
END_TEST

START_TEST(writes_short_times_for_a_demonstration)
{
    struct config config;

    ck_assert_int_eq(run_init("--demo", NULL, NULL), 0);
    load_config(&config);
    ck_assert_int_eq(config.lifecycle.max_age, 3);
    ck_assert_int_eq(config.lifecycle.clock_skew, 1);
    ck_assert_int_eq(config.lifecycle.publish_lead, 21);
}
END_TEST

START_TEST(writes_the_settings_that_it_is_given)
{
    struct config config;

    ck_assert_int_eq(run_init("--public-listen=http://127.0.0.1:0", "--demo", "--publish-lead=30s"),
                     0);
    load_config(&config);
    ck_assert_str_eq(config.public_listen, "http://127.0.0.1:0");
    ck_assert_int_eq(config.lifecycle.publish_lead, 30);
    ck_assert_int_eq(config.lifecycle.stale, 3);
}
END_TEST

START_TEST(takes_a_relative_path_for_one_in_the_working_directory)
{
    struct config config;
    char folder[CONFIG_TEXT];
    char expected[CONFIG_TEXT + 16];

    ck_assert_ptr_nonnull(getcwd(folder, sizeof folder));
    ck_assert_int_eq(run_init("--public-listen=unix:x.sock", "--client-ca-file=clients.pem",
                              "--trusted-proxies=unix"),
                     0);
    load_config(&config);
    (void)snprintf(expected, sizeof expected, "%s/clients.pem", folder);
    ck_assert_str_eq(config.client_ca_file, expected);
    (void)snprintf(expected, sizeof expected, "unix:%s/x.sock", folder);
    ck_assert_str_eq(config.public_listen, expected);
}
END_TEST

START_TEST(makes_its_tables_in_a_database_of_a_server_once)
{
    SCOPED(vault) struct vault *vault = NULL;
    SCOPED(store) struct store *store = NULL;
    const struct log log = { .stream = stderr, .level = LOG_WARNING };
    char flag[POSTGRES_URL_SIZE + 16] = "--database=";
    char folder[] = "--dir";
    char demo[] = "--demo";
    char *arguments[] = { folder, directory, flag, demo, NULL };
    char *again[] = { folder, directory, flag, NULL };
    struct config config;
    struct asap_error err = { 0 };

    postgres_make_database(flag + strlen(flag));
    ck_assert_int_eq(init_command(arguments, &clock_system), 0);
    ck_assert_int_eq(count_files(), COUNT(made) - 1);
    ck_assert_int_ne(access(in_directory("asapd.db"), F_OK), 0);
    load_config(&config);
    ck_assert_str_eq(config.database, strchr(flag, '=') + 1);
    ck_assert_int_eq(config.lifecycle.replica_lag, 5);
    ck_assert_int_eq(config.lifecycle.publish_lead, 26);
    ck_assert_succeeds(vault_open(config.kek_file, &vault, &err));
    ck_assert_succeeds(store_open(config.database, false, &log, &store, &err));
    ck_assert_succeeds(kek_check(store, vault, &err));
    for (int i = 0; i < COUNT(made); i++)
        (void)unlink(in_directory(made[i]));
    ck_assert_int_eq(rmdir(directory), 0);
    ck_assert_int_eq(init_command(again, &clock_system), 1);
    ck_assert_int_eq(count_files(), -1);
    ck_assert_succeeds(kek_check(store, vault, &err));
}
END_TEST

static const char *const misused[] = {
    "--demos",        "--config=x",       "--kek-file=kek", "--database=sqlite:x",
    "--max-age=soon", "--public-lisen=x", "word",           "--dir",
    "--dir=",         "--system",
};

START_TEST(refuses_wrong_usage_and_makes_nothing)
{
    ck_assert_msg(run_init(misused[_i], NULL, NULL) == 2, "accepted %s", misused[_i]);
    ck_assert_int_eq(count_files(), -1);
}
END_TEST

START_TEST(refuses_to_guess_the_directory)
{
    char *arguments[] = { NULL };

    ck_assert_int_eq(init_command(arguments, &clock_system), 2);
}
END_TEST

START_TEST(takes_the_directory_as_an_argument_of_its_own)
{
    char flag[] = "--dir";
    char *arguments[] = { flag, directory, NULL };

    ck_assert_int_eq(init_command(arguments, &clock_system), 0);
    ck_assert_int_eq(count_files(), COUNT(made));
}
END_TEST

START_TEST(only_explains_itself_when_asked)
{
    ck_assert_int_eq(run_init("--help", NULL, NULL), 0);
    ck_assert_int_eq(count_files(), -1);
}
END_TEST

static TCase *usage_tests(void)
{
    TCase *tests = tcase_create("usage");

    tcase_add_checked_fixture(tests, make_parent, remove_parent);
    tcase_add_test(tests, writes_short_times_for_a_demonstration);
    tcase_add_test(tests, writes_the_settings_that_it_is_given);
    tcase_add_test(tests, takes_a_relative_path_for_one_in_the_working_directory);
    tcase_add_loop_test(tests, refuses_wrong_usage_and_makes_nothing, 0, COUNT(misused));
    tcase_add_test(tests, refuses_to_guess_the_directory);
    tcase_add_test(tests, takes_the_directory_as_an_argument_of_its_own);
    tcase_add_test(tests, only_explains_itself_when_asked);
    return tests;
}

static TCase *file_tests(void)
{
    TCase *tests = tcase_create("files");

    tcase_add_checked_fixture(tests, make_parent, remove_parent);
    tcase_add_test(tests, makes_all_files);
    tcase_add_test(tests, keeps_secrets_to_the_owner);
    tcase_add_test(tests, writes_a_configuration_that_finds_the_files);
    tcase_add_test(tests, makes_a_database_that_its_kek_opens);
    tcase_add_test(tests, makes_a_database_that_no_other_kek_opens);
    tcase_add_test(tests, makes_its_tables_in_a_database_of_a_server_once);
    tcase_add_test(tests, certifies_localhost_by_a_ca_that_can_do_nothing_else);
    tcase_add_test(tests, keeps_the_key_of_the_certificate_and_not_that_of_the_ca);
    tcase_add_test(tests, limits_the_certificates_in_time);
    tcase_add_loop_test(tests, overwrites_nothing, 0, COUNT(made));
    tcase_add_test(tests, changes_nothing_the_second_time);
    tcase_add_test(tests, fills_an_empty_directory);
    tcase_add_test(tests, refuses_a_directory_that_others_can_write_to);
    tcase_add_test(tests, removes_what_it_made_when_it_fails_half_way);
    tcase_add_test(tests, keeps_the_database_in_a_directory_of_its_own_when_asked);
    tcase_add_test(tests, overwrites_no_database_in_another_directory);
    tcase_add_test(tests, makes_nothing_where_others_can_write_to_the_database);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("init");

    suite_add_tcase(suite, file_tests());
    suite_add_tcase(suite, usage_tests());
    return check_main(suite);
}
