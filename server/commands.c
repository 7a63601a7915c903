/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

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

static const char *name_at(const void *context, size_t index)
{
    (void)context;
    return commands[index].name;
}

static int print_help(void)
{
    (void)printf("usage: asapd COMMAND [OPTION ...]\n"
                 "\n"
                 "A public key repository for ASAP, the service-to-service authentication.\n"
                 "\n");
    for (const struct command *command = commands; command->name != NULL; command++)
        (void)printf("  %-8s %s\n", command->name, command->help);
    (void)printf("\nasapd COMMAND --help says more; so does asapd(8).\n");
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

int asapd_command(int argc, char **argv, const struct asap_clock *clock)
{
    if (argc < 2) {
        (void)fprintf(stderr, "asapd: a command is missing (asapd --help lists them)\n");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0)
        return printf("asapd %s\n", ASAPD_VERSION) < 0;
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(argv[1], command->name) == 0)
            return command->run(argv + 2, clock);
    return complain(argv[1]);
}
