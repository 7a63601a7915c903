/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <string.h>

#include "algorithm.h"
#include "fail.h"
#include "suggest.h"
#include "time_text.h"
#include "verbs.h"

static enum asap_code check_output(const char *value, struct asap_error *err)
{
    if (strcmp(value, "table") == 0 || strcmp(value, "json") == 0)
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT, "--output is table or json, not %.32s", value);
}

static enum asap_code check_duration(const char *value, struct asap_error *err)
{
    int64_t seconds = 0;

    return time_read_duration(value, &seconds, err);
}

static enum asap_code check_reason(const char *value, struct asap_error *err)
{
    if (value[0] != '\0')
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT, "--reason is empty (say why, for the record)");
}

static const char *algorithm_name_at(const void *context, size_t index)
{
    const struct algorithm *algorithm = algorithm_at(index);

    (void)context;
    return algorithm == NULL ? NULL : algorithm->name;
}

static enum asap_code check_algorithm(const char *value, struct asap_error *err)
{
    const char *nearest = NULL;

    if (algorithm_find(value, strlen(value)) != NULL)
        return ASAP_OK;
    nearest = suggest(value, algorithm_name_at, NULL);
    return fail(err, ASAP_INVALID_ARGUMENT, "unknown algorithm %.32s (%s%s%s)", value,
                nearest == NULL ? "such as RS256 or ES256" : "did you mean ",
                nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

/* Of every command that changes something. */
#define DRY_RUN                                                                                    \
    {                                                                                              \
        "dry-run", NULL, "check and show, but change nothing", NULL, OPTION_DRY_RUN, false         \
    }
#define END                                                                                        \
    {                                                                                              \
        0                                                                                          \
    }

const struct ctl_option ctl_global_options[] = {
    { "server", "URL", "unix:PATH or https://HOST:PORT (ASAPCTL_SERVER)", NULL, OPTION_SERVER,
      false },
    { "cacert", "FILE", "trust this CA for https (ASAPCTL_CACERT)", NULL, OPTION_CACERT, false },
    { "output", "FORMAT", "table, or json: the server's response", check_output, OPTION_OUTPUT,
      false },
    { "help", NULL, "say more", NULL, OPTION_HELP, false },
    { "version", NULL, "print the version", NULL, OPTION_VERSION, false },
    END,
};

static const struct ctl_option no_options[] = { END };

static const struct ctl_option issuer_create_options[] = {
    { "external", NULL, "its private keys are elsewhere", NULL, OPTION_EXTERNAL, false },
    { "algorithm", "ALG", "of its keys; RS256 unless given", check_algorithm, OPTION_ALGORITHM,
      false },
    { "max-token-lifetime", "TIME", "the longest that its tokens may live: 600, 10m, 1h",
      check_duration, OPTION_MAX_TOKEN_LIFETIME, false },
    DRY_RUN,
    END,
};

static const struct ctl_option key_rotate_options[] = {
    { "expected", "KID", "change nothing unless this key is active", NULL, OPTION_EXPECTED, false },
    DRY_RUN,
    END,
};

static const struct ctl_option key_publish_options[] = {
    { "public-key", "FILE", "the public key in PEM; - is standard input", NULL, OPTION_PUBLIC_KEY,
      true },
    { "name", "NAME", "last part of its key id; made from the time unless given", NULL, OPTION_NAME,
      false },
    { "algorithm", "ALG", "of its tokens; as fits the key unless given", check_algorithm,
      OPTION_ALGORITHM, false },
    DRY_RUN,
    END,
};

static const struct ctl_option key_list_options[] = {
    { "all", NULL, "keys that are retired or revoked, too", NULL, OPTION_ALL, false },
    END,
};

static const struct ctl_option key_revoke_options[] = {
    { "reason", "TEXT", "why, for the record", check_reason, OPTION_REASON, true },
    DRY_RUN,
    END,
};

static const struct ctl_option key_generate_options[] = {
    { "private-dir", "DIR", "write DIR/ISSUER/NAME.pem when it may sign", NULL, OPTION_PRIVATE_DIR,
      false },
    { "data-uri", NULL, "print a data: URI with the private key when it may sign", NULL,
      OPTION_DATA_URI, false },
    { "algorithm", "ALG", "RS256 unless given", check_algorithm, OPTION_ALGORITHM, false },
    { "now", NULL, "do not wait until every verifier can know the key", NULL, OPTION_NOW, false },
    DRY_RUN,
    END,
};

const struct command ctl_commands[] = {
    { "issuer", "create", "NAME", issuer_create, "create an issuer, with keys unless external",
      "cannot create issuer", issuer_create_options, NULL },
    { "issuer", "list", NULL, issuer_list, "list the issuers", "cannot list the issuers",
      no_options, NULL },
    { "issuer", "show", "NAME", issuer_show, "show one issuer", "cannot show issuer", no_options,
      NULL },
    { "key", "rotate", "ISSUER", key_rotate, "let the next key take over signing",
      "cannot rotate the keys of", key_rotate_options, NULL },
    { "key", "publish", "ISSUER", key_publish, "publish a public key made elsewhere",
      "cannot publish a key of", key_publish_options, NULL },
    { "key", "list", "ISSUER", key_list, "list the keys of an issuer", "cannot list the keys of",
      key_list_options, NULL },
    { "key", "show", "KID", key_show, "show one key", "cannot show key", no_options, NULL },
    { "key", "revoke", "KID", key_revoke, "stop publishing a key, at once and for ever",
      "cannot revoke key", key_revoke_options, NULL },
    { "key", "generate", "ISSUER", key_generate, "make a key pair here, publish its public half",
      "cannot generate a key of", key_generate_options, generate_check },
    { "status", NULL, NULL, status_show, "tell how the server is", "cannot tell the status",
      no_options, NULL },
    END,
};

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

static bool is_verb(const struct command *command, const char *verb)
{
    if (command->verb == NULL || verb == NULL)
        return command->verb == verb;
    return strcmp(command->verb, verb) == 0;
}

const struct command *command_find(const char *noun, const char *verb)
{
    for (const struct command *command = ctl_commands; command->noun != NULL; command++)
        if (strcmp(command->noun, noun) == 0 && is_verb(command, verb))
            return command;
    return NULL;
}

bool command_has_noun(const char *noun)
{
    for (const struct command *command = ctl_commands; command->noun != NULL; command++)
        if (strcmp(command->noun, noun) == 0)
            return true;
    return false;
}

static const char *noun_at(const void *context, size_t index)
{
    (void)context;
    return ctl_commands[index].noun;
}

/* Verbs of other nouns count as the noun itself, which is near to no verb. */
static const char *verb_at(const void *context, size_t index)
{
    const char *noun = context;
    const struct command *command = &ctl_commands[index];

    if (command->noun == NULL || strcmp(command->noun, noun) != 0 || command->verb == NULL)
        return command->noun;
    return command->verb;
}

static const char *option_at(const void *context, size_t index)
{
    const struct command *command = context;
    const struct ctl_option *own = command == NULL ? no_options : command->options;

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
    const char *nearest = suggest(text, verb_at, noun);

    return nearest != NULL && command_find(noun, nearest) != NULL ? nearest : NULL;
}

const char *command_suggest_option(const struct command *command, const char *text)
{
    return suggest(text, option_at, command);
}
