/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CONFIG_TABLE_H
#define ASAPD_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "config.h"

/* The table of settings, and what the parser, the writers and `asapd init` do with one row. */

enum setting_type {
    SETTING_LISTEN,    /* https://HOST:PORT, http://HOST:PORT or unix:PATH */
    SETTING_SOCKET,    /* unix:PATH */
    SETTING_PROXIES,   /* see network.h */
    SETTING_BASE_PATH, /* "" or /segment/... */
    SETTING_FILE,
    SETTING_OPTIONAL_FILE, /* "": none */
    SETTING_DATABASE,      /* sqlite:PATH or postgresql://... */
    SETTING_AUDIENCE,
    SETTING_LOG_LEVEL,
    SETTING_LOG_FORMAT,
    SETTING_ACCESS_LOG,
    SETTING_SOCKET_MODE, /* 0600, 0660 or 0666 */
    SETTING_DURATION,    /* seconds */
    SETTING_NUMBER,
    SETTING_AUTH_PROFILE /* the one that may stand several times */
};

struct setting {
    const char *name;
    enum setting_type type;
    size_t offset;        /* in struct config: int64_t for integers, else text */
    const char *fallback; /* the default, as one would write it; of auth_profile, an example */
    int64_t minimum;      /* of integers */
    int64_t maximum;
    const char *help; /* one sentence, without the full stop */
};

/* In the order of the documentation. */
enum { SETTING_COUNT = 34 };
extern const struct setting settings[SETTING_COUNT];

/* A name for values of this type: "DURATION". */
const char *setting_placeholder(const struct setting *setting);

bool setting_is_integer(const struct setting *setting);

/* Whether each value adds to those before. */
bool setting_is_repeatable(const struct setting *setting);

/* NULL when there is none of this name. */
const struct setting *setting_find(const char *name);

/* The setting that was probably meant, or NULL. */
const struct setting *setting_suggest(const char *name);

/* `text` read into the setting's field of *config. Relative paths are put behind `folder` (""
 * leaves them). ASAP_INVALID_ARGUMENT: the message begins with `where` and says what is expected;
 * *config is unchanged. */
ASAP_MUST_CHECK enum asap_code setting_assign(const struct setting *setting,
                                              const char *where,
                                              const char *folder,
                                              const char *text,
                                              struct config *config,
                                              struct asap_error *err);

/* Whether both have the same value, or values. */
bool setting_equal(const struct setting *setting, const struct config *a, const struct config *b);

/* The value of one that is not repeatable, as one would write it, into `out` of CONFIG_TEXT bytes.
 */
void setting_format(const struct setting *setting, const struct config *config, char *out);

/* What a value may be, of settings and of the parts of a profile. */
bool setting_read_duration(const char *text, int64_t *out);
bool setting_is_audience(const char *text);

/* Reads the text of a file called `name` into *config, on top of what is there.
 * ASAP_INVALID_ARGUMENT: the message names file and line. */
ASAP_MUST_CHECK enum asap_code config_read_text(const char *text,
                                                size_t length,
                                                const char *name,
                                                struct config *config,
                                                struct asap_error *err);

/* What settings that stand in no place of their own must satisfy together. */
ASAP_MUST_CHECK enum asap_code config_check(const struct config *config, struct asap_error *err);

#endif
