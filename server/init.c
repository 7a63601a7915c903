/* SPDX-License-Identifier: Apache-2.0 */
#include "init.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "config_table.h"
#include "fail.h"

struct init_options {
    const char *directory;
    bool system;
    bool help;
};

static const char *const own_flags[] = { "--dir", "--system", "--demo", "--help", NULL };

/* Where the system's service looks, see deploy/systemd. */
#define SYSTEM_DIRECTORY "/etc/asapd"
#define SYSTEM_STATE "/var/lib/asapd"

/* Short times, so that a rotation can be watched; flags win over them. */
#define DEMO_TIMES                                                                                 \
    (char[]){ "ASAPD_MAX_AGE=3s" }, (char[]){ "ASAPD_STALE=3s" },                                  \
        (char[]){ "ASAPD_JWKS_MAX_AGE=3s" }, (char[]){ "ASAPD_CLOCK_SKEW=1s" },                    \
        (char[]){ "ASAPD_VERIFIER_LEEWAY=30s" }, (char[])                                          \
    {                                                                                              \
        "ASAPD_MAX_TOKEN_LIFETIME=60s"                                                             \
    }

static char *const demo_environment[] = { DEMO_TIMES, (char[]){ "ASAPD_PUBLISH_LEAD=21s" }, NULL };
static char *const shared_demo_environment[] = { DEMO_TIMES, (char[]){ "ASAPD_REPLICA_LAG=5s" },
                                                 (char[]){ "ASAPD_PUBLISH_LEAD=26s" }, NULL };
static char *const empty_environment[] = { NULL };

/* What init makes in the directory, and under which name the configuration finds it. The service
 * of a system has its state in the place that is the setting's default. */
static const struct {
    const char *setting, *value;
    bool is_state;
} made_here[] = {
    { "certificate_file", "server.pem", false },
    { "key_file", "server.key", false },
    { "kek_file", "kek", false },
    { "database", "sqlite:asapd.db", true },
};

static bool is_flag(const char *argument, const char *flag)
{
    const size_t length = strlen(flag);

    return strncmp(argument, flag, length) == 0
           && (argument[length] == '\0' || argument[length] == '=');
}

/* The value of --dir, in the argument itself or the next one; *argument moves to where it was. */
static enum asap_code read_directory(char ***argument,
                                     struct init_options *out,
                                     struct asap_error *err)
{
    const char *equals = strchr(**argument, '=');

    if (equals == NULL)
        (*argument)++;
    out->directory = equals != NULL ? equals + 1 : **argument;
    if (out->directory == NULL || out->directory[0] == '\0')
        return fail(err, ASAP_INVALID_ARGUMENT, "--dir needs a directory behind it");
    return ASAP_OK;
}

static enum asap_code read_argument(char ***argument,
                                    struct init_options *out,
                                    struct asap_error *err)
{
    if (is_flag(**argument, "--dir"))
        return read_directory(argument, out, err);
    if (strcmp(**argument, "--help") == 0)
        out->help = true;
    else if (strcmp(**argument, "--system") == 0)
        out->system = true;
    else if (strcmp(**argument, "--demo") != 0)
        return config_refuse_argument(**argument, own_flags, err);
    return ASAP_OK;
}

/* The arguments that are no settings, ended by NULL. */
static enum asap_code read_own(char **arguments, struct init_options *out, struct asap_error *err)
{
    for (; *arguments != NULL; arguments++)
        TRY(read_argument(&arguments, out, err));
    return ASAP_OK;
}

/* Before the settings are read: they depend on --demo. */
static bool has_flag(char *const *arguments, const char *flag)
{
    for (; *arguments != NULL; arguments++)
        if (is_flag(*arguments, flag))
            return true;
    return false;
}

/* Whether --database names a PostgreSQL, the last one if there are several. */
static bool wants_postgres(char *const *arguments)
{
    bool wants = false;

    for (; *arguments != NULL; arguments++) {
        const char *equals = strchr(*arguments, '=');

        if (is_flag(*arguments, "--database"))
            wants = config_is_postgres(equals != NULL ? equals + 1 : "");
        if (strcmp(*arguments, "--database") == 0 && arguments[1] != NULL)
            wants = config_is_postgres(arguments[1]);
    }
    return wants;
}

static char *const *choose_environment(char *const *arguments)
{
    if (!has_flag(arguments, "--demo"))
        return empty_environment;
    return wants_postgres(arguments) ? shared_demo_environment : demo_environment;
}

/* A database in a server is not among the files that init makes. */
static bool is_elsewhere(const struct setting *row, const struct config *config)
{
    return strcmp(row->name, "database") == 0 && config_is_postgres(config->database);
}

/* The files that init makes have their places in the directory. */
static enum asap_code place_files(bool system, struct config *config, struct asap_error *err)
{
    struct config defaults;

    config_init(&defaults);
    for (size_t i = 0; i < sizeof made_here / sizeof made_here[0]; i++) {
        const struct setting *row = setting_find(made_here[i].setting);

        if (is_elsewhere(row, config))
            continue;
        if (!setting_equal(row, config, &defaults))
            return fail_field(err, row->name,
                              "init makes this file in DIR itself: leave out the flag for %s",
                              row->name);
        if (!system || !made_here[i].is_state)
            TRY(setting_assign(row, row->name, "", made_here[i].value, config, err));
    }
    return ASAP_OK;
}

