/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm.h"
#include "example.h"
#include "fail.h"
#include "table.h"

enum { LINE_MAX_BYTES = 128, INDENT = 2, EXAMPLES_MAX = 3 };

static void add_option(struct table *table, const struct ctl_option *option)
{
    char text[LINE_MAX_BYTES] = "";

    (void)snprintf(text, sizeof text, "--%s%s%s%s", option->name, option->value == NULL ? "" : " ",
                   option->value == NULL ? "" : option->value,
                   option->use == USE_REPEATED || option->use == USE_REQUIRED_REPEATED ? " ..."
                                                                                       : "");
    table_add(table, text);
    table_add(table, option->help);
}

/* Less those that an option of `command` of the same name stands for. */
static enum asap_code print_options(const char *title,
                                    const struct ctl_option *options,
                                    const struct command *command,
                                    FILE *out)
{
    SCOPED(table) struct table table = TABLE(2);

    if (options->id == OPTION_NONE)
        return ASAP_OK;
    table.indent = INDENT;
    for (; options->id != OPTION_NONE; options++)
        if (command_option(command, options->name, strlen(options->name)) == options)
            add_option(&table, options);
    (void)fprintf(out, "\n%s:\n", title);
    return table_print(&table, out, NULL);
}

/* What stands for a value in usage. */
static const struct {
    const char *name;
    const char *help;
} values[] = {
    { "ALG", NULL }, /* all that there are */
    { "ISSUER", "the name of an issuer, such as payments/api" },
    { "KID", "a key id: ISSUER/NAME, such as payments/api/20261123T131500Z-7f3a9c.pem" },
    { "TIME", "a length of time: 90 or 90s, 10m, 1h, 30d" },
};

static bool is_called(const char *text, const char *name)
{
    const size_t length = strlen(name);
    const char *begin = text == NULL ? "" : text + (text[0] == '[');

    return strncmp(begin, name, length) == 0 && (begin[length] == '\0' || begin[length] == ']');
}

static bool has_value(const struct command *command, const char *name)
{
    for (const struct ctl_option *option = command->options; option->id != OPTION_NONE; option++)
        if (is_called(option->value, name))
            return true;
    return is_called(command->operand, name);
}

static enum asap_code add_value(struct table *table, const char *name, const char *help)
{
    SCOPED(buffer) struct buffer names = BUFFER(LINE_MAX_BYTES);

    table_add(table, name);
    for (size_t i = 0; help == NULL && algorithm_at(i) != NULL; i++)
        buffer_printf(&names, "%s%s", i == 0 ? "" : ", ", algorithm_at(i)->name);
    TRY(buffer_check(&names, "the algorithms", NULL));
    table_add(table, help == NULL ? names.bytes : help);
    return ASAP_OK;
}

static enum asap_code print_values(const struct command *command, FILE *out)
{
    SCOPED(table) struct table table = TABLE(2);

    table.indent = INDENT;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (has_value(command, values[i].name))
            TRY(add_value(&table, values[i].name, values[i].help));
    if (table.cells.length > 0)
        (void)fprintf(out, "\nValues:\n");
    return table_print(&table, out, NULL);
}

static bool is_of(const struct example *example, const char *noun, const struct command *command)
{
    if (command == NULL)
        return noun == NULL || strcmp(example->noun, noun) == 0;
    return command_find(example->noun, example->verb) == command;
}

/* Of one command, or the first ones of a noun, or of all when it is NULL. */
static void print_examples(const char *noun, const struct command *command, FILE *out)
{
    size_t count = 0;

    (void)fprintf(out, "\nExamples:\n");
    for (size_t i = 0; example_at(i) != NULL && count < EXAMPLES_MAX; i++) {
        const struct example *example = example_at(i);

        if (!is_of(example, noun, command))
            continue;
        (void)fprintf(out, "  # %s\n  %s\n", example->what, example->line);
        count++;
    }
}

static void print_end(FILE *out)
{
    (void)fprintf(out, "\nExit status: 0 done; 1 refused or failed, or the answer is no; 2 wrong"
                       " usage.\nSee also: asapctl(1), asapd(8).\n");
}

static const char *or_nothing(const char *text)
{
    return text == NULL ? "" : text;
}

/* "key rotate ISSUER" */
static void write_command(const struct command *command, char out[static LINE_MAX_BYTES])
{
    (void)snprintf(out, LINE_MAX_BYTES, "%s%s%s%s%s", command->noun,
                   command->verb == NULL ? "" : " ", or_nothing(command->verb),
                   command->operand == NULL ? "" : " ", or_nothing(command->operand));
}

/* Of one noun, or all when it is NULL. */
static enum asap_code print_commands(const char *noun, FILE *out)
{
    SCOPED(table) struct table table = TABLE(2);
    char text[LINE_MAX_BYTES] = "";

    table.indent = INDENT;
    for (size_t i = 0; command_at(i) != NULL; i++) {
        const struct command *command = command_at(i);

        if (noun != NULL && strcmp(command->noun, noun) != 0)
            continue;
        write_command(command, text);
        table_add(&table, text);
        table_add(&table, command->help);
    }
    (void)fprintf(out, "\nCommands:\n");
    return table_print(&table, out, NULL);
}

static enum asap_code print_command(const struct command *command, FILE *out)
{
    char text[LINE_MAX_BYTES] = "";

    write_command(command, text);
    (void)fprintf(out, "usage: asapctl %s", text);
    for (const struct ctl_option *option = command->options; option->use >= USE_REQUIRED; option++)
        (void)fprintf(out, " --%s %s%s", option->name, option->value,
                      option->use == USE_REQUIRED_REPEATED ? " ..." : "");
    (void)fprintf(out, " [OPTION ...]\n\n%c%s.\n", (toupper)((unsigned char)command->help[0]),
                  command->help + 1);
    TRY(print_options("Options", command->options, command, out));
    TRY(print_options("Options of every command", ctl_global_options, command, out));
    TRY(print_values(command, out));
    print_examples(NULL, command, out);
    print_end(out);
    return ASAP_OK;
}

enum asap_code help_print(const struct arguments *arguments, FILE *out)
{
    const char *noun = arguments->noun;

    if (arguments->command != NULL)
        return print_command(arguments->command, out);
    (void)fprintf(out, "usage: asapctl %s [OPTION ...]\n", noun == NULL ? "COMMAND" : noun);
    if (noun == NULL)
        (void)fprintf(out, "\nAdministers asapd, the ASAP key repository.\n");
    TRY(print_commands(noun, out));
    TRY(print_options("Options of every command", ctl_global_options, NULL, out));
    print_examples(noun, NULL, out);
    (void)fprintf(out, "\nasapctl help COMMAND, or COMMAND --help, says more of a command.\n");
    print_end(out);
    return ASAP_OK;
}
