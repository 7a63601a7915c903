/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <string.h>

#include "command_tables.h"
#include "suggest.h"

/* In the order in which --help has them. */
static const struct command *const nouns[] = {
    issuer_commands, key_commands,   caller_commands, credential_commands, grant_commands,
    token_commands,  audit_commands, status_commands, doctor_commands,
};

enum { NOUNS = sizeof nouns / sizeof nouns[0] };

const struct command *command_at(size_t index)
{
    for (size_t i = 0; i < NOUNS; i++)
        for (const struct command *command = nouns[i]; command->noun != NULL; command++, index--)
            if (index == 0)
                return command;
    return NULL;
}

static const struct command *commands_of(const char *noun)
{
    for (size_t i = 0; i < NOUNS; i++)
        if (strcmp(nouns[i]->noun, noun) == 0)
            return nouns[i];
    return NULL;
}

static bool is_verb(const struct command *command, const char *verb)
{
    if (command->verb == NULL || verb == NULL)
        return command->verb == verb;
    return strcmp(command->verb, verb) == 0;
}

const struct command *command_find(const char *noun, const char *verb)
{
    const struct command *command = commands_of(noun);

    for (; command != NULL && command->noun != NULL; command++)
        if (is_verb(command, verb))
            return command;
    return NULL;
}

bool command_has_noun(const char *noun)
{
    return commands_of(noun) != NULL;
}

bool command_operand_is_optional(const struct command *command)
{
    return command->operand != NULL && command->operand[0] == '[';
}

bool command_operand_is_secret(const struct command *command)
{
    return command->operand != NULL && strcmp(command->operand, "[TOKEN]") == 0;
}

static bool is_named(const struct ctl_option *option, const char *name, size_t length)
{
    return strlen(option->name) == length && memcmp(option->name, name, length) == 0;
}

static const struct ctl_option *find_option(const struct ctl_option *table,
                                            const char *name,
                                            size_t length)
{
    for (const struct ctl_option *option = table; option->id != OPTION_NONE; option++)
        if (is_named(option, name, length))
            return option;
    return NULL;
}

const struct ctl_option *command_option(const struct command *command,
                                        const char *name,
                                        size_t length)
{
    const struct ctl_option *own =
        command == NULL ? NULL : find_option(command->options, name, length);

    return own != NULL ? own : find_option(ctl_global_options, name, length);
}

static const char *noun_at(const void *context, size_t index)
{
    (void)context;
    return index < NOUNS ? nouns[index]->noun : NULL;
}

static const char *verb_at(const void *context, size_t index)
{
    const struct command *commands = context;

    return commands[index].verb;
}

static const char *option_at(const void *context, size_t index)
{
    const struct command *command = context;
    const struct ctl_option *own = command == NULL ? ctl_no_options : command->options;

    for (; own->id != OPTION_NONE; own++, index--)
        if (index == 0)
            return own->name;
    return ctl_global_options[index].name;
}

const char *command_suggest_noun(const char *text)
{
    return suggest(text, noun_at, NULL);
}

const char *command_suggest_verb(const char *noun, const char *text)
{
    return suggest(text, verb_at, commands_of(noun));
}

const char *command_suggest_option(const struct command *command, const char *text)
{
    return suggest(text, option_at, command);
}
