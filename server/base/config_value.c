/* SPDX-License-Identifier: Apache-2.0 */
#include "config_table.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "config_profile.h"
#include "fail.h"
#include "kid.h"
#include "log.h"
#include "network.h"

enum { AUDIENCE_MAX = 255 };

/* A value on its way into the configuration: one of the two members is filled. */
struct value {
    char text[CONFIG_TEXT];
    int64_t number;
};

static bool
put_text(char out[CONFIG_TEXT], const char *prefix, const char *folder, const char *text)
{
    const char *separator = folder[0] == '\0' || folder[strlen(folder) - 1] == '/' ? "" : "/";
    const int length = snprintf(out, CONFIG_TEXT, "%s%s%s%s", prefix, folder, separator, text);

    return length >= 0 && length < CONFIG_TEXT;
}

static bool
put_path(char out[CONFIG_TEXT], const char *prefix, const char *folder, const char *path)
{
    return path[0] != '\0' && put_text(out, prefix, path[0] == '/' ? "" : folder, path);
}

/* What follows `prefix` in `text`, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
    const size_t length = strlen(prefix);

    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static bool read_file(const char *folder, const char *text, struct value *out)
{
    return put_path(out->text, "", folder, text);
}

static bool read_optional_file(const char *folder, const char *text, struct value *out)
{
    return text[0] == '\0' || read_file(folder, text, out);
}

/* What a URL of PostgreSQL may have is libpq's affair. */
static bool read_database(const char *folder, const char *text, struct value *out)
{
    const char *path = behind(text, "sqlite:");

    if (path != NULL)
        return put_path(out->text, "sqlite:", folder, path);
    return config_is_postgres(text) && put_text(out->text, "", "", text);
}

bool config_is_postgres(const char *database)
{
    return behind(database, "postgresql://") != NULL || behind(database, "postgres://") != NULL;
}

static bool read_socket(const char *folder, const char *text, struct value *out)
{
    const char *path = behind(text, "unix:");
    const size_t longest = strlen("unix:") + sizeof((struct sockaddr_un *)NULL)->sun_path - 1;

    return path != NULL && put_path(out->text, "unix:", folder, path)
           && strlen(out->text) <= longest;
}

/* Decimal digits and nothing else. */
static bool read_digits(const char *text, size_t length, int64_t *out)
{
    int64_t number = 0;

    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || number > (INT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (text[i] - '0');
    }
    *out = number;
    return true;
}

static bool is_host(const char *host, size_t length)
{
    const bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
    const char *allowed = bracketed ? "0123456789abcdefABCDEF:."
                                    : "0123456789abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-";

    if (bracketed)
        return strspn(host + 1, allowed) == length - 2;
    return length > 0 && strspn(host, allowed) == length;
}

static bool is_host_and_port(const char *text)
{
    const char *colon = strrchr(text, ':');
    int64_t port = 0;

    return colon != NULL && is_host(text, (size_t)(colon - text))
           && read_digits(colon + 1, strlen(colon + 1), &port) && port <= UINT16_MAX;
}

static bool read_listen(const char *folder, const char *text, struct value *out)
{
    const char *rest = behind(text, "https://");

    if (rest == NULL)
        rest = behind(text, "http://");
    if (rest == NULL)
        return read_socket(folder, text, out);
    return is_host_and_port(rest) && put_text(out->text, "", "", text);
}

static bool read_proxies(const char *folder, const char *text, struct value *out)
{
    struct networks networks;

    (void)folder;
    return networks_read(text, &networks) && put_text(out->text, "", "", text);
}

/* Whether every segment of "/a/b" could be one of a kid. */
static bool read_base_path(const char *folder, const char *text, struct value *out)
{
    char kid[CONFIG_TEXT + 2];
    struct kid parsed;

    (void)folder;
    if (text[0] == '\0')
        return put_text(out->text, "", "", text);
    if (text[0] != '/')
        return false;
    /* Two segments make a kid; a base path may have one. */
    (void)snprintf(kid, sizeof kid, "k%s", text);
    return kid_parse(kid, strlen(kid), &parsed, NULL) == ASAP_OK
           && put_text(out->text, "", "", text);
}

