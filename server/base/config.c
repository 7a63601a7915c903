/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "config_table.h"
#include "fail.h"
#include "network.h"
#include "scoped.h"
#include "suggest.h"

enum { FILE_MAX = 65536, NAME_SIZE = 64, WHERE_SIZE = 80, RETENTION_MIN = 60, UNSAID = -1 };

/* Each of several servers looks for changes once a second; what lies between is for the database's
 * short absences. */
enum { POSTGRES_REPLICA_LAG = 60, POSTGRES_REPLICA_LAG_MIN = 5 };

#define ENVIRONMENT_PREFIX "ASAPD_"

static void close_file(FILE *file)
{
    (void)fclose(file);
}
DEFINE_SCOPED(file, FILE *, close_file)

/* What flags and environment say: borrowed values, NULL where they say nothing. */
struct given {
    const char *file;
    const char *flags[SETTING_COUNT];
    const char *variables[SETTING_COUNT];
    const char *profiles[AUTH_PROFILES_MAX + 1]; /* of --auth-profile; any more share the last */
    size_t profile_count;
};

void config_init(struct config *config)
{
    memset(config, 0, sizeof *config);
    for (const struct setting *row = settings; row < settings + SETTING_COUNT; row++)
        if (!setting_is_repeatable(row)
            && setting_assign(row, row->name, "", row->fallback, config, NULL) != ASAP_OK)
            abort(); /* the table contradicts itself */
}

/* Not toupper() and tolower(), which follow the locale. */
static char to_upper(char byte)
{
    return (char)(byte >= 'a' && byte <= 'z' ? byte - 'a' + 'A' : byte);
}

static char to_lower(char byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
}

/* `text` up to `length` as a setting's name, or NULL when it is too long for one. */
static const struct setting *find_spelled(const char *text, size_t length, bool nearest)
{
    char name[NAME_SIZE];

    if (length >= sizeof name)
        return NULL;
    for (size_t i = 0; i < length; i++)
        name[i] = (char)(text[i] == '-' ? '_' : to_lower(text[i]));
    name[length] = '\0';
    return nearest ? setting_suggest(name) : setting_find(name);
}

/* "public_listen" as --public-listen, or as ASAPD_PUBLIC_LISTEN. */
static void spell_flag(const char *name, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "--%s", name);
    for (char *byte = out; *byte != '\0'; byte++)
        if (*byte == '_')
            *byte = '-';
}

static void spell_variable(const char *name, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, ENVIRONMENT_PREFIX "%s", name);
    for (char *byte = out; *byte != '\0'; byte++)
        *byte = to_upper(*byte);
}

/* One more than there may be, so that assigning them says so. */
static const char **profile_slot(struct given *given)
{
    if (given->profile_count <= AUTH_PROFILES_MAX)
        given->profile_count++;
    return &given->profiles[given->profile_count - 1];
}

/* Where the value of this flag is to be kept; NULL when it is no flag of a setting. */
static const char **flag_slot(struct given *given, const char *argument, size_t length)
{
    const struct setting *setting = NULL;

    if (length == strlen("--config") && strncmp(argument, "--config", length) == 0)
        return &given->file;
    /* A flag has no underscores; find_spelled() would take them. */
    if (strncmp(argument, "--", 2) != 0 || memchr(argument, '_', length) != NULL)
        return NULL;
    setting = find_spelled(argument + 2, length - 2, false);
    if (setting != NULL && setting_is_repeatable(setting))
        return profile_slot(given);
    return setting != NULL ? &given->flags[setting - settings] : NULL;
}

static const char *own_at(const void *context, size_t index)
{
    return ((const char *const *)context)[index];
}