/* A relative path in a flag is relative to the working directory; the file would take it for
 * relative to its folder. */
static enum asap_code place_flags(bool system, struct config *config, struct asap_error *err)
{
    static const char *const names[] = { "public_listen", "admin_listen", "ops_listen",
                                         "client_ca_file" };
    char folder[CONFIG_TEXT];
    char value[CONFIG_TEXT];
    struct config defaults;

    config_init(&defaults);
    if (getcwd(folder, sizeof folder) == NULL)
        return fail(err, ASAP_FAILED_PRECONDITION, "the path of the working directory is too long");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct setting *row = setting_find(names[i]);

        setting_format(row, config, value);
        TRY(setting_assign(row, row->name, folder, value, config, err));
    }
    if (!system && setting_equal(setting_find("admin_listen"), config, &defaults))
        return setting_assign(setting_find("admin_listen"), "admin_listen", "", "unix:admin.sock",
                              config, err);
    return ASAP_OK;
}

static enum asap_code choose_directory(struct init_options *options, struct asap_error *err)
{
    if (options->system && options->directory != NULL)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "--system makes " SYSTEM_DIRECTORY " and --dir another directory: leave one "
                    "out");
    if (options->system)
        options->directory = SYSTEM_DIRECTORY;
    if (options->directory == NULL && !options->help)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "init needs --dir DIR, the directory to make, or --system");
    return ASAP_OK;
}

static enum asap_code read_options(char **arguments,
                                   struct init_options *options,
                                   struct config *config,
                                   struct asap_error *err)
{
    char *const *environment = choose_environment(arguments);
    size_t extra = 0;

    if (has_flag(arguments, "--config"))
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "init writes a configuration file and reads none: give its settings as flags");
    TRY(config_load(arguments, environment, config, &extra, err));
    arguments[extra] = NULL;
    TRY(read_own(arguments, options, err));
    TRY(choose_directory(options, err));
    TRY(place_files(options->system, config, err));
    return place_flags(options->system, config, err);
}

static void print_help(void)
{
    (void)printf("usage: asapd init {--dir DIR | --system} [--demo] [SETTING ...]\n"
                 "\n"
                 "Makes all that a server needs, and overwrites nothing.\n"
                 "\n"
                 "  --dir DIR\n      The directory to make, with everything in it\n"
                 "  --system\n      For the service of this machine: " SYSTEM_DIRECTORY
                 ", and the database in " SYSTEM_STATE "\n"
                 "  --demo\n      Short times, so that a rotation can be watched\n"
                 "\n"
                 "Settings go into asapd.conf. These four are init's own: certificate_file,\n"
                 "key_file, kek_file, and database, unless that is a PostgreSQL, where init makes\n"
                 "its tables: --database postgresql://USER@HOST/NAME. asapd serve --help lists\n"
                 "all settings.\n");
}

/* Whether the database is a file in the directory with the other files. */
static bool is_inside(const struct init_options *options, const struct config *config)
{
    return !options->system && !config_is_postgres(config->database);
}

static const char *state_directory(const struct init_options *options, const struct config *config)
{
    return options->system && !config_is_postgres(config->database) ? SYSTEM_STATE
                                                                    : options->directory;
}

static void print_result(const struct init_options *options, const struct config *config)
{
    (void)printf(
        "Made %s:\n"
        "  asapd.conf   the settings, with comments\n"
        "%s"
        "  kek          the key that private keys are encrypted with; keep a copy elsewhere\n"
        "  server.pem   a certificate for localhost, 127.0.0.1 and ::1, and server.key\n"
        "  ca.pem       the development CA that signed it; its private key was not kept\n",
        options->directory,
        is_inside(options, config) ? "  asapd.db     the database, empty\n" : "");
    if (config_is_postgres(config->database))
        (void)printf("and asapd's tables in the database.\n");
    else if (options->system)
        (void)printf("and " SYSTEM_STATE "/asapd.db, the database, empty.\n");
    if (options->system)
        (void)printf("Next: start the service, as with systemctl start asapd\n");
    else
        (void)printf("Next: asapd serve --config %s/asapd.conf\n", options->directory);
}

static int complain(const struct asap_error *err, int status)
{
    (void)fprintf(stderr, "asapd: %s\n", err->message);
    return status;
}

int init_command(char **arguments, const struct asap_clock *clock)
{
    struct init_options options = { 0 };
    struct asap_error err = { 0 };
    struct config config;

    if (read_options(arguments, &options, &config, &err) != ASAP_OK)
        return complain(&err, EXIT_USAGE);
    if (options.help) {
        print_help();
        return EXIT_DONE;
    }
    if (init_directory(options.directory, state_directory(&options, &config), &config, clock, &err)
        != ASAP_OK)
        return complain(&err, EXIT_REFUSED);
    print_result(&options, &config);
    return EXIT_DONE;
}