static bool read_name(const char *const *names, const char *text, struct value *out)
{
    return log_name_find(names, text) >= 0 && put_text(out->text, "", "", text);
}

static bool read_log_level(const char *folder, const char *text, struct value *out)
{
    (void)folder;
    return read_name(log_level_names, text, out);
}

static bool read_log_format(const char *folder, const char *text, struct value *out)
{
    (void)folder;
    return read_name(log_format_names, text, out);
}

static bool read_access_log(const char *folder, const char *text, struct value *out)
{
    (void)folder;
    return read_name(log_access_names, text, out);
}

bool setting_is_audience(const char *text)
{
    const size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '*')
            return false;
    return length > 0 && length <= AUDIENCE_MAX;
}

static bool read_audience(const char *folder, const char *text, struct value *out)
{
    (void)folder;
    return setting_is_audience(text) && put_text(out->text, "", "", text);
}

static bool read_socket_mode(const char *folder, const char *text, struct value *out)
{
    static const struct {
        const char *text;
        int64_t mode;
    } modes[] = { { "0600", 0600 }, { "0660", 0660 }, { "0666", 0666 } };

    (void)folder;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(modes[i].text, text) != 0)
            continue;
        out->number = modes[i].mode;
        return true;
    }
    return false;
}

static bool read_number(const char *folder, const char *text, struct value *out)
{
    (void)folder;
    return read_digits(text, strlen(text), &out->number);
}

bool setting_read_duration(const char *text, int64_t *out)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    const size_t length = strlen(text);
    int64_t count = 0;

    if (read_digits(text, length, out))
        return true;
    if (length == 0 || !read_digits(text, length - 1, &count))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit != text[length - 1] || count > INT64_MAX / units[i].seconds)
            continue;
        *out = count * units[i].seconds;
        return true;
    }
    return false;
}

static bool read_duration(const char *folder, const char *text, struct value *out)
{
    (void)folder;
    return setting_read_duration(text, &out->number);
}

static const struct {
    bool (*read)(const char *folder, const char *text, struct value *out);
    const char *placeholder;
    const char *expected; /* completes "is not ..." */
    bool is_integer;
} types[] = {
    [SETTING_LISTEN] = { read_listen, "ADDRESS",
                         "an address: https://HOST:PORT, http://HOST:PORT or a short unix:PATH",
                         false },
    [SETTING_SOCKET] = { read_socket, "ADDRESS",
                         "the address of a socket: unix:PATH with at most 107 bytes of path",
                         false },
    [SETTING_PROXIES] = { read_proxies, "PROXIES",
                          "a list of proxies: addresses, networks such as 10.1.0.0/16 with no bit "
                          "set behind the prefix, and unix, separated by commas",
                          false },
    [SETTING_BASE_PATH] = { read_base_path, "PATH",
                            "a base path: /segment/segment of letters, digits and ._+- without a "
                            "slash at the end",
                            false },
    [SETTING_FILE] = { read_file, "FILE", "the path of a file", false },
    [SETTING_OPTIONAL_FILE] = { read_optional_file, "FILE", "the path of a file", false },
    [SETTING_DATABASE] = { read_database, "URL",
                           "a database: sqlite:PATH or postgresql://USER@HOST/NAME", false },
    [SETTING_AUDIENCE] = { read_audience, "AUDIENCE",
                           "an audience: at most 255 letters, digits and signs without spaces and "
                           "without *",
                           false },
    [SETTING_LOG_LEVEL] = { read_log_level, "LEVEL", "a log level: error, warning, info or debug",
                            false },
    [SETTING_LOG_FORMAT] = { read_log_format, "FORMAT", "a log format: text, logfmt or json",
                             false },
    [SETTING_ACCESS_LOG] = { read_access_log, "REQUESTS",
                             "a choice of requests: none, errors or all", false },
    [SETTING_SOCKET_MODE] = { read_socket_mode, "MODE", "a mode: 0600, 0660 or 0666", true },
    [SETTING_DURATION] = { read_duration, "DURATION", "a duration: 300, 300s, 5m, 1h or 2d", true },
    [SETTING_NUMBER] = { read_number, "NUMBER", "a whole number", true },
    [SETTING_AUTH_PROFILE] = { NULL, "PROFILE", "a profile", false },
};