/* Keeps the values of flags; the other arguments move to the front. */
static enum asap_code
read_flags(char **arguments, struct given *given, size_t *extra, struct asap_error *err)
{
    size_t kept = 0;

    for (char **next = arguments; *next != NULL; next++) {
        const size_t length = strcspn(*next, "=");
        const char **slot = flag_slot(given, *next, length);

        if (slot == NULL)
            arguments[kept++] = *next;
        else if ((*next)[length] == '=')
            *slot = *next + length + 1;
        else if (next[1] == NULL)
            return fail(err, ASAP_INVALID_ARGUMENT, "%.60s needs a value behind it", *next);
        else
            *slot = *++next;
    }
    *extra = kept;
    return ASAP_OK;
}

enum asap_code config_refuse_argument(const char *argument,
                                      const char *const *own,
                                      struct asap_error *err)
{
    const size_t length = strcspn(argument, "=");
    const struct setting *setting = NULL;
    const char *nearest = NULL;
    char flag[NAME_SIZE] = "";

    (void)snprintf(flag, sizeof flag, "%.*s", (int)(length < NAME_SIZE ? length : 0), argument);
    if (strncmp(argument, "--", 2) != 0)
        return fail(err, ASAP_INVALID_ARGUMENT, "what is \"%.60s\"? No such argument", argument);
    nearest = suggest(flag, own_at, own);
    setting = nearest == NULL ? find_spelled(argument + 2, length - 2, true) : NULL;
    if (setting != NULL)
        spell_flag(setting->name, flag);
    if (nearest == NULL && setting == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT, "there is no flag %.60s; --help lists them",
                    argument);
    return fail(err, ASAP_INVALID_ARGUMENT, "there is no flag %.60s; did you mean %s?", argument,
                nearest != NULL ? nearest : flag);
}

static enum asap_code refuse_variable(const char *entry, size_t length, struct asap_error *err)
{
    const size_t prefix = strlen(ENVIRONMENT_PREFIX);
    const struct setting *nearest = find_spelled(entry + prefix, length - prefix, true);
    const int shown = length < NAME_SIZE ? (int)length : NAME_SIZE;
    char variable[NAME_SIZE] = "";

    if (nearest == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "environment: %.*s is no setting; unset it (asapd.conf(5) lists them)", shown,
                    entry);
    spell_variable(nearest->name, variable);
    return fail(err, ASAP_INVALID_ARGUMENT, "environment: %.*s is no setting; did you mean %s?",
                shown, entry, variable);
}

static enum asap_code read_variable(const char *entry, struct given *given, struct asap_error *err)
{
    const size_t prefix = strlen(ENVIRONMENT_PREFIX);
    const size_t length = strcspn(entry, "=");
    const struct setting *setting = NULL;

    if (strncmp(entry, ENVIRONMENT_PREFIX, prefix) != 0 || entry[length] != '=')
        return ASAP_OK;
    if (length == strlen("ASAPD_CONFIG") && strncmp(entry, "ASAPD_CONFIG", length) == 0) {
        given->file = given->file != NULL ? given->file : entry + length + 1;
        return ASAP_OK;
    }
    setting = find_spelled(entry + prefix, length - prefix, false);
    if (setting == NULL)
        return refuse_variable(entry, length, err);
    given->variables[setting - settings] = entry + length + 1;
    return ASAP_OK;
}

static enum asap_code refuse_file(const char *name, int error, struct asap_error *err)
{
    char why[80] = "";

    (void)strerror_r(error, why, sizeof why);
    return fail(err, ASAP_INVALID_ARGUMENT,
                "cannot read the configuration file %.100s: %s; asapd init --dir DIR makes one",
                name, why);
}

static enum asap_code read_file(const char *name, struct config *config, struct asap_error *err)
{
    SCOPED(file) FILE *file = fopen(name, "re");
    SCOPED(buffer) struct buffer text = BUFFER(FILE_MAX);
    char *bytes = buffer_extend(&text, FILE_MAX);
    size_t length = 0;

    if (file == NULL)
        return refuse_file(name, errno, err);
    if (bytes == NULL)
        return fail_memory(err);
    length = fread(bytes, 1, FILE_MAX, file);
    if (ferror(file))
        return refuse_file(name, errno, err);
    if (length == FILE_MAX)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "the configuration file %.100s has 64 KiB or more; is it the right one?", name);
    return config_read_text(bytes, length, name, config, err);
}

