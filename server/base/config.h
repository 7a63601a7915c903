/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CONFIG_H
#define ASAPD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <asap/error.h>

#include "lifecycle.h"

/* The daemon's settings. One table of settings (config_table.c) feeds the flags, the environment
 * (ASAPD_NAME), the file, the commented file that `asapd init` writes, and the manual page.
 * A flag wins over the environment, and that over the file.
 *
 * The file has one "name = value" a line; "#" at the beginning of a word begins a comment. Relative
 * paths in it, those behind unix: and sqlite: included, are relative to the file's folder, and
 * elsewhere to the working directory. Durations are written 300, 300s, 5m, 1h or 2d.
 *
 * Only auth_profile may stand several times; the environment and flags add to the file's. */

enum { CONFIG_TEXT = 512, AUTH_PROFILES_MAX = 64, AUTH_PROFILE_NAME_MAX = 64 };

/* Whose tokens the auth endpoint lets pass under a name. */
struct auth_profile {
    char name[AUTH_PROFILE_NAME_MAX + 1];
    char audiences[CONFIG_TEXT]; /* separated by commas, at least one */
    char issuers[CONFIG_TEXT];   /* likewise; "": every issuer */
    char subjects[CONFIG_TEXT];  /* likewise, beside the issuer itself; "*": all */
    int64_t leeway;              /* seconds */
};

struct config {
    char public_listen[CONFIG_TEXT];   /* "https://[::]:8443" */
    char trusted_proxies[CONFIG_TEXT]; /* "10.0.0.7,10.1.0.0/16,unix"; "": none */
    char admin_listen[CONFIG_TEXT];    /* "unix:admin.sock" */
    char ops_listen[CONFIG_TEXT];      /* "http://127.0.0.1:9464" */
    char base_path[CONFIG_TEXT];       /* "" or "/keys" */
    char certificate_file[CONFIG_TEXT];
    char key_file[CONFIG_TEXT];
    char kek_file[CONFIG_TEXT];
    char database[CONFIG_TEXT];       /* "sqlite:PATH" or "postgresql://..." */
    char client_ca_file[CONFIG_TEXT]; /* "": no client certificates */
    char audience[CONFIG_TEXT];       /* of the tokens that callers show to this service */
    char log_level[CONFIG_TEXT];
    char log_format[CONFIG_TEXT];
    char access_log[CONFIG_TEXT];
    struct lifecycle_policy lifecycle; /* max_age, stale, jwks_max_age, clock_skew ... */
    int64_t max_connections;
    int64_t max_connections_per_address;
    int64_t threads;         /* of the public listener; 0: as many as cores */
    int64_t workers;         /* for administration and, later, signatures */
    int64_t header_timeout;  /* seconds */
    int64_t request_timeout; /* seconds */
    int64_t idle_timeout;    /* seconds */
    int64_t admin_socket_mode;
    int64_t calls_per_minute;                  /* of each caller; 0: no limit */
    int64_t failed_authentications_per_minute; /* of each address; 0: no limit */
    int64_t audit_retention;                   /* seconds; 0: for ever */
    struct auth_profile auth_profiles[AUTH_PROFILES_MAX];
    size_t auth_profile_count;
};

/* Reads `--name value`, `--name=value` (a setting's "_" written "-"; the last one wins, but of
 * --auth-profile each counts), the file
 * that `--config FILE` or ASAPD_CONFIG names, and the environment into *out, defaults first.
 * `arguments` ends with NULL and begins behind the command. `environment` is environ-like. *extra
 * counts arguments that are no settings, such as
 * --check-config; they are moved to the front of `arguments`.
 * ASAP_INVALID_ARGUMENT: the message names file and line, and for an unknown name the nearest;
 * err->field is the setting concerned. */
ASAP_MUST_CHECK enum asap_code config_load(char **arguments,
                                           char *const *environment,
                                           struct config *out,
                                           size_t *extra,
                                           struct asap_error *err);

/* The failure for an argument that is neither a setting nor of the command: always
 * ASAP_INVALID_ARGUMENT, naming the nearest flag of both. `own` are the command's flags ("--dir"),
 * ended by NULL. */
enum asap_code config_refuse_argument(const char *argument,
                                      const char *const *own,
                                      struct asap_error *err);

/* Writes the settings as a commented file, with the values of `config` where they differ from the
 * defaults; what is a default stands commented out. */
void config_write_file(const struct config *config, FILE *out);

/* Writes the settings for --help, and in scdoc's syntax for the manual page. */
void config_write_help(FILE *out);
void config_write_manual(FILE *out);

/* Whether the setting `database` names a PostgreSQL. */
bool config_is_postgres(const char *database);

/* The defaults. */
void config_init(struct config *config);

#endif
