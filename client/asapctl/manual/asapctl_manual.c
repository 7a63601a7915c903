/* SPDX-License-Identifier: Apache-2.0 */
/* Copies the manual page of asapctl from standard input to standard output, and puts the commands
 * in place of the line @SYNOPSIS@ and the examples in place of @EXAMPLES@. Runs while the project
 * is built. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "example.h"

/* A value as scdoc underlines it; one in brackets may be left out. */
static void print_value(const char *value)
{
    if (value[0] == '[')
        (void)printf("[_%.*s_]", (int)strlen(value) - 2, value + 1);
    else
        (void)printf("_%s_", value);
}

static void print_option(const struct ctl_option *option)
{
    const bool is_needed = option->use >= USE_REQUIRED;
    const bool is_repeated = option->use == USE_REPEATED || option->use == USE_REQUIRED_REPEATED;

    (void)printf(" %s--%s", is_needed ? "" : "[", option->name);
    if (option->value != NULL) {
        (void)printf(" ");
        print_value(option->value);
    }
    (void)printf("%s%s", is_repeated ? " ..." : "", is_needed ? "" : "]");
}

static void print_synopsis(void)
{
    for (size_t i = 0; command_at(i) != NULL; i++) {
        const struct command *command = command_at(i);

        (void)printf("*asapctl %s%s%s*", command->noun, command->verb == NULL ? "" : " ",
                     command->verb == NULL ? "" : command->verb);
        if (command->operand != NULL) {
            (void)printf(" ");
            print_value(command->operand);
        }
        for (const struct ctl_option *option = command->options; option->id != OPTION_NONE;
             option++)
            print_option(option);
        (void)printf("++\n");
    }
}

static void print_examples(void)
{
    for (size_t i = 0; example_at(i) != NULL; i++)
        (void)printf("%s%s:\n\n```\n%s\n```\n", i == 0 ? "" : "\n", example_at(i)->what,
                     example_at(i)->line);
}

static const struct {
    const char *line;
    void (*print)(void);
} parts[] = {
    { "@SYNOPSIS@\n", print_synopsis },
    { "@EXAMPLES@\n", print_examples },
};

static void copy(const char *line)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(line, parts[i].line) == 0) {
            parts[i].print();
            return;
        }
    (void)fputs(line, stdout);
}

int main(void)
{
    char line[1024];

    while (fgets(line, sizeof line, stdin) != NULL)
        copy(line);
    return ferror(stdin) || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
