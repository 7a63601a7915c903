/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "table.h"

enum { LINE_MAX_BYTES = 128, INDENT = 2 };

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
    (void)fprintf(out, " [OPTION ...]\n\n%s\n", command->help);
    TRY(print_options("Options", command->options, command, out));
    return print_options("Options of every command", ctl_global_options, command, out);
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
    (void)fprintf(out, "\nasapctl COMMAND --help says more; so does asapctl(1).\n");
    return ASAP_OK;
}