/* The environment, then the flags, over what the file said. */
static enum asap_code assign_given(const struct given *given,
                                   struct config *config,
                                   struct asap_error *err)
{
    char where[NAME_SIZE];

    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (given->variables[i] == NULL)
            continue;
        spell_variable(settings[i].name, where);
        TRY(setting_assign(&settings[i], where, "", given->variables[i], config, err));
    }
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (given->flags[i] == NULL)
            continue;
        spell_flag(settings[i].name, where);
        TRY(setting_assign(&settings[i], where, "", given->flags[i], config, err));
    }
    for (size_t i = 0; i < given->profile_count; i++)
        TRY(setting_assign(setting_find("auth_profile"), "--auth-profile", "", given->profiles[i],
                           config, err));
    return ASAP_OK;
}

/* What nobody has said depends on what was said. */
static void settle_replica_lag(struct config *config)
{
    if (config->lifecycle.replica_lag == UNSAID)
        config->lifecycle.replica_lag =
            config_is_postgres(config->database) ? POSTGRES_REPLICA_LAG : 0;
}

static bool is_loopback(const char *listen)
{
    static const char *const beginnings[] = { "http://127.", "http://localhost:", "http://[::1]:" };

    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (strncmp(listen, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

/* What is not encrypted is for the machine itself and for proxies. To a Unix socket the user id of
 * whoever connects would be proof enough, and that is the proxy's for all of its clients. */
static enum asap_code check_public_listen(const struct config *config, struct asap_error *err)
{
    const char *listen = config->public_listen;
    struct networks proxies;

    if (!networks_read(config->trusted_proxies, &proxies))
        return fail_field(err, "trusted_proxies", "trusted_proxies is no list of proxies");
    if (strncmp(listen, "http://", strlen("http://")) == 0 && !is_loopback(listen)
        && proxies.count == 0)
        return fail_field(
            err, "public_listen",
            "public_listen = %.80s would take secrets unencrypted from other machines; "
            "write https://, or in trusted_proxies which proxies bring its requests",
            listen);
    if (strncmp(listen, "unix:", strlen("unix:")) == 0 && !proxies.has_unix)
        return fail_field(err, "public_listen",
                          "public_listen = %.80s is a socket, which is for a proxy; add unix to "
                          "trusted_proxies",
                          listen);
    return ASAP_OK;
}

enum asap_code config_check(const struct config *config, struct asap_error *err)
{
    if (config->max_connections_per_address > config->max_connections)
        return fail_field(err, "max_connections_per_address",
                          "max_connections_per_address is greater than max_connections; lower it");
    if (config->audit_retention > 0 && config->audit_retention < RETENTION_MIN)
        return fail_field(err, "audit_retention",
                          "audit_retention is less than %ds, so that nobody could read the log; "
                          "raise it, or write 0 to keep records for ever",
                          RETENTION_MIN);
    if (config_is_postgres(config->database)
        && config->lifecycle.replica_lag < POSTGRES_REPLICA_LAG_MIN)
        return fail_field(err, "replica_lag",
                          "replica_lag is less than %ds, too short on PostgreSQL, which several"
                          " servers may have: each looks for changes once a second",
                          POSTGRES_REPLICA_LAG_MIN);
    TRY(check_public_listen(config, err));
    return lifecycle_check_policy(&config->lifecycle, err);
}

enum asap_code config_load(char **arguments,
                           char *const *environment,
                           struct config *out,
                           size_t *extra,
                           struct asap_error *err)
{
    struct given given = { .file = NULL };

    *extra = 0;
    config_init(out);
    out->lifecycle.replica_lag = UNSAID;
    TRY(read_flags(arguments, &given, extra, err));
    for (; *environment != NULL; environment++)
        TRY(read_variable(*environment, &given, err));
    if (given.file != NULL)
        TRY(read_file(given.file, out, err));
    TRY(assign_given(&given, out, err));
    settle_replica_lag(out);
    return config_check(out, err);
}
