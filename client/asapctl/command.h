/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_COMMAND_H
#define ASAPCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

/* What asapctl can do, as data: the tables feed the parser, --help and the
 * usage messages. */

struct ctl;
struct arguments;

enum option_id {
    OPTION_NONE, /* ends a table */
    OPTION_SERVER,
    OPTION_CACERT,
    OPTION_OUTPUT,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_DRY_RUN,
    OPTION_EXTERNAL,
    OPTION_ALGORITHM,
    OPTION_MAX_TOKEN_LIFETIME,
    OPTION_EXPECTED,
    OPTION_PUBLIC_KEY,
    OPTION_NAME,
    OPTION_ALL,
    OPTION_REASON,
    OPTION_PRIVATE_DIR,
    OPTION_DATA_URI,
    OPTION_NOW,
    OPTION_COUNT
};

struct ctl_option {
    const char *name;  /* "max-token-lifetime" */
    const char *value; /* what stands for its value in usage, or NULL: a switch */
    const char *help;
    enum asap_code (*check)(const char *value, struct asap_error *err); /* NULL: any will do */
    enum option_id id;
    bool required; /* stands before those that are not */
};

/* A noun and a verb, but for "status", which is its own noun. */
struct command {
    const char *noun;
    const char *verb;    /* NULL: none */
    const char *operand; /* what stands for its argument in usage, or NULL: takes none */
    enum asap_code (*run)(const struct ctl *ctl, struct asap_error *err);
    const char *help;    /* one line */
    const char *failure; /* "cannot create issuer"; the operand follows */
    const struct ctl_option *options;
    /* Of the options together: what is wrong with them is wrong usage. NULL: nothing can be. */
    enum asap_code (*check)(const struct arguments *arguments, struct asap_error *err);
};

/* Both end with a zeroed row. */
extern const struct command ctl_commands[];
extern const struct ctl_option ctl_global_options[];

/* NULL when there is none. */
const struct command *command_find(const char *noun, const char *verb);
bool command_has_noun(const char *noun);

/* The nearest name, or NULL: of a noun, of a verb of `noun`, of an option of `command` (which may
 * be NULL) or a global one, without its dashes. */
const char *command_suggest_noun(const char *text);
const char *command_suggest_verb(const char *noun, const char *text);
const char *command_suggest_option(const struct command *command, const char *text);

/* NULL when neither `command` (which may be NULL) nor every command has it. */
const struct ctl_option *command_option(const struct command *command,
                                        const char *name,
                                        size_t length);

#endif
