/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_COMMAND_H
#define ASAPCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

#include "option.h"

/* What asapctl can do, as data: the tables feed the parser, --help and the
 * usage messages. */

struct ctl;
struct arguments;

/* A noun and a verb, but for "status" and "doctor", which stand alone. */
struct command {
    const char *noun;
    const char *verb; /* NULL: none */
    /* What stands for its argument in usage, or NULL: takes none. One in brackets may be left out;
     * then it comes from elsewhere: a token, which no message repeats, from standard input. */
    const char *operand;
    enum asap_code (*run)(const struct ctl *ctl, struct asap_error *err);
    const char *help;    /* one line */
    const char *failure; /* "cannot create issuer"; the operand follows */
    const struct ctl_option *options;
    /* Of the arguments together: what is wrong with them is wrong usage. NULL: nothing can be. */
    enum asap_code (*check)(const struct arguments *arguments, struct asap_error *err);
};

/* Ends a table of commands. */
#define COMMAND_END                                                                                \
    {                                                                                              \
        0                                                                                          \
    }

/* The commands of all nouns, one by one, and NULL past the last. */
const struct command *command_at(size_t index);

/* NULL when there is none. */
const struct command *command_find(const char *noun, const char *verb);
bool command_has_noun(const char *noun);

/* Whether the operand may be left out, and whether no message may repeat it. */
bool command_operand_is_optional(const struct command *command);
bool command_operand_is_secret(const struct command *command);

/* The nearest name, or NULL: of a noun, of a verb of `noun`, of an option of `command` (which may
 * be NULL) or a global one, without its dashes. */
const char *command_suggest_noun(const char *text);
const char *command_suggest_verb(const char *noun, const char *text);
const char *command_suggest_option(const struct command *command, const char *text);

/* The command's own option of this name, or else the global one. NULL when neither `command` (which
 * may be NULL) nor every command has it. */
const struct ctl_option *command_option(const struct command *command,
                                        const char *name,
                                        size_t length);

#endif
