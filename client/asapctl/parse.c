/* SPDX-License-Identifier: Apache-2.0 */
#include "parse.h"

#include <string.h>

#include "fail.h"

/* Of a word that should not be there messages show the first 20 characters: enough of a slip, and
 * of an API key not yet the secret part. */

static enum asap_code refuse_noun(const char *word, struct asap_error *err)
{
    const char *nearest = command_suggest_noun(word);

    if (nearest == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT, "unknown command %.20s (asapctl --help lists them)",
                    word);
    return fail(err, ASAP_INVALID_ARGUMENT, "unknown command %.20s (did you mean %s?)", word,
                nearest);
}

static enum asap_code refuse_verb(const char *noun, const char *word, struct asap_error *err)
{
    const char *nearest = command_suggest_verb(noun, word);

    if (nearest == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "unknown command %s %.20s (asapctl %s --help lists them)", noun, word, noun);
    return fail(err, ASAP_INVALID_ARGUMENT, "unknown command %s %.20s (did you mean %s %s?)", noun,
                word, noun, nearest);
}

/* `word` with its dashes, `length` of them before any "=". */
static enum asap_code refuse_option(const struct arguments *arguments,
                                    const char *word,
                                    size_t length,
                                    struct asap_error *err)
{
    char name[64] = "";
    const int shown = length < sizeof name ? (int)length : (int)sizeof name - 1;
    const char *nearest = NULL;

    (void)memcpy(name, word, (size_t)shown);
    nearest = command_suggest_option(arguments->command, name + strspn(name, "-"));
    if (nearest == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT, "unknown option %s (--help lists them)", name);
    return fail(err, ASAP_INVALID_ARGUMENT, "unknown option %s (did you mean --%s?)", name,
                nearest);
}

static enum asap_code take_word(char *word, struct arguments *out, struct asap_error *err)
{
    if (out->noun == NULL) {
        if (!command_has_noun(word))
            return refuse_noun(word, err);
        out->noun = word;
        out->command = command_find(word, NULL);
        return ASAP_OK;
    }
    if (out->command == NULL) {
        out->command = command_find(out->noun, word);
        return out->command != NULL ? ASAP_OK : refuse_verb(out->noun, word, err);
    }
    if (out->command->operand == NULL || out->operand != NULL)
        return fail(err, ASAP_INVALID_ARGUMENT, "unexpected argument %.20s (--help says more)",
                    word);
    out->operand = word;
    return ASAP_OK;
}

static enum asap_code keep_repeated(const struct ctl_option *option,
                                    char *value,
                                    struct arguments *out,
                                    struct asap_error *err)
{
    if (out->repeated_count == REPEATED_MAX)
        return fail(err, ASAP_INVALID_ARGUMENT, "too many values: --%s is one over %d",
                    option->name, REPEATED_MAX);
    out->repeated[out->repeated_count].option = option->id;
    out->repeated[out->repeated_count].value = value;
    out->repeated_count++;
    return ASAP_OK;
}

static enum asap_code take_value(const struct ctl_option *option,
                                 char *value,
                                 struct arguments *out,
                                 struct asap_error *err)
{
    if (value == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT, "--%s needs a value: --%s %s", option->name,
                    option->name, option->value);
    if (option->check != NULL)
        TRY(option->check(option->name, value, err));
    out->options[option->id] = value;
    return option->use == USE_REPEATED || option->use == USE_REQUIRED_REPEATED
               ? keep_repeated(option, value, out, err)
               : ASAP_OK;
}

/* Whether `option` stands without its value here: the word that follows would not do for one. */
static bool may_lack_value(const struct ctl_option *option, const char *next)
{
    return option->value[0] == '['
           && (next == NULL || option->check(option->name, next, NULL) != ASAP_OK);
}

/* An option at *words, which is moved over its value when that is a word of its own. */
static enum asap_code take_option(char ***words, struct arguments *out, struct asap_error *err)
{
    char *word = **words;
    char *equals = strchr(word, '=');
    const size_t length = equals == NULL ? strlen(word) : (size_t)(equals - word);
    const struct ctl_option *option = NULL;

    if (strcmp(word, "-h") == 0)
        option = command_option(NULL, "help", strlen("help"));
    else if (word[1] == '-')
        option = command_option(out->command, word + 2, length - 2);
    if (option == NULL)
        return refuse_option(out, word, length, err);
    if (option->value == NULL) {
        if (equals != NULL)
            return fail(err, ASAP_INVALID_ARGUMENT, "--%s takes no value", option->name);
        out->options[option->id] = word;
        return ASAP_OK;
    }
    if (equals != NULL)
        return take_value(option, equals + 1, out, err);
    if (may_lack_value(option, (*words)[1])) {
        out->options[option->id] = word + strlen(word);
        return ASAP_OK;
    }
    if ((*words)[1] != NULL)
        (*words)++;
    else
        word = NULL;
    return take_value(option, word == NULL ? NULL : **words, out, err);
}

static enum asap_code check_options(const struct arguments *arguments, struct asap_error *err)
{
    const struct command *command = arguments->command;

    for (const struct ctl_option *option = command->options; option->id != OPTION_NONE; option++)
        if (option->use >= USE_REQUIRED && arguments->options[option->id] == NULL)
            return fail(err, ASAP_INVALID_ARGUMENT, "%s %s needs --%s %s", command->noun,
                        command->verb, option->name, option->value);
    return command->check == NULL ? ASAP_OK : command->check(arguments, err);
}

static enum asap_code check_complete(const struct arguments *arguments, struct asap_error *err)
{
    const struct command *command = arguments->command;

    if (arguments->noun == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT, "a command is missing (asapctl --help lists them)");
    if (command == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%s what? A verb is missing (asapctl %s --help lists them)", arguments->noun,
                    arguments->noun);
    if (command->operand != NULL && !command_operand_is_optional(command)
        && (arguments->operand == NULL || arguments->operand[0] == '\0'))
        return fail(err, ASAP_INVALID_ARGUMENT, "%s is missing (asapctl %s %s %s)",
                    command->operand, command->noun, command->verb, command->operand);
    return check_options(arguments, err);
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* "help key rotate" stands for "key rotate --help". */
static bool is_help(const char *word)
{
    return word != NULL && strcmp(word, "help") == 0;
}

enum asap_code parse_arguments(char **words, struct arguments *out, struct asap_error *err)
{
    char *const help = is_help(*words) ? *words++ : NULL;
    bool only_words = false;

    *out = (struct arguments){ 0 };
    for (; *words != NULL; words++) {
        if (!only_words && strcmp(*words, "--") == 0)
            only_words = true;
        else if (!only_words && is_option(*words))
            TRY(take_option(&words, out, err));
        else
            TRY(take_word(*words, out, err));
        if (out->options[OPTION_HELP] != NULL || out->options[OPTION_VERSION] != NULL)
            return ASAP_OK;
    }
    out->options[OPTION_HELP] = help;
    return help != NULL ? ASAP_OK : check_complete(out, err);
}

size_t arguments_values(const struct arguments *arguments,
                        enum option_id option,
                        char *out[static REPEATED_MAX + 1])
{
    size_t count = 0;

    for (size_t i = 0; i < arguments->repeated_count; i++)
        if (arguments->repeated[i].option == option)
            out[count++] = arguments->repeated[i].value;
    out[count] = NULL;
    return count;
}
