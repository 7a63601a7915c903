/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what the completions of asapctl know, WHAT|COMMAND|WORD|VALUE|HELP on each line, from the
 * tables of asapctl itself. Runs while the project is built. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm.h"
#include "command.h"
#include "verb.h"

enum { NAME_SIZE = 64 };

/* "issuer create", "status" */
static void write_name(const struct command *command, char out[static NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "%s%s%s", command->noun, command->verb == NULL ? "" : " ",
                   command->verb == NULL ? "" : command->verb);
}

static char to_upper(char letter)
{
    return (char)(toupper)((unsigned char)letter); /* the macro nests deeply */
}

/* The kind of value that the operand is: "[ISSUER]", and "NAME" of `issuer show`, are ISSUER. A
 * name that a command gives is none that there is. */
static void write_operand(const struct command *command, char out[static NAME_SIZE])
{
    const char *from = command->operand == NULL ? "" : command->operand;
    size_t length = 0;

    if ((strcmp(from, "NAME") == 0 || strcmp(from, "ID") == 0)
        && strcmp(command->verb, "create") != 0)
        from = command->noun;
    for (; *from != '\0' && length + 1 < NAME_SIZE; from++)
        if (*from != '[' && *from != ']')
            out[length++] = to_upper(*from);
    out[length] = '\0';
}

static void print_options(const char *command, const struct ctl_option *options)
{
    for (; options->id != OPTION_NONE; options++)
        (void)printf("option|%s|--%s|%s|%s\n", command, options->name,
                     options->value == NULL ? "" : options->value, options->help);
}

static void print_commands(void)
{
    for (size_t i = 0; command_at(i) != NULL; i++) {
        const struct command *command = command_at(i);
        char name[NAME_SIZE] = "";
        char operand[NAME_SIZE] = "";

        write_name(command, name);
        write_operand(command, operand);
        (void)printf("command|%s||%s|%s\n", name, operand, command->help);
        print_options(name, command->options);
    }
    print_options("", ctl_global_options);
}

static void print_values(void)
{
    (void)printf("value||FORMAT|table json|\nvalue||VERB|");
    for (size_t i = 0; verb_at(i) != NULL; i++)
        (void)printf("%s%s", i == 0 ? "" : " ", verb_at(i)->name);
    (void)printf("|\nvalue||ALG|");
    for (size_t i = 0; algorithm_at(i) != NULL; i++)
        (void)printf("%s%s", i == 0 ? "" : " ", algorithm_at(i)->name);
    (void)printf("|\n");
}

int main(void)
{
    print_commands();
    print_values();
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