const char *setting_placeholder(const struct setting *setting)
{
    return types[setting->type].placeholder;
}

bool setting_is_integer(const struct setting *setting)
{
    return types[setting->type].is_integer;
}

bool setting_is_repeatable(const struct setting *setting)
{
    return setting->type == SETTING_AUTH_PROFILE;
}

/* Whether the text can stand in the file: no control characters, and nothing that is trimmed or
 * taken for a comment there. */
static bool is_writable(const char *text)
{
    const size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)text[i];

        if (byte < ' ' || byte == 0x7f || (byte == '#' && (i == 0 || text[i - 1] == ' ')))
            return false;
    }
    return length == 0 || (text[0] != ' ' && text[length - 1] != ' ');
}

static void store(const struct setting *setting, const struct value *value, struct config *config)
{
    char *field = (char *)config + setting->offset;

    if (setting_is_integer(setting))
        memcpy(field, &value->number, sizeof value->number);
    else
        memcpy(field, value->text, sizeof value->text);
}

/* A URL may have a password in it, and is not repeated. */
static enum asap_code refuse_value(const struct setting *setting,
                                   const char *where,
                                   const char *text,
                                   struct asap_error *err)
{
    const char *expected = types[setting->type].expected;

    if (setting->type == SETTING_DATABASE)
        return fail_field(err, setting->name, "%s: the value is not %s", where, expected);
    return fail_field(err, setting->name, "%s: \"%.60s\" is not %s", where, text, expected);
}

enum asap_code setting_assign(const struct setting *setting,
                              const char *where,
                              const char *folder,
                              const char *text,
                              struct config *config,
                              struct asap_error *err)
{
    struct value value = { .number = 0 };

    if (!is_writable(text))
        return fail_field(err, setting->name,
                          "%s: the value has a control character, or a space or # where the file "
                          "cannot have one; leave it out",
                          where);
    if (setting_is_repeatable(setting))
        return auth_profile_add(where, text, config, err);
    if (!types[setting->type].read(folder, text, &value))
        return refuse_value(setting, where, text, err);
    if (setting_is_integer(setting)
        && (value.number < setting->minimum || value.number > setting->maximum))
        return fail_field(err, setting->name,
                          "%s: %.60s is out of range; write from %" PRId64 " to %" PRId64 "%s",
                          where, text, setting->minimum, setting->maximum,
                          setting->type == SETTING_DURATION ? " seconds" : "");
    store(setting, &value, config);
    return ASAP_OK;
}

static int64_t number_of(const struct setting *setting, const struct config *config)
{
    int64_t number = 0;

    memcpy(&number, (const char *)config + setting->offset, sizeof number);
    return number;
}

bool setting_equal(const struct setting *setting, const struct config *a, const struct config *b)
{
    if (setting_is_repeatable(setting))
        return auth_profiles_equal(a, b);
    if (setting_is_integer(setting))
        return number_of(setting, a) == number_of(setting, b);
    return strcmp((const char *)a + setting->offset, (const char *)b + setting->offset) == 0;
}

void setting_format(const struct setting *setting, const struct config *config, char *out)
{
    if (!setting_is_integer(setting))
        (void)snprintf(out, CONFIG_TEXT, "%s", (const char *)config + setting->offset);
    else if (setting->type == SETTING_SOCKET_MODE)
        (void)snprintf(out, CONFIG_TEXT, "%04" PRIo64, (uint64_t)number_of(setting, config));
    else
        (void)snprintf(out, CONFIG_TEXT, "%" PRId64 "%s", number_of(setting, config),
                       setting->type == SETTING_DURATION ? "s" : "");
}
