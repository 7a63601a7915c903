/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_OPTION_H
#define ASAPCTL_OPTION_H

#include <stddef.h>

#include <asap/error.h>

/* The options that commands have, as rows of their tables. */

enum option_id {
    OPTION_NONE, /* ends a table */
    OPTION_SERVER,
    OPTION_CACERT,
    OPTION_API_KEY_FILE,
    OPTION_TOKEN_FILE,
    OPTION_CERTIFICATE,
    OPTION_CERTIFICATE_KEY,
    OPTION_OUTPUT,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_DRY_RUN,
    OPTION_EXTERNAL,
    OPTION_ALGORITHM,
    OPTION_MAX_LIFETIME,
    OPTION_EXPECTED,
    OPTION_PUBLIC_KEY,
    OPTION_NAME,
    OPTION_NOT_AFTER,
    OPTION_ALL,
    OPTION_REASON,
    OPTION_PRIVATE_DIR,
    OPTION_DIR,
    OPTION_DATA_URI,
    OPTION_NOW,
    OPTION_DESCRIPTION,
    OPTION_ENABLE,
    OPTION_DISABLE,
    OPTION_API_KEY,
    OPTION_CERTIFICATE_URI,
    OPTION_CERTIFICATE_DNS,
    OPTION_UID,
    OPTION_EXPIRES,
    OPTION_CALLER,
    OPTION_VERB,
    OPTION_ISSUER,
    OPTION_AUDIENCE,
    OPTION_LIFETIME,
    OPTION_SUBJECT,
    OPTION_CLAIM,
    OPTION_TOKENS_PER_MINUTE,
    OPTION_CLAIMS,
    OPTION_SIGNING_KEY,
    OPTION_KEY_ID,
    OPTION_REPOSITORY,
    OPTION_LEEWAY,
    OPTION_SINCE,
    OPTION_UNTIL,
    OPTION_FOLLOW,
    OPTION_HEAD,
    OPTION_WAIT,
    OPTION_MIRROR,
    OPTION_TIMEOUT,
    OPTION_ALL_DUE,
    OPTION_EMERGENCY,
    OPTION_ACCEPT_MISSES,
    OPTION_STORE_COMPROMISED,
    OPTION_ROTATION_PERIOD,
    OPTION_FORCE,
    OPTION_WATCH,
    OPTION_SIGN_UNTIL,
    OPTION_COUNT
};

/* How often an option is given. What is required stands before what is not. */
enum option_use {
    USE_OPTIONAL,
    USE_REPEATED, /* any number of times */
    USE_REQUIRED,
    USE_REQUIRED_REPEATED
};

struct ctl_option {
    const char *name; /* "max-token-lifetime" */
    /* What stands for its value in usage, or NULL: a switch. One in brackets may be left out; then
     * it is "". */
    const char *value;
    const char *help;
    /* Whether `value` will do for the option `name`; NULL: any will. */
    enum asap_code (*check)(const char *name, const char *value, struct asap_error *err);
    enum option_id id;
    enum option_use use;
};

/* Ends a table of options. */
#define OPTION_ROW_END                                                                             \
    {                                                                                              \
        0                                                                                          \
    }

/* Of every command that changes something. */
#define OPTION_ROW_DRY_RUN                                                                         \
    {                                                                                              \
        "dry-run", NULL, "check and show, but change nothing", NULL, OPTION_DRY_RUN, USE_OPTIONAL  \
    }

/* Of every command. */
extern const struct ctl_option ctl_global_options[];

/* Of a command without options. */
extern const struct ctl_option ctl_no_options[];

#endif
