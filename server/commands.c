/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "init.h"
#include "serve.h"
#include "suggest.h"
#include "upkeep_commands.h"

static const struct command {
    const char *name;
    int (*run)(char **arguments, const struct asap_clock *clock);
    const char *help;
} commands[] = {
    { "init", init_command, "make a directory with all that a server needs" },
    { "serve", serve_command, "run the server" },
    { "check", check_command, "look for problems in the database" },
    { "backup", backup_command, "write the database to a file, while the server runs" },
    { "restore", restore_command, "put a backup in the place of a lost database" },
    { "rekey", rekey_command, "encrypt the private keys under a new KEK" },
    { "copy", copy_command, "move the database, such as to PostgreSQL" },
    { "migrate", migrate_command, "bring the database to the schema of this version" },
    { 0 },
};

/* They work as they stand, where init has made demo. */
static const struct {
    const char *command;
    const char *what;
    const char *line;
} examples[] = {
    { "init", "All that a server needs to be tried", "asapd init --dir demo --demo" },
    { "serve", "Run it", "asapd serve --config demo/asapd.conf" },
    { "serve", "Whether the settings are good, before a restart",
      "asapd serve --config demo/asapd.conf --check-config" },
    { "check", "Whether all is well in the database", "asapd check --config demo/asapd.conf" },
    { "check", "A restored database may sign again",
      "asapd check --config demo/asapd.conf --accept-restore" },
    { "backup", "Each night, while the server runs",
      "asapd backup --config demo/asapd.conf backup.db" },
    { "restore", "In the place of a database that is damaged, while the server does not run",
      "mkdir lost && mv demo/asapd.db* lost && asapd restore --config demo/asapd.conf backup.db" },
    { "rekey", "A new KEK, while the server does not run",
      "asapd rekey --config demo/asapd.conf --new-kek new.kek && mv -f new.kek demo/kek" },
    { "copy", "To another file; a database on PostgreSQL is postgresql://HOST/NAME",
      "asapd copy --config demo/asapd.conf --from sqlite:demo/asapd.db --to sqlite:moved.db" },
    { "migrate", "After an upgrade, before the server runs again",
      "asapd migrate --config demo/asapd.conf" },
};

enum { EXAMPLES = sizeof examples / sizeof examples[0], EXAMPLES_SHOWN = 3 };

static const char *name_at(const void *context, size_t index)
{
    (void)context;
    return commands[index].name;
}

static bool is_of(size_t example, const struct command *command)
{
    return command == NULL || strcmp(examples[example].command, command->name) == 0;
}

/* Of one command, or the first ones when it is NULL. */
static void print_end(const struct command *command)
{
    size_t shown = 0;

    (void)printf("\nExamples:\n");
    for (size_t i = 0; i < EXAMPLES && shown < EXAMPLES_SHOWN; i++)
        if (is_of(i, command)) {
            (void)printf("  # %s\n  %s\n", examples[i].what, examples[i].line);
            shown++;
        }
    (void)printf("\nExit status: 0 done; 1 refused or failed, or problems found; 2 wrong usage or"
                 " configuration.\nSee also: asapd(8), asapd.conf(5).\n");
}

static int print_help(void)
{
    (void)printf("usage: asapd COMMAND [OPTION ...]\n"
                 "\n"
                 "A public key repository for ASAP, the service-to-service authentication.\n"
                 "\n");
    for (const struct command *command = commands; command->name != NULL; command++)
        (void)printf("  %-8s %s\n", command->name, command->help);
    (void)printf("\nasapd help COMMAND, or COMMAND --help, says more of a command.\n");
    print_end(NULL);
    return 0;
}

static int complain(const char *name)
{
    const char *nearest = suggest(name, name_at, NULL);

    if (nearest != NULL)
        (void)fprintf(stderr, "asapd: unknown command %.64s (did you mean %s?)\n", name, nearest);
    else
        (void)fprintf(stderr, "asapd: unknown command %.64s (asapd --help lists them)\n", name);
    return EXIT_USAGE;
}

static bool has_help(char **arguments)
{
    for (; *arguments != NULL; arguments++)
        if (strcmp(*arguments, "--help") == 0)
            return true;
    return false;
}

/* What the help of a command has in common with that of others stands behind it. */
static int run(const struct command *command, char **arguments, const struct asap_clock *clock)
{
    const bool help = has_help(arguments);
    const int status = command->run(arguments, clock);

    if (help && status == EXIT_DONE)
        print_end(command);
    return status;
}

static int run_named(const char *name, char **arguments, const struct asap_clock *clock)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(name, command->name) == 0)
            return run(command, arguments, clock);
    return complain(name);
}

int asapd_command(int argc, char **argv, const struct asap_clock *clock)
{
    char *help[] = { (char[]){ "--help" }, NULL };

    if (argc < 2) {
        (void)fprintf(stderr, "asapd: a command is missing (asapd --help lists them)\n");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2)
        return run_named(argv[2], help, clock);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0)
        return printf("asapd %s\n", ASAPD_VERSION) < 0;
    return run_named(argv[1], argv + 2, clock);
}
